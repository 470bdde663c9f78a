"""Search of the service: what people type, in the demonstration's district, as they are granted.

Part of the benchmark of the service, and callable alone. Each text is asked for by a reader of the
whole district, of a township and of one that is to know cameras coarsely only, as the service asks.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rows import Row, row, run
from sqlalchemy import Engine, text

from geo import demo
from geo.access import principal
from geo.access.principal import Grant, Principal
from geo.base.settings import Settings
from geo.exchange.imports import run as imports
from geo.exchange.imports.options import ImportOptions
from geo.exchange.search import search_places
from geo.operations import database

COMMAND = [sys.executable, "-c", "from geo.cli import main; main()"]
ROUNDS = 2
GOAL_MS = 50.0
ZONE = "Asia/Shanghai"
SEED = 340802


def typed_texts(engine: Engine) -> list[str]:
    """Return what is typed: names as stored, their beginnings, their pinyin, parts of codes."""
    rng = np.random.default_rng(SEED)
    query = "SELECT title, sought FROM govgrid.search_text WHERE title <> '' ORDER BY code, title"
    with engine.begin() as connection:
        stored = connection.execute(text(query)).all()
    found = ["路", "号", "街道", "卡口", "天网", "qj", "rm", "3408", "340802001", "117.05,30.51"]
    for n in rng.choice(len(stored), 50, replace=False):
        title, sought = stored[n]
        lines = sought.strip("\n").split("\n")
        found += [title, title[:2], title[:4], lines[-1], lines[-1][:4]]
    return found


def readers(engine: Engine) -> dict[str, Principal]:
    """Return the principals that search, by name."""
    largest = (
        "SELECT a.unit_id FROM govgrid.area_now a"
        " JOIN govgrid.camera c ON ST_Covers(a.geom, c.geom)"
        " WHERE a.level = 'township' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )
    with engine.begin() as connection:
        unit = connection.execute(text(largest)).scalar_one()
    return {
        "the district": Principal("bench", grants=(Grant("planner"),)),
        "a township": Principal("bench", grants=(Grant("planner", unit),)),
        "a township, coarse": Principal("bench", grants=(Grant("responder", unit),)),
    }


def search_rows(owner: Engine, service: Engine) -> list[Row]:
    """Return a row for each reader: the 95th percentile of all texts, and the slowest."""
    typed, rows = typed_texts(owner), []
    for label, who in readers(owner).items():
        times = np.array([_times(service, who, each) for each in typed])
        best = times.min(axis=1)
        p95 = float(np.percentile(times, 95))
        rows.append(row(f"search, {label}: p95 of {len(typed)} texts", p95, "ms", goal=GOAL_MS))
        rows.append(row(f"search, {label}: median", float(np.median(times)), "ms"))
        slowest = int(best.argmax())
        label = f"search, {label}: slowest text ({typed[slowest]})"
        rows.append(row(label, float(best[slowest]), "ms"))
    return rows


def _times(service: Engine, who: Principal, typed: str) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        search_places(service, who, typed)
        found.append(1000 * (time.perf_counter() - began))
    return found


def bring_in(engine: Engine, folder: Path) -> Row:
    """Bring the files of the demonstration in, without computing what its cameras see."""
    who, began = principal.system_principal("os:bench"), time.perf_counter()
    for each in demo.build_files(folder):
        given = ImportOptions(**each.options)
        imports.import_file(engine, each.layer, each.path, given, who=who, timezone=ZONE)
    return row("the district brought in, words of the search included", _since(began), "s")


def _since(began: float) -> float:
    return time.perf_counter() - began


def measured() -> list[Row]:
    """Return the rows of the search, in a home of their own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home")
        try:
            with database.open_database(config) as owner:
                rows = [bring_in(owner, Path(folder) / "files")]
                service = database.service_pool(config, pool_size=2)
                rows += search_rows(owner, service)
                service.dispose()
                return rows
        finally:
            command = [*COMMAND, "--home", str(config.home), "db", "stop"]
            subprocess.run(command, check=False, capture_output=True)


if __name__ == "__main__":
    run(measured, __doc__)
