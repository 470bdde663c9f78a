"""Towns in metres without a database: by hand, and at random for properties."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import LineString, Point, box

from geo.base.polygons import flat_geometries
from geo.coverage.demand.demand_model import build_model, rebuild_cells
from geo.coverage.demand.layers import Layers
from geo.coverage.measure.state import CoverageState
from geo.coverage.sight import optics, viewshed
from geo.coverage.sight.obstacles import merge_footprints, place_cameras

LAND = ("water", "farmland", "zones")
CERTAINTIES = ("certain", "expected", "possible")
SETS = ("all", "online")


def areas(*shapes, level="grid"):
    """Return areas of one level with the codes grid0, grid1, …"""
    codes = [f"{level}{i}" for i in range(len(shapes))]
    return _frame(shapes, code=codes, level=level)


def both(*frames):
    """Return areas of several levels as one frame."""
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True))


def roads(*lines, kind="service"):
    """Return roads of a class, each through its points."""
    return _frame([LineString(line) for line in lines], **{"class": kind, "width_m": np.nan})


def points(*xy, **columns):
    """Return points (entrances, incidents, places) with codes."""
    base = {"code": [f"p{i}" for i in range(len(xy))], "kind": "", "place_code": ""}
    return _frame([Point(at) for at in xy], **{**base, "radius_m": np.nan, **columns})


def demanded(*shapes):
    """Return places that are the very ground which must be seen."""
    codes = [f"p{i}" for i in range(len(shapes))]
    return _frame(shapes, code=codes, kind="", radius_m=np.nan)


def _frame(shapes, **columns):
    return gpd.GeoDataFrame(pd.DataFrame(columns, range(len(shapes))), geometry=list(shapes))


def layers(grids, *, houses=None, **given):
    """Return the layers of a town; what is not given is empty."""
    empty = {"roads": roads(), **dict.fromkeys(("places", "entrances", "incidents"), points())}
    land = {name: flat_geometries(given.pop(name, None)) for name in LAND}
    return Layers(areas=grids, obstacles=merge_footprints(houses), **{**empty, **given}, **land)


def views(*shapes, codes=None, weight=1.0):
    """Return what cameras a, b, … see, one row a shape."""
    names = list(codes or "abcdefghij"[: len(shapes)])
    return gpd.GeoDataFrame({"camera_code": names, "weight": weight}, geometry=list(shapes))


def visible(cameras, obstacles):
    """Return what cameras see by certainty, computed as for a district.

    `cameras` is indexed by code and has `x`, `y` beside the columns of
    `geo.coverage.sight.optics.camera_views`.
    """
    seen = optics.camera_views(cameras)
    at = shapely.points(cameras[["x", "y"]].to_numpy())
    spot = place_cameras(at, np.zeros(len(at), dtype=bool), obstacles)
    seen = seen.assign(
        x=spot["x"].to_numpy(), y=spot["y"].to_numpy(), spot=spot["placement"].to_numpy()
    )
    return {certainty: _visible(seen, certainty, obstacles) for certainty in CERTAINTIES}


def _visible(seen, certainty, obstacles):
    if certainty == "expected":
        sector = optics.heading_bands(seen).set_index("view")
    else:
        sector = (
            optics.view_sectors(seen, certainty).set_axis(np.arange(len(seen))).assign(weight=1.0)
        )
    own = seen.iloc[sector.index.to_numpy()]
    width = np.where(own["spot"] == "suspect", 0.0, sector["width_deg"])
    look = own[["x", "y", "range_m"]].set_axis(sector.index)
    look = look.assign(start_deg=sector["start_deg"].to_numpy(), width_deg=width)
    return gpd.GeoDataFrame(
        {"camera_code": own["camera_code"].to_numpy(), "weight": sector["weight"].to_numpy()},
        geometry=viewshed.compute_viewsheds(look, obstacles).to_numpy(),
    )


def random_areas(side_m):
    """Return nine grids of three sizes, two communities and a district that reaches further."""
    cut = np.array([0, 0.35, 0.7, 1]) * side_m
    grids = [box(cut[i], cut[j], cut[i + 1], cut[j + 1]) for i in range(3) for j in range(3)]
    communities = [box(0, 0, side_m, cut[1]), box(0, cut[1], side_m, side_m)]
    district = box(0, 0, side_m, side_m * 1.1)
    return both(
        areas(*grids), areas(*communities, level="community"), areas(district, level="district")
    )


def random_layers(rng, side_m, *, houses):
    """Return the layers of a town at random; some entrances lie in the walls of `houses`."""
    spots = lambda count: rng.uniform(0, side_m, (count, 2))  # noqa: E731
    walls = shapely.get_coordinates(shapely.line_interpolate_point(shapely.boundary(houses), 5.0))
    lines = [rng.uniform(-0.1 * side_m, 1.1 * side_m, (3, 2)) for _ in range(4)]
    kinds = rng.choice(["primary", "secondary", "service"], len(lines))
    return {
        "grids": random_areas(side_m),
        "roads": roads(*lines, kind=kinds),
        "places": points(*spots(3), kind=["学校", "医院", ""], radius_m=[np.nan, 20, side_m / 3]),
        "entrances": points(*walls[::2], *spots(3)),
        "incidents": points(*spots(4)),
        "water": shapely.buffer(shapely.points(spots(2)), side_m / 15, quad_segs=4),
        "farmland": [box(0, 0, side_m / 6, side_m / 8)],
        "zones": [box(side_m / 2, side_m / 2, side_m * 0.57, side_m * 0.53)],
    }


def moved(given, origin):
    """Return layers by name, each moved by `origin`."""
    return {name: _moved(layer, np.array(origin)) for name, layer in given.items()}


def _moved(layer, origin):
    if isinstance(layer, gpd.GeoDataFrame):
        return layer.set_geometry(_moved(flat_geometries(layer), origin))
    return shapely.transform(flat_geometries(layer), lambda xy: xy + origin)


def random_houses(rng, count, side_m):
    """Return rectangles that may overlap."""
    middle, size = rng.uniform(0, side_m, (count, 2)), rng.uniform(8, side_m / 12, (count, 2))
    return shapely.box(*(middle - size / 2).T, *(middle + size / 2).T)


def changed_cells(ground, before, now):
    """Return the cells that meet a footprint that is not in both obstacles."""
    changed = np.concatenate(
        [
            before.parts[~np.isin(before.digests, now.digests)],
            now.parts[~np.isin(now.digests, before.digests)],
        ]
    )
    tree = shapely.STRtree(ground.cells.grounds)
    return np.unique(tree.query(changed, predicate="intersects")[1]).astype(np.intp)


def put(on, *seen, codes=None, weight=1.0, member=None):
    """Put cameras on a board; all certainties see the same, and all sets hold them by default."""
    rows = views(*seen, codes=codes, weight=weight)
    names = sorted(set(rows["camera_code"]))
    whose = np.ones((len(names), len(on.sets)), dtype=bool) if member is None else np.array(member)
    on.put(names, whose, dict.fromkeys(on.certainties, rows))


def take_off(on, *codes):
    """Take cameras off a board."""
    nothing = dict.fromkeys(on.certainties, views())
    on.put(codes, np.zeros((len(codes), len(on.sets)), dtype=bool), nothing)


class Town:
    """A random town and its board, edited side by side."""

    SIDE_M = 300.0

    def __init__(self, seed, origin):
        self.rng = np.random.default_rng(seed)
        self.pool = random_houses(self.rng, 10, self.SIDE_M)
        self.given = moved(random_layers(self.rng, self.SIDE_M, houses=self.pool), origin)
        self.pool = moved({"houses": self.pool}, origin)["houses"]
        self.built, self.origin, self.count = self.rng.random(10) < 0.6, origin, 0
        self.layers = layers(houses=self.pool[self.built], **self.given)
        self.cameras = pd.concat([self.fresh() for _ in range(10)])
        self.board = self.whole()

    def fresh(self):
        """A camera somewhere; some have no known heading, some are off line."""
        rng, self.count = self.rng, self.count + 1
        unknown = rng.random() < 0.2
        camera = {
            "form": rng.choice(["fixed", "fixed", "dome", "ptz", "panoramic"]),
            "heading_deg": np.nan if unknown else rng.uniform(0, 360),
            "heading_source": rng.choice(["surveyed", "rounded8"]),
            "hfov_deg": rng.choice([60.0, 90.0, 180.0, 360.0]),
            "range_m": rng.uniform(20, 90),
            "x": rng.uniform(0, self.SIDE_M) + self.origin[0],
            "y": rng.uniform(0, self.SIDE_M) + self.origin[1],
            "online": rng.random() < 0.7,
        }
        return pd.DataFrame([camera], index=[f"c{self.count}"])

    def whole(self):
        """The board of the town as it is now, from nothing."""
        found = CoverageState(build_model(self.layers), SETS)
        self.put(found, self.cameras.index)
        found.settle()
        return found

    def put(self, on, codes):
        own = self.cameras.loc[list(codes)]
        member = np.column_stack([np.ones(len(own), bool), own["online"].to_numpy(bool)])
        on.put(own.index.tolist(), member, visible(own, self.layers.obstacles))

    def add(self, _):
        camera = self.fresh()
        self.cameras = pd.concat([self.cameras, camera])
        self.put(self.board, camera.index)

    def move(self, number):
        code = self.cameras.index[number % len(self.cameras)]
        self.cameras.loc[code, ["x", "y"]] += self.rng.uniform(-40, 40, 2)
        self.put(self.board, [code])

    def turn(self, number):
        code = self.cameras.index[number % len(self.cameras)]
        self.cameras.loc[code, "heading_deg"] = self.rng.uniform(0, 360)
        self.put(self.board, [code])

    def switch(self, number):
        code = self.cameras.index[number % len(self.cameras)]
        self.cameras.loc[code, "online"] = not self.cameras.loc[code, "online"]
        self.put(self.board, [code])

    def remove(self, number):
        if len(self.cameras) > 1:
            code = self.cameras.index[number % len(self.cameras)]
            self.cameras = self.cameras.drop(code)
            take_off(self.board, code)

    def build(self, number):
        """A house comes or goes: its cells are laid anew, and what the cameras see is too."""
        flip = number % len(self.pool)
        self.built[flip] = not self.built[flip]
        before = self.layers.obstacles
        self.layers = replace(self.layers, obstacles=merge_footprints(self.pool[self.built]))
        dirty = changed_cells(self.board.ground, before, self.layers.obstacles)
        self.board.lay(rebuild_cells(self.board.ground, self.layers, dirty), dirty)
        self.put(self.board, self.cameras.index)

    def settle(self, _):
        self.board.settle()

    def begin(self, _):
        """What is certain for all devices is measured, the rest is not yet."""
        self.board.settle_certain("all")
