"""Seen square metres of cells, and amounts fitted between others."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Amounts:
    """Seen square metres of cells.

    Attributes
    ----------
    at_least
        Ground seen by 1, 2, … `k_max` devices or more, ``(cells, …, k_max)``.
    wanted, open
        Seen demand, and seen open ground, ``(cells, …)``.
    """

    at_least: Floats
    wanted: Floats
    open: Floats

    def of_set(self, which: int) -> "Amounts":
        """Return the amounts of one of several sets."""
        return Amounts(self.at_least[:, which], self.wanted[:, which], self.open[:, which])


def at_least_as(found: Amounts, low: Amounts) -> Amounts:
    """Return the larger of two amounts, cell by cell.

    Chords of one sector may cross another's, so a larger sector can come out smaller.

    Parameters
    ----------
    found
        Amounts to correct.
    low
        Amounts that they cannot be below, same shape.
    """
    return Amounts(
        np.maximum(found.at_least, low.at_least),
        np.maximum(found.wanted, low.wanted),
        np.maximum(found.open, low.open),
    )


@dataclass(frozen=True)
class Bound:
    """Amounts by scan lines and the exact ones, of the certainty below or above another."""

    scan: Amounts
    exact: Amounts


def fit_between(scan: Amounts, low: Bound, high: Bound) -> Amounts:
    """Return scanned amounts fitted to exact ones below and above.

    Each keeps its relative position between the scanned bounds, so the error of scan lines cancels
    out and nothing leaves the exact bounds.

    Parameters
    ----------
    scan
        Amounts by scan lines.
    low, high
        The certainties below and above, by scan lines and exactly, same shape.
    """
    at_least, wanted, open_ = (
        _between(*(getattr(each, name) for each in _five(scan, low, high)))
        for name in ("at_least", "wanted", "open")
    )
    return Amounts(np.minimum.accumulate(at_least, axis=-1), wanted, open_)


def _five(scan: Amounts, low: Bound, high: Bound) -> tuple[Amounts, ...]:
    return scan, low.scan, high.scan, low.exact, high.exact


def _between(
    scan: Floats, low_scan: Floats, high_scan: Floats, low: Floats, high: Floats
) -> Floats:
    span = high_scan - low_scan
    share = np.divide(scan - low_scan, span, out=np.zeros_like(span), where=span > 0)
    return np.asarray(np.clip(low + np.clip(share, 0, 1) * (high - low), low, high))
