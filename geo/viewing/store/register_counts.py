"""Figures of the viewing register: how often cameras were looked through, by whom and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.access import predicates


@dataclass(frozen=True)
class ReasonCount:
    """Viewings of a unit by act and reason."""

    unit: str
    act: str
    reason: str
    count: int


@dataclass(frozen=True)
class KindCount:
    """Viewings of cameras of an owner kind, "unknown" included, by act."""

    owner_kind: str
    act: str
    count: int


@dataclass(frozen=True)
class CameraCount:
    """Viewings of a camera, and the accounts that looked."""

    camera: str
    name: str
    count: int
    accounts: int


@dataclass(frozen=True)
class MonthCounts:
    """Viewings of a period: all, those without an incident, and by what they are counted."""

    rows: int
    without_incident: int
    counts: list[ReasonCount]
    by_kind: list[KindCount]
    most_viewed: list[CameraCount]


_MONTH: Final = f"at >= :since AND at < :until AND {predicates.PLACE.format(geom='place')}"
_BY_REASON: Final = text(
    "SELECT unit_name AS unit, act, reason_kind AS reason, count(*) AS count"
    f" FROM govgrid.access_register WHERE {_MONTH} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
_BY_KIND: Final = text(
    "SELECT coalesce(owner_kind, 'unknown') AS owner_kind, act, count(*) AS count"
    f" FROM govgrid.access_register WHERE {_MONTH} GROUP BY 1, 2 ORDER BY 1, 2"
)
_MOST_VIEWED: Final = text(
    "SELECT camera_code AS camera, max(camera_name) AS name, count(*) AS count,"
    " count(DISTINCT account) AS accounts"
    f" FROM govgrid.access_register WHERE {_MONTH} GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT :most"
)
_TOTALS: Final = text(
    "SELECT count(*) AS rows, count(*) FILTER (WHERE incident_code IS NULL) AS without_incident"
    f" FROM govgrid.access_register WHERE {_MONTH}"
)


def count_month(connection: Connection, asked: Mapping[str, Any]) -> MonthCounts:
    """Return the figures of a period.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Grants as SQL parameters, ``since``, ``until``, and ``most`` cameras in ``most_viewed``.
    """
    total, without = connection.execute(_TOTALS, asked).one()
    return MonthCounts(
        total,
        without,
        [ReasonCount(**row) for row in connection.execute(_BY_REASON, asked).mappings()],
        [KindCount(**row) for row in connection.execute(_BY_KIND, asked).mappings()],
        [CameraCount(**row) for row in connection.execute(_MOST_VIEWED, asked).mappings()],
    )
