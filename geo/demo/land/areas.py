"""District, townships, communities and grids: one tiling, cut once from noded lines.

Every line is rounded to 1e-7 degrees *while* it is noded; the faces between the lines are the
grids, and everything above is a union of faces. So borders are shared vertex by vertex.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiPoint, Polygon
from shapely.geometry.base import BaseGeometry

from geo.base.crs import WGS84, project
from geo.demo.land import terrain
from geo.demo.land.lattice import PLAN_SEED, Plan, make_plan, snap_to_riverside
from geo.demo.land.terrain import METRIC_SRID, make_points

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

GRIDS = 344
_GRID_DEG = 1e-7
_RIVER_CUTS_M = (10_900.0, 20_500.0)
_ZONES = (  # name, a point inside (s, r), grids (0: all that are left)
    ("river", 5_000.0, 1_300.0, 5),
    ("upper", 15_700.0, 2_250.0, 15),
    ("lower", 24_700.0, 1_900.0, 6),
    ("main", 16_000.0, -800.0, 0),
)


@dataclass(frozen=True)
class Tiling:
    """The faces: `shape` in lon/lat, `zone` ("town" or part of the country), `number` of the seed.

    ``seed_xy`` are metres: the middle of a cell, the seed of a country face.
    """

    shape: Shapes
    zone: NDArray[np.object_]
    number: NDArray[np.int64]
    seed_xy: Floats


@cache
def cut_into_grids() -> Tiling:
    """Cut the district into its 344 grids, in no particular order yet."""
    town = make_plan()
    town_lines = _town_lines(town)
    outline = _outline(town_lines)
    frame = _frame_lines(outline)
    zones = _zones(frame, outline)
    seeds = _seeds(zones, GRIDS - len(town.cells))
    lines = [*town_lines, *frame]
    for name, points in seeds.items():
        lines += _cell_lines(zones[name], points)
    middles = terrain.town_plane(
        (town.cells["s0"] + town.cells["s1"]).to_numpy() / 2,
        (town.cells["t0"] + town.cells["t1"]).to_numpy() / 2,
    )
    return _matched(_faces(lines), {"town": middles, **seeds}, {"town": outline, **zones})


def _curve(axis: str, at: float, low: float, high: float) -> LineString:
    run = np.linspace(low, high, max(2, round((high - low) / 85.0) + 1))
    held = np.full(run.shape, at)
    points = terrain.town_plane(run, held) if axis == "s" else terrain.town_plane(held, run)
    return LineString(points)


def _town_lines(town: Plan) -> list[LineString]:
    """Borders of the cells as curves in metres, each piece between two corners once."""
    sides: dict[tuple[str, float], list[tuple[float, float]]] = {}
    cell: Any
    for cell in town.cells.itertuples():
        south = snap_to_riverside(cell.t0)
        for at in (south, cell.t1):
            sides.setdefault(("s", at), []).append((cell.s0, cell.s1))
        for at in (cell.s0, cell.s1):
            sides.setdefault(("t", at), []).append((south, cell.t1))
    found = []
    for (axis, at), spans in sorted(sides.items()):
        ends = sorted({end for span in spans for end in span})
        for low, high in itertools.pairwise(ends):
            if any(a <= low and b >= high for a, b in spans):
                found.append(_curve(axis, at, low, high))
    return found


def _outline(town_lines: list[LineString]) -> BaseGeometry:
    return shapely.union_all(shapely.get_parts(shapely.polygonize(_noded(town_lines))))


def _noded(lines: Sequence[BaseGeometry]) -> Shapes:
    return np.asarray(shapely.get_parts(shapely.union_all(np.array(lines))))


def _frame_lines(town: BaseGeometry) -> list[LineString]:
    """Draw the outer limit and the limits between river zones, 1 m into the town."""
    s = np.arange(-300, terrain.END_M + 2_000, 170.0)
    corners = terrain.town_plane(np.array([0.0, terrain.TOWN_LENGTH_M]), np.full(2, -61.0))
    inside = terrain.town_plane(np.array([1.0, terrain.TOWN_LENGTH_M - 1]), np.full(2, -58.0))
    west = terrain.river_plane(np.zeros(1), np.array([3_500.0]))
    lines = [
        LineString(terrain.far_side(s)),
        terrain.north_west_line(),
        LineString([inside[0], *west]),
        LineString(np.vstack([inside[1], corners[1], terrain.channel_line()[1:]])),
        *(LineString(terrain.cut_line(c)) for c in _RIVER_CUTS_M),
    ]
    channel = lines[3]
    cuts = shapely.difference(np.array(lines[4:]), _landward(channel))
    kept = shapely.difference(np.array(lines[:4]), town.buffer(-1.0))
    return list(shapely.get_parts(np.concatenate([kept, cuts])))


def _landward(channel: LineString) -> Polygon:
    """Return the land's side of the near channel, where river cuts must not reach."""
    return channel.buffer(1_500, single_sided=True).buffer(-1.0)


def _zones(frame: list[LineString], town: BaseGeometry) -> dict[str, Polygon]:
    faces = shapely.get_parts(shapely.polygonize(_noded([*frame, shapely.boundary(town)])))
    faces = faces[~shapely.contains(town, shapely.point_on_surface(faces))]
    tree = shapely.STRtree(faces)
    found = {}
    for name, s, r, _ in _ZONES:
        point = shapely.Point(terrain.river_plane(np.array([s]), np.array([r]))[0])
        found[name] = faces[tree.query(point, predicate="within")[0]]
    return found


def _seeds(zones: Mapping[str, BaseGeometry], grids: int) -> dict[str, Floats]:
    """Spread the country's grids over the land of each zone (Lloyd's relaxation)."""
    rng = np.random.default_rng(PLAN_SEED + 1)
    fixed = {name: count for name, _, _, count in _ZONES}
    fixed["main"] = grids - sum(fixed.values())
    water = shapely.union_all([terrain.make_river(), *terrain.make_lakes().values()])
    return {
        name: _spread(zones[name].difference(water), count, rng) for name, count in fixed.items()
    }


def _spread(land: BaseGeometry, count: int, rng: np.random.Generator) -> Floats:
    west, south, east, north = shapely.bounds(land)
    shapely.prepare(land)
    cloud = rng.uniform((west, south), (east, north), (24_000, 2))
    cloud = cloud[shapely.contains_xy(land, *cloud.T)]
    seeds = cloud[rng.choice(len(cloud), count, replace=False)]
    for _ in range(14):
        nearest = np.argmin(((cloud[:, None] - seeds[None]) ** 2).sum(axis=2), axis=1)
        weight = np.bincount(nearest, minlength=count)[:, None]
        total = np.column_stack([np.bincount(nearest, cloud[:, k], count) for k in (0, 1)])
        seeds = np.where(weight > 0, total / np.maximum(weight, 1), seeds)
    return np.asarray(seeds)


def _bent(line_xy: Floats) -> Floats:
    """Bend country borders like ditches and field paths; the same bend at the same place."""
    x, y = line_xy.T
    dx = 62 * np.sin(y / 310 + x / 970) + 26 * np.sin(y / 127 + 1)
    dy = 62 * np.sin(x / 290 - y / 880 + 2) + 26 * np.sin(x / 139)
    return np.column_stack([x + dx, y + dy])


def _cell_lines(zone: Polygon, seeds: Floats) -> list[LineString]:
    edges = shapely.voronoi_polygons(
        MultiPoint(seeds), extend_to=zone.buffer(500), only_edges=True, ordered=False
    )
    dense = shapely.segmentize(shapely.get_parts(shapely.node(edges)), 130.0)
    bent = shapely.transform(dense, _bent)
    kept = shapely.intersection(bent, zone.buffer(1.0))
    return [part for part in shapely.get_parts(kept) if part.geom_type == "LineString"]


def _faces(lines: list[LineString]) -> Shapes:
    """Node the lines on a lattice of 1e-7 degrees and return the faces between them."""
    lonlat = project(np.array(lines), source=METRIC_SRID, target=WGS84)
    noded = shapely.union_all(lonlat, grid_size=_GRID_DEG)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return np.asarray(shapely.transform(faces, lambda xy: np.round(xy, 7)))


def _matched(faces: Shapes, seeds: dict[str, Floats], zones: Mapping[str, BaseGeometry]) -> Tiling:
    """Give each seed its face; faces without a seed join the neighbour with the longest border."""
    zone = np.concatenate([np.full(len(xy), name, object) for name, xy in seeds.items()])
    number = np.concatenate([np.arange(len(xy)) for xy in seeds.values()])
    seed_xy = np.vstack(list(seeds.values()))
    inside = np.asarray(project(make_points(seed_xy), source=METRIC_SRID, target=WGS84))
    owner = np.full(len(faces), -1)
    bent = seed_xy.copy()
    country = zone != "town"
    bent[country] = _bent(seed_xy[country])
    inside = np.asarray(project(make_points(bent), source=METRIC_SRID, target=WGS84))
    seed, face = shapely.STRtree(faces).query(inside, predicate="within")
    owner[face] = seed
    owner = _adopted(faces, owner, zone, zones)
    shape = np.array([shapely.coverage_union_all(faces[owner == k]) for k in range(len(zone))])
    return Tiling(shape, zone, number, seed_xy)


def _adopted(
    faces: Shapes,
    owner: NDArray[np.int64],
    zone: NDArray[np.object_],
    zones: Mapping[str, BaseGeometry],
) -> NDArray[np.int64]:
    middle = project(shapely.point_on_surface(faces), source=WGS84, target=METRIC_SRID)
    home = np.full(len(faces), "", object)
    for name, shape in zones.items():
        home[shapely.contains(shape, middle)] = name
    pairs = shapely.STRtree(faces).query(faces, predicate="touches").T
    for _ in range(3):
        for orphan in np.flatnonzero((owner < 0) & (home != "")):
            near = [
                b
                for a, b in pairs
                if a == orphan and owner[b] >= 0 and zone[owner[b]] == home[orphan]
            ]
            if near:
                shared = shapely.length(shapely.intersection(faces[orphan], faces[near]))
                owner[orphan] = owner[near[int(np.argmax(shared))]]
    return owner
