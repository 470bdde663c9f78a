"""Plot: a few cells of a district, or some tiles and pieces of them, taken out to be measured."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices
from geo.coverage.demand.pieces import DemandPoints, Lines

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Extent:
    """Which tiles and pieces some cells consist of, or some of them.

    `tiles` and `pieces` are positions in the ground, ascending; `tile_cell` and `piece_cell` say in
    which of the `cells` each lies.
    """

    cells: Indices
    tiles: Indices
    tile_cell: Indices
    pieces: Indices
    piece_cell: Indices

    def where(self, tiles: Flags, pieces: Flags) -> "Extent":
        """Return the same cells with some of their tiles and pieces.

        Parameters
        ----------
        tiles, pieces
            Which of all tiles and pieces of the ground.
        """
        tile, piece = tiles[self.tiles], pieces[self.pieces]
        return Extent(
            self.cells,
            self.tiles[tile],
            self.tile_cell[tile],
            self.pieces[piece],
            self.piece_cell[piece],
        )

    def sums(self, cell: Indices, values: Floats) -> Floats:
        """Return the sum of values by cell, whatever else they are by.

        Parameters
        ----------
        cell
            `tile_cell` or `piece_cell`, which ascend.
        values
            Shape ``(len(cell), …)``.
        """
        found = np.zeros((len(self.cells), *values.shape[1:]))
        cells, begin = np.unique(cell, return_index=True)
        if len(cells):
            found[cells] = np.add.reduceat(values, begin, axis=0)
        return found


@dataclass(frozen=True)
class Plot:
    """A few cells of a ground, or some tiles and pieces of them; all numbers count within it.

    `pieces` are those of the demand, `piece_cell` and `piece_m2` their cells and square metres;
    `lines` and `held` what they hold; `held_at` says which of the ground's held points these are.
    `tiles` are the cells in squares, in `tile_cell`; `beside` is what of each is no open ground
    though it may be seen. `extent` says where all of it stands in the ground.
    """

    cells: Indices
    grounds: Geometries
    pieces: Geometries
    piece_cell: Indices
    piece_m2: Floats
    lines: Lines
    held: DemandPoints
    held_at: Indices
    tiles: Geometries
    tile_cell: Indices
    beside: Geometries
    extent: Extent


def rows_of(known: Indices, wanted: Indices) -> Indices:
    """Return where the wanted values stand among others.

    Parameters
    ----------
    known, wanted
        Both ascending; a value may be there several times in `known`.
    """
    first, last = (np.searchsorted(known, wanted, side) for side in ("left", "right"))
    begin = np.concatenate([[0], np.cumsum(last - first)])
    within = np.arange(begin[-1]) - np.repeat(begin[:-1], last - first)
    return np.asarray(np.repeat(first, last - first) + within, dtype=np.intp)
