"""Evidence that a layer is in another coordinate system than the declared one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.base.crs import (
    CGCS2000,
    WGS84,
    Floats,
    Geometries,
    InputCRS,
    is_lonlat,
    metric_srid,
    parse_crs,
    project,
    to_lonlat,
)
from geo.base.words import say

Measure = Literal["district", "buildings", "roads", "own"]
Mask = NDArray[np.bool_]

MOST: Final = 5_000
LEAST: Final = 20
CLEAR_Z: Final = 4.0
CLEAR_SHARE: Final = 0.02
INSIDE_M: Final = 1.0  # a camera on a wall may stand half a metre inside a footprint as drawn
ROAD_M: Final = 15.0
ON_ROAD_M: Final = 3.0
NEAR_M: Final = 200.0  # farther from any building or road nothing is known about them

_SEED: Final = 340802
_DEGREES: Final = ("wgs84", "gcj02", "bd09")
_DRAWN_IN: Final = 0.2
# what speaks for a system: True where more is better, False where less is
_POLES: Final[Mapping[Measure, bool]] = MappingProxyType(
    {"district": True, "own": True, "buildings": False, "roads": True}
)
_LAND: Final[Mapping[Measure, bool]] = MappingProxyType(
    {"district": True, "own": True, "buildings": False, "roads": False}
)
_STREET: Final[Mapping[Measure, bool]] = MappingProxyType(
    {"district": True, "own": True, "roads": True}
)
_PLAIN: Final[Mapping[Measure, bool]] = MappingProxyType({"district": True, "own": True})
_MEASURES: Final[Mapping[str, Mapping[Measure, bool]]] = MappingProxyType(
    {
        **dict.fromkeys(("cameras", "catalog", "positions", "poles", "roads"), _POLES),
        **dict.fromkeys(("water", "farmland"), _LAND),
        **dict.fromkeys(("addresses", "entrances"), _STREET),
        # houses stand off the roads, and on the same ground as those known already
        "buildings": MappingProxyType({"district": True, "own": True, "roads": False}),
    }
)


@dataclass(frozen=True)
class CrsDoubt:
    """A file that fits another system clearly better than the declared one.

    Attributes
    ----------
    declared, suggested
        Names as ``--crs`` takes them.
    measures
        Each measure with its share as declared, its share as suggested, and the number of
        different positions that it rests on.
    """

    declared: str
    suggested: str
    measures: tuple[tuple[Measure, float, float, int], ...]

    def text(self, lang: str) -> str:
        """Return what was found, and what to do, in "zh" or "en"."""
        sentences = [
            say(
                f"datum.{name}",
                lang,
                declared=f"{100 * here:.1f}",
                suggested=f"{100 * there:.1f}",
                count=count,
            )
            for name, here, there, count in self.measures
        ]
        evidence = say("datum.join", lang).join(sentences)
        return say(
            "datum.held",
            lang,
            declared=self.declared,
            suggested=self.suggested,
            evidence=evidence,
        )


@dataclass(frozen=True)
class _Ground:
    """What is known of the district, in metres; None or empty where it is not."""

    srid: int
    district: BaseGeometry | None
    buildings: shapely.STRtree
    roads: shapely.STRtree
    own: Geometries
    measures: Mapping[Measure, bool]


@dataclass(frozen=True)
class _Pairs:
    """One measure on the same positions in two readings; True speaks for the reading."""

    name: Measure
    here: Mask
    there: Mask
    good: bool

    @property
    def gain(self) -> float:
        """Return by what share of the positions the other reading is better."""
        return (int(self.there.sum()) - int(self.here.sum())) / max(len(self.here), 1)

    @property
    def z(self) -> float:
        """Return McNemar's statistic, in standard deviations towards the other reading."""
        won = int((self.there & ~self.here).sum())
        lost = int((self.here & ~self.there).sum())
        return (won - lost) / np.sqrt(won + lost) if won + lost else 0.0

    @property
    def clear(self) -> int:
        """Return 1 where the other reading is clearly better, -1 where clearly worse, else 0."""
        enough = len(self.here) >= LEAST
        plain = enough and abs(self.z) > CLEAR_Z and abs(self.gain) >= CLEAR_SHARE
        return int(np.sign(self.z)) if plain else 0

    def measure(self) -> tuple[Measure, float, float, int]:
        """Return the line of :attr:`CrsDoubt.measures`."""
        shares = [mask.mean() if self.good else 1 - mask.mean() for mask in (self.here, self.there)]
        return self.name, float(shares[0]), float(shares[1]), len(self.here)


def suspect_crs(
    given_xy: Floats,
    declared: InputCRS,
    layer_name: str,
    *,
    district: BaseGeometry | None = None,
    buildings: Geometries | None = None,
    roads: Geometries | None = None,
    own_areas: Geometries | None = None,
) -> CrsDoubt | None:
    """Return the system that positions fit clearly better than the declared one, or None.

    Parameters
    ----------
    given_xy
        Coordinates as in the file, shape ``(n, 2)``, all of one declared system; of lines and
        polygons those of :func:`evidence_points`. More than 5,000 places are sampled, always the
        same ones.
    declared
        The system that they are said to be in.
    layer_name
        Cameras and poles stand by roads and not in buildings, houses not on roads; of other
        layers only the areas count.
    district
        lon/lat; None where none is known.
    buildings, roads
        Footprints and lines in lon/lat, or None.
    own_areas
        For each position the polygon (lon/lat) that its own row names, None where it names none.

    Returns
    -------
    Doubt or None
        None as well where fewer than 20 different places are given, or nothing is known to
        measure them by.
    """
    measures = _MEASURES.get(layer_name, _PLAIN)
    chosen = _places(given_xy)
    if len(chosen) < LEAST:
        return None
    xy = given_xy[chosen]
    here = _read(xy, declared)
    usable = is_lonlat(here)
    if usable.sum() < LEAST:
        return None
    xy, here, chosen = xy[usable], here[usable], chosen[usable]
    own = np.full(len(xy), None, dtype=object) if own_areas is None else own_areas[chosen]
    ground = _ground(here, district, buildings, roads, own, measures)
    rivals = [
        (other, pairs)
        for other in _candidates(declared, xy, here)
        if (pairs := _compared(xy, here, other, ground))
    ]
    better = [(other, pairs) for other, pairs in rivals if _is_better(pairs)]
    if not better:
        return None
    best, pairs = max(better, key=lambda rival: sum(pair.gain for pair in rival[1]))
    clear_pairs = sorted(pairs, key=lambda pair: -pair.clear)
    return CrsDoubt(declared.name, best.name, tuple(pair.measure() for pair in clear_pairs))


def evidence_points(given: Geometries, *, each: int = 1) -> tuple[Floats, NDArray[np.intp]]:
    """Return sample points of geometries, and the position of the geometry of each.

    A point is itself, a line gives its middle, a polygon a point inside and up to ``each - 1`` of
    its corners, drawn in by a fifth; missing and empty geometries give none. Areas are few and
    large, so eight points of each say more than one.

    Parameters
    ----------
    given
        Geometries in the coordinates of the file, shape ``(n,)``.
    each
        Most points per polygon.

    Returns
    -------
    tuple[Floats, NDArray[np.intp]]
        Coordinates, shape ``(n_points, 2)``, and positions in `given`, shape ``(n_points,)``.
    """
    there = np.flatnonzero(~(shapely.is_missing(given) | shapely.is_empty(given)))
    shapes = given[there]
    kinds = shapely.get_dimensions(shapes)
    points = shapely.centroid(shapes)
    points[kinds == 1] = shapely.line_interpolate_point(
        _lines(shapes[kinds == 1]), 0.5, normalized=True
    )
    points[kinds == 2] = shapely.point_on_surface(shapes[kinds == 2])
    inner, owner = _corners(shapes, points, each - 1)
    xy = np.concatenate([shapely.get_coordinates(points), inner])
    return xy, there[np.concatenate([np.arange(len(shapes)), owner])]


def _corners(shapes: Geometries, middle: Geometries, each: int) -> tuple[Floats, NDArray[np.intp]]:
    """Return some corners of each polygon, drawn in towards its middle but still inside."""
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    first, count = np.unique(owner, return_index=True, return_counts=True)[1:]
    place = np.arange(len(xy)) - np.repeat(first, count)
    step = np.repeat(np.maximum(-(-count // max(each, 1)), 1), count)
    kept = (place % step == 0) & (shapely.get_dimensions(shapes)[owner] == 2) & (each > 0)
    xy, owner = xy[kept], owner[kept]
    xy = xy + _DRAWN_IN * (shapely.get_coordinates(middle)[owner] - xy)
    inside = shapely.intersects(shapes[owner], shapely.points(xy))
    return xy[inside], owner[inside]


def _lines(shapes: Geometries) -> Geometries:
    """Return the first line of each, as only single lines have a middle."""
    return np.asarray(shapely.get_geometry(shapes, 0), dtype=object)


def _places(given_xy: Floats) -> NDArray[np.intp]:
    """Return which rows to look at: the first at each place, at most 5,000."""
    finite = np.flatnonzero(np.isfinite(given_xy).all(axis=1))
    _, first = np.unique(given_xy[finite], axis=0, return_index=True)
    rows = finite[np.sort(first)]
    if len(rows) <= MOST:
        return rows
    return np.sort(np.random.default_rng(_SEED).choice(rows, MOST, replace=False))


def _read(xy: Floats, crs: InputCRS) -> Geometries:
    return to_lonlat(np.asarray(shapely.points(xy), dtype=object), crs, lenient=True)


def _candidates(declared: InputCRS, xy: Floats, here: Geometries) -> Sequence[InputCRS]:
    """Return the systems that may be meant: those of degrees, or the zones on either side."""
    if declared.is_degrees or (np.abs(xy) <= (180.0, 90.0)).all():
        same = {"wgs84", "cgcs2000"} if declared.srid in (WGS84, CGCS2000) else {declared.name}
        return [parse_crs(name) for name in _DEGREES if name not in same]
    lon, lat = np.median(shapely.get_coordinates(here), axis=0)
    zones = dict.fromkeys(
        metric_srid(float(np.clip(lon + turn, -180, 180)), float(lat)) for turn in (-3, 0, 3)
    )
    return [parse_crs(f"EPSG:{srid}") for srid in zones if srid != declared.srid]


def _ground(
    here: Geometries,
    district: BaseGeometry | None,
    buildings: Geometries | None,
    roads: Geometries | None,
    own: Geometries,
    measures: Mapping[Measure, bool],
) -> _Ground:
    middle = shapely.centroid(district) if district is not None else here[0]
    srid = metric_srid(middle.x, middle.y)

    def flat(shapes: Geometries | None, measure: Measure) -> Geometries:
        if shapes is None or measure not in measures:
            return np.empty(0, dtype=object)
        return project(shapes, source=WGS84, target=srid)

    for shape in (district, *own):
        if shape is not None:
            shapely.prepare(shape)
    return _Ground(
        srid=srid,
        district=district,
        buildings=shapely.STRtree(flat(buildings, "buildings")),
        roads=shapely.STRtree(flat(roads, "roads")),
        own=own,
        measures=measures,
    )


def _compared(xy: Floats, here: Geometries, other: InputCRS, ground: _Ground) -> list[_Pairs]:
    """Return the measures of the two readings, on those positions that a measure can judge."""
    there = _read(xy, other)
    there[~is_lonlat(there)] = None
    pairs = []
    for name, good in ground.measures.items():
        (one, seen), (two, also) = (_held(name, each, ground, good) for each in (here, there))
        # a position counts where there is something to measure it by in either reading
        known = seen | also
        if known.any():
            pairs.append(_Pairs(name, one[known] == good, two[known] == good, good))
    return pairs


def _is_better(pairs: Sequence[_Pairs]) -> bool:
    clear = [pair.clear for pair in pairs]
    return max(clear) > 0 and min(clear) >= 0


def _held(name: Measure, lonlat: Geometries, ground: _Ground, good: bool) -> tuple[Mask, Mask]:
    """Tell which positions hold a property, and which of them can be judged."""
    if name == "district":
        known = np.full(len(lonlat), ground.district is not None)
        return np.asarray(shapely.intersects(ground.district, lonlat)), known
    if name == "own":
        return np.asarray(shapely.intersects(ground.own, lonlat)), ~shapely.is_missing(ground.own)
    flat = project(lonlat, source=WGS84, target=ground.srid)
    if name == "buildings":
        return _inside(flat, ground.buildings), _near(flat, ground.buildings, NEAR_M)
    reach_m = ROAD_M if good else ON_ROAD_M
    return _near(flat, ground.roads, reach_m), _near(flat, ground.roads, NEAR_M)


def _near(points: Geometries, tree: shapely.STRtree, reach_m: float) -> Mask:
    found = np.zeros(len(points), dtype=np.bool_)
    if len(tree):
        at, _ = tree.query_nearest(points, max_distance=reach_m, all_matches=False)
        found[at] = True
    return found


def _inside(points: Geometries, tree: shapely.STRtree) -> Mask:
    """Tell which points lie deeper than a metre in a footprint."""
    found = np.zeros(len(points), dtype=np.bool_)
    if len(tree):
        at, of = tree.query(points, "within")
        deep = shapely.distance(points[at], shapely.boundary(tree.geometries[of])) > INSIDE_M
        found[at[deep]] = True
    return found
