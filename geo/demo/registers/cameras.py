"""Positions and directions of cameras: on poles in the public network, on walls elsewhere."""

from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.crs import WGS84, project
from geo.demo.built.buildings import make_buildings
from geo.demo.land import waters
from geo.demo.land.divisions import TOWNSHIPS, make_communities
from geo.demo.land.hamlets import make_hamlets
from geo.demo.land.lattice import WIDTH_M
from geo.demo.land.streets import make_network
from geo.demo.land.terrain import METRIC_SRID, Floats, make_points
from geo.demo.registers.devices import describe_devices
from geo.demo.registers.places import make_entrances, make_places

SKYNET, SOCIAL = 2_075, 1_600
_WALL_GAP_M = 0.3


@cache
def make_skynet_cameras(seed: int) -> gpd.GeoDataFrame:
    """Return the 2,075 cameras of the public network, on poles (metres)."""
    rng = np.random.default_rng([seed, 4])
    sites = pd.concat(
        [_at_junctions(rng), _at_gates(seed, rng), _in_hamlets(rng), _along(rng)], ignore_index=True
    )
    sites = sites[_outside(sites, seed)]
    order = sites.groupby("pole", sort=False).ngroup()
    rank = rng.permutation(order.max() + 1)[order]
    rank = rank - np.where(sites["first"], 1_000_000, 0)
    chosen = sites.iloc[np.argsort(rank, kind="stable")[:SKYNET]].sort_index()
    frame = describe_devices(chosen, "skynet", rng)
    frame["height_m"] = np.round(rng.choice([5.5, 6.0, 6.5, 7.0, 8.0], len(frame)), 1)
    frame["indoor"] = "否"
    frame["manager"] = _townships(frame) + "派出所"
    return gpd.GeoDataFrame(
        frame, geometry=make_points(frame[["x", "y"]].to_numpy()), crs=METRIC_SRID
    )


@cache
def make_social_cameras(seed: int) -> gpd.GeoDataFrame:
    """Return the 1,600 cameras of organisations: at gates and walls, a tenth of them indoors."""
    rng = np.random.default_rng([seed, 5])
    sites = pd.concat([_own_gates(seed, rng), _walls(seed, rng)], ignore_index=True)
    kept = sites[_outside(sites, seed) | (sites["indoor"] == "是")]
    gates = kept[kept["gate"]].head(900)
    rest = kept[~kept["gate"]]
    inside, outside = rest[rest["indoor"] == "是"], rest[rest["indoor"] == "否"]
    many = round(SOCIAL * 0.1)
    chosen = pd.concat([gates, inside.head(many), outside.head(SOCIAL - many - len(gates))])
    frame = describe_devices(chosen, "social", rng)
    frame["height_m"] = np.round(rng.uniform(2.6, 4.2, len(frame)), 1)
    frame["manager"] = frame["owner_name"]
    return gpd.GeoDataFrame(
        frame, geometry=make_points(frame[["x", "y"]].to_numpy()), crs=METRIC_SRID
    )


def _outside(sites: pd.DataFrame, seed: int) -> NDArray[np.bool_]:
    """Tell which positions lie in the open: out of buildings and water, inside the district."""
    points = make_points(sites[["x", "y"]].to_numpy())
    tree = shapely.STRtree(points)
    bad = np.zeros(len(points), np.bool_)
    wet = shapely.get_parts(waters.make_water().geometry.to_numpy())
    bad[
        tree.query(
            np.concatenate([make_buildings(seed).geometry.to_numpy(), wet]),
            "dwithin",
            distance=0.05,
        )[1]
    ] = True
    return ~bad & shapely.contains_properly(waters.district_ground(), points)


def _townships(frame: pd.DataFrame) -> pd.Series:
    lonlat = project(make_points(frame[["x", "y"]].to_numpy()), source=METRIC_SRID, target=WGS84)
    areas = make_communities()
    point, area = shapely.STRtree(areas.geometry.to_numpy()).query(lonlat, "within")
    names = areas["code"].str[:9].add("000").map({k: v[0] for k, v in TOWNSHIPS.items()}).to_numpy()
    found = np.full(len(frame), "迎江区", object)
    found[point] = names[area]
    return pd.Series(found, index=frame.index)


def _bearing(angle: Floats) -> Floats:
    """Turn an angle counter-clockwise from east (radians) into degrees clockwise from north."""
    return np.asarray((90 - np.degrees(angle)) % 360)


_ARMS = {"east": 0.0, "north": np.pi / 2, "west": np.pi, "south": -np.pi / 2}
_CORNERS = {"东北": (1, 1), "西北": (-1, 1), "西南": (-1, -1), "东南": (1, -1)}


def _at_junctions(rng: np.random.Generator) -> pd.DataFrame:
    """One or two poles at crossings, a camera along each arm."""
    found = make_network().junctions
    found = found[found["rank"] <= 3]
    rows = []
    junction: Any
    for k, junction in enumerate(found.itertuples()):
        big = junction.rank <= 2 and WIDTH_M[junction.class_a] + WIDTH_M[junction.class_b] >= 36
        name = f"{junction.name_a}与{junction.name_b}口"
        for corner in rng.choice(
            list(_CORNERS), 2 if big and rng.random() < 0.35 else 1, replace=False
        ):
            sx, sy = _CORNERS[str(corner)]
            dx, dy = WIDTH_M[junction.class_b] / 2 + 1.0, WIDTH_M[junction.class_a] / 2 + 1.0
            c, s = np.cos(junction.angle), np.sin(junction.angle)
            x = junction.geometry.x + c * sx * dx - s * sy * dy
            y = junction.geometry.y + s * sx * dx + c * sy * dy
            arms = [arm for arm in _ARMS if getattr(junction, arm)]
            count = len(arms) if big else int(rng.integers(1, 3))
            for arm in rng.permutation(arms)[:count]:
                turn = junction.angle + _ARMS[str(arm)] + rng.normal(0, 0.07)
                rows.append((f"J{k}{corner}", f"{name}{corner}角", x, y, turn, big))
    return _frame(rows)


def _frame(rows: list[tuple[str, str, float, float, float, bool]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["pole", "site", "x", "y", "angle", "first"])
    frame["heading_deg"] = _bearing(frame.pop("angle").to_numpy(float))
    return frame


def _at_gates(seed: int, rng: np.random.Generator) -> pd.DataFrame:
    """Poles across the street from the gates of key places, looking at the gate."""
    home = make_places(seed).set_index("code")
    gates = make_entrances(seed)
    weight = gates["place_code"].map(home["weight"]).to_numpy()
    rows = []
    gate: Any
    for gate, heavy in zip(gates.itertuples(), weight, strict=True):
        if heavy < 6:
            continue
        reach, along = rng.uniform(9, 15), rng.uniform(-6, 6)
        out = np.array([np.cos(gate.facing), np.sin(gate.facing)])
        side = np.array([-out[1], out[0]])
        x, y = np.array([gate.geometry.x, gate.geometry.y]) + out * reach + side * along
        back = float(np.arctan2(gate.geometry.y - y, gate.geometry.x - x))
        for turn in (back, back + rng.choice([-1.3, 1.3])):
            rows.append((f"G{gate.Index}", gate.name, x, y, turn, True))
    return _frame(rows)


def _in_hamlets(rng: np.random.Generator) -> pd.DataFrame:
    """Poles at the ends of hamlets, looking in and out."""
    rows = []
    for k, hamlet in enumerate(make_hamlets()):
        ends = (-1, 1) if hamlet.rows >= 3 else (int(rng.choice([-1, 1])),)
        for end in ends:
            spot = hamlet.doors()[max(end, 0)] + 2.8 * np.array(
                [-np.sin(hamlet.angle), np.cos(hamlet.angle)]
            )
            for turn in (0.0, np.pi)[: 1 + (hamlet.rows >= 4)]:
                rows.append(
                    (
                        f"H{k}{end}",
                        f"{hamlet.village}{hamlet.name}村口",
                        *spot,
                        hamlet.angle + (np.pi if end > 0 else 0) + turn + rng.normal(0, 0.1),
                        True,
                    )
                )
    return _frame(rows)


def _along(rng: np.random.Generator) -> pd.DataFrame:
    """Poles between crossings of main streets and along the country's main roads."""
    roads = make_network().roads
    main = roads[roads["class"].isin(["trunk", "primary", "secondary"])]
    rows = []
    road: Any
    for k, road in enumerate(main.itertuples()):
        count = max(1, int(road.geometry.length // 480))
        for n in range(count):
            at = (n + rng.uniform(0.35, 0.65)) / count * road.geometry.length
            here, ahead = road.geometry.interpolate(at), road.geometry.interpolate(at + 1)
            turn = float(np.arctan2(ahead.y - here.y, ahead.x - here.x))
            side = float(rng.choice([-1, 1])) * (road.width_m / 2 + 1)
            x, y = here.x - np.sin(turn) * side, here.y + np.cos(turn) * side
            for way in (0.0, np.pi)[: int(rng.integers(1, 3))]:
                rows.append(
                    (
                        f"L{k}-{n}",
                        f"{road.name}中段{n + 1}号杆",
                        x,
                        y,
                        turn + way + rng.normal(0, 0.05),
                        False,
                    )
                )
    return _frame(rows)


def _own_gates(seed: int, rng: np.random.Generator) -> pd.DataFrame:
    """Cameras of places and estates beside their own gates, looking out or along the wall."""
    gates = make_entrances(seed)
    rows = []
    gate: Any
    for gate in gates.itertuples():
        for _ in range(int(rng.integers(1, 3))):
            along = rng.choice([-1, 1]) * rng.uniform(2.5, 4.5)
            turn = gate.facing + rng.normal(0, 0.5)
            x = gate.geometry.x - np.sin(gate.facing) * along
            y = gate.geometry.y + np.cos(gate.facing) * along
            owner = str(gate.name).removesuffix("正门").removesuffix("侧门")
            rows.append((f"S{gate.Index}", str(gate.name), x, y, turn, True, owner))
    rng.shuffle(rows)
    frame = _frame([row[:6] for row in rows])
    return frame.assign(gate=True, indoor="否", owner_name=[row[6] for row in rows])


def _walls(seed: int, rng: np.random.Generator) -> pd.DataFrame:
    """Cameras on the street walls of shops, offices and houses; the indoor ones in their middle."""
    stock = make_buildings(seed)
    fit = stock[
        stock["kind"].isin(
            [
                "商铺",
                "商住",
                "商业",
                "办公",
                "物业",
                "厂房",
                "宾馆",
                "商场",
                "市场",
                "教学楼",
                "医院",
            ]
        )
    ]
    fit = fit.iloc[rng.permutation(len(fit))[:2_400]]
    spot, turn, middle = _street_walls(fit.geometry.to_numpy())
    indoor = rng.random(len(fit)) < 0.14
    x = np.where(indoor, middle[:, 0], spot[:, 0])
    y = np.where(indoor, middle[:, 1], spot[:, 1])
    turn = turn + rng.normal(0, 0.45, len(fit))
    owner = _owners(spot, fit["kind"].to_numpy(object))
    frame = pd.DataFrame(
        {
            "pole": [f"W{k}" for k in range(len(fit))],
            "site": owner + np.where(indoor, "大厅", "门前"),
            "x": x,
            "y": y,
            "first": False,
            "heading_deg": _bearing(turn),
        }
    )
    return frame.assign(gate=False, indoor=np.where(indoor, "是", "否"), owner_name=owner)


def _owners(spot: Floats, kind: NDArray[np.object_]) -> pd.Series:
    """Names of organisations from street and kind, numbered along the way."""
    roads = make_network().roads
    near = shapely.STRtree(roads.geometry.to_numpy()).nearest(make_points(spot))
    words = {
        "商铺": "便民商店",
        "商住": "临街商铺",
        "商业": "商业楼",
        "办公": "写字楼",
        "物业": "物业服务部",
        "厂房": "工厂",
        "宾馆": "宾馆",
        "商场": "商场",
        "市场": "市场",
        "教学楼": "学校",
        "医院": "医院",
    }
    base = pd.Series(roads["name"].to_numpy()[near]) + pd.Series(kind).map(words)
    return base + (base.groupby(base).cumcount() + 1).astype(str) + "号"


def _street_walls(shapes: NDArray[np.object_]) -> tuple[Floats, Floats, Floats]:
    """Find each building's wall nearest to a road: its middle, pushed out, and outward angle."""
    corner, owner = shapely.get_coordinates(shapely.get_exterior_ring(shapes), return_index=True)
    same = owner[:-1] == owner[1:]
    a, b, home = corner[:-1][same], corner[1:][same], owner[:-1][same]
    run = b - a
    long = np.hypot(*run.T) > 3.0
    a, b, run, home = a[long], b[long], run[long], home[long]
    out = np.column_stack([run[:, 1], -run[:, 0]]) / np.hypot(*run.T)[:, None]
    spot = (a + b) / 2 + out * _WALL_GAP_M
    lines = make_network().roads.geometry.to_numpy()
    points = make_points((a + b) / 2 + out * 3.0)
    gap = shapely.distance(points, lines[shapely.STRtree(lines).nearest(points)])
    first = pd.Series(gap).groupby(home).idxmin().to_numpy()
    middle = shapely.get_coordinates(shapely.point_on_surface(shapes))
    return spot[first], np.arctan2(out[first, 1], out[first, 0]), middle
