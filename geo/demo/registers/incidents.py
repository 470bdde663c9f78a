"""Incidents of half a year: what was reported where and when, and how far it has come."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.demo.built.buildings import make_buildings
from geo.demo.land.divisions import make_townships
from geo.demo.land.hamlets import make_hamlets
from geo.demo.land.lattice import OLD_COLUMNS, OLD_ROWS, S_LINES_M, T_LINES_M
from geo.demo.land.streets import make_network
from geo.demo.land.terrain import METRIC_SRID, Floats, Shapes, make_points, town_plane
from geo.demo.land.waters import district_ground
from geo.demo.registers.places import make_entrances, make_places

TOTAL, CLOSED = 1_167, 987
PILOT, PILOT_SINCE = "340802001000", np.datetime64("2026-07-01T00:00")
"""Township (宜城路街道) in which the app is tried, and since when."""
BY_APP, PILOT_BEFORE, PILOT_OTHERWISE = 163, 25, 12
"""Incidents there: by the app since then, before it, and by other ways since."""
NO_POSITION_SHARE = 0.03
FIRST_DAY, DAYS = np.datetime64("2026-04-01"), 183
_TITLES = {
    "市容环境": (
        "占道经营",
        "垃圾积存未清运",
        "店外堆放杂物",
        "乱贴小广告",
        "非机动车乱停放",
        "露天烧烤油烟",
    ),
    "道路设施": (
        "井盖缺失",
        "路面坑洼积水",
        "路灯不亮",
        "护栏损坏",
        "人行道砖松动",
        "交通标志被遮挡",
    ),
    "施工管理": ("夜间施工噪声", "渣土车带泥上路", "围挡破损", "裸土未覆盖"),
    "街面秩序": ("车辆占用消防通道", "流动摊点堵塞路口", "广场音响扰民", "占用盲道停车"),
    "矛盾纠纷": ("相邻排水纠纷", "停车位使用纠纷", "物业服务纠纷", "宅基地边界纠纷"),
    "突发事件": ("树木倒伏阻断道路", "积水漫过路面", "电线垂落", "外墙砖脱落", "燃气异味"),
    "供水排水": ("自来水管爆裂", "污水外溢", "雨水井堵塞", "沟渠淤塞"),
    "园林绿化": ("行道树枯死", "绿地被占用", "树枝遮挡信号灯", "绿化带缺株"),
    "消防安全": ("楼道堆放易燃物", "消防栓漏水", "电动自行车飞线充电", "秸秆露天堆放"),
}
_SHARES = (0.27, 0.15, 0.08, 0.15, 0.10, 0.06, 0.08, 0.06, 0.05)
_SOURCES = ("网格上报", "12345", "视频巡查", "手机APP", "来访", "110非警务", "说事会", "上级交办")
_SOURCE_SHARES = (0.42, 0.22, 0.12, 0.10, 0.05, 0.04, 0.03, 0.02)
_HOUR_WEIGHTS = np.array(
    [2, 1, 1, 1, 1, 2, 6, 14, 20, 22, 20, 16, 11, 12, 17, 19, 18, 17, 15, 14, 12, 9, 6, 3], float
)
_DAY_WEIGHTS = np.array([1.15, 1.1, 1.05, 1.0, 1.1, 0.8, 0.7])
_OPEN_STATES = {
    "待受理": 22,
    "已受理": 18,
    "已派遣": 44,
    "处置中": 66,
    "处置完毕": 30,
}
_GRADES = {
    "突发事件": {"紧急": 0.7, "重大": 0.3},
    "消防安全": {"一般": 0.5, "重要": 0.5},
    "供水排水": {"一般": 0.8, "紧急": 0.2},
}
_HOURS = {"一般": 120, "重要": 72, "紧急": 24, "重大": 6}
_LEVELS = {
    "一般": {"网格": 0.34, "村居": 0.52, "乡街": 0.12, "区": 0.02},
    "重要": {"村居": 0.16, "乡街": 0.66, "区": 0.18},
    "紧急": {"村居": 0.3, "乡街": 0.56, "区": 0.14},
    "重大": {"乡街": 0.55, "区": 0.45},
}


def make_incidents(seed: int) -> gpd.GeoDataFrame:
    """Return 1,167 incidents of which 987 are closed, oldest first (metres; some without place).

    163 were sent by the app from the township in which it is tried, since July.
    """
    rng = np.random.default_rng([seed, 6])
    spots = _spots(seed, rng)
    frame = (
        pd.DataFrame({"at": _times(rng)}).sort_values("at", kind="stable").reset_index(drop=True)
    )
    frame["reported"] = frame["at"] + rng.integers(1, 50, TOTAL).astype("timedelta64[m]")
    order = _order(spots["pilot"].to_numpy(), (frame["reported"] >= PILOT_SINCE).to_numpy(), rng)
    pilot = spots["pilot"].to_numpy()[order]
    frame["place"] = spots["place"].to_numpy()[order]
    frame["category"] = _categories(spots["kind"].to_numpy()[order], rng)
    frame["title"] = [
        f"{place}{rng.choice(_TITLES[category])}"
        for place, category in zip(frame["place"], frame["category"], strict=True)
    ]
    _add_sources(frame, pilot, rng)
    _add_states(frame, rng)
    _add_grades(frame, rng)
    frame["code"] = [
        f"SX{str(day)[:10].replace('-', '')}{k:04d}" for k, day in enumerate(frame["reported"], 1)
    ]
    frame["accuracy_m"] = rng.choice([5, 10, 20, 50], TOTAL, p=[0.45, 0.35, 0.15, 0.05])
    points = spots["geometry"].to_numpy()[order].copy()
    away = np.flatnonzero(~pilot)
    points[rng.choice(away, round(TOTAL * NO_POSITION_SHARE), replace=False)] = None
    return gpd.GeoDataFrame(frame, geometry=points, crs=METRIC_SRID)


def _order(
    pilot: NDArray[np.bool_], since: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the spot of each moment: of those in the pilot all but a few come since it began."""
    order = np.zeros(TOTAL, np.int64)
    early, late = rng.permutation(np.flatnonzero(~since)), rng.permutation(np.flatnonzero(since))
    inside, outside = (
        rng.permutation(np.flatnonzero(pilot)),
        rng.permutation(np.flatnonzero(~pilot)),
    )
    moments = np.concatenate([early[:PILOT_BEFORE], late[: BY_APP + PILOT_OTHERWISE]])
    order[moments] = inside
    order[np.setdiff1d(np.arange(TOTAL), moments)] = outside
    return order


def _add_sources(frame: pd.DataFrame, pilot: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Say how each came: from the pilot since July 163 by the app, no more and no less."""
    frame["source"] = rng.choice(_SOURCES, TOTAL, p=_SOURCE_SHARES)
    inside = np.flatnonzero(pilot & (frame["reported"] >= PILOT_SINCE).to_numpy())
    own = pilot & (frame["source"] == "手机APP").to_numpy()
    frame.loc[own, "source"] = "网格上报"
    frame.loc[rng.choice(inside, BY_APP, replace=False), "source"] = "手机APP"


def _add_grades(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Give each a grade; what is closed has a limit, the level that closed it, and how it ended."""
    usual = {"一般": 0.92, "重要": 0.06, "紧急": 0.02}
    frame["grade"] = [_pick(_GRADES.get(each, usual), rng) for each in frame["category"]]
    levels = [_pick(_LEVELS[each], rng) for each in frame["grade"]]
    closed = frame["state"] == "结案"
    frame["level"] = pd.Series(levels, frame.index).where(closed, "")
    frame["outcome"] = pd.Series("已解决", frame.index).where(closed, "")
    hours = frame["grade"].map(_HOURS).astype("timedelta64[h]")
    frame["due"] = (frame["reported"] + hours).where(closed)


def _pick(shares: Mapping[str, float], rng: np.random.Generator) -> str:
    return str(rng.choice(list(shares), p=list(shares.values())))


def _times(rng: np.random.Generator) -> NDArray[np.datetime64]:
    days = FIRST_DAY + np.arange(DAYS)
    weekday = (days.astype("datetime64[D]").astype(int) + 3) % 7
    weight = _DAY_WEIGHTS[weekday] * (1 + 0.25 * np.sin(np.arange(DAYS) / 23))
    day = rng.choice(days, TOTAL, p=weight / weight.sum())
    hour = rng.choice(24, TOTAL, p=_HOUR_WEIGHTS / _HOUR_WEIGHTS.sum())
    minute = hour * 60 + rng.integers(0, 60, TOTAL)
    latest = 22 * 60 + 30
    minute = np.where(day == days[-1], np.minimum(minute, latest), minute)
    return np.asarray(day.astype("datetime64[m]") + minute.astype("timedelta64[m]"))


def _categories(kind: Shapes, rng: np.random.Generator) -> list[str]:
    names = list(_TITLES)
    lift = {
        "market": {"市容环境": 2.5, "街面秩序": 2.0},
        "junction": {"道路设施": 2.2, "街面秩序": 1.6},
        "village": {"矛盾纠纷": 2.5, "供水排水": 1.8, "施工管理": 0.3},
        "street": {},
        "gate": {"消防安全": 2.0},
    }
    found = []
    for each in kind:
        weight = np.array(
            [share * lift[each].get(name, 1.0) for name, share in zip(names, _SHARES, strict=True)]
        )
        found.append(str(rng.choice(names, p=weight / weight.sum())))
    return found


def _add_states(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Close 987, the older the likelier; the rest stands somewhere on the way."""
    age = (frame["at"].max() - frame["at"]).dt.days.to_numpy()
    chance = rng.random(TOTAL) ** (1 / (1 + age / 9.0))
    closed = np.zeros(TOTAL, bool)
    closed[np.argsort(-chance, kind="stable")[:CLOSED]] = True
    frame["state"] = "结案"
    rest = np.repeat(list(_OPEN_STATES), list(_OPEN_STATES.values()))
    frame.loc[~closed, "state"] = rng.permutation(rest)
    hours = np.minimum(rng.lognormal(3.0, 1.0, TOTAL), 24.0 * (age + 1))
    last = np.datetime64("2026-09-30T23:30")
    done = frame["reported"] + (hours * 60).astype("timedelta64[m]")
    done = done.where(done <= last, np.maximum(frame["reported"] + np.timedelta64(20, "m"), last))
    frame["closed"] = done.where(closed)


def _spots(seed: int, rng: np.random.Generator) -> pd.DataFrame:
    """Positions outdoors: hot spots at markets and crossings, the old town, gates, villages."""
    parts = [_around_gates(seed, rng), _around_junctions(rng), _on_streets(rng), _in_villages(rng)]
    parts.append(_in_pilot(rng))
    frame = pd.concat(parts, ignore_index=True)
    points = frame["geometry"].to_numpy()
    hit = shapely.STRtree(points).query(
        make_buildings(seed).geometry.to_numpy(), "dwithin", distance=0.2
    )[1]
    good = np.setdiff1d(np.arange(len(frame)), hit)
    good = good[shapely.contains_properly(district_ground(), points[good])]
    frame["pilot"] = shapely.contains_properly(_pilot_ground(), points)
    inside = good[frame["pilot"].to_numpy()[good]]
    outside = np.setdiff1d(good, inside)
    size = BY_APP + PILOT_BEFORE + PILOT_OTHERWISE
    chosen = [
        rng.choice(inside, size, replace=False),
        rng.choice(outside, TOTAL - size, replace=False),
    ]
    return frame.iloc[np.sort(np.concatenate(chosen))].reset_index(drop=True)


def _pilot_ground() -> shapely.Geometry:
    """Return the outline of the township in which the app is tried, metres."""
    townships = make_townships().set_index("code").to_crs(METRIC_SRID)
    return townships.geometry[PILOT]


def _zipf(count: int, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    weight = 1 / (np.arange(count) + 2.0)
    return rng.permutation(count)[rng.choice(count, size, p=weight / weight.sum())]


def _around_gates(seed: int, rng: np.random.Generator) -> pd.DataFrame:
    home = make_places(seed).set_index("code")
    gates = make_entrances(seed)
    busy = gates[
        gates["place_code"]
        .map(home["use"])
        .isin(["market", "square", "station", "mall", "hospital", "school"])
    ]
    quiet = gates[gates["place_code"].map(home["use"]).isin(["estate", "park"])]
    rows = []
    for group, size, kind, spread in ((busy, 420, "market", 9.0), (quiet, 170, "gate", 4.0)):
        chosen = group.iloc[_zipf(len(group), size, rng)]
        spot = shapely.get_coordinates(chosen.geometry.to_numpy()) + rng.normal(
            0, spread, (size, 2)
        )
        names = chosen["name"].str.replace("正门|侧门", "", regex=True).to_numpy() + np.array(
            "门口", object
        )
        rows.append(pd.DataFrame({"place": names, "kind": kind, "geometry": make_points(spot)}))
    return pd.concat(rows)


def _around_junctions(rng: np.random.Generator) -> pd.DataFrame:
    found = make_network().junctions
    found = found[found["rank"] <= 2]
    chosen = found.iloc[_zipf(len(found), 260, rng)]
    spot = shapely.get_coordinates(chosen.geometry.to_numpy()) + rng.normal(0, 11, (260, 2))
    name = (
        chosen["name_a"].to_numpy()
        + np.array("与", object)
        + chosen["name_b"].to_numpy()
        + np.array("口", object)
    )
    return pd.DataFrame({"place": name, "kind": "junction", "geometry": make_points(spot)})


def _on_streets(rng: np.random.Generator) -> pd.DataFrame:
    """Along streets, four times as dense in the old town."""
    roads = make_network().roads
    town = roads[roads["class"].isin(["primary", "secondary", "residential"])]
    corner = np.array([S_LINES_M[OLD_COLUMNS], T_LINES_M[OLD_ROWS]], float)
    middle = shapely.get_coordinates(shapely.centroid(town.geometry.to_numpy()))
    edge = town_plane(corner[:1], corner[1:])[0]
    weight = town.geometry.length.to_numpy() * np.where((middle < edge).all(axis=1), 4.0, 1.0)
    row = rng.choice(len(town), 420, p=weight / weight.sum())
    spot = _on(town.geometry.to_numpy()[row], town["width_m"].to_numpy()[row] * 0.45, rng)
    return pd.DataFrame({"place": town["name"].to_numpy()[row], "kind": "street", "geometry": spot})


def _in_pilot(rng: np.random.Generator) -> pd.DataFrame:
    """Along the streets of the township in which the app is tried."""
    roads = make_network().roads
    own = roads[shapely.intersects(_pilot_ground(), roads.geometry.to_numpy())]
    row = rng.choice(len(own), 400)
    spot = _on(own.geometry.to_numpy()[row], own["width_m"].to_numpy()[row] * 0.45, rng)
    return pd.DataFrame({"place": own["name"].to_numpy()[row], "kind": "street", "geometry": spot})


def _on(lines: Shapes, reach: Floats, rng: np.random.Generator) -> Shapes:
    here = shapely.line_interpolate_point(lines, rng.random(len(lines)), normalized=True)
    return np.asarray(
        make_points(
            shapely.get_coordinates(here)
            + rng.uniform(-1, 1, (len(lines), 2)) * reach[:, None] * 0.7
        )
    )


def _in_villages(rng: np.random.Generator) -> pd.DataFrame:
    homes = make_hamlets()
    chosen = [homes[k] for k in _zipf(len(homes), 230, rng)]
    spot = [
        h.place(
            rng.uniform(-0.5, 0.5, 1) * h.length_m, rng.choice(h.offsets(), 1) + rng.normal(0, 1, 1)
        )[0]
        for h in chosen
    ]
    names = [f"{h.village}{h.name}" for h in chosen]
    return pd.DataFrame(
        {"place": names, "kind": "village", "geometry": make_points(np.array(spot))}
    )
