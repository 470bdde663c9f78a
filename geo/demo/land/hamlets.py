"""Hamlets: where people of the country live, as bent rows of lanes, and the houses along them."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from shapely import LineString

from geo.base.crs import WGS84, project
from geo.demo.land import terrain
from geo.demo.land.divisions import make_communities, make_grids
from geo.demo.land.lattice import PLAN_SEED
from geo.demo.land.terrain import METRIC_SRID, Floats, make_points

_SURNAMES = [
    "汪",
    "程",
    "方",
    "丁",
    "潘",
    "胡",
    "叶",
    "何",
    "江",
    "章",
    "查",
    "许",
    "姚",
    "左",
    "项",
    "操",
    "石",
    "杨",
    "余",
    "钱",
    "童",
    "曹",
    "戴",
    "阮",
    "檀",
    "韩",
    "郝",
    "产",
    "疏",
    "殷",
]
_LAND = [
    "家墩",
    "家圩",
    "家咀",
    "家坝",
    "家大屋",
    "家老屋",
    "家新屋",
    "家塘",
    "家湾",
    "家渡",
    "家岭",
    "家畈",
]
LANE_GAP_M = 46.0


@dataclass(frozen=True)
class Hamlet:
    """Parallel lanes, bent by `bend` (1/m) and turned by `angle` (radians).

    `ends` holds where each lane begins and ends along x, in metres from the middle.
    """

    name: str
    middle: tuple[float, float]
    angle: float
    length_m: float
    rows: int
    bend: float
    bank: str
    village: str
    ends: tuple[tuple[float, float], ...]

    @property
    def tight(self) -> bool:
        """Tell whether the hamlet is the village's seat: paved lanes instead of tracks."""
        return self.rows >= 4

    def place(self, x: Floats, y: Floats) -> Floats:
        """Return metres for positions `x` along the lanes and `y` across them."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        bent = y + self.bend * x**2
        return np.stack(
            [self.middle[0] + c * x - s * bent, self.middle[1] + s * x + c * bent], axis=-1
        )

    def offsets(self) -> Floats:
        """Return the lanes' positions across."""
        return np.asarray((np.arange(self.rows) - (self.rows - 1) / 2) * LANE_GAP_M, float)

    @property
    def reach_m(self) -> float:
        """How far houses reach to either side of the middle."""
        return (self.rows - 1) / 2 * LANE_GAP_M + 24

    def lanes(self) -> list[LineString]:
        """Return the lanes and, where there is more than one, ways across."""
        found = []
        for y, (low, high) in zip(self.offsets(), self.ends, strict=True):
            x = np.unique(np.concatenate([np.linspace(low, high, 9), self._ways()]))
            x = x[(x >= low) & (x <= high)]
            found.append(LineString(self.place(x, np.full(len(x), y))))
        if self.rows > 1:
            y = self.offsets()
            found += [LineString(self.place(np.full(len(y), x), y)) for x in self._ways()]
        return found

    def _ways(self) -> Floats:
        """Positions of the ways across: in the middle, in large hamlets also to both sides."""
        side = 0.3 * self.length_m
        return np.array([-side, 0.0, side] if self.rows >= 3 else [0.0])

    def doors(self) -> Floats:
        """Return where roads from outside come in: both ends of a middle lane, both sides."""
        y = self.offsets()
        low, high = self.ends[len(y) // 2]
        return self.place(
            np.array([low, high, 0.0, 0.0]), np.array([y[len(y) // 2]] * 2 + [y[0], y[-1]])
        )

    def yard(self) -> shapely.Polygon:
        """Return the ground of houses and gardens, metres."""
        return (
            shapely.union_all(shapely.buffer(np.array(self.lanes()), 25.0, quad_segs=2))
            .buffer(12)
            .buffer(-12)
        )


@cache
def make_hamlets() -> list[Hamlet]:
    """Return the hamlets of the 16 villages, the same at every call."""
    rng = np.random.default_rng(PLAN_SEED + 2)
    middles = _middles(rng)
    shapes = make_communities()
    village = _owner(middles, shapes.geometry.to_numpy(), shapes["name"].to_numpy())
    bank = _bank_of(middles)
    seats: set[str] = set()
    found = []
    for k, (middle, name) in enumerate(zip(middles, village, strict=True)):
        rows = 5 if name not in seats else int(rng.choice([1, 2, 2, 3, 3, 4]))
        seats.add(name)
        length = float(rng.uniform(240, 460) + (320 if rows == 1 else 0))
        cut = rng.uniform(0.66, 1.0, (rows, 2)) * length / 2
        found.append(
            Hamlet(
                name=_SURNAMES[k * 7 % len(_SURNAMES)] + _LAND[(k * 5 + k // 12) % len(_LAND)],
                middle=(float(middle[0]), float(middle[1])),
                angle=_lie(middle, rng),
                length_m=length,
                rows=rows,
                bend=float(rng.uniform(-1, 1)) * 1.6e-4,
                bank=bank[k],
                village=name,
                ends=tuple((-float(a), float(b)) for a, b in cut),
            )
        )
    return found


def _middles(rng: np.random.Generator) -> Floats:
    """Spread hamlets over dry country, clear of town, banks and each other."""
    country = make_grids()
    country = country[country["name"].str.contains("村第")]
    shape = project(
        np.array([shapely.coverage_union_all(country.geometry.to_numpy())]),
        source=WGS84,
        target=METRIC_SRID,
    )[0]
    wet = shapely.union_all(
        [terrain.make_river(), *terrain.make_lakes().values(), terrain.make_canal()]
    )
    wet = wet.union(terrain.make_creeks())
    land = shape.difference(wet.buffer(150)).buffer(-170)
    land = land.difference(terrain.make_highway().buffer(190))
    shapely.prepare(land)
    west, south, east, north = land.bounds
    cloud = rng.uniform((west, south), (east, north), (9_000, 2))
    cloud = cloud[shapely.contains_xy(land, *cloud.T)]
    kept: list[Floats] = []
    for point in cloud:
        if all(np.hypot(*(point - other)) > 600 for other in kept):
            kept.append(point)
    return np.array(kept)


def _owner(points: Floats, shapes: Floats, names: Floats) -> list[str]:
    lonlat = project(make_points(points), source=METRIC_SRID, target=WGS84)
    which, _ = shapely.STRtree(lonlat).query(shapes, predicate="contains"), None
    owner = [""] * len(points)
    for area, point in zip(*which, strict=True):
        owner[point] = str(names[area])
    return owner


def _bank_of(points: Floats) -> list[str]:
    islands = terrain.make_islands()
    found = []
    for point in make_points(points):
        home = [name for name, shape in islands.items() if shape.contains(point)]
        found.append(home[0] if home else "mainland")
    return found


def _lie(middle: Floats, rng: np.random.Generator) -> float:
    """Lanes follow the river, as dikes and ditches do, give or take."""
    s = np.arange(-500, 30_000, 250.0)
    line = terrain.river_plane(s, np.zeros(s.shape))
    k = int(np.argmin(np.hypot(*(line - middle).T)))
    ahead = line[min(k + 1, len(line) - 1)] - line[max(k - 1, 0)]
    turn = rng.normal(0, 0.22) + (np.pi / 2 if rng.random() < 0.18 else 0.0)
    return float(np.arctan2(ahead[1], ahead[0]) + turn)


def make_houses(rng: np.random.Generator) -> Floats:
    """Return houses and sheds as rows x, y, angle, width, depth, height, kind (0 house, 1 shed)."""
    parts = [_houses_of(each, rng) for each in make_hamlets()]
    return np.vstack(parts)


def _houses_of(hamlet: Hamlet, rng: np.random.Generator) -> Floats:
    found = []
    for y, (low, high) in zip(hamlet.offsets(), hamlet.ends, strict=True):
        for side in (1.0, -1.0):
            step = rng.uniform(11.5, 17.0, int((high - low) / 11.5))
            x = low + 6 + np.cumsum(step)
            x = x[(x < high - 4) & (rng.random(len(x)) < 0.88)]
            width = rng.uniform(8.5, 11.5, len(x))
            depth = rng.uniform(8.0, 11.0, len(x))
            off = y + side * (4.2 + depth / 2 + np.abs(rng.normal(0, 0.9, len(x))))
            found.append(
                _row(
                    hamlet,
                    x,
                    off,
                    (width, depth),
                    rng.choice([3.6, 6.8, 7.2, 10.2], len(x), p=[0.2, 0.4, 0.25, 0.15]),
                    0.0,
                    rng,
                )
            )
            shed = rng.random(len(x)) < 0.3
            back = off[shed] + side * (depth[shed] / 2 + 2.6)
            found.append(
                _row(
                    hamlet,
                    x[shed] + rng.uniform(-2, 2, shed.sum()),
                    back,
                    (rng.uniform(4, 7, shed.sum()), rng.uniform(3, 4.4, shed.sum())),
                    np.full(shed.sum(), 3.0),
                    1.0,
                    rng,
                )
            )
    return np.vstack(found)


def _row(
    hamlet: Hamlet,
    x: Floats,
    y: Floats,
    size: tuple[Floats, Floats],
    height: Floats,
    kind: float,
    rng: np.random.Generator,
) -> Floats:
    place = hamlet.place(x, y)
    angle = hamlet.angle + np.arctan(2 * hamlet.bend * x) + rng.normal(0, 0.02, len(x))
    return np.column_stack([place, angle, *size, height, np.full(len(x), kind)])
