"""Key places with their gates, and the addresses people search for."""

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.crs import WGS84, project
from geo.demo.built.buildings import make_buildings
from geo.demo.built.plots import make_plots
from geo.demo.land import terrain
from geo.demo.land.divisions import make_communities
from geo.demo.land.hamlets import make_hamlets
from geo.demo.land.streets import make_network
from geo.demo.land.terrain import METRIC_SRID, Floats, make_points

KINDS = {  # use of the plot: kind, weight, radius in metres
    "school": ("学校", 10, 80),
    "hospital": ("医院", 10, 80),
    "square": ("广场", 8, 90),
    "park": ("公园", 6, 120),
    "market": ("农贸市场", 8, 60),
    "mall": ("商场", 8, 80),
    "office": ("党政机关", 9, 60),
    "station": ("车站", 10, 100),
    "hotel": ("宾馆", 4, 40),
    "estate": ("小区", 4, 60),
    "bank": ("银行", 7, 30),
    "petrol": ("加油站", 7, 40),
    "village": ("村委会", 5, 50),
    "clinic": ("卫生院", 6, 50),
    "ferry": ("码头", 7, 60),
}
_ESTATES = {"slabs", "towers", "villas", "mixed"}
_FIRST = [
    "锦绣",
    "皖江",
    "龙山",
    "碧桂",
    "翡翠",
    "金色",
    "阳光",
    "香樟",
    "紫荆",
    "学府",
    "滨江",
    "天和",
    "御景",
    "书香",
    "枫丹",
    "云水",
    "明珠",
    "祥和",
    "兰亭",
    "玉兰",
    "丽景",
    "文苑",
    "春晖",
    "星河",
]
_SECOND = ["苑", "花园", "新村", "家园", "名邸", "雅居", "公馆", "华庭", "小区", "水岸", "府", "湾"]


@cache
def make_places(seed: int) -> gpd.GeoDataFrame:
    """Return the key places: code, name, kind, weight, radius_m, plot, gate, geometry (metres)."""
    rng = np.random.default_rng([seed, 3])
    frame = pd.concat(
        [_on_plots(seed, rng), _banks(seed, rng), _petrol(rng), _in_villages()],
        ignore_index=True,
    )
    where = make_communities()["name"].str.removesuffix("社区").str.removesuffix("村").to_numpy()
    near = _home(frame["geometry"].to_numpy())
    frame["name"] = _names(frame, np.where(near < 0, "江城", where[near]))
    frame["code"] = [f"P{k:05d}" for k in range(1, len(frame) + 1)]
    for column, k in (("kind", 0), ("weight", 1), ("radius_m", 2)):
        frame[column] = frame["use"].map({use: facts[k] for use, facts in KINDS.items()})
    columns = ["code", "name", "kind", "weight", "radius_m", "use", "plot", "geometry"]
    return gpd.GeoDataFrame(frame[columns], geometry="geometry", crs=METRIC_SRID)


def _home(points: NDArray[np.object_]) -> NDArray[np.int64]:
    """Row of the community each point lies in, -1 for none."""
    lonlat = project(points, source=METRIC_SRID, target=WGS84)
    point, area = shapely.STRtree(make_communities().geometry.to_numpy()).query(lonlat, "within")
    found = np.full(len(points), -1)
    found[point] = area
    return found


def _on_plots(seed: int, rng: np.random.Generator) -> pd.DataFrame:
    frame = make_plots(seed)
    room = np.minimum(frame["x1"] - frame["x0"], frame["y1"] - frame["y0"])
    estate = (
        frame["use"].isin(_ESTATES) & (~frame["old"] | (rng.random(len(frame)) < 0.3)) & (room > 45)
    )
    use = frame["use"].where(~estate, "estate")
    keep = np.flatnonzero(use.isin(list(KINDS)).to_numpy())
    s, t = frame["s"].to_numpy()[keep], frame["t"].to_numpy()[keep]
    return pd.DataFrame(
        {
            "use": use.to_numpy()[keep],
            "plot": keep,
            "geometry": make_points(terrain.town_plane(s, t)),
        }
    )


def _banks(seed: int, rng: np.random.Generator) -> pd.DataFrame:
    """Banks stand in shop rows and old street fronts near main streets."""
    stock = make_buildings(seed)
    roads = make_network().roads
    main = roads.geometry.to_numpy()[roads["class"].isin(["primary", "secondary"])]
    fit = np.flatnonzero(stock["kind"].isin(["商住", "商铺", "商业"]).to_numpy())
    middle = shapely.centroid(stock.geometry.to_numpy()[fit])
    near = np.unique(shapely.STRtree(middle).query(main, "dwithin", distance=26)[1])
    chosen = np.sort(rng.choice(near, min(64, len(near)), replace=False))
    return pd.DataFrame({"use": "bank", "plot": -1, "geometry": middle[chosen]})


def _petrol(rng: np.random.Generator) -> pd.DataFrame:
    """Put filling stations beside main roads, town and country."""
    roads = make_network().roads
    main = roads[roads["class"].isin(["trunk", "primary"])]
    chosen = main.iloc[np.sort(rng.choice(len(main), 9, replace=False))]
    lines = [*chosen.geometry, *([roads[roads["name"] == "枞长公路"].geometry.iloc[0]] * 3)]
    at = np.array([0.35] * 9 + [0.2, 0.5, 0.8])
    spot = shapely.line_interpolate_point(np.array(lines), at, normalized=True)
    ahead = shapely.line_interpolate_point(np.array(lines), at + 0.01, normalized=True)
    step = shapely.get_coordinates(ahead) - shapely.get_coordinates(spot)
    side = np.column_stack([-step[:, 1], step[:, 0]]) / np.hypot(*step.T)[:, None]
    return pd.DataFrame(
        {
            "use": "petrol",
            "plot": -1,
            "geometry": make_points(shapely.get_coordinates(spot) + 30 * side),
        }
    )


def _in_villages() -> pd.DataFrame:
    """Each village's seat has its office, a primary school or clinic; islands have a landing."""
    rows = []
    for k, seat in enumerate(h for h in make_hamlets() if h.rows == 5):
        x = np.array([-seat.length_m / 2 - 30, seat.length_m / 2 + 30])
        spots = make_points(seat.place(x, np.zeros(2)))
        rows.append(("village", -1, spots[0]))
        rows.append(("school" if k % 2 else "clinic", -1, spots[1]))
    for island in ("南木洲", "新洲", "天然洲"):
        ring = terrain.make_islands()[island].buffer(-30).exterior
        rows.append(
            (
                "ferry",
                -1,
                ring.interpolate(
                    ring.project(
                        shapely.Point(terrain.river_plane(np.array([12_500.0]), np.zeros(1))[0])
                    )
                ),
            )
        )
    return pd.DataFrame(rows, columns=["use", "plot", "geometry"])


def _names(frame: pd.DataFrame, where: NDArray[np.object_]) -> list[str]:
    """Name places as people do: by community, with 第二 … where a community has several."""
    endings = {
        "school": ("小学", "中学", "实验学校", "职业学校"),
        "hospital": ("医院", "中医院"),
        "square": ("广场",),
        "park": ("公园",),
        "market": ("农贸市场",),
        "mall": ("购物中心", "商城"),
        "office": ("政务服务中心", "行政办公区"),
        "station": ("客运站", "汽车站"),
        "hotel": ("宾馆", "大酒店"),
        "petrol": ("加油站",),
        "bank": ("银行网点",),
        "village": ("村委会",),
        "clinic": ("卫生院",),
        "ferry": ("码头",),
    }
    seen: dict[str, int] = {}
    found = []
    for k, (use, place) in enumerate(zip(frame["use"], where, strict=True)):
        if use == "estate":
            pick = k * 37 % (len(_FIRST) * len(_SECOND))
            word = f"{_FIRST[pick % len(_FIRST)]}{_SECOND[pick // len(_FIRST)]}"
        else:
            word = f"{place}{endings[use][k % len(endings[use])]}"
        seen[word] = seen.get(word, 0) + 1
        found.append(word if seen[word] == 1 else f"{word}{_ordinal(use, seen[word])}")
    return found


def _ordinal(use: str, number: int) -> str:
    word = "〇一二三四五六七八九"[number] if number < 10 else str(number)
    return f"{word}区" if use == "estate" else f"（第{word}）"


@cache
def make_entrances(seed: int) -> gpd.GeoDataFrame:
    """Return gates of places: code, name, place_code, kind, facing (radians), geometry (metres).

    A gate lies on the plot's street side, between the carriageway and the building area.
    """
    home = make_places(seed)
    found = pd.concat([_gates(seed), _doors(home[home["plot"] < 0])], ignore_index=True)
    spots, facing = _at_street(found[["x", "y"]].to_numpy(), found["facing"].to_numpy(), seed)
    found["kind"] = np.where(found["k"] == 0, "主入口", "次入口")
    found["name"] = found["place"] + np.where(found["k"] == 0, "正门", "侧门")
    found["code"] = [f"E{k:05d}" for k in range(1, len(found) + 1)]
    found["facing"] = facing
    return gpd.GeoDataFrame(
        found[["code", "name", "place_code", "kind", "facing"]],
        geometry=make_points(spots),
        crs=METRIC_SRID,
    )


_OTHER_SIDE = {"south": "north", "north": "south", "east": "west", "west": "east"}
_TURN = {"south": -np.pi / 2, "north": np.pi / 2, "west": np.pi, "east": 0.0}
_TWO_GATES = ("park", "square", "station", "hospital", "mall", "estate", "market")
_GATE_GAP_M = 1.2


def _gates(seed: int) -> pd.DataFrame:
    """Gates of plots: the main one on the larger street, a second one opposite for busy uses."""
    home = make_places(seed)
    home = home[home["plot"] >= 0]
    own = make_plots(seed).loc[home["plot"]].reset_index(drop=True)
    own["place_code"], own["place"] = home["code"].to_numpy(), home["name"].to_numpy()
    second = own[home["use"].isin(_TWO_GATES).to_numpy()]
    second = second.assign(gate=second["gate"].map(_OTHER_SIDE))
    both = pd.concat([own.assign(k=0), second.assign(k=1)], ignore_index=True)
    x, y = (both["x0"] + both["x1"]) / 2, (both["y0"] + both["y1"]) / 2
    side = both["gate"]
    x = x.mask(side == "west", both["x0"] - _GATE_GAP_M).mask(
        side == "east", both["x1"] + _GATE_GAP_M
    )
    y = y.mask(side == "south", both["y0"] - _GATE_GAP_M).mask(
        side == "north", both["y1"] + _GATE_GAP_M
    )
    s = (both["s"] + x / both["scale_s"]).to_numpy()
    t = (both["t"] + y / both["scale_t"]).to_numpy()
    both[["x", "y"]] = terrain.town_plane(s, t)
    both["facing"] = terrain.town_angle(s, t) + side.map(_TURN).to_numpy(float)
    return both[["place_code", "place", "k", "x", "y", "facing"]]


def _doors(home: gpd.GeoDataFrame) -> pd.DataFrame:
    """Places without a plot: their own point, moved to the street later."""
    return pd.DataFrame(
        {
            "place_code": home["code"],
            "place": home["name"],
            "k": 0,
            "x": home.geometry.x,
            "y": home.geometry.y,
            "facing": np.nan,
        }
    )


def _at_street(spots: Floats, facing: Floats, seed: int) -> tuple[Floats, Floats]:
    """Move gates that fell into a building, or have no side yet, to the nearest road's edge."""
    points = make_points(spots)
    inside = np.unique(
        shapely.STRtree(points).query(
            make_buildings(seed).geometry.to_numpy(), "dwithin", distance=0.5
        )[1]
    )
    move = np.unique(np.concatenate([inside, np.flatnonzero(np.isnan(facing))]))
    roads = make_network().roads
    lines = roads.geometry.to_numpy()
    road = shapely.STRtree(lines).nearest(points[move])
    foot = shapely.get_coordinates(
        shapely.line_interpolate_point(
            lines[road], shapely.line_locate_point(lines[road], points[move])
        )
    )
    out = spots[move] - foot
    length = np.maximum(np.hypot(*out.T), 0.1)[:, None]
    found, turned = spots.copy(), facing.copy()
    reach = np.minimum(roads["width_m"].to_numpy()[road] / 2, length[:, 0])[:, None]
    found[move] = foot + out / length * reach
    turned[move] = np.arctan2(-out[:, 1], -out[:, 0])
    return found, turned
