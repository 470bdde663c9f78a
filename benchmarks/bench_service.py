"""The service as it is asked: pages, features and places at 8 connections, every check on.

The demonstration's district as imported (no viewsheds), one web process, answers not compressed, a
client in a process of its own (`service_client.py`) on the loopback. Peers on the same tables in
the same run: tipg, where ``GOVGRID_BENCH_TIPG`` names the Python of an environment that has it;
pgbench with the statement of a page; a constant answer behind the same log-in.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import service_layers
import service_live
import service_load
import service_search
import service_tiles
from rows import Row, row, run
from service_server import (
    COMMAND,
    CONNECTIONS,
    REASON,
    SECONDS,
    ask,
    listening_process,
    memory_mb,
    sign_in,
    wait_until_answered,
    web_process,
)
from sqlalchemy import Engine, text

from geo.base.settings import Settings
from geo.operations import database

TIPG: Final = "GOVGRID_BENCH_TIPG"
ITEMS: Final = "/api/collections/{}/items?limit={}&reason=" + REASON
PEER: Final = "/collections/govgrid.{}/items?limit={}"
PAGE: Final = "SELECT code, name, ST_AsGeoJSON(geom) FROM govgrid.camera ORDER BY code LIMIT 10;"
SEED: Final = 340802


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


@contextmanager
def tipg_process(engine: Engine) -> Iterator[Any]:
    """Run tipg on the same tables; give its address, None where it is not there."""
    python = os.environ.get(TIPG)
    if python is None:
        sys.stderr.write(f"{TIPG} names no Python with tipg: rows without it as a peer.\n")
        yield None
        return
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
        yield address
        assert process.poll() is None


def measured() -> list[Row]:
    """Return the rows, from a home of their own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home")
        home = [*COMMAND, "--home", str(config.home)]
        try:
            with database.open_database(config) as owner:
                brought = service_search.bring_in(owner, Path(folder) / "files")
                rows = [brought, *_measured(config, owner, Path(folder))]
                rows += service_live.live_rows(config, owner)
                headers = sign_in(owner, "bench.files")
                return [*rows, *service_layers.file_rows(config, owner, headers)]
        finally:
            subprocess.run([*home, "db", "stop"], check=False, capture_output=True)


def _measured(config: Settings, owner: Engine, folder: Path) -> list[Row]:
    spots, some = places(owner), codes(owner)
    at = [f"lon={lon:.7f}&lat={lat:.7f}" for lon, lat in spots]
    before = hashes_per_second()
    headers = sign_in(owner)
    with tipg_process(owner) as tipg:
        with web_process(config) as (address, process):
            rows = memory_rows(address, headers, tipg, questions(spots, some, at))
            rows += _constants(address, headers, at, pgbench_rate(owner, folder))
            memory = [row("memory (Pss): pages and places", memory_mb(process), "MB", goal=350.0)]
            rows += service_load.sight_rows(address, headers, at, owner)
            memory.append(row("memory: sight as well", memory_mb(process), "MB", goal=350.0))
            rows += service_load.crowd_rows(address, headers, owner)
            memory.append(row("memory: pages of the map as well", memory_mb(process), "MB"))
            rows += service_layers.filter_rows(address, headers, tipg, owner)
        with web_process(config) as (kept, _), web_process(config, "fresh") as (fresh, _):
            servers = {"kept": kept, "fresh": fresh} | ({"tipg": tipg} if tipg else {})
            rows += service_tiles.tile_rows(servers, headers, spots)
    service = database.service_pool(config, pool_size=3)
    rows += service_tiles.crowded_rows(service, folder / "rows", spots)
    rows += service_search.search_rows(owner, service)
    rows += service_load.content_rows(service)
    service.dispose()
    return [
        *rows,
        *memory,
        row("calibration: hashes of 64 kB before", before, "1/s"),
        row("calibration: hashes of 64 kB after", hashes_per_second(), "1/s"),
    ]


Questions = dict[str, tuple[list[str], list[str], float]]
"""By name: paths of ours, of tipg, and how many times as many answers are wanted."""


def questions(spots: list[tuple[float, float]], some: list[str], at: list[str]) -> Questions:
    """Return what is asked, by name: around `spots`, of the cameras `some`, at places `at`."""
    near = [f"{lon - 5e-8},{lat - 5e-8},{lon + 5e-8},{lat + 5e-8}" for lon, lat in spots]
    camera, area = PEER.format("camera", 10), PEER.format("area", 10)
    one = f"/api/collections/cameras/items/{{}}?reason={REASON}"
    return {
        "page of 10 cameras": ([ITEMS.format("cameras", 10)], [camera], 6.0),
        "page of 10 grids": ([ITEMS.format("grids", 10)], [area + "&level=grid"], 10.0),
        "one camera": (
            [one.format(code) for code in some],
            [camera.split("?")[0] + f"/{code}" for code in some],
            4.0,
        ),
        "page of 1,000 cameras": (
            [ITEMS.format("cameras", 1000)],
            [PEER.format("camera", 1000)],
            30.0,
        ),
        "locate a place": (
            [f"/api/locate?{each}" for each in at],
            [f"{area}&bbox={box}" for box in near],
            10.0,
        ),
    }


def memory_rows(
    address: Any,
    headers: dict[str, str],
    tipg: Any,
    questions: Questions,
) -> list[Row]:
    """Return for each question its rate beside that of tipg, and its p99."""
    rates, tails = [], []
    for name, (ours, theirs, goal) in questions.items():
        found = ask(address, ours, headers)
        peer = None if tipg is None else ask(tipg, theirs, {})
        rates.append(
            row(
                f"{name} ({found['bytes']:,.0f} bytes)",
                None if found["refused"] else found["rate"],
                "answers/s",
                peer="tipg",
                peer_value=None if peer is None or peer["refused"] else peer["rate"],
                goal_ratio=goal,
                more_is_better=True,
            )
        )
        tails.append(row(f"{name}: p99 beside 8 × p50", found["p99"], "ms", goal=8 * found["p50"]))
    return [*rates, *tails]


def _constants(
    address: Any,
    headers: dict[str, str],
    at: list[str],
    page: float | None,
) -> list[Row]:
    open_ = ask(address, ["/livez"], {})["rate"]
    behind = ask(address, ["/api/conformance"], headers)["rate"]
    place = ask(address, [f"/api/locate?{each}" for each in at], headers)["rate"]
    ten = ask(address, [ITEMS.format("cameras", 10)], headers)["rate"]
    many: dict[str, Any] = {"unit": "answers/s", "more_is_better": True}
    half = {**many, "goal_ratio": 0.5}
    constant = "a constant behind log-in"
    return [
        row(constant, behind, peer="without log-in", peer_value=open_, **half),
        row("locate a place", place, peer=constant, peer_value=behind, **half),
        row("page of 10 cameras", ten, peer="pgbench, its statement", peer_value=page, **many),
    ]


if __name__ == "__main__":
    run(measured, __doc__)
