"""Units with duty posts and office phones, their duties, and the 57 centres."""

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.base.crs import WGS84, project
from geo.demo.built.buildings import make_buildings
from geo.demo.land.divisions import (
    COMMUNITIES,
    DISTRICT,
    TOWNSHIPS,
    make_communities,
    make_grids,
    make_townships,
)
from geo.demo.land.terrain import METRIC_SRID, Shapes
from geo.demo.registers.places import make_places

CATEGORIES = (
    "市容环境",
    "道路设施",
    "施工管理",
    "街面秩序",
    "矛盾纠纷",
    "突发事件",
    "供水排水",
    "园林绿化",
    "消防安全",
)
_TOWNSHIP_UNITS = (  # kind, code part, name after the township's, duty post, categories
    ("城管中队", "CG", "城管中队", "值班室", ("市容环境", "施工管理")),
    ("市政所", "SZ", "市政所", "调度岗", ("道路设施", "园林绿化")),
    ("派出所", "PC", "派出所", "接警岗", ("街面秩序", "突发事件")),
    ("值班室", "ZB", "值班室", "值班岗", ("消防安全",)),
)
_DISTRICT_UNITS = (  # kind, code, name, duty post, categories
    ("城管", "CG", "迎江区城市管理局", "指挥中心值班岗", ("市容环境",)),
    ("供水", "GS", "供水抢修中心", "抢修值班岗", ("供水排水",)),
    ("供电", "GD", "供电抢修中心", "抢修值班岗", ()),
    ("燃气", "RQ", "燃气抢修中心", "抢修值班岗", ()),
    ("排水", "PS", "排水管理所", "值班岗", ("供水排水",)),
    ("园林", "YL", "园林管理所", "值班岗", ("园林绿化",)),
    ("环卫", "HW", "环境卫生管理所", "调度岗", ()),
    ("交警", "JJ", "交警大队", "指挥室值班岗", ()),
    ("消防", "XF", "消防救援大队", "指挥室值班岗", ("消防安全",)),
    ("应急", "YJ", "应急管理局", "值班室", ("突发事件",)),
    ("住建", "ZJ", "住房和城乡建设局", "值班室", ("施工管理",)),
    ("市场监管", "SC", "市场监督管理局", "值班室", ()),
    ("水利", "SL", "水利局", "防汛值班室", ()),
    ("司法", "SF", "矛盾纠纷调解中心", "调解岗", ("矛盾纠纷",)),
    ("综治", "ZZ", "迎江区综治中心值守席", "值守席", ()),
)


def make_phone(number: int) -> str:
    """Return an office number that cannot be dialled: no local number begins with 0."""
    return f"0556-0{number:06d}"


def make_units() -> pd.DataFrame:
    """Return the units: code, name, kind, area_code, duty_post, duty_phone."""
    rows = [
        (f"U-{code}", name, kind, DISTRICT[0], post)
        for kind, code, name, post, _ in _DISTRICT_UNITS
    ]
    for area, (name, _) in TOWNSHIPS.items():
        rows += [
            (f"U-{area[6:9]}-{code}", name + ending, kind, area, post)
            for kind, code, ending, post, _ in _TOWNSHIP_UNITS
        ]
    rows += [
        (f"U-{area[6:]}", _office(name), "村居", area, "值班岗")
        for area, name in COMMUNITIES.items()
    ]
    frame = pd.DataFrame(rows, columns=["code", "name", "kind", "area_code", "duty_post"])
    frame["duty_phone"] = [make_phone(1_000 + 7 * k) for k in range(len(frame))]
    return frame


def _office(name: str) -> str:
    return f"{name}委会值班室" if name.endswith("村") else f"{name}居委会值班室"


def make_duties(seed: int) -> pd.DataFrame:
    """Return the duties of units: code, unit_code, area_code, category.

    Every category has a unit at the district or in each township; disputes go to the community,
    and some grids beside markets have a unit of their own for street vending.
    """
    rows = [
        (f"U-{code}", DISTRICT[0], category)
        for _, code, _, _, categories in _DISTRICT_UNITS
        for category in categories
    ]
    rows += [
        (f"U-{area[6:9]}-{code}", area, category)
        for area in TOWNSHIPS
        for _, code, _, _, categories in _TOWNSHIP_UNITS
        for category in categories
    ]
    rows += [(f"U-{area[6:]}", area, "矛盾纠纷") for area in COMMUNITIES]
    rows += [(f"U-{grid[6:9]}-CG", grid, "街面秩序") for grid in _market_grids(seed)]
    frame = pd.DataFrame(rows, columns=["unit_code", "area_code", "category"])
    frame.insert(0, "code", [f"D{k:04d}" for k in range(1, len(frame) + 1)])
    return frame


def _market_grids(seed: int) -> list[str]:
    home = make_places(seed)
    busy = home[home["use"].isin(["market", "square", "station"])]
    lonlat = project(busy.geometry.to_numpy(), source=METRIC_SRID, target=WGS84)
    frame = make_grids()
    hit = shapely.STRtree(frame.geometry.to_numpy()).query(lonlat, predicate="within")[1]
    return sorted(set(frame["code"].to_numpy()[hit]))


def make_centres(seed: int) -> gpd.GeoDataFrame:
    """Return the centres of district, townships and communities, each at a building (metres)."""
    areas = pd.concat(
        [
            pd.DataFrame({"area_code": [DISTRICT[0]], "name": [DISTRICT[1]], "level": "区"}),
            _named(make_townships(), "乡街"),
            _named(make_communities(), "村居"),
        ],
        ignore_index=True,
    )
    spots = [_seat(seed, code) for code in areas["area_code"]]
    areas["code"] = "C-" + areas["area_code"].map(_short)
    areas["name"] = areas["name"] + "综治中心"
    areas["duty_post"] = "值班岗"
    areas["duty_phone"] = [make_phone(5_000 + 3 * k) for k in range(len(areas))]
    return gpd.GeoDataFrame(areas, geometry=spots, crs=METRIC_SRID)


def _named(frame: gpd.GeoDataFrame, level: str) -> pd.DataFrame:
    return pd.DataFrame({"area_code": frame["code"], "name": frame["name"], "level": level})


def _short(code: str) -> str:
    return code[:6] if code.endswith("000000") else code[:9] if code.endswith("000") else code


def _seat(seed: int, code: str) -> shapely.Point:
    """Find the building nearest to the area's middle that can hold a centre."""
    frame = make_communities()
    if code == DISTRICT[0]:
        own = frame[frame["code"] == "340802001014"]
    else:
        own = frame[frame["code"].str.startswith(code[:9] if code.endswith("000") else code)]
        own = own.iloc[: max(1, len(own) // 2 + 1)] if code.endswith("000") else own
    shape = project(own.geometry.to_numpy()[-1:], source=WGS84, target=METRIC_SRID)[0]
    stock = _possible(seed)
    inside = stock[shapely.contains(shape, stock)] if len(stock) else stock
    order = shapely.distance(inside, shapely.point_on_surface(shape))
    rank = 2 if code == DISTRICT[0] else 1 if code.endswith("000") else 0
    point: shapely.Point = inside[np.argsort(order, kind="stable")[rank]]
    return point


@cache
def _possible(seed: int) -> Shapes:
    stock = make_buildings(seed)
    fit = stock["kind"].isin(["办公", "商住", "住宅", "民房", "商业", "物业"])
    return np.asarray(shapely.point_on_surface(stock.geometry.to_numpy()[fit]))
