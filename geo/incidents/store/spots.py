"""Rows that figures beside the counts are made of: units of whistles, hours of incidents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from geo.incidents.store.statistics import StatisticsQuestion, area_condition
from geo.store import statements

_DAYS: Final = "govgrid.day_start(:since), govgrid.day_start(:until + 1)"
_CALLED: Final = (
    "SELECT t.whistle, t.month, t.blown_at, t.report_by, t.unit, t.name, t.role, t.reported_in_at,"
    " t.called_at, t.arrive_due"
    f" FROM govgrid.count_called({_DAYS}, :starts) t WHERE {{condition}}"
    " ORDER BY t.blown_at, t.whistle, t.unit"
)
_HOURS: Final = (
    "SELECT t.community_code, t.grid_code, t.sensitive, t.hour, sum(t.collected)::bigint,"
    " sum(t.asked)::bigint, sum(t.unseen)::bigint, sum(t.ticked)::bigint"
    f" FROM govgrid.count_hours({_DAYS}, CAST(:wanted AS jsonb)) t WHERE {{condition}}"
    " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
)


@dataclass(frozen=True)
class CalledRow:
    """A unit of a whistle, with the statistics month of the whistle, and its own time if any."""

    whistle: UUID
    month: str
    blown_at: datetime
    report_by: datetime
    unit: str
    name: str | None
    role: str
    reported_in_at: datetime | None
    called_at: datetime | None
    own_report_by: datetime | None


@dataclass(frozen=True)
class HourRow:
    """Incidents of a place and hour of the day; None of `hour`: no time is known.

    `asked` of them have an answer about their cameras, of these `unseen` name none that sees;
    `ticked` were ticked as demand.
    """

    community: str | None
    grid: str | None
    sensitive: bool
    hour: int | None
    collected: int
    asked: int
    unseen: int
    ticked: int


def read_called(connection: Connection, asked: StatisticsQuestion) -> list[CalledRow]:
    """Return the units of the whistles of a period whose time to report in is over.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Period and areas.
    """
    return [CalledRow(*row) for row in _rows(connection, _CALLED, asked)]


def count_hours(connection: Connection, asked: StatisticsQuestion) -> list[HourRow]:
    """Return the incidents of a period by community, grid and hour of the day.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Period, areas and conditions.
    """
    return [HourRow(*row) for row in _rows(connection, _HOURS, asked)]


def _rows(connection: Connection, query: str, asked: StatisticsQuestion) -> list[Any]:
    condition = area_condition(asked)
    days = {"since": asked.since, "until": asked.until, "starts": asked.starts}
    wanted = statements.to_json(dict(asked.wanted))
    statement = text(query.format(condition=condition.sql))
    return list(connection.execute(statement, {**days, **condition.codes, "wanted": wanted}))
