"""Sample: some positions of a file by declared system, to see whether another fits better."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.crs import InputCRS
from geo.files.checks.position.crs_evidence import MOST, evidence_points
from geo.files.checks.position.position import Positions

POINTS_OF_AN_AREA: Final = 8


@dataclass
class Group:
    """Positions declared to be in one system: as given, with the area that each row names."""

    declared: InputCRS
    given: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    named: list[str | None] = field(default_factory=list)


class Sample:
    """The first positions of a file in each system that is declared in it."""

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self.groups: dict[str, Group] = {}

    def add(self, positions: Positions, named: list[str | None]) -> None:
        """Take positions of a part; `named` has the area that each row says it is in, or None."""
        systems = positions.systems
        each = POINTS_OF_AN_AREA if self.layer == "areas" else 1
        for number, kind in enumerate(systems.kinds):
            if kind is None:
                continue
            group = self.groups.setdefault(kind.name, Group(kind))
            there = ~shapely.is_missing(positions.geometry) & (systems.of_row == number)
            rows = np.flatnonzero(there)[: max(MOST - len(group.given), 0)]
            points, owner = evidence_points(positions.given[rows], each=each)
            group.given = np.vstack([group.given, points])
            group.named += [named[at] for at in rows[owner]]
