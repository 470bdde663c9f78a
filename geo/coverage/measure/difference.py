"""Difference between certain and possible: square metres due to each cause."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from geo.coverage.kinds import CAUSES
from geo.coverage.measure.seen import Seen

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

BASES = ("demand", "ground")
COLUMNS = 2 + len(CAUSES)  # certain, possible, and possible without each cause


@dataclass(frozen=True)
class Difference:
    """Ground that may be seen and is not seen for certain.

    Attributes
    ----------
    basis
        What is counted: seen "demand", or seen open "ground" where nothing is demanded.
    total_m2
        All of it.
    alone_m2
        What would be missing without one cause, by cause.
    several_m2
        What several causes share: the rest.
    """

    basis: str
    total_m2: float
    alone_m2: dict[str, float]
    several_m2: float


def seen_by_causes(certain: Seen, possible: Seen) -> tuple[Seen, Flags]:
    """Return all that is seen, and what of it is certain, possible, and possible without a cause.

    Parameters
    ----------
    certain, possible
        What cameras see for certain, and what they may see beside.

    Returns
    -------
    tuple
        Seen ground, and which of it belongs to each of the `COLUMNS`, ``(COLUMNS, n)``.
    """
    every = certain.and_(possible)
    cause = every.cause.copy()
    sure = np.arange(len(cause)) < len(certain.cause)
    cause[sure] = 0
    without = (cause != number + 1 for number in range(len(CAUSES)))
    return every, np.stack([sure, np.ones_like(sure), *without])


def measure_difference(scans: Floats, basis: str, total_m2: float) -> Difference:
    """Return the parts of a difference, scanned ones fitted to the exact whole.

    Parameters
    ----------
    scans
        By scan lines and by the sets of :func:`seen_by_causes`, summed over the cells, shape
        ``(len(BASES), COLUMNS)``.
    total_m2
        Exact.
    """
    certain_m2, possible_m2, *without_m2 = scans[BASES.index(basis)]
    alone_m2 = np.maximum(possible_m2 - np.array(without_m2), 0.0)
    whole_m2 = possible_m2 - certain_m2
    alone_m2 *= total_m2 / whole_m2 if whole_m2 > 0 else 0.0
    several_m2 = max(total_m2 - float(alone_m2.sum()), 0.0)
    parts = {cause: float(m2) for cause, m2 in zip(CAUSES, alone_m2, strict=True)}
    return Difference(basis, total_m2, parts, several_m2)
