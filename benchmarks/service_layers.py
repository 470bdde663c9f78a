"""Layers as others ask for them: pages behind a filter in CQL2, and a whole layer as one file.

Part of the benchmark of the service, and callable alone, in a home of its own: the district of the
demonstration as imported; for the file a hundred times its cameras.
"""

import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pyogrio
import service_search
from rows import Row, row, run
from service_server import COMMAND, REASON, Measured, ask, memory_mb, sign_in, web_process
from sqlalchemy import Engine, text

from geo.base.settings import Settings
from geo.operations import database

COPIES: Final = 99
FRESH: Final = 4_000
"""Filters that differ: more than a process keeps (``matches.MOST_KEPT``), so each is computed."""
GOAL_RATIO: Final = 3.0
GOAL_MB: Final = 200.0
OURS: Final = "/api/collections/cameras/items?limit=100&filter={}&reason=" + REASON
THEIRS: Final = "/collections/govgrid.camera/items?limit=100&filter-lang=cql2-text&filter={}"
FILTER: Final = "connection = 'online' AND code > '{}' AND form <> 'x{}'"
FILE: Final = "/api/collections/{}/items?f=fgb&reason=" + REASON
_COLUMNS: Final = (
    "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM"
    " information_schema.columns WHERE table_schema = 'govgrid' AND table_name = :name"
    " AND is_generated = 'NEVER' AND is_identity = 'NO'"
)
_COPY: Final = (
    "INSERT INTO govgrid.{table} ({columns}) SELECT {columns} FROM (SELECT (jsonb_populate_record("
    "r, jsonb_build_object('{key}', r.{key} || '-' || n))).* FROM govgrid.{table} r,"
    " generate_series(1, {copies}) AS n) c"
)
_OFF: Final = "ALTER TABLE govgrid.{table} DISABLE TRIGGER USER"
_ON: Final = "ALTER TABLE govgrid.{table} ENABLE TRIGGER USER"
KEYS: Final = {"camera": "code", "camera_view": "camera_code"}
CHUNK: Final = 1 << 20


def filters(engine: Engine, count: int) -> list[str]:
    """Return filters that differ, each of which fits a page of cameras and more."""
    statement = "SELECT code FROM govgrid.camera ORDER BY code LIMIT 1000"
    with engine.begin() as connection:
        found = list(connection.execute(text(statement)).scalars())
    return [quote(FILTER.format(found[n % len(found)], n)) for n in range(count)]


def filter_rows(address: Any, headers: dict[str, str], tipg: Any, engine: Engine) -> list[Row]:
    """Return rows of pages behind a filter: ten that are asked again and again, and ever new ones.

    Parameters
    ----------
    address
        Of a web process.
    headers
        Of a session.
    tipg
        Its address; None where it is not there.
    engine
        Pool of the owner.
    """
    rows = []
    for name, some in (("again", filters(engine, 10)), ("anew", filters(engine, FRESH))):
        ours = ask(address, [OURS.format(each) for each in some], headers)
        theirs = None if tipg is None else ask(tipg, [THEIRS.format(each) for each in some], {})
        rows.append(
            row(
                f"page of 100 cameras behind a filter, asked {name} ({ours['bytes']:,.0f} bytes)",
                _rate(ours),
                "answers/s",
                peer="tipg",
                peer_value=_rate(theirs),
                goal_ratio=GOAL_RATIO,
                more_is_better=True,
            )
        )
    return rows


def _rate(found: Measured | None) -> float | None:
    return None if found is None or found["refused"] else found["rate"]


def add_copies(engine: Engine, copies: int = COPIES) -> int:
    """Add copies of all cameras with their views; return how many cameras there are now.

    Triggers are left out: what they derive is of no use here, and takes many minutes.
    """
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for table, key in KEYS.items():
            columns = connection.execute(text(_COLUMNS), {"name": table}).scalar_one()
            words = {"table": table, "key": key, "columns": columns, "copies": copies}
            for statement in (_OFF, _COPY, _ON):
                connection.execute(text(statement.format(**words)))
        return int(connection.execute(text("SELECT count(*) FROM govgrid.camera")).scalar_one())


def file_rows(config: Settings, owner: Engine, headers: dict[str, str]) -> list[Row]:
    """Return rows of a web process that sends a hundred times the cameras as FlatGeobuf.

    Parameters
    ----------
    config
        Of the home.
    owner
        Pool of the owner of its tables.
    headers
        Of a session.
    """
    count = add_copies(owner)
    with web_process(config) as (address, process), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "whole.fgb"
        fetch(address, FILE.format("poles"), headers, path)  # with what a file needs loaded
        before = memory_mb(process)
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")
        began = time.perf_counter()
        fetch(address, FILE.format("cameras"), headers, path)
        seconds, peak = time.perf_counter() - began, peak_mb(process.pid)
        assert pyogrio.read_info(path)["features"] == count
        work = f"{count:,} cameras as FlatGeobuf ({path.stat().st_size / 1e6:,.0f} MB)"
    return [
        row(f"{work}: most memory of the process (resident)", peak, "MB", goal=GOAL_MB),
        row(f"{work}: memory before (Pss)", before, "MB"),
        row(work, seconds, "s"),
    ]


def fetch(address: Sequence[Any], path: str, headers: dict[str, str], to: Path) -> None:
    """Write an answer into a file as it comes."""
    asked = urllib.request.Request(f"http://{address[0]}:{address[1]}{path}", headers=headers)
    with urllib.request.urlopen(asked, timeout=900) as answer, to.open("wb") as file:
        while part := answer.read(CHUNK):
            file.write(part)


def peak_mb(process: int) -> float:
    """Return the largest resident size of a process since it was set back, in MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def measured() -> list[Row]:
    """Return the rows, in a home of their own."""
    from bench_service import tipg_process

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home")
        try:
            with database.open_database(config) as owner:
                service_search.bring_in(owner, Path(folder) / "files")
                headers = sign_in(owner)
                with tipg_process(owner) as tipg, web_process(config) as (address, _):
                    rows = filter_rows(address, headers, tipg, owner)
                return [*rows, *file_rows(config, owner, headers)]
        finally:
            command = [*COMMAND, "--home", str(config.home), "db", "stop"]
            subprocess.run(command, check=False, capture_output=True)


if __name__ == "__main__":
    run(measured, __doc__)
