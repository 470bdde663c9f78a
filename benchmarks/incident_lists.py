"""Lists, filters and details over 1,000,000 incidents, as the service reads them.

Part of the benchmark of incidents, and callable alone: then in a home of its own with the areas
and cameras of the demonstration. Incidents lie in all grids, 15 in 100 are open, one in two was
sent to a unit, each has a move. A question is a use case with its answer as JSON, by the role of
the service and so under row-level security; each is asked 20 times, details of other incidents
each time.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import service_search
from rows import Row, row, run
from service_server import COMMAND
from sqlalchemy import Engine, text

from geo.access.principal import Grant, Principal
from geo.areas.places import Places
from geo.base.settings import Settings
from geo.coverage.sight_memory import SightMemory
from geo.incidents import listing, show
from geo.incidents.book import IntakeBooks
from geo.incidents.desk import Desk
from geo.incidents.listing import IncidentFilter
from geo.operations import database
from geo.store import db
from geo.store.cluster import cluster

SIZE: Final = int(os.environ.get("GOVGRID_BENCH_INCIDENTS", "1000000"))
ROUNDS: Final = 20
GOAL_MS: Final = 50.0
RARE: Final = "RARE"
"""A unit that was sent to few incidents, all of them old."""
UNITS: Final = (
    "INSERT INTO govgrid.unit (code, name) SELECT 'BU' || n, '单位' || n"
    " FROM generate_series(0, 19) AS n UNION ALL SELECT 'RARE', '少派单位'"
)
FILL: Final = """
INSERT INTO govgrid.incident (code, title, category, source, state, reported_at, closed_at, due_at,
    amber_at, grade, level, unit_code, outcome, grid_code, community_code, township_code,
    area_unit_id, geom, in_grid, in_community, in_township)
SELECT 'B' || n, '占道经营', 'K' || n % 9,
    (ARRAY['app', 'hotline', 'grid', 'visit', 'video', 'other'])[1 + n % 6],
    CASE WHEN r.chance < 0.85 THEN 'closed'
        ELSE (ARRAY['reported', 'accepted', 'assigned', 'in_progress', 'done'])[1 + n % 5] END,
    r.at, CASE WHEN r.chance < 0.85 THEN r.at + r.chance * interval '9 days' END,
    r.at + interval '5 days', r.at + interval '4 days',
    CASE WHEN n % 10 = 0 THEN 'important' ELSE 'ordinary' END,
    (ARRAY['grid', 'community', 'township'])[1 + n % 3],
    CASE WHEN n <= 50 THEN 'RARE' ELSE 'BU' || n % 20 END,
    CASE WHEN r.chance < 0.85 THEN 'resolved' END, g.grid, g.community, g.township, g.unit_id,
    p.geom, a.in_grid, a.in_community, a.in_township
FROM generate_series(1, :size) AS n
CROSS JOIN LATERAL (SELECT random() + n * 0 AS chance,
    timestamptz '2026-01-01 00:00+08' + n * interval '333 days' / :size AS at) r
JOIN (
    SELECT g.code AS grid, c.code AS community, t.code AS township, g.unit_id,
        ST_PointOnSurface(g.geom) AS point, row_number() OVER (ORDER BY g.code) - 1 AS no
    FROM govgrid.area_now g JOIN govgrid.area_now c ON c.unit_id = g.parent_unit_id
    JOIN govgrid.area_now t ON t.unit_id = c.parent_unit_id WHERE g.level = 'grid') g
    ON g.no = (n * 131) % (SELECT count(*) FROM govgrid.area_now WHERE level = 'grid')
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(
    ST_X(g.point) + (random() - 0.5) * 4e-4 * (1 + n * 0),
    ST_Y(g.point) + (random() - 0.5) * 4e-4 * (1 + n * 0)), 4326) AS geom OFFSET 0) p
CROSS JOIN LATERAL govgrid.areas_of_incident(p.geom, NULL) a
"""
SENT: Final = (
    "INSERT INTO govgrid.dispatch (incident_code, unit_code, dispatched_at, incident_known_at)"
    " SELECT code, unit_code, reported_at, reported_at FROM govgrid.incident"
    " WHERE code LIKE 'B%' AND (unit_code = 'RARE' OR right(code, 1) IN ('1', '3', '5', '7', '9'))"
)
MOVED: Final = (
    "INSERT INTO govgrid.incident_move (incident, version, move, to_state, at, account)"
    " SELECT id, 1, 'imported', state, reported_at, 'govgrid' FROM govgrid.incident"
    " WHERE code LIKE 'B%'"
)
TABLES: Final = ("incident", "dispatch", "incident_move")


def fill(owner: Engine) -> None:
    """Write the incidents, without the triggers of single rows."""
    with owner.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for table in TABLES:
            connection.execute(text(f"ALTER TABLE govgrid.{table} DISABLE TRIGGER USER"))
        connection.execute(text(UNITS))
        connection.execute(text(FILL), {"size": SIZE})
        for each in (SENT, MOVED):
            connection.execute(text(each))
        for table in TABLES:
            connection.execute(text(f"ALTER TABLE govgrid.{table} ENABLE TRIGGER USER"))
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        for table in TABLES:
            connection.execute(text(f"VACUUM ANALYZE govgrid.{table}"))


def readers(owner: Engine) -> dict[str, Principal]:
    """Return who asks, by name."""
    with owner.begin() as connection:
        unit = connection.execute(
            text(
                "SELECT unit_id FROM govgrid.area_now WHERE level = 'township'"
                " ORDER BY code LIMIT 1"
            )
        ).scalar_one()
    number = "00000000-0000-0000-0000-000000000019"
    return {
        "the district": Principal("bench", id=number, grants=(Grant("dispatcher"),)),
        "a township": Principal("bench", id=number, grants=(Grant("dispatcher", unit),)),
        "a unit": Principal("bench", id=number, unit_code="BU7", grants=(Grant("responder"),)),
        "a unit of few": Principal(
            "bench", id=number, unit_code=RARE, grants=(Grant("responder"),)
        ),
    }


def questions(owner: Engine) -> dict[str, dict[str, Any]]:
    """Return the filters that are measured, by what they show."""
    with owner.begin() as connection:
        codes = connection.execute(
            text(
                "SELECT township_code, community_code, grid_code FROM govgrid.incident"
                " WHERE code = 'B1000'"
            )
        ).one()
    september = {
        "since": datetime.fromisoformat("2026-09-01T00:00+08:00"),
        "until": datetime.fromisoformat("2026-09-02T00:00+08:00"),
    }
    return {
        "the newest": {},
        "open": {"open": True},
        "accepted": {"state": ("accepted",)},
        "red": {"light": ("red",)},
        "amber": {"light": ("amber",)},
        "of a category": {"category": "K3"},
        "of a township": {"township": codes.township_code},
        "of a grid, open": {"grid": codes.grid_code, "open": True},
        "of a unit": {"unit": "BU7"},
        "of a unit of few": {"unit": RARE},
        "of a day": september,
        "own": {"mine": True},
        "without a place": {"unplaced": True},
    }


def list_rows(owner: Engine, service: Engine) -> list[Row]:
    """Return a row for each question of each reader, and for details."""
    rows: list[Row] = []
    for who_name, who in readers(owner).items():
        for name, asked in questions(owner).items():
            wanted = IncidentFilter(**asked)
            times = timed(lambda who=who, wanted=wanted: _listed(service, who, wanted))
            rows.append(_row(f"list, {who_name}, {name}", times))
        deep = _deep(service, who)
        rows.append(
            _row(f"list, {who_name}, page 20", timed(lambda w=who, d=deep: _listed(service, w, d)))
        )
    return rows


def detail_rows(owner: Engine, service: Engine, config: Settings) -> list[Row]:
    """Return a row for each reader: one incident with its history and legal moves."""
    rows = []
    for who_name, who in readers(owner).items():
        desk = make_desk(service, who, config)
        found = _listed(service, who, IncidentFilter(limit=ROUNDS))["incidents"]
        if not found:
            continue
        codes = [each["code"] for each in found]
        times = []
        for code in codes:
            times += timed(lambda d=desk, w=who, c=code: _shown(d, w, c), 1)
        rows.append(_row(f"detail, {who_name}", times))
    return rows


def make_desk(service: Engine, who: Principal, config: Settings) -> Desk:
    """Return what a web process works with."""
    books = IntakeBooks(service, Places(service))
    sight = SightMemory(service, detail=config.detail_px_per_m)
    return Desk(service, books, books.revisions(who), config, sight)


def timed(work: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return how long each of some rounds took, milliseconds."""
    took = []
    for _ in range(rounds):
        began = time.monotonic()
        work()
        took.append(1000 * (time.monotonic() - began))
        if took[-1] > 5_000:  # it is far too slow: once is enough
            break
    return took


def _row(name: str, times: list[float]) -> Row:
    p95 = float(np.quantile(times, 0.95))
    return row(f"{name}, {SIZE:,} incidents: p95", p95, "ms", goal=GOAL_MS)


def _listed(service: Engine, who: Principal, asked: IncidentFilter) -> Mapping[str, Any]:
    found = listing.list_incidents(service, who, asked)
    json.dumps(found, ensure_ascii=False, default=str)
    return found


def _shown(desk: Desk, who: Principal, code: str) -> None:
    told = show.show_incident(desk, who, code, lang="zh", with_cameras=False)
    json.dumps(told, ensure_ascii=False, default=str)


def _deep(service: Engine, who: Principal) -> IncidentFilter:
    asked = IncidentFilter()
    for _ in range(19):
        found = _listed(service, who, asked)
        if found["next"] is None:
            break
        asked = IncidentFilter(next=found["next"])
    return asked


def measured() -> list[Row]:
    """Return the rows, from a home of their own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home", statement_timeout_s=600.0)
        home = [*COMMAND, "--home", str(config.home)]
        try:
            with database.open_database(config) as owner:
                service_search.bring_in(owner, Path(folder) / "files")
                return measure_lists(owner, config)
        finally:
            subprocess.run([*home, "db", "stop"], check=False, capture_output=True)


def measure_lists(owner: Engine, config: Settings) -> list[Row]:
    """Write the incidents and return the rows about them."""
    began = time.monotonic()
    fill(owner)
    filled_s = time.monotonic() - began
    service = db.connect(database.database_url(config), role=cluster.SERVICE_ROLE)
    try:
        rows = [*list_rows(owner, service), *detail_rows(owner, service, config)]
    finally:
        service.dispose()
    return [*rows, row(f"to write {SIZE:,} incidents", filled_s, "s")]


if __name__ == "__main__":
    run(measured, __doc__)
