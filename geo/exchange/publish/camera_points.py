"""Tiles of cameras from memory, cut to who asks, by the rows that pages are made of."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geo.access.roles import depth_no
from geo.exchange.publish import feature_bytes as fb
from geo.exchange.publish.items import FOREIGN, View
from geo.exchange.rules.vector_tile import EXTENT, write_points, write_value
from geo.exchange.store.tile_rows import BINS, SOURCES, SUMMARY, Tile, TileAddress
from geo.store.segments import Segments

MOST_KEPT: Final = 50_000
"""So many rows are kept with their attributes taken apart."""
LAYER: Final = "cameras"
_DIRECTION: Final = depth_no("direction")
_OF_SIGHT: Final = frozenset({"heading_deg", "hfov_deg", "range_m"})

Floats = NDArray[np.float64]
Values = tuple[bytes | None, ...]


@dataclass(frozen=True)
class CameraPoints:
    """Places of all rows as shares of the world map, y downwards: exact ones, coarse ones."""

    rows: Segments
    exact: Floats
    coarse: Floats
    values: dict[int, dict[str, bytes]] = field(default_factory=dict, compare=False)

    def follow(self, rows: Segments) -> "CameraPoints":
        """Return the same for newer rows; only those that changed are taken apart."""
        at = np.minimum(np.searchsorted(self.rows.codes, rows.codes), max(len(self.rows) - 1, 0))
        same = np.zeros(len(rows), dtype=bool)
        if len(self.rows) and rows.parts[: len(self.rows.parts)] == self.rows.parts:
            same = (self.rows.codes[at] == rows.codes) & (self.rows.part[at] == rows.part)
            same &= (self.rows.bounds[at] == rows.bounds).all(axis=1)
        places = np.empty((2, len(rows), 2))
        places[:, same] = np.stack([self.exact[at[same]], self.coarse[at[same]]])
        changed = np.flatnonzero(~same)
        places[:, changed] = _places(rows, changed.tolist())
        kept = {n: self.values[old] for n, old in _pairs(same, at) if old in self.values}
        return CameraPoints(rows, places[0], places[1], kept)

    def of(self, row: int) -> dict[str, bytes]:
        """Return the attributes of a row, each as it stands in a tile."""
        found = self.values.get(row)
        if found is None:
            if len(self.values) >= MOST_KEPT:
                self.values.clear()
            found = self.values[row] = _values(self.rows, row)
        return found


def camera_points(rows: Segments) -> CameraPoints:
    """Return the places of all rows."""
    exact, coarse = _places(rows, range(len(rows)))
    return CameraPoints(rows, exact, coarse)


@dataclass(frozen=True)
class ShownPoints:
    """The cameras that a reader may see in tiles: rows, places, how deep and how exactly."""

    points: CameraPoints
    view: View
    rows: NDArray[np.intp]
    places: Floats
    depth: NDArray[np.int8]
    exact: NDArray[np.bool_]

    def draw(self, place: TileAddress, *, most: int, bins: int | None) -> Tile:
        """Return a tile.

        Parameters
        ----------
        place
            Which tile.
        most
            Points beyond which it holds their numbers.
        bins
            Show numbers only, in so many squares each way; None: where there are too many.
        """
        offset = self.places * 2.0**place.z - (place.x, place.y)
        here = np.flatnonzero(((offset >= 0) & (offset < 1)).all(axis=1))
        total = len(here)
        if not total:
            return Tile(b"", 0, 0, aggregated=False, codes=frozenset())
        if bins is not None or total > most:
            return self._counted(offset[here], bins or BINS)
        content = self._one_by_one(here, offset[here], SOURCES[LAYER].fields(place.z))
        codes = frozenset(map(self.points.rows.code, self.rows[here].tolist()))
        return Tile(content, total, total, aggregated=False, codes=codes)

    def _one_by_one(self, here: NDArray[np.intp], offset: Floats, keys: tuple[str, ...]) -> bytes:
        grid = np.rint(offset * EXTENT).astype(int)
        values = [
            self._values(row, deep, sure, keys)
            for row, deep, sure in zip(
                self.rows[here].tolist(),
                (self.depth[here] >= _DIRECTION).tolist(),
                self.exact[here].tolist(),
                strict=True,
            )
        ]
        return write_points(LAYER, keys, map(tuple, grid.tolist()), values)

    def _values(self, row: int, deep: bool, sure: bool, keys: tuple[str, ...]) -> Values:
        known = self.points.of(row)
        if deep and sure:
            return tuple(map(known.get, keys))
        hidden = frozenset() if deep else _OF_SIGHT
        hidden = hidden if sure else hidden | {"name"}
        found = {name: None if name in hidden else known.get(name) for name in keys}
        if "exact" in found:
            found["exact"] = write_value(sure)
        return tuple(found.values())

    def _counted(self, offset: Floats, bins: int) -> Tile:
        square = np.minimum((offset * bins).astype(int), bins - 1)
        count = np.bincount(square[:, 0] + square[:, 1] * bins)
        which = np.flatnonzero(count)
        places = np.rint(np.column_stack(np.divmod(which, bins)[::-1]) * (EXTENT / bins))
        middle = (places + EXTENT / bins / 2).astype(int)
        written = {n: (write_value(n),) for n in np.unique(count[which]).tolist()}
        values = [written[n] for n in count[which].tolist()]
        squares = write_points(LAYER, ("count",), map(tuple, middle.tolist()), values)
        total = len(offset)
        return Tile(squares + write_summary(total, 0, aggregated=True), total, 0, aggregated=True)


def shown_points(points: CameraPoints, view: View) -> ShownPoints:
    """Return what a reader may see of the cameras in tiles: those that look in are not.

    Parameters
    ----------
    points
        Of the rows of the view.
    view
        The reader's view of the cameras.
    """
    assert view.depth is not None  # noqa: S101 - of cameras
    assert view.exact is not None  # noqa: S101 - the same
    own = view.depth != FOREIGN
    rows, exact = view.visible[own], view.exact[own]
    places = np.where(exact[:, None], points.exact[rows], points.coarse[rows])
    return ShownPoints(points, view, rows, places, view.depth[own], exact)


def write_summary(total: int, shown: int, *, aggregated: bool) -> bytes:
    """Return the layer of a tile that says how much it leaves out.

    Parameters
    ----------
    total, shown
        Rows that the reader may see in it, and those that it shows one by one.
    aggregated
        Whether the others are numbers in squares.
    """
    counts: dict[str, Any] = {"total": total, "shown": shown, "left_out": total - shown}
    values = [write_value(value) for value in {**counts, "aggregated": aggregated}.values()]
    return write_points(SUMMARY, [*counts, "aggregated"], [(EXTENT // 2, EXTENT // 2)], [values])


def _pairs(same: NDArray[np.bool_], at: NDArray[np.intp]) -> list[tuple[int, int]]:
    which = np.flatnonzero(same)
    return list(zip(which.tolist(), at[which].tolist(), strict=True))


def _places(rows: Segments, which: Any) -> Floats:  # noqa: ANN401 - numbers of rows
    """Return exact and coarse places of some rows, shape ``(2, n, 2)``."""
    ends = ((fb.EXACT_AT, fb.COARSE_AT), (fb.COARSE_AT, fb.END))
    found = [[_lonlat(rows.piece(row, *end)) for row in which] for end in ends]
    lonlat = np.array(found, dtype=float).reshape(2, -1, 2)
    turned = np.arcsinh(np.tan(np.radians(lonlat[..., 1]))) / np.pi
    return np.stack([(lonlat[..., 0] + 180) / 360, (1 - turned) / 2], axis=-1)


def _lonlat(end: bytes) -> list[float]:
    """Return the coordinates of what ends a feature; far out of the world where it has none."""
    shape = json.loads(end[len(b'},"geometry":') : -2])
    return [-900.0, 0.0] if shape is None else shape["coordinates"][:2]


def _values(rows: Segments, row: int) -> dict[str, bytes]:
    feature = json.loads(rows.piece(row, fb.KNOWN_AT, fb.COARSE_AT)[:-1])["properties"]
    shown = {name: feature.get(name) for name in SOURCES[LAYER].full}
    numbers = {name: float(shown[name]) for name in _OF_SIGHT if shown[name] is not None}
    return {
        name: write_value(value)
        for name, value in {**shown, **numbers, "exact": True}.items()
        if value is not None
    }
