"""Seen area of the cells of a plot: exactly, by subtraction; by scan lines; interpolated."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices, subtract_ground
from geo.coverage.demand.demand_model import Plot
from geo.coverage.measure import k_coverage
from geo.coverage.measure.seen import Seen

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

# By more than this the two ways to measure seen ground part only where GEOS has lost some of it.
DOUBT_M2, DOUBT_SHARE = 2.0, 0.005
ROUNDED_M = 1e-6


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


@dataclass(frozen=True)
class Unseen:
    """Unseen ground of a plot: of each of its tiles, and of each piece of its demand."""

    tiles: Geometries
    pieces: Geometries


def scan_amounts(plot: Plot, seen: Seen, member: Flags, k_max: int) -> Amounts:
    """Return amounts by scan lines for several sets; means, where shapes are seen by chance.

    Parameters
    ----------
    seen
        All that may meet the plot.
    member
        Which of it belongs to each set, ``(sets, n)``.
    """
    k_m2 = k_coverage.device_areas(
        plot.grounds, seen.shapes, seen.device, weight=seen.weight, member=member, k_max=k_max
    )
    at_least = np.cumsum(k_m2[:, :, :0:-1], axis=2)[:, :, ::-1]
    wanted = _by_cell(plot, plot.pieces, plot.piece_cell, seen, member)
    beside = _by_cell(plot, plot.beside, plot.tile_cell, seen, member)
    return Amounts(at_least, wanted, np.maximum(at_least[:, :, 0] - beside, 0.0))


def exact_amounts(plot: Plot, shapes: Geometries, scan: Amounts) -> tuple[Amounts, Unseen]:
    """Return exact amounts of one set, and what it leaves unseen.

    Scan lines and taking away are two ways to the same figure. Where they part, GEOS has lost
    ground (its issue 1383), and the cell is done again on a grid of a micrometre.

    Parameters
    ----------
    shapes
        What the set sees.
    scan
        Its amounts by scan lines: the depths are fitted to the exact seen ground.
    """
    left = Unseen(subtract_ground(plot.tiles, shapes), subtract_ground(plot.pieces, shapes))
    found = _taken(plot, left, scan)
    lost = _doubtful(found.at_least[:, 0], scan.at_least[:, 0], shapely.area(plot.grounds))
    lost |= _doubtful(found.wanted, scan.wanted, plot.sums(plot.piece_cell, plot.piece_m2))
    if lost.any():
        for part, whole, cell in (
            (left.tiles, plot.tiles, plot.tile_cell),
            (left.pieces, plot.pieces, plot.piece_cell),
        ):
            again = lost[cell]
            part[again] = subtract_ground(whole[again], shapes, grid_size=ROUNDED_M)
        found = _taken(plot, left, scan)
    return found, left


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


def _by_cell(plot: Plot, shapes: Geometries, cell: Indices, seen: Seen, member: Flags) -> Floats:
    """Return the seen square metres of some shapes, summed by their cells, for each set."""
    found = np.zeros((len(plot.cells), len(member)))
    met = np.unique(shapely.STRtree(seen.shapes).query(shapes)[0])
    k_m2 = k_coverage.device_areas(
        shapes[met], seen.shapes, seen.device, weight=seen.weight, member=member, k_max=1
    )
    np.add.at(found, cell[met], k_m2[:, :, 1])
    return found


def _taken(plot: Plot, left: Unseen, scan: Amounts) -> Amounts:
    """Return the amounts that are not left."""
    unseen_m2 = shapely.area(left.tiles)
    covered_m2 = plot.sums(plot.tile_cell, shapely.area(plot.tiles) - unseen_m2)
    both = ~shapely.is_empty(plot.beside)
    beside_m2 = shapely.area(plot.beside)
    beside_m2[both] -= shapely.area(shapely.intersection(plot.beside[both], left.tiles[both]))
    open_m2 = covered_m2 - plot.sums(plot.tile_cell, beside_m2)
    wanted_m2 = plot.sums(plot.piece_cell, plot.piece_m2 - shapely.area(left.pieces))
    deep = scan.at_least[:, :1]
    scale = np.divide(covered_m2[:, None], deep, out=np.zeros_like(deep), where=deep > 0)
    at_least = scan.at_least * scale
    at_least[:, 0] = covered_m2
    return Amounts(at_least, *(np.maximum(each, 0.0) for each in (wanted_m2, open_m2)))


def _doubtful(exact_m2: Floats, scan_m2: Floats, whole_m2: Floats) -> Flags:
    return np.asarray(np.abs(exact_m2 - scan_m2) > DOUBT_M2 + DOUBT_SHARE * whole_m2)
