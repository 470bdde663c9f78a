"""Seen square metres of every tile and every piece of demand, so that an edit measures only some.

Each part is measured by itself: exactly, by taking away what is seen, and by scan lines, for depth
and where shapes are seen by chance. Cells are sums of their parts, so it leaves no trace which of
them were measured when.
"""

from copy import copy
from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices, subtract_ground
from geo.coverage.demand.plot import Extent, Plot
from geo.coverage.measure import k_coverage
from geo.coverage.measure.amounts import Amounts
from geo.coverage.measure.seen import Seen

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

# By more than this the two ways to measure seen ground part only where GEOS has lost some of it:
# a middle line stands for half a row on either side of it.
DOUBT_M2, DOUBT_SHARE, DOUBT_M = 2.0, 0.005, 1.0
ROUNDED_M = 1e-6
OF_TILES: Final = ("at_least", "beside", "covered_m2", "beside_m2")
OF_PIECES: Final = ("wanted", "wanted_m2", "dropped_m2")


class PartAmounts:
    """Seen square metres of the parts of a ground under one certainty, for several sets.

    Attributes
    ----------
    at_least, beside
        By scan lines: what 1, 2, … devices or more see of each tile, ``(tiles, sets, k_max)``, and
        what is seen of the land in it that is no open ground, ``(tiles, sets)``.
    covered_m2, beside_m2
        Exactly: what is seen of each tile, and of the land in it that is no open ground.
    wanted, wanted_m2, dropped_m2
        Seen of each piece, by scan lines and exactly, and dropped of it as slivers,
        ``(pieces, sets)``.
    """

    def __init__(self, tiles: int, pieces: int, sets: int, k_max: int) -> None:
        self.at_least = np.zeros((tiles, sets, k_max))
        self.beside, self.covered_m2, self.beside_m2 = np.zeros((3, tiles, sets))
        self.wanted, self.wanted_m2, self.dropped_m2 = np.zeros((3, pieces, sets))

    def copied(self) -> "PartAmounts":
        """Return a copy that is measured apart."""
        found = copy(self)
        for name in (*OF_TILES, *OF_PIECES):
            setattr(found, name, getattr(self, name).copy())
        return found

    def renumber_pieces(self, before: Flags, now: Flags) -> None:
        """Keep what was measured of the pieces that are as before, under their new numbers.

        Parameters
        ----------
        before, now
            Which pieces these are among those of before, and of now, in one order.
        """
        for name in OF_PIECES:
            old = getattr(self, name)
            fresh = np.zeros((len(now), *old.shape[1:]))
            fresh[now] = old[before]
            setattr(self, name, fresh)

    def scan(self, plot: Plot, seen: Seen, member: Flags, sets: Indices) -> None:
        """Measure parts by scan lines; means, where shapes are seen by chance.

        Parameters
        ----------
        plot
            The parts.
        seen
            All that may meet them.
        member
            Which of it belongs to each of the sets, ``(sets, n)``.
        sets
            Positions of the sets.
        """
        at = np.ix_(plot.extent.tiles, sets)
        k_m2 = _device_areas(plot.tiles, seen, member, self.at_least.shape[2])
        self.at_least[at] = np.cumsum(k_m2[:, :, :0:-1], axis=2)[:, :, ::-1]
        both = np.concatenate([plot.beside, plot.pieces])
        seen_m2 = _device_areas(both, seen, member, 1)[:, :, 1]
        self.beside[at] = seen_m2[: len(plot.beside)]
        self.wanted[np.ix_(plot.extent.pieces, sets)] = seen_m2[len(plot.beside) :]

    def scanned(self, extent: Extent, sets: Indices) -> Amounts:
        """Return the amounts of cells by scan lines, ``(cells, sets, …)``.

        Parameters
        ----------
        extent
            All tiles and pieces of the cells.
        sets
            Positions of the sets.
        """
        at = np.ix_(extent.tiles, sets)
        at_least = extent.sums(extent.tile_cell, self.at_least[at])
        beside = extent.sums(extent.tile_cell, self.beside[at])
        wanted = self.wanted[np.ix_(extent.pieces, sets)]
        open_ = np.maximum(at_least[:, :, 0] - beside, 0.0)
        return Amounts(at_least, extent.sums(extent.piece_cell, wanted), open_)

    def take_away(self, plot: Plot, seen: Seen, member: Flags, sets: Indices) -> list[Geometries]:
        """Measure parts exactly; return by set what of each piece is not seen.

        Scan lines and taking away are two ways to the same figure. Where they part, GEOS has lost
        ground (its issue 1383), and the part is done again on a grid of a micrometre. What one set
        sees of a part as another did is not done again.

        Parameters
        ----------
        plot
            The parts, already scanned.
        seen
            All that may meet them.
        member
            Which of it belongs to each of the sets, ``(sets, n)``.
        sets
            Positions of the sets.
        """
        every = np.concatenate([plot.tiles, plot.pieces])
        part, shape = shapely.STRtree(seen.shapes).query(every, predicate="intersects")
        met = [np.bincount(part[own[shape]], minlength=len(every)) for own in member]
        done = list[Geometries]()
        for j, which in enumerate(sets):
            larger = next((i for i in range(j) if (member[j] <= member[i]).all()), None)
            left = every.copy() if larger is None else done[larger].copy()
            again = (met[j] > 0) if larger is None else (met[j] != met[larger])
            left[again] = every[again]
            some = np.flatnonzero(again & (met[j] > 0))
            left[some] = self._left(plot, every, some, seen.shapes[member[j]], int(which))
            self._note(plot, left, int(which), met[j] > 0)
            done.append(left)
        return [left[len(plot.tiles) :] for left in done]

    def _left(
        self, plot: Plot, every: Geometries, some: Indices, shapes: Geometries, which: int
    ) -> Geometries:
        """Return what is not seen of some parts."""
        scan = (self.at_least[plot.extent.tiles, which, 0], self.wanted[plot.extent.pieces, which])
        scan_m2, whole, whole_m2 = np.concatenate(scan), every[some], shapely.area(every[some])
        left = subtract_ground(whole, shapes)
        lost = _doubtful(whole, whole_m2 - shapely.area(left), scan_m2[some], whole_m2)
        if lost.any():
            left[lost] = subtract_ground(whole[lost], shapes, grid_size=ROUNDED_M)
        return left

    def _note(self, plot: Plot, left: Geometries, which: int, met: Flags) -> None:
        """Note what is seen of the parts, of which so much is left; only what is `met` is seen."""
        count, extent = len(plot.tiles), plot.extent
        unseen, pieces, seen = left[:count], left[count:], met[:count]
        covered_m2 = shapely.area(plot.tiles) - shapely.area(unseen)
        self.covered_m2[extent.tiles, which] = covered_m2
        self.wanted_m2[extent.pieces, which] = shapely.area(plot.pieces) - shapely.area(pieces)
        beside_m2, some = np.zeros(count), seen & ~shapely.is_empty(plot.beside)
        beside = plot.beside[some]
        common_m2 = shapely.area(shapely.intersection(beside, unseen[some]))
        beside_m2[some] = shapely.area(beside) - common_m2
        self.beside_m2[extent.tiles, which] = beside_m2

    def exact(self, extent: Extent, which: int, scan: Amounts) -> Amounts:
        """Return the exact amounts of cells for one set, ``(cells, …)``.

        Parameters
        ----------
        extent
            All tiles and pieces of the cells.
        which
            Position of the set.
        scan
            Its amounts by scan lines: the depths are fitted to the exact seen ground.
        """
        covered_m2 = extent.sums(extent.tile_cell, self.covered_m2[extent.tiles, which])
        beside_m2 = extent.sums(extent.tile_cell, self.beside_m2[extent.tiles, which])
        wanted_m2 = extent.sums(extent.piece_cell, self.wanted_m2[extent.pieces, which])
        deep = scan.at_least[:, :1]
        scale = np.divide(covered_m2[:, None], deep, out=np.zeros_like(deep), where=deep > 0)
        at_least = scan.at_least * scale
        at_least[:, 0] = covered_m2
        return Amounts(
            at_least, np.maximum(wanted_m2, 0.0), np.maximum(covered_m2 - beside_m2, 0.0)
        )

    def dropped(self, extent: Extent, which: int) -> Floats:
        """Return what was dropped as slivers of the demand of cells.

        Parameters
        ----------
        extent
            All pieces of the cells.
        which
            Position of the set.
        """
        return extent.sums(extent.piece_cell, self.dropped_m2[extent.pieces, which])


def _device_areas(shapes: Geometries, seen: Seen, member: Flags, k_max: int) -> Floats:
    """Return the ground of some shapes by the number of devices; none that nobody meets."""
    found = np.zeros((len(shapes), len(member), k_max + 1))
    met = np.unique(shapely.STRtree(seen.shapes).query(shapes)[0])
    if len(met):
        found[met] = k_coverage.device_areas(
            shapes[met], seen.shapes, seen.device, weight=seen.weight, member=member, k_max=k_max
        )
    return found


def _doubtful(shapes: Geometries, exact_m2: Floats, scan_m2: Floats, whole_m2: Floats) -> Flags:
    x0, _, x1, _ = shapely.bounds(shapes).reshape(-1, 4).T
    most_m2 = DOUBT_M2 + DOUBT_SHARE * whole_m2 + DOUBT_M * (x1 - x0)
    return np.asarray(np.abs(exact_m2 - scan_m2) > most_m2)
