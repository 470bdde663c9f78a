"""Figures of incidents: a year by community over 1,000,000 incidents, and a ledger, as asked for.

The areas of the demonstration, incidents written by one statement: every state, six sources, nine
categories, 15 in 100 open. A question is a use case with its answer as JSON, by the role of the
service; it is asked 20 times. The peer is one GROUP BY of the same counts over the table itself, by
the owner, without any question of rights.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from fastapi.encoders import jsonable_encoder
from rows import Row, row, run
from service_search import COMMAND
from sqlalchemy import Engine, text

from geo import demo
from geo.access import principal
from geo.access.principal import Grant, Principal
from geo.base.settings import Settings
from geo.documents import ledger_paper
from geo.exchange.imports import run as imports
from geo.exchange.imports.options import ImportOptions
from geo.incidents import (
    ledger,
    ledger_answer,
    statistics,
    statistics_answer,
    statistics_issues,
)
from geo.incidents.ledger import LedgerQuery
from geo.incidents.statistics_query import StatisticsQuery
from geo.operations import database
from geo.store import db
from geo.store.cluster import cluster

SIZE: Final = 1_000_000
ROUNDS: Final = 20
GOAL_MS: Final = 300.0
LEDGER_GOAL_S: Final = 2.0
LEDGER_ROUNDS: Final = 5
COMMUNITY: Final = "SELECT code FROM govgrid.area_now WHERE level = 'community' ORDER BY 1 LIMIT 1"
ZONE: Final = "Asia/Shanghai"
YEAR: Final = "2026"
FILL: Final = """
INSERT INTO govgrid.incident (code, title, category, source, state, reported_at, closed_at, due_at,
    grade, level, unit_code, outcome, grid_code, community_code, township_code)
SELECT 'B' || n, '占道经营', 'K' || n % 9,
    (ARRAY['app', 'hotline', 'grid', 'visit', 'video', 'other'])[1 + n % 6],
    CASE WHEN r.chance < 0.85 THEN 'closed'
        ELSE (ARRAY['reported', 'accepted', 'assigned', 'in_progress', 'done'])[1 + n % 5] END,
    r.at, CASE WHEN r.chance < 0.85 THEN r.at + r.chance * interval '9 days' END,
    r.at + interval '5 days', CASE WHEN n % 10 = 0 THEN 'important' ELSE 'ordinary' END,
    (ARRAY['grid', 'community', 'township'])[1 + n % 3], 'U' || n % 20,
    CASE WHEN r.chance < 0.85 THEN 'resolved' END, g.grid, g.community, g.township
FROM generate_series(1, :size) AS n
CROSS JOIN LATERAL (SELECT random() + n * 0 AS chance, timestamptz '2026-01-01 00:00+08'
    + random() * (1 + n * 0) * interval '333 days' AS at) r
JOIN (
    SELECT g.code AS grid, c.code AS community, t.code AS township,
        row_number() OVER (ORDER BY g.code) - 1 AS no
    FROM govgrid.area_now g JOIN govgrid.area_now c ON c.unit_id = g.parent_unit_id
    JOIN govgrid.area_now t ON t.unit_id = c.parent_unit_id WHERE g.level = 'grid') g
    ON g.no = n % (SELECT count(*) FROM govgrid.area_now WHERE level = 'grid')
"""
MARK: Final = (
    "INSERT INTO govgrid.tally_change (day) SELECT DISTINCT govgrid.local_day(t.at) FROM"
    " govgrid.incident i CROSS JOIN LATERAL (VALUES (i.reported_at), (i.closed_at)) AS t (at)"
    " WHERE t.at IS NOT NULL"
)
PEER: Final = (
    "SELECT community_code, count(*), count(*) FILTER (WHERE state = 'closed'),"
    " count(*) FILTER (WHERE state = 'closed' AND outcome = 'resolved'),"
    " count(*) FILTER (WHERE coalesce(first_done_at, closed_at) <= due_at),"
    " count(*) FILTER (WHERE coalesce(first_done_at, closed_at, now()) > due_at)"
    " FROM govgrid.incident WHERE reported_at >= '2026-01-01 00:00+08'"
    " AND reported_at < '2027-01-01 00:00+08' GROUP BY 1"
)


def fill(owner: Engine, folder: Path) -> None:
    """Bring in the areas and write the incidents, without the triggers of single rows."""
    folder.mkdir()
    for level, path in demo.write_boundaries(folder).items():
        options = ImportOptions(crs="wgs84", level=level)
        who = principal.system_principal("os:bench")
        imports.import_file(owner, "areas", path, options, who=who, timezone=ZONE)
    with owner.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("ALTER TABLE govgrid.incident DISABLE TRIGGER USER"))
        connection.execute(text(FILL), {"size": SIZE})
        connection.execute(text("ALTER TABLE govgrid.incident ENABLE TRIGGER USER"))
        connection.execute(text(MARK))
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE govgrid.incident"))


def timed(work: Callable[[], Any], rounds: int = ROUNDS) -> list[float]:
    """Return how long each of some rounds took, milliseconds."""
    took = []
    for _ in range(rounds):
        began = time.monotonic()
        work()
        took.append(1000 * (time.monotonic() - began))
    return took


def ask(engine: Engine, who: Principal, **asked: Any) -> dict[str, Any]:
    """Return an answer, written as JSON on the way as a route does."""
    query = StatisticsQuery(year=YEAR, **asked)
    found = statistics.read_statistics(engine, who, query, timezone=ZONE, month_starts=1)
    told = statistics_answer.describe_statistics(found, "zh")
    json.dumps(told, ensure_ascii=False, default=str)
    return told


def read_ledger(engine: Engine, who: Principal, asked: LedgerQuery, *, paper: bool = False) -> int:
    """Answer a ledger as JSON, or make its workbook; return its rows."""
    found = ledger.read_ledger(engine, who, asked, timezone=ZONE, month_starts=1, lang="zh")
    if paper:
        ledger_paper.ledger_bytes(found, mark="", lang="zh")
    else:
        told = ledger_answer.describe_ledger(found, "zh")
        json.dumps(jsonable_encoder(told), ensure_ascii=False)
    return len(found.rows)


def measured() -> list[Row]:
    """Return the rows, from a home of their own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home", statement_timeout_s=600.0)
        home = [*COMMAND, "--home", str(config.home)]
        try:
            with database.open_database(config) as owner:
                fill(owner, Path(folder) / "files")
                service = db.connect(database.database_url(config), role=cluster.SERVICE_ROLE)
                try:
                    return _measured(owner, service)
                finally:
                    service.dispose()
        finally:
            subprocess.run([*home, "db", "stop"], check=False, capture_output=True)


def _measured(owner: Engine, service: Engine) -> list[Row]:
    began = time.monotonic()
    days = statistics_issues.sum_changed_days(owner)
    summed_s = time.monotonic() - began
    district = Principal("bench", grants=(Grant("planner"),))
    with owner.begin() as connection:
        unit = connection.execute(
            text(
                "SELECT unit_id FROM govgrid.area_now WHERE level = 'township'"
                " ORDER BY code LIMIT 1"
            )
        ).scalar_one()

        def peer() -> object:
            return connection.execute(text(PEER)).all()

        peer_ms = float(np.quantile(timed(peer, 10), 0.95))
    township = Principal("bench", grants=(Grant("planner", unit),))
    told = ask(service, district)["total"]["collected"]
    whole, part = (timed(lambda who=who: ask(service, who)) for who in (district, township))
    with owner.begin() as connection:
        change = "UPDATE govgrid.incident SET version = version + 1 WHERE code = ANY(:codes)"
        connection.execute(text(change), {"codes": [f"B{n}" for n in range(1, 9)]})
    changed = timed(lambda: ask(service, district))
    month = timed(lambda: ask(service, district, by="month"))
    live = timed(lambda: ask(service, district, by="category"), 3)
    with owner.begin() as connection:
        area = connection.execute(text(COMMUNITY)).scalar_one()
    of_year, of_month = LedgerQuery(area, year=YEAR), LedgerQuery(area, month=f"{YEAR}-09")
    listed = read_ledger(service, district, of_year)
    year_ms = timed(lambda: read_ledger(service, district, of_year), LEDGER_ROUNDS)
    printed = read_ledger(service, district, of_month, paper=True)
    paper_ms = timed(lambda: read_ledger(service, district, of_month, paper=True), LEDGER_ROUNDS)
    ledger_name = f"ledger of a year of a community, {listed:,} incidents: the slowest of five"
    name = f"a year by community, {told:,} incidents: p95"
    p95 = float(np.quantile(whole, 0.95))
    return [
        row(name, p95, "ms", goal=GOAL_MS),
        row(name, p95, "ms", peer="GROUP BY over the table", peer_value=peer_ms),
        row("the same of a township: p95", float(np.quantile(part, 0.95)), "ms", goal=GOAL_MS),
        row(
            "the same, 8 of the incidents written since: p95",
            float(np.quantile(changed, 0.95)),
            "ms",
        ),
        row("a year by month: p95", float(np.quantile(month, 0.95)), "ms"),
        row("a year by category, counted afresh: median", float(np.median(live)), "ms"),
        row(ledger_name, max(year_ms) / 1000, "s", goal=LEDGER_GOAL_S),
        row(f"ledger of a month, {printed:,} incidents, as XLSX", max(paper_ms) / 1000, "s"),
        row(f"to sum {days} days of all incidents", summed_s, "s"),
    ]


if __name__ == "__main__":
    run(measured, __doc__)
