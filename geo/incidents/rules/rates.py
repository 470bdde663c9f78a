"""Rates of incidents: of which counts each is made, and which rows may be ranked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

COUNTS: Final = (
    *("collected", "duplicates", "cancelled", "not_accepted", "accepted", "closed", "resolved"),
    *("on_time", "late", "overdue", "on_hold", "sent", "returned", "reopened", "ended"),
    *("wrong_dispatch", "overridden", "proposed", "small_closed", "small_kept", "big_closed"),
    *("big_kept", "level_unknown"),
)
"""What is counted; each stands in docs/statistics.md and ``statistics.count.*``."""

FLOW: Final = ("closed", "resolved", "on_time", "late")
"""What is counted by the day of closure as well."""

FEWEST: Final = 10
"""Under so many cases a share is shown, and not ranked."""

RANKED_BY: Final = "closure"


@dataclass(frozen=True)
class Rate:
    """A rate by the names of its counts: sum of `above` divided by sum of `below`."""

    name: str
    above: tuple[str, ...]
    below: tuple[str, ...]


RATES: Final = (
    Rate("closure", ("closed",), ("collected",)),
    Rate("solved", ("resolved",), ("closed",)),
    Rate("acceptance", ("accepted",), ("collected",)),
    Rate("on_time", ("on_time",), ("on_time", "late", "overdue")),
    Rate("small_matters", ("small_kept",), ("small_closed",)),
    Rate("big_matters", ("big_kept",), ("big_closed",)),
    Rate("returned", ("returned",), ("sent",)),
    Rate("wrong_dispatch", ("wrong_dispatch",), ("sent",)),
    Rate("overridden", ("overridden",), ("proposed",)),
    Rate("reopened", ("reopened",), ("ended",)),
)
FLOW_RATES: Final = (
    Rate("flow_closure", ("flow_closed",), ("collected",)),
    Rate("flow_solved", ("flow_resolved",), ("flow_closed",)),
    Rate("flow_on_time", ("flow_on_time",), ("flow_on_time", "flow_late")),
)


@dataclass(frozen=True)
class Share:
    """A rate in figures; without cases there is none."""

    name: str
    numerator: int
    denominator: int

    @property
    def share(self) -> float | None:
        """The quotient, None where nothing is divided."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class FigureRow:
    """The counts of one key: by what was collected, and by what was closed in the period."""

    key: str
    counts: Mapping[str, int]
    flow: Mapping[str, int] = field(default_factory=dict)

    @property
    def shares(self) -> tuple[Share, ...]:
        """The rates of what was collected in the period, as far as it came."""
        return tuple(divide_counts(rate, self.counts) for rate in RATES)

    @property
    def flow_shares(self) -> tuple[Share, ...]:
        """The rates of what was closed in the period, whenever it was collected."""
        counts = {f"flow_{name}": self.flow.get(name, 0) for name in FLOW}
        counts["collected"] = self.counts.get("collected", 0)
        return tuple(divide_counts(rate, counts) for rate in FLOW_RATES)


def divide_counts(rate: Rate, counts: Mapping[str, int]) -> Share:
    """Return a rate of some counts.

    Parameters
    ----------
    rate
        Which one.
    counts
        Name → count; what lacks is zero.
    """
    above, below = (
        sum(counts.get(name, 0) for name in names) for names in (rate.above, rate.below)
    )
    return Share(rate.name, above, below)


def sum_rows(rows: Iterable[FigureRow], key: str = "") -> FigureRow:
    """Return the sum of rows of which no incident counts in two.

    Parameters
    ----------
    rows
        Rows of one table.
    key
        Of the sum.
    """
    counts, flow = dict.fromkeys(COUNTS, 0), dict.fromkeys(FLOW, 0)
    for row in rows:
        for name in COUNTS:
            counts[name] += row.counts.get(name, 0)
        for name in FLOW:
            flow[name] += row.flow.get(name, 0)
    return FigureRow(key, counts, flow)


def subtract_rows(now: FigureRow, then: FigureRow) -> FigureRow:
    """Return what was added since: counts of `now` less those of `then`, which may be negative.

    Parameters
    ----------
    now, then
        Rows of one key.
    """
    counts = {name: now.counts.get(name, 0) - then.counts.get(name, 0) for name in COUNTS}
    flow = {name: now.flow.get(name, 0) - then.flow.get(name, 0) for name in FLOW}
    return FigureRow(now.key, counts, flow)


def rank_rows(rows: Sequence[FigureRow], *, by: str = RANKED_BY) -> dict[str, int]:
    """Return the place of each row by a rate, the highest first; equal shares have one place.

    Rows of fewer than `FEWEST` cases have none, nor has what belongs to no key.

    Parameters
    ----------
    rows
        Rows of one table.
    by
        Name of the rate.
    """
    rate = next(each for each in RATES if each.name == by)
    found = [(row.key, divide_counts(rate, row.counts)) for row in rows if row.key]
    shares = {
        key: one.share for key, one in found if one.share is not None and one.denominator >= FEWEST
    }
    return {
        key: 1 + sum(other > share for other in shares.values()) for key, share in shares.items()
    }
