"""The audit under load: rows written with their acts, sealed each second, proved from the first.

Four processes write as fast as they can, each row of the audit in a transaction with a small row of
its own kind, while the worker seals beside them. The peers are the same transactions without the
audit, and with a chain that is continued inside the transaction under one lock. Then the chain is
verified, at one size and at ten times that, in a process of its own each. The private cluster is as
the program makes it: every commit is on disk before it is answered.
"""

import hashlib
import json
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rows import Row, row, run
from sqlalchemy import Connection, Engine, text

from geo.access import principal
from geo.access.audit import record as audit
from geo.access.audit import seal as audit_seal
from geo.base.settings import Settings
from geo.operations import database, worker
from geo.operations.worker import Duty
from geo.store import db
from geo.store.cluster import cluster

WRITERS, SECONDS, SUSTAINED_S = 4, 20.0, 30.0
RATE_GOAL = 500.0  # 30,000 a minute
SIZES = (30_000, 300_000)
WHO = principal.system_principal("os:bench")
PEER = "the same without audit"
LOCKED = "chained in the transaction"
VERIFY = """
import json, sys, time
from pathlib import Path
from geo.access import principal
from geo.access.audit import verify
from geo.base.settings import Settings
from geo.operations import database
def memory_mb(name):
    # not getrusage: its peak is that of the parent before this program began
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))
with database.open_database(Settings(home=Path(sys.argv[1]))) as engine:
    before = memory_mb("VmRSS")
    began = time.perf_counter()
    proof = verify.verify_chain(engine, principal.system_principal("os:bench"))
    seconds = time.perf_counter() - began
peak = memory_mb("VmHWM")
print(json.dumps([proof.walk.whole, proof.walk.rows, seconds, peak - before, peak]))
"""
_COMPANION = text("INSERT INTO govgrid.bench_act (code, said) VALUES (:code, :said)")
_FILL = text(
    "INSERT INTO govgrid.audit (account, unit, address, action, object, facts, note, note_sha256)"
    " SELECT 'clerk' || n % 57, '宜城路街道综治中心', '10.0.0.' || n % 250, 'viewing.view',"
    " 'K' || n,"
    " jsonb_build_object('incident', 'M' || n, 'minutes', n % 60), '核查警情 ' || n,"
    " sha256(convert_to('核查警情 ' || n, 'UTF8')) FROM generate_series(1, :count) AS n"
)


def plainly(connection: Connection, n: int) -> None:
    """Do an act without an audit row."""
    connection.execute(_COMPANION, {"code": f"K{n}", "said": "一件小事"})


def audited(connection: Connection, n: int) -> None:
    """Do an act with its row of the audit."""
    plainly(connection, n)
    facts = {"incident": f"M{n}", "minutes": n % 60}
    audit.record(connection, WHO, "viewing.view", f"K{n}", facts=facts, note=f"核查警情 {n}")


def locked(connection: Connection, n: int) -> None:
    """Do an act with a row that is chained at once: whoever writes waits for all others."""
    plainly(connection, n)
    connection.execute(text("SELECT pg_advisory_xact_lock(340802, 99)"))
    last = connection.execute(
        text("SELECT seal FROM govgrid.bench_chain ORDER BY no DESC LIMIT 1")
    ).scalar()
    said = json.dumps({"incident": f"M{n}", "minutes": n % 60, "note": f"核查警情 {n}"})
    seal = hashlib.sha256(bytes(last or b"") + said.encode()).digest()
    connection.execute(
        text("INSERT INTO govgrid.bench_chain (account, facts, seal) VALUES (:who, :facts, :seal)"),
        {"who": "os:bench", "facts": said, "seal": seal},
    )


ACTS = {"plainly": plainly, "audited": audited, "locked": locked}


def writing(
    url: str, act: str, seconds: float, pause_s: float, count: "multiprocessing.Queue[int]"
):
    """Do acts, each in a transaction, for so long; with a pause, no faster than one in each."""
    engine = db.connect(url, pool_size=1)
    with db.open_transaction(engine) as connection:
        connection.execute(text("SELECT 1"))
    began = time.perf_counter()
    done = 0
    while time.perf_counter() - began < seconds:
        with db.open_transaction(engine) as connection:
            ACTS[act](connection, done)
        done += 1
        if pause_s:
            time.sleep(max(began + done * pause_s - time.perf_counter(), 0.0))
    engine.dispose()
    count.put(done)


def rate(url: str, act: str, *, seconds: float = SECONDS, pause_s: float = 0.0) -> float:
    """Return how many transactions a second all writers do together."""
    context = multiprocessing.get_context("spawn")
    count: multiprocessing.Queue[int] = context.Queue()
    arguments = (url, act, seconds, pause_s, count)
    writers = [context.Process(target=writing, args=arguments) for _ in range(WRITERS)]
    for each in writers:
        each.start()
    total = sum(count.get() for _ in writers)
    for each in writers:
        each.join()
    return total / seconds


class Lag:
    """How old rows are when they get their seal, row by row."""

    def __init__(self) -> None:
        self.ages_s: list[float] = []

    def seal(self, engine: Engine, _: Settings, stop: threading.Event) -> None:
        """Seal, as the worker does, and note the age of each row just then."""
        with db.open_transaction(engine) as connection:
            head = audit_seal.newest_seal(connection)
        audit_seal.seal_rows(engine, stopped=stop.is_set)
        with db.open_transaction(engine) as connection:
            ages = connection.execute(
                text(
                    "SELECT extract(epoch FROM clock_timestamp() - at)::float8 FROM govgrid.audit"
                    " WHERE seal_no > :last"
                ),
                {"last": head.seal_no if head else 0},
            ).scalars()
            self.ages_s += list(ages)


def beside_the_worker(url: str, config: Settings, write: Callable[[], float]) -> tuple[float, Lag]:
    """Return the rate of `write` while a worker seals each second, and the ages at sealing."""
    lag, stop = Lag(), threading.Event()
    engine = db.connect(url, pool_size=1)
    duties = [Duty("seal", 1.0, lag.seal)]
    thread = threading.Thread(
        target=worker.run_duties, args=(engine, config), kwargs={"stop": stop, "duties": duties}
    )
    thread.start()
    found = write()
    time.sleep(2.0)
    stop.set()
    thread.join()
    engine.dispose()
    return found, lag


def emptied(engine: Engine) -> None:
    """Take all rows away, as no program can that is not the owner of the table."""
    with db.open_transaction(engine) as connection:
        for statement in (
            "ALTER TABLE govgrid.audit DISABLE TRIGGER USER",
            "TRUNCATE govgrid.audit, govgrid.bench_act, govgrid.bench_chain",
            "ALTER TABLE govgrid.audit ENABLE TRIGGER USER",
        ):
            connection.execute(text(statement))


def measured() -> list[Row]:
    """Return the rows of writing, sealing and proving."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "home"
        config = Settings(home=home, lang="en")
        try:
            with database.open_database(config) as engine:
                with db.open_transaction(engine) as connection:
                    connection.execute(
                        text("CREATE TABLE govgrid.bench_act (code text, said text)")
                    )
                    connection.execute(
                        text(
                            "CREATE TABLE govgrid.bench_chain (no bigint GENERATED ALWAYS AS"
                            " IDENTITY PRIMARY KEY, account text, facts jsonb, seal bytea)"
                        )
                    )
                return [
                    *_written(engine, database.database_url(config), config),
                    *_proved(engine, home),
                ]
        finally:
            cluster.stop_cluster(home)


def _written(engine: Engine, url: str, config: Settings) -> list[Row]:
    without = rate(url, "plainly")
    chained = rate(url, "locked")
    emptied(engine)
    most, hard = beside_the_worker(url, config, lambda: rate(url, "audited"))
    emptied(engine)
    pause_s = WRITERS / RATE_GOAL
    steady, soft = beside_the_worker(
        url, config, lambda: rate(url, "audited", seconds=SUSTAINED_S, pause_s=pause_s)
    )
    emptied(engine)
    more = {"more_is_better": True}
    return [
        row("acts a second, audited and sealed beside", most, "/s", peer=LOCKED, peer_value=chained,
            goal=RATE_GOAL, **more),
        row("  share of the rate without audit", most, "/s", peer=PEER, peer_value=without,
            goal_ratio=0.5, **more),
        row("  age of a row when it is sealed, p95", _p95(hard), "s", goal=2.0),
        row("  the same, most", max(hard.ages_s), "s", goal=3.0),
        row(f"at {RATE_GOAL:.0f} a second: acts a second", steady, "/s", goal=RATE_GOAL * 0.99,
            **more),
        row("  age of a row when it is sealed, p95", _p95(soft), "s", goal=1.5),
        row("  the same, most", max(soft.ages_s), "s", goal=2.0),
    ]  # fmt: skip


def _p95(lag: Lag) -> float:
    return float(np.percentile(lag.ages_s, 95))


def _proved(engine: Engine, home: Path) -> list[Row]:
    rows: list[Row] = []
    grown: list[float] = []
    for count in SIZES:
        emptied(engine)
        with db.open_transaction(engine) as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(_FILL, {"count": count})
        began = time.perf_counter()
        assert audit_seal.seal_rows(engine) == count
        sealed = count / (time.perf_counter() - began)
        done = subprocess.run(
            [sys.executable, "-c", VERIFY, str(home)], capture_output=True, text=True, check=True
        )
        whole, walked, seconds, more_mb, peak_mb = json.loads(done.stdout)
        assert (whole, walked) == (True, count)
        grown.append(more_mb)
        rows += [
            row(f"seal a backlog of {count:,} rows", sealed, "rows/s", goal=RATE_GOAL * 10,
                more_is_better=True),
            row(f"verify {count:,} rows", seconds, "s", goal=count / 30_000),
            row("  rows a second", count / seconds, "rows/s", goal=30_000.0, more_is_better=True),
            row("  memory it takes", more_mb, "MB", goal=64.0),
            row("  peak memory of the process", peak_mb, "MB", goal=512.0),
        ]  # fmt: skip
    rows.append(row("memory at ten times the rows, more", grown[1] - grown[0], "MB", goal=8.0))
    return rows


if __name__ == "__main__":
    run(measured, __doc__)
