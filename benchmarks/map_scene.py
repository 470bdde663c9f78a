"""An invented district for the map page, of any size up to the demonstration's: seeded numpy."""

from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.random import Generator
from pandas import DataFrame

from maps.content import MapContent

WEST, SOUTH, EAST, NORTH = 117.03, 30.47, 117.25, 30.71
M_DEG = 1 / 111_320
DIGITS = "一二三四五六七八九十"
TITLES = (
    "井盖缺失",
    "占道经营",
    "路灯不亮",
    "垃圾暴露",
    "噪声扰民",
    "绿化缺株",
    "积水",
    "乱停车辆",
)
CATEGORIES = ("市容环境", "道路设施", "施工管理", "街面秩序", "突发事件")
STATES = ("reported", "accepted", "assigned", "in_progress", "done", "cancelled", "duplicate")
STATE_SHARES = (0.2, 0.15, 0.2, 0.2, 0.16, 0.05, 0.04)
REASON = "网格×类别：市容环境由街道城管中队承办"


def scene(
    *,
    grids: int = 344,
    cameras: int = 3675,
    incidents: int = 1167,
    gaps: int = 17_149,
    roads: int = 2500,
    buildings: int = 43_688,
    seed: int = 7,
) -> MapContent:
    """Return a district with so many things; coordinates, names and figures mean nothing."""
    rng = np.random.default_rng(seed)
    areas = _areas(rng, grids)
    cells = areas[areas["level"] == "grid"]
    eyes = _cameras(rng, cameras, cells)
    reported = _incidents(rng, incidents, cells)
    return MapContent(
        title="迎江区",
        mark="内部资料 注意保管",
        synthetic=True,
        computed_at=datetime(2026, 9, 30, 13, 40, tzinfo=UTC),
        device_set="all",
        detail=20,
        certainty="certain",
        areas=areas,
        water=_blobs(rng, 14, 0.02, areas),
        farmland=_blobs(rng, 30, 0.012, areas),
        roads=_roads(rng, roads),
        buildings=_buildings(np.random.default_rng(seed + 1), buildings),
        cameras=eyes,
        gaps=_gaps(rng, gaps, cells),
        centres=_centres(areas),
        places=_places(rng, 600),
        incidents=reported,
        seeing=_seeing(rng, reported, eyes),
    )


def _areas(rng: Generator, grids: int) -> GeoDataFrame:
    """Cut a rough disc into Voronoi cells with wavy shared borders; join them to larger areas."""
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    wave = 1 + 0.13 * np.sin(3 * turn) + 0.07 * np.cos(5 * turn)
    middle = np.array([(WEST + EAST) / 2, (SOUTH + NORTH) / 2])
    ring = np.column_stack([np.cos(turn) * wave * 0.085, np.sin(turn) * wave * 0.095])
    outline = shapely.Polygon(ring + middle)
    town = rng.normal(middle - 0.035, 0.022, (grids * 2, 2))
    land = rng.uniform([WEST, SOUTH], [EAST, NORTH], (grids, 2))
    seeds = shapely.points(np.vstack([town, land])[rng.permutation(grids * 3)])
    seeds = seeds[shapely.contains(outline, seeds)][:grids]
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=outline)
    )
    cells = shapely.intersection(cells, outline)
    cells = shapely.set_precision(cells, 1e-6)
    cells = shapely.transform(shapely.segmentize(_noded(cells), 40 * M_DEG), _wavy)
    at = shapely.get_coordinates(shapely.centroid(cells))
    order = np.lexsort((at[:, 0], np.floor((at[:, 1] - SOUTH) / 0.03)))
    cells = cells[order]
    community = np.sort(np.arange(len(cells)) * 47 // len(cells))
    frames = [_level(rng, "grid", cells, community)]
    joined = [shapely.union_all(cells[community == k]) for k in range(47)]
    township = np.arange(47) * 9 // 47
    frames.append(_level(rng, "community", np.array(joined), township))
    wider = [shapely.union_all(np.array(joined)[township == k]) for k in range(9)]
    frames.append(_level(rng, "township", np.array(wider), np.zeros(9, dtype=int)))
    frames.append(_level(rng, "district", np.array([shapely.union_all(wider)]), np.zeros(1)))
    return GeoDataFrame(pd.concat(frames[::-1], ignore_index=True), geometry="geometry", crs=4326)


def _noded(cells: np.ndarray) -> np.ndarray:
    """Give neighbours the same points along the borders they share."""
    lines = shapely.union_all(shapely.boundary(cells))
    parts = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    return parts[shapely.area(parts) > 1e-9]


def _wavy(xy: np.ndarray) -> np.ndarray:
    """Move each point by an amount that depends on the point alone."""
    shift = np.sin(xy[:, ::-1] * 9000) * 7 * M_DEG
    return np.round(xy + shift, 7)


def _level(rng: Generator, level: str, geoms: np.ndarray, parent: np.ndarray) -> GeoDataFrame:
    n = len(geoms)
    codes = {
        "district": ["340802000000"],
        "township": [f"34080200{k + 1}000" for k in range(n)],
        "community": [f"340802{parent[k] + 1:03d}{k + 1:03d}" for k in range(n)]
        if level == "community"
        else [],
    }
    up = {"district": "", "township": "340802000000"}
    if level == "grid":
        code = [
            f"340802{parent[k] * 9 // 47 + 1:03d}{parent[k] + 1:03d}{k + 1:03d}" for k in range(n)
        ]
        name = [f"{_community(parent[k])}第{k % 10 + 1}网格" for k in range(n)]
        above = [f"340802{p * 9 // 47 + 1:03d}{p + 1:03d}" for p in parent]
    else:
        code = codes[level]
        name = {
            "district": ["迎江区"],
            "township": [f"{DIGITS[k % 9]}里街道" for k in range(n)],
            "community": [_community(k) for k in range(n)],
        }[level]
        above = [up.get(level, f"34080200{int(p) + 1}000") for p in parent]
    area = shapely.area(geoms) / M_DEG**2 * 0.86
    share = np.clip(rng.beta(2, 2, n), 0, 1)
    share[rng.random(n) < (0.04 if level == "grid" else 0)] = np.nan
    demand = area * 0.2
    return GeoDataFrame(
        {
            "level": level,
            "code": code,
            "name": name,
            "kind": "基础网格" if level == "grid" else "",
            "parent_code": above,
            "unit_name": "街道城管中队",
            "area_m2": area,
            "open_ground_m2": area * 0.6,
            "demand_m2": demand,
            "covered_demand_m2": demand * share,
            "covered_demand_share": share,
            "covered_open_ground_m2": area * 0.6 * share * 0.4,
            "covered_share": share * 0.4,
            "covered_demand_share_certain": share,
            "covered_demand_share_possible": np.minimum(share * 1.5, 1.0),
            "covered_share_certain": share * 0.4,
            "covered_share_possible": np.minimum(share * 0.6, 1.0),
            **_criteria(area, share),
        },
        geometry=GeoSeries(geoms, crs=4326),
    )


def _criteria(area: np.ndarray, share: np.ndarray) -> dict[str, np.ndarray]:
    """Return how much there is of each official criterion and what is seen of it."""
    found = {"longest_blind_m": np.round(400 * (1 - share))}
    for name, per_m2 in (("places", 4e-5), ("entrances", 8e-5), ("road_m", 8e-3)):
        whole = np.round(area * per_m2)
        seen = np.round(whole * share)
        found |= {name: whole, f"{name}_certain": seen}
        found[f"{name}_possible"] = np.minimum(whole, np.round(seen * 1.6))
    return found


def _community(k: int) -> str:
    return f"{'东西南北中'[k % 5]}{'山水湖园桥门塔亭江林'[k // 5]}社区"


def _spread(rng: Generator, n: int, cells: GeoDataFrame) -> tuple[np.ndarray, list[str]]:
    """Return points near the middles of cells, with the codes of these cells."""
    pick = rng.integers(0, len(cells), n)
    middles = shapely.get_coordinates(shapely.point_on_surface(cells.geometry.to_numpy()))
    xy = middles[pick] + rng.normal(0, 60 * M_DEG, (n, 2))
    return xy, cells["code"].iloc[pick].tolist()


def _cameras(rng: Generator, n: int, cells: GeoDataFrame) -> GeoDataFrame:
    xy, grid = _spread(rng, n, cells)
    heading = rng.integers(0, 360, n).astype(float)
    heading[rng.random(n) < 0.12] = np.nan
    owner = np.where(rng.random(n) < 0.565, "skynet", "social")
    return GeoDataFrame(
        {
            "code": [f"3408020000132{k:07d}" for k in range(n)],
            "name": [f"人民路与龙山路口东北角枪机{k}" for k in range(n)],
            "owner_kind": owner,
            "form": rng.choice(
                ["fixed", "dome", "ptz", "panoramic", "multi"], n, p=[0.6, 0.15, 0.15, 0.05, 0.05]
            ),
            "status": rng.choice(["in_use", "repair"], n, p=[0.98, 0.02]),
            "connection": rng.choice(["online", "offline", "unknown"], n, p=[0.92, 0.05, 0.03]),
            "indoor": rng.random(n) < 0.05,
            "heading_deg": heading,
            "heading_source": np.where(np.isnan(heading), "unknown", "surveyed"),
            "hfov_deg": rng.choice([60.0, 90.0, 110.0, np.nan], n),
            "range_m": rng.choice([30.0, 50.0, 80.0, np.nan], n),
            "grid_code": grid,
        },
        geometry=gpd.points_from_xy(*xy.T, crs=4326),
    )


def _incidents(rng: Generator, n: int, cells: GeoDataFrame) -> GeoDataFrame:
    xy, grid = _spread(rng, n, cells)
    minutes = rng.integers(0, 180 * 24 * 60, n)
    status = rng.choice(["inside", "border", "outside"], n, p=[0.94, 0.05, 0.01])
    points = gpd.points_from_xy(*xy.T).to_numpy()
    points[rng.random(n) < 0.03] = None
    return GeoDataFrame(
        {
            "code": [f"YJ2026{k:06d}" for k in range(n)],
            "title": [f"人民路{k % 200 + 1}号{t}" for k, t in enumerate(rng.choice(TITLES, n))],
            "category": rng.choice(CATEGORIES, n),
            "state": np.where(
                rng.random(n) < 987 / 1167, "closed", rng.choice(STATES, n, p=STATE_SHARES)
            ),
            "reported_at": pd.Timestamp("2026-09-30T13:40Z") - pd.to_timedelta(minutes, unit="min"),
            "status": status,
            "grid_code": np.where(status == "outside", "", grid),
            "unit_name": "宜城路街道城管中队",
            "duty_phone": "0556-5000000",
            "reason": REASON,
        },
        geometry=GeoSeries(points, crs=4326),
    )


def _seeing(rng: Generator, incidents: GeoDataFrame, cameras: GeoDataFrame) -> DataFrame:
    """Give each incident its eight nearest cameras, a rule of thumb deciding what they see."""
    eyes = shapely.get_coordinates(cameras.geometry.to_numpy())
    rows = []
    for code, point in zip(incidents["code"], incidents.geometry, strict=True):
        if point is None or point.is_empty or len(eyes) == 0:
            continue
        away = (np.array([point.x, point.y]) - eyes) / M_DEG * [0.86, 1]
        metres = np.hypot(*away.T)
        near = np.argsort(metres)[:8]
        heading = cameras["heading_deg"].to_numpy()[near]
        bearing = np.degrees(np.arctan2(away[near, 0], away[near, 1])) % 360
        turned = np.abs((bearing - heading + 180) % 360 - 180)
        close = metres[near] < 70
        relation = np.where(close & (turned < 45), "sees", "near")
        relation = np.where(close & np.isnan(heading), "possible", relation)
        why = np.select(
            [relation == "sees", relation == "possible", ~close],
            ["sees", "heading_unknown", "beyond_range"],
            "turned_away",
        )
        rows.append(
            pd.DataFrame(
                {
                    "incident_code": code,
                    "camera_code": cameras["code"].to_numpy()[near],
                    "relation": relation,
                    "why": why,
                    "distance_m": metres[near],
                    "bearing_deg": bearing,
                    "heading_deg": heading,
                    "px_per_m": 1280 / np.maximum(metres[near], 1),
                    "online": rng.choice([True, False], 8, p=[0.95, 0.05])[: len(near)],
                    "order": np.select([relation == "sees", relation == "possible"], [0, 1], 2),
                }
            )
        )
    if not rows:
        return DataFrame({"incident_code": [], "camera_code": []})
    table = pd.concat(rows, ignore_index=True)
    table = table.sort_values(["incident_code", "order", "distance_m"], ignore_index=True)
    return table.assign(rank=table.groupby("incident_code").cumcount() + 1)


def _gaps(rng: Generator, n: int, cells: GeoDataFrame) -> GeoDataFrame:
    xy, grid = _spread(rng, n, cells)
    turn = np.linspace(0, 2 * np.pi, 9, endpoint=False)  # real gaps have eight corners on average
    radius = rng.uniform(8, 45, (n, 1)) * rng.uniform(0.6, 1, (n, 9)) * M_DEG
    rings = xy[:, None, :] + np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=2)
    return GeoDataFrame(
        {
            "rank": np.arange(n) + 1,
            "grid_code": grid,
            "area_m2": rng.uniform(20, 6000, n),
            "weight": np.sort(rng.gamma(2, 20, n))[::-1],
            "road_m": np.arange(n) % 200,
            "entrances": np.arange(n) % 3,
            "incidents": np.arange(n) % 2,
        },
        geometry=GeoSeries([shapely.Polygon(ring) for ring in rings], crs=4326),
    )


def _roads(rng: Generator, n: int) -> GeoDataFrame:
    start = rng.uniform([WEST + 0.04, SOUTH + 0.04], [EAST - 0.05, NORTH - 0.05], (n, 2))
    along = (rng.random(n) < 0.5)[:, None, None]
    step = np.linspace(0, 1, 8)[None, :, None] * rng.uniform(200, 900, (n, 1, 1)) * M_DEG
    bend = np.sin(np.linspace(0, 3, 8))[None, :, None] * rng.uniform(-20, 20, (n, 1, 1)) * M_DEG
    forth = np.concatenate([step, bend], axis=2)
    path = start[:, None, :] + np.where(along, forth, forth[:, :, ::-1])
    return GeoDataFrame(
        {
            "class": rng.choice(
                ["trunk", "primary", "secondary", "residential"], n, p=[0.02, 0.08, 0.2, 0.7]
            ),
            "name": [f"龙山路{k % 90}段" for k in range(n)],
        },
        geometry=GeoSeries(shapely.linestrings(path), crs=4326),
    )


def _buildings(rng: Generator, n: int) -> GeoDataFrame:
    at = rng.uniform([WEST + 0.04, SOUTH + 0.04], [EAST - 0.05, NORTH - 0.05], (n, 2))
    size = rng.uniform(8, 40, (n, 2)) * M_DEG
    return GeoDataFrame(geometry=GeoSeries(shapely.box(*at.T, *(at + size).T), crs=4326))


def _blobs(rng: Generator, n: int, radius_deg: float, areas: GeoDataFrame) -> GeoDataFrame:
    outline = areas.geometry.iloc[0]
    at = shapely.points(rng.uniform([WEST, SOUTH], [EAST, NORTH], (n, 2)))
    shapes = shapely.intersection(
        shapely.buffer(at, rng.uniform(0.1, 0.5, n) * radius_deg), outline
    )
    return GeoDataFrame(
        {"name": "湖", "kind": "湖泊"}, index=range(n), geometry=GeoSeries(shapes, crs=4326)
    )


def _centres(areas: GeoDataFrame) -> GeoDataFrame:
    some = areas[areas["level"] != "grid"]
    return GeoDataFrame(
        {
            "code": "C-" + some["code"],
            "name": some["name"] + "综治中心",
            "level": some["level"],
            "duty_phone": "0556-5000001",
        },
        geometry=some.geometry.representative_point(),
        crs=4326,
    ).reset_index(drop=True)


def _places(rng: Generator, n: int) -> GeoDataFrame:
    at = rng.uniform([WEST + 0.04, SOUTH + 0.04], [EAST - 0.05, NORTH - 0.05], (n, 2))
    return GeoDataFrame(
        {"name": [f"第{k}小学" for k in range(n)], "kind": "学校"},
        geometry=gpd.points_from_xy(*at.T, crs=4326),
    )
