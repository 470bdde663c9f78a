"""The ledger as JSON: heads with the closure rate, rows as they are printed."""

from __future__ import annotations

from typing import Any

from geo.base.words import say
from geo.incidents.ledger import COLUMNS, Ledger
from geo.incidents.rules.rates import Share


def describe_ledger(found: Ledger, lang: str) -> dict[str, Any]:
    """Return a ledger as JSON.

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
        "rows": [
            {**{name: getattr(row, name) for name in COLUMNS}, "code": row.code}
            for row in found.rows
        ],
    }
