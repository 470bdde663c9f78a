"""Workload of communities: ground, grids, dated aggregates, estates, gaps of coverage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.incidents.store.statistics import StatisticsQuestion

# Of several days the newest by the end of the period; before it nothing is known of it.
_COMMUNITIES: Final = (
    "SELECT t.code, t.name, t.area_m2, t.grids, c.households, c.residents, c.unmanaged_estates,"
    " c.day, c.source, (SELECT count(*) FROM govgrid.workload_estate e"
    "  WHERE e.community_code = t.code) AS estates"
    " FROM govgrid.workload_area t LEFT JOIN LATERAL (SELECT * FROM govgrid.area_count n"
    "  WHERE n.area_code = t.code AND n.day <= :until ORDER BY n.day DESC LIMIT 1) c ON true"
    " WHERE {condition} ORDER BY t.code"
)
_UNDER: Final = (
    "t.code IN (SELECT a.code FROM govgrid.area_now a JOIN govgrid.area_now u ON u.path @> a.path"
    " WHERE u.code = ANY(:{name}))"
)
_GAPS: Final = text(
    "SELECT community_code, count(*) AS gaps, sum(area_m2) AS gap_m2 FROM govgrid.workload_gap"
    " WHERE detail = (SELECT min(detail) FROM govgrid.workload_gap) GROUP BY 1"
)
_RUN: Final = text("SELECT max(id) FROM govgrid.newest_run")


@dataclass(frozen=True)
class CommunityRow:
    """What is known of a community; `counted_on` and `source` are of the three before them."""

    code: str
    name: str
    area_m2: float
    grids: int
    households: int | None
    residents: int | None
    estates_reported: int | None
    counted_on: date | None
    source: str | None
    estates_located: int


def read_communities(connection: Connection, asked: StatisticsQuestion) -> list[CommunityRow]:
    """Return the communities of today with their newest aggregates by the end of a period.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Period and areas; grids in it name no community.
    """
    codes: dict[str, Any] = {f"within{n}": list(each) for n, each in enumerate(asked.within)}
    parts = [_UNDER.format(name=name) for name in codes]
    if asked.codes is not None:
        codes["codes"] = list(asked.codes)
        parts.append("t.code = ANY(:codes)")
    statement = text(_COMMUNITIES.format(condition=" AND ".join(parts) or "true"))
    rows = connection.execute(statement, {**codes, "until": asked.until})
    return [CommunityRow(*row) for row in rows]


def read_gaps(connection: Connection) -> Mapping[str, tuple[int, float]] | None:
    """Return number and square metres of gaps by community; None where nothing was computed."""
    if connection.execute(_RUN).scalar_one() is None:
        return None
    return {row.community_code: (row.gaps, row.gap_m2) for row in connection.execute(_GAPS)}
