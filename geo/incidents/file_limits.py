"""Limits of incidents of a file: what it gives wins, else the category says it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection

from geo.incidents import calendars
from geo.incidents.rules.limits import compute_due
from geo.incidents.rules.working_time import Calendar, Limit
from geo.incidents.store import calendars as stored

COLUMNS: Final = (
    *("clock_from", "limit_amount", "limit_unit", "amber_at", "computed_due_at", "due_given"),
    "due_provisional",
)


def limit_rows(connection: Connection, rows: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Return `COLUMNS` for each row.

    A limit is computed for rows without one whose category has it and counts from the report; the
    grade is not asked, as a file of past years was under no limit of ours.

    Parameters
    ----------
    connection
        Open transaction.
    rows
        Incidents of a file.
    timezone
        IANA name.
    """
    known = stored.read_limits(connection)
    calendar = calendars.read_calendar(connection, timezone)
    blank = pd.Series(None, index=rows.index, dtype=object)
    columns = [rows.get(name, blank) for name in ("category", "reported_at", "due_at")]
    limits = [_limit(calendar, known, *cells) for cells in zip(*columns, strict=True)]
    return pd.DataFrame(limits, columns=list(COLUMNS), index=rows.index).astype(
        {"due_given": bool, "due_provisional": bool}
    )


def _limit(
    calendar: Calendar,
    known: dict[str, Limit],
    category: Any,  # noqa: ANN401 - a cell
    reported_at: Any,  # noqa: ANN401 - a cell
    due_at: Any,  # noqa: ANN401 - a cell
) -> tuple[object, ...]:
    if not pd.isna(due_at):
        return None, None, None, None, None, True, False
    limit = known.get(category) if isinstance(category, str) else None
    if limit is None or pd.isna(reported_at):
        return None, None, None, None, None, False, False
    start: datetime = pd.Timestamp(reported_at).to_pydatetime()
    due = compute_due(calendar, limit, start)
    return start, limit.amount, limit.unit, due.amber_at, due.due_at, False, due.provisional
