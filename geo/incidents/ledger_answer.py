"""The ledger for answers: heads with the closure rate, rows as they are printed."""

from __future__ import annotations

from datetime import date, datetime

from typing_extensions import TypedDict

from geo.base.words import say
from geo.incidents.ledger import COLUMNS, Ledger, LedgerRow
from geo.incidents.rules.rates import Share


class ClosureAnswer(TypedDict):
    """The closure rate."""

    numerator: int
    denominator: int
    share: float | None


class LedgerAnswer(TypedDict):
    """A ledger with its heads; `columns` are the words of the columns of its rows."""

    area: str
    name: str
    number: str
    since: date
    until: date
    as_of: datetime
    collected: int
    closed: int
    resolved: int
    closure: ClosureAnswer
    duplicates: int
    cancelled: int
    columns: dict[str, str]
    rows: list[LedgerRow]


def describe_ledger(found: Ledger, lang: str) -> LedgerAnswer:
    """Return a ledger for an answer.

    Parameters
    ----------
    found
        As read.
    lang
        "zh" or "en".
    """
    closure = Share("closure", found.closed, found.collected)
    return {
        "area": found.area,
        "name": found.name,
        "number": found.number,
        "since": found.period.since,
        "until": found.period.until,
        "as_of": found.as_of,
        "collected": found.collected,
        "closed": found.closed,
        "resolved": found.resolved,
        "closure": {
            "numerator": closure.numerator,
            "denominator": closure.denominator,
            "share": closure.share,
        },
        "duplicates": found.duplicates,
        "cancelled": found.cancelled,
        "columns": {name: say(f"ledger.column.{name}", lang) for name in COLUMNS},
        "rows": list(found.rows),
    }
