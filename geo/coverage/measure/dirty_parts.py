"""Which tiles, pieces, points and stretches of road an edit may have changed."""

from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Indices, flat_geometries
from geo.coverage.demand.demand_model import DemandModel
from geo.coverage.measure.seen import BESIDE_M, Seen

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

MOST_DEVICES: Final = 64  # of more the parts are not looked for one by one


class DirtyParts:
    """Flags of the parts of a ground that are to be measured again; at first all of them.

    A part is flagged by its box, which is more than what has changed: whoever measures takes those
    of the cells that are touched.

    Attributes
    ----------
    tiles, pieces, points, stretches
        Flags by position in the ground.
    """

    def __init__(self, ground: DemandModel) -> None:
        self._bounds = _bounds(ground)
        self.tiles, self.pieces, self.points, self.stretches = (
            np.ones(each.shape[1], dtype=np.bool_) for each in self._bounds
        )

    def copied(self) -> "DirtyParts":
        """Return a copy with flags of its own."""
        found = DirtyParts.__new__(DirtyParts)
        found._bounds = self._bounds
        found.tiles, found.pieces, found.points, found.stretches = (
            flags.copy() for flags in self._flags()
        )
        return found

    def touch(self, seen: Seen) -> None:
        """Flag what comes within a metre of the boxes of what devices see."""
        order = np.argsort(seen.device, kind="stable")
        device, begin = np.unique(seen.device[order], return_index=True)
        if len(device) > MOST_DEVICES:
            self._set(True)
        elif len(device):
            bounds = seen.bounds[order]
            low = np.minimum.reduceat(bounds[:, :2], begin) - BESIDE_M
            high = np.maximum.reduceat(bounds[:, 2:], begin) + BESIDE_M
            for box in zip(low, high, strict=True):
                for flags, own in zip(self._flags(), self._bounds, strict=True):
                    flags |= _meets(own, *box)

    def clear(self) -> None:
        """Forget all flags, once everything was measured."""
        self._set(False)

    def lay(self, before: DemandModel, now: DemandModel, dirty: Indices) -> tuple[Flags, Flags]:
        """Take another ground, with all parts of its changed cells flagged.

        Parameters
        ----------
        before, now
            The grounds; tiles and stretches are the same.
        dirty
            The cells that have changed.

        Returns
        -------
        tuple
            Which pieces are as before: of those of before, and of now, in one order.
        """
        kept = tuple(~np.isin(ground.piece_cell, dirty) for ground in (before, now))
        pieces = np.ones(len(now.pieces), dtype=np.bool_)
        pieces[kept[1]] = self.pieces[kept[0]]
        self.pieces = pieces
        self.tiles |= np.isin(now.tile_cell, dirty)
        self.points |= (before.point_xy != now.point_xy).any(axis=1)
        self.points |= np.isin(now.point_cell, dirty)
        self.stretches |= np.isin(now.streets.cell, dirty)
        tiles, _, _, stretches = self._bounds
        self._bounds = (tiles, _piece_bounds(now), _point_bounds(now), stretches)
        return kept[0], kept[1]

    def _flags(self) -> tuple[Flags, Flags, Flags, Flags]:
        return self.tiles, self.pieces, self.points, self.stretches

    def _set(self, value: bool) -> None:
        for flags in self._flags():
            flags[:] = value


def _meets(bounds: Floats, low: Floats, high: Floats) -> Flags:
    """Return which boxes, a column each, meet one."""
    west, south, east, north = bounds
    found = west <= high[0]
    found &= east >= low[0]
    found &= south <= high[1]
    found &= north >= low[1]
    return np.asarray(found, dtype=np.bool_)


def _bounds(ground: DemandModel) -> tuple[Floats, Floats, Floats, Floats]:
    ends = ground.streets.xy.reshape(-1, 2, 2)
    stretches = np.ascontiguousarray(np.hstack([ends.min(axis=1), ends.max(axis=1)]).T)
    tiles = np.ascontiguousarray(shapely.bounds(ground.tiles).reshape(-1, 4).T)
    return tiles, _piece_bounds(ground), _point_bounds(ground), stretches


def _piece_bounds(ground: DemandModel) -> Floats:
    bounds = shapely.bounds(flat_geometries(ground.pieces)).reshape(-1, 4)
    return np.ascontiguousarray(bounds.T)


def _point_bounds(ground: DemandModel) -> Floats:
    return np.ascontiguousarray(np.hstack([ground.point_xy, ground.point_xy]).T)
