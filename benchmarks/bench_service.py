"""The service as it is asked: pages, features and places at 8 connections, every check on.

The demonstration's district as imported (no viewsheds), one web process, answers not compressed, a
client in a process of its own (`service_client.py`) on the loopback. Peers on the same tables in
the same run: tipg, where ``GOVGRID_BENCH_TIPG`` names the Python of an environment that has it;
pgbench with the statement of a page; a constant answer behind the same log-in.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import service_search
from rows import Row, row, run
from sqlalchemy import Engine, text

from geo.access import principal
from geo.access.accounts import accounts, grants, sessions
from geo.base.settings import Settings
from geo.operations import database

HERE: Final = Path(__file__).parent
COMMAND: Final = [sys.executable, "-c", "from geo.cli import main; main()"]
SERVE: Final = """
import socket, sys
import uvicorn
from api.app import create_app
from api.server.listening import OPTIONS
from geo.base.settings import Settings
listening = socket.socket(fileno=int(sys.argv[1]))
most = {f"rate_per_minute_{kind}": 0 for kind in ("account", "address")}
config = Settings(home=sys.argv[2], **most)
uvicorn.Server(uvicorn.Config(create_app(config), log_level="warning", **OPTIONS)).run([listening])
"""
CONNECTIONS: Final = 8
SECONDS: Final = float(os.environ.get("GOVGRID_BENCH_SECONDS", "4"))
ROUNDS: Final = 2
REASON: Final = quote("基准测试")
TIPG: Final = "GOVGRID_BENCH_TIPG"
ITEMS: Final = "/api/collections/{}/items?limit={}&reason=" + REASON
PEER: Final = "/collections/govgrid.{}/items?limit={}"
PAGE: Final = "SELECT code, name, ST_AsGeoJSON(geom) FROM govgrid.camera ORDER BY code LIMIT 10;"
SEED: Final = 340802
Measured = dict[str, float]


def ask(address: tuple[str, int], paths: list[str], headers: dict[str, str]) -> Measured:
    """Return what the client measured: of the rounds that with most answers."""
    asked = {
        "host": address[0],
        "port": address[1],
        "paths": paths,
        "headers": headers,
        "connections": CONNECTIONS,
        "seconds": SECONDS,
    }
    command = [sys.executable, str(HERE / "service_client.py")]
    told = [
        subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
        for _ in range(ROUNDS)
    ]
    return max((json.loads(each.stdout) for each in told), key=lambda found: found["rate"])


@contextmanager
def listening_process(command: list[str], environment: dict[str, str]) -> Iterator[Any]:
    """Run a server on a socket of the loopback whose number is its first argument."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        number = listening.fileno()
        filled = [part.replace("{fd}", str(number)) for part in command]
        process = subprocess.Popen(filled, pass_fds=[number], env={**os.environ, **environment})
    try:
        yield address, process
    finally:
        process.terminate()
        process.wait(30)


def wait_until_answered(address: tuple[str, int], path: str) -> None:
    """Return as soon as a server answers, whatever it says."""
    until = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(f"http://{address[0]}:{address[1]}{path}", timeout=60)
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


def sign_in(engine: Engine) -> dict[str, str]:
    """Return the headers of a session of a planner of the whole district."""
    system = principal.system_principal("os:bench")
    accounts.add_account(engine, system, "bench", holder="测试", unit_name="测试单位")
    grants.give_grant(engine, system, "bench", "planner", None, depth="gaps")
    with engine.begin() as connection:
        number = connection.execute(
            text("SELECT id FROM govgrid.account WHERE name = 'bench'")
        ).scalar_one()
        token = sessions.begin_session(connection, str(number), stage="full")
    return {"Cookie": f"govgrid_session={token}"}


def places(engine: Engine) -> list[tuple[float, float]]:
    """Return 200 places around cameras."""
    statement = "SELECT ST_X(geom), ST_Y(geom) FROM govgrid.camera ORDER BY md5(code) LIMIT 200"
    with engine.begin() as connection:
        found = np.array(connection.execute(text(statement)).all())
    return [tuple(p) for p in found + np.random.default_rng(SEED).normal(0, 3e-4, found.shape)]


def codes(engine: Engine) -> list[str]:
    """Return the codes of 200 cameras."""
    statement = "SELECT code FROM govgrid.camera ORDER BY md5(code) LIMIT 200"
    with engine.begin() as connection:
        return list(connection.execute(text(statement)).scalars())


def hashes_per_second() -> float:
    """Return how many hashes of 64 kB this machine makes a second on one core, idle or not."""
    data, began, count = bytes(65_536), time.perf_counter(), 0
    while time.perf_counter() - began < 1:
        hashlib.sha256(data)
        count += 1
    return count / (time.perf_counter() - began)


def pgbench_rate(engine: Engine, folder: Path) -> float | None:
    """Return how often PostgreSQL alone reads a page of ten cameras; None without pgbench."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    if not found:
        sys.stderr.write("pgbench is not installed: rows without it as a peer.\n")
        return None
    script = folder / "page.sql"
    script.write_text(PAGE)
    url = engine.url
    command = [str(found[-1]), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "1"]
    command += ["-T", str(int(SECONDS)), "-f", str(script), "-h", str(url.query["host"])]
    command += ["-p", str(url.port or url.query.get("port", 5432)), "-U", str(url.username)]
    done = subprocess.run(
        [*command, str(url.database)], capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("tps")]
    return float(lines[0].split()[2]) if lines else None


def peer_rates(engine: Engine, paths: dict[str, list[str]]) -> dict[str, float]:
    """Return the answers a second of tipg by question; none where it is not there."""
    python = os.environ.get(TIPG)
    if python is None:
        sys.stderr.write(f"{TIPG} names no Python with tipg: rows without it as a peer.\n")
        return {}
    url = engine.url
    host = quote(str(url.query["host"]), safe="")  # a socket, which is no host for its settings
    environment = {
        "DATABASE_URL": f"postgresql://{url.username}@{host}:{url.query['port']}/{url.database}",
        "TIPG_DB_SCHEMAS": '["govgrid"]',
        "TIPG_MAX_FEATURES_PER_QUERY": "10000",
        "PYTHONPATH": "",
    }
    command = [python, "-m", "uvicorn", "tipg.main:app", "--fd", "{fd}", "--log-level", "error"]
    with listening_process(command, environment) as (address, process):
        wait_until_answered(address, "/healthz")
        found = {name: ask(address, of, {}) for name, of in paths.items()}
        assert process.poll() is None
    return {name: each["rate"] for name, each in found.items() if not each["refused"]}


def memory_mb(process: "subprocess.Popen[bytes]") -> float:
    """Return the memory of a process that is its own (Pss), in MB."""
    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def measured() -> list[Row]:
    """Return the rows, from a home of their own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home")
        home = [*COMMAND, "--home", str(config.home)]
        try:
            with database.open_database(config) as owner:
                brought = service_search.bring_in(owner, Path(folder) / "files")
                return [brought, *_measured(config, owner, Path(folder))]
        finally:
            subprocess.run([*home, "db", "stop"], check=False, capture_output=True)


def _measured(config: Settings, owner: Engine, folder: Path) -> list[Row]:
    spots, some = places(owner), codes(owner)
    at = [f"lon={lon:.7f}&lat={lat:.7f}" for lon, lat in spots]
    near = [f"{lon - 5e-8},{lat - 5e-8},{lon + 5e-8},{lat + 5e-8}" for lon, lat in spots]
    ours = {
        "page of 10 cameras": [ITEMS.format("cameras", 10)],
        "page of 10 grids": [ITEMS.format("grids", 10)],
        "one camera": [f"/api/collections/cameras/items/{c}?reason={REASON}" for c in some],
        "page of 1,000 cameras": [ITEMS.format("cameras", 1000)],
        "locate a place": [f"/api/locate?{each}" for each in at],
    }
    theirs = {
        "page of 10 cameras": [PEER.format("camera", 10)],
        "page of 10 grids": [PEER.format("area", 10) + "&level=grid"],
        "one camera": [PEER.format("camera", 10).split("?")[0] + f"/{c}" for c in some],
        "page of 1,000 cameras": [PEER.format("camera", 1000)],
        "locate a place": [PEER.format("area", 10) + f"&bbox={box}" for box in near],
    }
    goals = dict(zip(ours, (6.0, 10.0, 4.0, 30.0, 10.0), strict=True))
    before = hashes_per_second()
    command = [sys.executable, "-c", SERVE, "{fd}", str(config.home)]
    with listening_process(command, {}) as (address, process):
        wait_until_answered(address, "/livez")
        headers = sign_in(owner)
        found = {name: ask(address, paths, headers) for name, paths in ours.items()}
        open_ = ask(address, ["/livez"], {})
        constant = ask(address, ["/api/collections"], headers)
        seeing = [f"/api/cameras/seeing?{each}&reason={REASON}" for each in at]
        memory = memory_mb(process)
        sees = ask(address, seeing, headers)
        after_sight = memory_mb(process)
    rates = peer_rates(owner, theirs)
    rows = [
        row(
            f"{name} ({each['bytes']:,.0f} bytes)",
            None if each["refused"] else each["rate"],
            "answers/s",
            peer="tipg",
            peer_value=rates.get(name),
            goal_ratio=goals[name],
            more_is_better=True,
        )
        for name, each in found.items()
    ]
    rows += [
        row(f"{name}: p99 beside 8 × p50", each["p99"], "ms", goal=8 * each["p50"])
        for name, each in found.items()
    ]
    rows += _constants(found, open_, constant, pgbench_rate(owner, folder))
    return [
        *rows,
        row("who sees a place, p95", sees["p95"], "ms", goal=25.0),
        row("memory of the web process (Pss), pages and places", memory, "MB", goal=350.0),
        row("memory of the web process (Pss), sight as well", after_sight, "MB", goal=350.0),
        row("calibration: hashes of 64 kB before", before, "1/s"),
        row("calibration: hashes of 64 kB after", hashes_per_second(), "1/s"),
    ]


def _constants(
    found: dict[str, Measured], open_: Measured, constant: Measured, page: float | None
) -> list[Row]:
    more = {"unit": "answers/s", "more_is_better": True, "goal_ratio": 0.5}
    behind, place = constant["rate"], found["locate a place"]["rate"]
    return [
        row(
            "a constant behind log-in",
            behind,
            peer="without log-in",
            peer_value=open_["rate"],
            **more,
        ),
        row("locate a place", place, peer="a constant behind log-in", peer_value=behind, **more),
        row(
            "page of 10 cameras",
            found["page of 10 cameras"]["rate"],
            "answers/s",
            peer="pgbench, its statement alone",
            peer_value=page,
            more_is_better=True,
        ),
    ]


if __name__ == "__main__":
    run(measured, __doc__)
