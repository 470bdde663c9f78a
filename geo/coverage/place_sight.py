"""Who sees a place, as far as a reader may know: views and obstacles kept in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.access.coarse import rounded_up_m
from geo.access.roles import depth_no
from geo.base.crs import WGS84, project
from geo.base.polygons import Geometries, Indices
from geo.coverage.coarse_lines import BY_CELL, NEAREST, RADIUS_M
from geo.coverage.sight import place_lines
from geo.coverage.sight.building_heights import Obstruction
from geo.coverage.sight.place_lines import PlaceLine, ViewSectors
from geo.coverage.sight.view_table import Floats, ViewTable
from geo.coverage.store.cameras import Contact
from geo.coverage.store.scene import SceneChoices

FOREIGN: Final = -1
UNKNOWN: Final = -2
_POSITION, _DIRECTION = depth_no("position"), depth_no("direction")

FARTHEST_M: Final = 1e8
"""A coordinate of a place that is on no map of the district, metres."""


@dataclass(frozen=True)
class KeptScene:
    """All views and obstacles of a database at one moment, in its metric SRID."""

    srid: int
    table: ViewTable
    sight: Obstruction
    fans: ViewSectors
    contacts: Mapping[str, Contact]
    choices: SceneChoices


@dataclass(frozen=True)
class Granted:
    """What a reader may know of each camera of the table, an entry a camera.

    `depth` is :data:`FOREIGN` for another's camera that looks in and :data:`UNKNOWN` for one that
    is not granted; `ground` are the granted areas (EPSG:4326), None: everywhere.
    """

    depth: NDArray[np.int8]
    exact: NDArray[np.bool_]
    distance_m: Floats
    ground: Geometries | None

    def holds(self, lon: float, lat: float) -> bool:
        """Return whether a place (EPSG:4326) is in a granted area."""
        return self.ground is None or bool(shapely.intersects_xy(self.ground, lon, lat).any())


def granted_arrays(
    cameras: NDArray[np.object_],
    rows: Sequence[tuple[str, int | None, bool, float]],
    ground: Geometries | None,
) -> Granted:
    """Return what is granted of cameras as arrays.

    Parameters
    ----------
    cameras
        Codes, ascending.
    rows
        Code, depth (None: looks in), exact and distance.
    ground
        Granted areas, None: everywhere.
    """
    depth = np.full(len(cameras), UNKNOWN, dtype=np.int8)
    exact = np.zeros(len(cameras), dtype=np.bool_)
    distance_m = np.zeros(len(cameras))
    if rows and len(cameras):
        codes, depths, exacts, away_m = zip(*rows, strict=True)
        asked = np.array(codes, dtype=object)
        at = np.minimum(np.searchsorted(cameras, asked), len(cameras) - 1)
        there = cameras[at] == asked  # a camera without a view is not in the table
        at = at[there]
        depth[at] = np.array([FOREIGN if d is None else d for d in depths], dtype=np.int8)[there]
        exact[at] = np.array(exacts, dtype=np.bool_)[there]
        distance_m[at] = np.array(away_m, dtype=np.float64)[there]
    return Granted(depth, exact, distance_m, ground)


@dataclass(frozen=True)
class SightView:
    """The kept scene as one reader may see it."""

    revisions: tuple[int, ...]
    scene: KeptScene
    granted: Granted

    def metric(self, lon: float, lat: float) -> Floats:
        """Return a place (EPSG:4326) in the metric SRID, shape ``(2,)``."""
        point = np.array([shapely.Point(lon, lat)], dtype=object)
        metric = project(point, source=WGS84, target=self.scene.srid)
        # of the other side of the globe the projection knows only that it is infinitely far
        at = shapely.get_coordinates(metric)[0].clip(-FARTHEST_M, FARTHEST_M)
        return np.asarray(at, dtype=np.float64)

    def hits(self, at: Floats) -> NDArray[np.intp]:
        """Return the numbers of cameras, not known exactly, that may see the cell of a place."""
        table = self.scene.table
        asked = ~self.granted.exact[table.camera]
        found = place_lines.seen_by_cell(table, self.scene.fans, at, asked)
        return np.unique(table.camera[found])

    def lines(
        self, at: Floats, hits: NDArray[np.intp], exactly: frozenset[str] = frozenset()
    ) -> list[PlaceLine]:
        """Return the lines of a place: sees, possible, near, each by distance.

        Parameters
        ----------
        at
            Metric, shape ``(2,)``.
        hits
            As from :meth:`hits`.
        exactly
            Codes of cameras with exact answers, though their places are granted coarsely.
        """
        found = [*self._exact(at), *self._coarse(at, hits)]
        if exactly:
            found = self._judged(at, found, exactly)
        return sorted(found)

    def hidden(self, hits: NDArray[np.intp]) -> int:
        """Return how many of these cameras the reader may not know of."""
        depth = self.granted.depth[hits]
        return int(((depth != FOREIGN) & (depth < _POSITION)).sum())

    def countable(self, hits: NDArray[np.intp]) -> list[str]:
        """Return the codes of those that may be shown, but not exactly."""
        depth = self.granted.depth[hits]
        shown = (depth == FOREIGN) | (depth >= _POSITION)
        return [str(code) for code in self.scene.table.cameras[hits[shown]]]

    def _exact(self, at: Floats) -> list[PlaceLine]:
        table, granted = self.scene.table, self.granted
        found = place_lines.lines_of_exact(
            table,
            self.scene.sight,
            at,
            granted.exact[table.camera],
            radius_m=RADIUS_M,
            nearest=NEAREST,
        )
        return [self._as_deep(line) for line in found]

    def _as_deep(self, line: PlaceLine) -> PlaceLine:
        at = int(np.searchsorted(self.scene.table.cameras, line.code))
        if self.granted.depth[at] >= _DIRECTION:
            return line
        return replace(line, heading_deg=None, px_per_m=None)

    def _coarse(self, at: Floats, hits: NDArray[np.intp]) -> list[PlaceLine]:
        """Return the lines of cameras that are not exact, by their coarse places."""
        table, granted = self.scene.table, self.granted
        own = np.flatnonzero((granted.depth >= _POSITION) & ~granted.exact)
        places = table.coarse.places[table.first]
        possible = self.granted.depth[hits]
        shown = hits[(possible == FOREIGN) | (possible >= _POSITION)]
        lines = [self._possible(n, places, at) for n in shown.tolist()]
        if len(own):
            away_m = np.hypot(*(places[own] - at).T)
            near = own[(away_m <= RADIUS_M) | (away_m == away_m.min())]
            lines += [
                _line(table.cameras[n], "near", "", _steps_m(places[n], at))
                for n in np.setdiff1d(near, shown).tolist()
            ]
        return lines

    def _possible(self, camera: int, places: Floats, at: Floats) -> PlaceLine:
        code = self.scene.table.cameras[camera]
        if self.granted.depth[camera] == FOREIGN:
            away_m = float(self.granted.distance_m[camera])
            return replace(_line(code, "possible", "", away_m), own=False)
        return _line(code, "possible", BY_CELL, _steps_m(places[camera], at))

    def _judged(
        self, at: Floats, lines: list[PlaceLine], exactly: frozenset[str]
    ) -> list[PlaceLine]:
        """Say of some cameras whether they see the place, and nothing more."""
        table = self.scene.table
        which: Indices = np.flatnonzero(np.isin(table.codes, np.array([*exactly], dtype=object)))
        spot = place_lines.free_spot(self.scene.sight, at)
        known = place_lines.judge_views(table, self.scene.sight, spot, which)
        relations = {line.code: (line.rank, line.relation) for line in known}
        return [
            line
            if line.code not in exactly
            else replace(line, rank=rank, relation=relation, why="")
            for line in lines
            for rank, relation in [relations.get(line.code, (2, "near"))]
        ]


def _line(code: str, relation: str, why: str, distance_m: float) -> PlaceLine:
    rank = 1 if relation == "possible" else 2
    return PlaceLine(rank, distance_m, code, relation, why, exact=False)


def _steps_m(place: Floats, at: Floats) -> float:
    return float(rounded_up_m(np.array([np.hypot(*(place - at))]))[0])
