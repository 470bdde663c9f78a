"""Measure what access checks and row-level security cost.

The demonstration's district, brought in and computed once. Each answer is asked for by the system
(nothing is cut), by a planner of the whole district, of one township and of one community, as the
service asks (row-level security stands) and as the owner of the tables (it does not). Then what
guards the door: the hash of a password, and who asks.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rows import Row, row, run
from sqlalchemy import Engine, text

from geo.access import passwords, predicates, principal, transaction
from geo.access.accounts import accounts, grants, sessions
from geo.access.accounts.local_cli import acting_principal
from geo.access.principal import Principal
from geo.base.settings import Settings
from geo.cameras.law import compliance
from geo.coverage import who_sees
from geo.exchange.publish import collections, map_content
from geo.operations import database

TIMES, ZONE = 5, "Asia/Shanghai"
PAGE_ROWS = 1000
COMMAND = [sys.executable, "-c", "from geo.cli import main; main()"]
FENCE_GOAL, CUT_GOAL = 0.8, 0.8
NOBODY_KNOWN = "the owner of the tables"


def timed(*works: Callable[[], object]) -> list[float]:
    """Return the middle of some times in milliseconds of each, turn by turn, after one for nothing.

    Turn by turn, because a machine that others use is at one time quicker than at another.
    """
    found: list[list[float]] = [[] for _ in works]
    for turn in range(TIMES + 1):
        for work, times in zip(works, found, strict=True):
            began = time.perf_counter()
            work()
            if turn:
                times.append(1000 * (time.perf_counter() - began))
    return [median(times) for times in found]


def readers(engine: Engine) -> dict[str, Principal]:
    """Return the principals: planners of smaller and smaller areas, and the system itself."""
    system = principal.system_principal("os:bench")
    found = {"the system": system}
    with engine.begin() as connection:
        largest = {
            level: connection.execute(
                text(
                    "SELECT a.code FROM govgrid.area_now a JOIN govgrid.camera c"
                    " ON ST_Covers(a.geom, c.geom) WHERE a.level = :level"
                    " GROUP BY a.code ORDER BY count(*) DESC, a.code LIMIT 1"
                ),
                {"level": level},
            ).scalar_one()
            for level in ("township", "community")
        }
    for label, area in (("the district", None), *((f"a {k}", v) for k, v in largest.items())):
        name = "bench." + label.split()[-1]
        accounts.add_account(engine, system, name, holder="测试", unit_name="测试单位")
        both = ["skynet", "social"]
        grants.give_grant(engine, system, name, "planner", area, classes=both, depth="gaps")
        found[label] = acting_principal(engine, name)
    return found


def asked(engine: Engine, reader: Principal) -> dict[str, Callable[[], object]]:
    """Return the questions, by what they are called."""
    with engine.begin() as connection:
        transaction.set_row_security(connection, reader)
        cell = "ST_X(c.geom), ST_Y(c.geom)"
        lon, lat = connection.execute(
            text(
                f"SELECT {cell} FROM {predicates.CAMERAS} g"
                " JOIN govgrid.camera c ON c.code = g.code"
                " WHERE g.depth IS NOT NULL ORDER BY c.code LIMIT 1"
            ),
            reader.parameters,
        ).one()
    return {
        f"a page of {PAGE_ROWS} cameras": lambda: collections.read_page(
            engine, reader, "cameras", after="", limit=PAGE_ROWS
        ),
        "who sees a place": lambda: who_sees.seeing_one(
            engine, reader, lon, lat, at=None, timezone=ZONE
        ),
        "the map's content": lambda: map_content.read_content(
            engine, reader, lang="zh", timezone=ZONE
        ),
        "findings of the law": lambda: compliance.compliance_findings(
            engine, reader, timezone=ZONE
        ),
    }


def measured() -> list[Row]:
    """Return the figures of predicates, row-level security and identity."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home")
        home = [*COMMAND, "--home", str(config.home)]
        subprocess.run([*home, "demo", "--once"], check=True, capture_output=True)
        try:
            return _measured(config)
        finally:
            subprocess.run([*home, "db", "stop"], check=False, capture_output=True)


def _measured(config: Settings) -> list[Row]:
    rows = [_hash()]
    with database.open_database(config) as owner:
        who = readers(owner)
        service = database.service_pool(config, pool_size=2)
        for label, reader in who.items():
            fenced, bare = asked(service, reader), asked(owner, reader)
            if label != "the district":  # five seconds each, and the same way for everybody
                fenced.pop("the map's content")
            for work, ask in fenced.items():
                fence, free = timed(ask, bare[work])
                rows.append(
                    row(
                        f"{work}, {label}",
                        fence,
                        "ms",
                        peer=NOBODY_KNOWN,
                        peer_value=free,
                        goal_ratio=FENCE_GOAL,
                    )
                )
        rows.append(_session(owner, service))
        service.dispose()
    return rows


def _hash() -> Row:
    kept = passwords.hash_password("correct horse battery")
    return row(
        "a password held against its hash",
        timed(lambda: passwords.password_matches(kept, "correct horse battery"))[0],
        "ms",
        goal=250.0,
    )


def _session(owner: Engine, service: Engine) -> Row:
    with owner.begin() as connection:
        number = connection.execute(
            text("SELECT id FROM govgrid.account WHERE name = 'bench.district'")
        ).scalar_one()
        token = sessions.begin_session(connection, str(number), stage="full")
    return row(
        "who asks, by the cookie",
        timed(lambda: sessions.find_session(service, token))[0],
        "ms",
        goal=10.0,
    )


if __name__ == "__main__":
    run(measured, __doc__)
