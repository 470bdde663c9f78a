"""Areas of a day by which incidents of files are placed that have no position."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, text

_AREAS: Final = text(
    "SELECT level, code, name FROM govgrid.area_on_day WHERE valid @> CAST(:day AS date)"
    " ORDER BY level, code"
)
_CHAINS: Final = text(
    "SELECT a.code, a.unit_id, jsonb_object_agg(p.level, p.code) AS above"
    " FROM govgrid.area_on_day a JOIN govgrid.area_on_day p ON p.path @> a.path"
    "  AND p.valid @> CAST(:day AS date) AND p.nested @> CAST(:day AS date)"
    " WHERE a.valid @> CAST(:day AS date) AND a.nested @> CAST(:day AS date)"
    " GROUP BY a.code, a.unit_id"
)


@dataclass(frozen=True)
class AreaChain:
    """An area by its unit_id, and the codes of itself and of those above it, by level."""

    unit_id: int
    above: Mapping[str, str]


def areas_of_day(connection: Connection, day: date) -> list[tuple[str, str, str]]:
    """Return level, code and name of the areas of a day.

    Parameters
    ----------
    connection
        Open transaction.
    day
        Any.
    """
    found = {(row.level, row.code, row.name) for row in connection.execute(_AREAS, {"day": day})}
    return sorted(found)


def chains_of(connection: Connection, day: date) -> dict[str, AreaChain]:
    """Return each area of a day with those above it, by its code.

    Parameters
    ----------
    connection
        Open transaction.
    day
        Any.
    """
    rows = connection.execute(_CHAINS, {"day": day})
    return {row.code: AreaChain(row.unit_id, row.above) for row in rows}
