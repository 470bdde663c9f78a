"""Names, codes and parents: which grid belongs to which community, township and the district.

Names and codes are facts (``data/boundaries/units.csv``); which ground they stand on is invented.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.base.crs import WGS84, project
from geo.demo.land.areas import Tiling, cut_into_grids
from geo.demo.land.lattice import OLD_COLUMNS, make_plan
from geo.demo.land.terrain import METRIC_SRID

DISTRICT = ("340802000000", "迎江区")
REPORTED: Mapping[str, Any] = {
    "reported_skynet": 2075,
    "reported_social": 1600,
    "reported_note": "社会面约1600路，为上报数",
}
TOWNSHIPS: dict[str, tuple[str, str]] = {
    "340802001000": ("宜城路街道", "街道"),
    "340802002000": ("新河路街道", "街道"),
    "340802003000": ("华中路街道", "街道"),
    "340802004000": ("人民路街道", "街道"),
    "340802005000": ("孝肃路街道", "街道"),
    "340802006000": ("滨江街道", "街道"),
    "340802200000": ("龙狮桥乡", "乡"),
    "340802201000": ("长风乡", "乡"),
    "340802202000": ("新洲乡", "乡"),
}
COMMUNITIES: dict[str, str] = {
    "340802001001": "吴樾社区",
    "340802001007": "天后宫社区",
    "340802001013": "南水回族社区",
    "340802001014": "钱牌楼社区",
    "340802002001": "新河社区",
    "340802002003": "地质社区",
    "340802002005": "曙光社区",
    "340802002006": "新龙社区",
    "340802002007": "渡江社区",
    "340802003001": "永胜社区",
    "340802003003": "程家墩社区",
    "340802003004": "光荣社区",
    "340802003006": "皖江社区",
    "340802004001": "炮营山社区",
    "340802004003": "先锋社区",
    "340802004004": "康熙河社区",
    "340802004005": "东正社区",
    "340802005003": "双井社区",
    "340802005004": "荷花塘社区",
    "340802005010": "锡麟社区",
    "340802006001": "马窝社区",
    "340802006002": "西湖社区",
    "340802006003": "秦潭湖社区",
    "340802006005": "云墅社区",
    "340802006006": "宜景社区",
    "340802200001": "红旗社区",
    "340802200002": "前进社区",
    "340802200003": "长青社区",
    "340802200004": "机场社区",
    "340802200005": "任店社区",
    "340802200006": "余桥社区",
    "340802201200": "枞南村",
    "340802201201": "合兴村",
    "340802201202": "联兴村",
    "340802201203": "将军村",
    "340802201204": "新义村",
    "340802201205": "营盘村",
    "340802201206": "长风村",
    "340802201208": "前江村",
    "340802201210": "高松村",
    "340802201211": "柘山村",
    "340802201212": "柘林村",
    "340802202200": "南木村",
    "340802202201": "天然村",
    "340802202202": "青龙村",
    "340802202203": "永存村",
    "340802202204": "康宁村",
}
LEFT_OUT = {"340802200007": "雨润居委会", "340802200008": "绿地居委会"}
"""Two of the list's 33 居委会: the demo shows the district's own count of 31."""

_OLD_TOWN = ("005", "001", "003", "004", "002")
"""Old-town townships, west to east as the cut goes."""
_ISLANDS = {"river": ("200",), "upper": ("203", "202", "204"), "lower": ("201",)}
_NUMERALS = "〇一二三四五六七八九十"


@cache
def make_grids() -> gpd.GeoDataFrame:
    """Return the 344 grids: code, name, kind, parent_code, geometry (lon/lat, 7 decimals)."""
    tiles = cut_into_grids()
    parent = _communities_of(tiles)
    frame = gpd.GeoDataFrame({"parent_code": parent}, geometry=tiles.shape, crs=WGS84)
    frame["code"] = ""
    for community, group in frame.groupby("parent_code"):
        order = _reading_order(group.geometry.to_numpy())
        serial = pd.Series([f"{community}{k:03d}" for k in range(1, len(group) + 1)],
                           index=group.index[order])  # fmt: skip
        frame.loc[serial.index, "code"] = serial
    names = frame["parent_code"].map(COMMUNITIES)
    numbers = frame["code"].str[-3:].astype(int)
    frame["name"] = [f"{n}第{_numeral(k)}网格" for n, k in zip(names, numbers, strict=True)]
    frame["kind"] = "基础网格"
    frame = frame[["code", "name", "kind", "parent_code", "geometry"]].sort_values("code")
    return frame.reset_index(drop=True)


@cache
def make_communities() -> gpd.GeoDataFrame:
    """Return the 47 communities, each the union of its grids with every vertex kept."""
    codes = list(COMMUNITIES)
    frame = _united(make_grids(), codes)
    frame["name"] = list(COMMUNITIES.values())
    frame["kind"] = np.where(frame["name"].str.endswith("村"), "村", "社区")
    frame["parent_code"] = frame["code"].str[:9] + "000"
    return frame[["code", "name", "kind", "parent_code", "geometry"]]


@cache
def make_townships() -> gpd.GeoDataFrame:
    """Return the 9 townships, each the union of its communities."""
    frame = _united(make_communities(), list(TOWNSHIPS))
    frame["name"] = [name for name, _ in TOWNSHIPS.values()]
    frame["kind"] = [kind for _, kind in TOWNSHIPS.values()]
    frame["parent_code"] = DISTRICT[0]
    return frame[["code", "name", "kind", "parent_code", "geometry"]]


@cache
def make_district() -> gpd.GeoDataFrame:
    """Return the district: the union of its townships, with the reported camera figures."""
    frame = _united(make_townships(), [DISTRICT[0]])
    frame["name"], frame["kind"] = DISTRICT[1], "市辖区"
    frame = frame.assign(**REPORTED)
    return frame[["code", "name", "kind", *REPORTED, "geometry"]]


def _united(children: gpd.GeoDataFrame, codes: Sequence[str]) -> gpd.GeoDataFrame:
    shapes: list[BaseGeometry] = [
        shapely.coverage_union_all(children.geometry.to_numpy()[children["parent_code"] == code])
        for code in codes
    ]
    return gpd.GeoDataFrame({"code": list(codes)}, geometry=shapes, crs=WGS84)


def _reading_order(shapes: NDArray[np.object_]) -> NDArray[np.int64]:
    """Order as one reads: rows from north to south, in each row from west to east.

    A row is as high as a grid is on average, counted down from the northernmost centroid.
    """
    middle = shapely.get_coordinates(
        shapely.centroid(project(shapes, source=WGS84, target=METRIC_SRID))
    )
    height = np.sqrt(shapely.area(project(shapes, source=WGS84, target=METRIC_SRID)).mean())
    row = np.floor((middle[:, 1].max() - middle[:, 1]) / height + 1e-9)
    return np.lexsort((middle[:, 0], row))


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    ten = "" if tens == 0 else "十" if tens == 1 else f"{_NUMERALS[tens]}十"
    return ten + (_NUMERALS[ones] if ones or not tens else "")


def _communities_of(tiles: Tiling) -> NDArray[np.object_]:
    """Return the community code of each tile."""
    parent = np.empty(len(tiles.shape), object)
    cells = make_plan().cells
    town = np.flatnonzero(tiles.zone == "town")
    for members, township in _town_parts(cells):
        parent[town[members]] = _share_out(_town_order(cells.iloc[members]), _children(township))
    country = {"main": _children("340802201")}
    for zone, serials in _ISLANDS.items():
        country[zone] = [f"340802202{serial}" for serial in serials]
    for zone, codes in country.items():
        here = np.flatnonzero(tiles.zone == zone)
        x, y = tiles.seed_xy[here].T
        parent[here] = _share_out(((x, y), (y, x)), codes)
    return _joined(tiles.shape, parent)


Order = tuple[tuple[NDArray[np.float64], ...], tuple[NDArray[np.float64], ...]]
"""Positions (first axis, second) and (second, first): sort keys for a cut across either."""


def _town_order(cells: pd.DataFrame) -> Order:
    s = (cells["s0"] + cells["s1"]).to_numpy(float) / 2
    t = (cells["t0"] + cells["t1"]).to_numpy(float) / 2
    return (s, t), (t, s)


def _joined(shapes: NDArray[np.object_], parent: NDArray[np.object_]) -> NDArray[np.object_]:
    """Give tiles that a cut left apart from their community to the smallest one beside them."""
    one, two = shapely.STRtree(shapes).query(shapes, predicate="touches")
    sides = shapely.length(shapely.intersection(shapes[one], shapes[two])) > 0
    beside: list[list[int]] = [[] for _ in shapes]
    for a, b in zip(one[sides], two[sides], strict=True):
        beside[a].append(int(b))
    found = parent.copy()
    for code in sorted(set(parent)):
        for stray in _pieces(np.flatnonzero(found == code), beside)[1:]:
            near = {found[b] for a in stray for b in beside[a] if found[b] != code}
            same = {other for other in near if other[:9] == code[:9]} or near
            found[stray] = min(same, key=lambda other: (int((found == other).sum()), other))
    return found


def _pieces(members: NDArray[np.int64], beside: list[list[int]]) -> list[list[int]]:
    """Return the connected parts of `members`, the largest first."""
    left, parts = set(members.tolist()), []
    while left:
        part = [left.pop()]
        for tile in part:
            near = left.intersection(beside[tile])
            part.extend(sorted(near))
            left -= near
        parts.append(sorted(part))
    return sorted(parts, key=lambda part: (-len(part), part))


def _children(township: str) -> list[str]:
    return [code for code in COMMUNITIES if code.startswith(township)]


def _town_parts(cells: pd.DataFrame) -> list[tuple[NDArray[np.int64], str]]:
    """Return the cells of each township of the town."""
    column, row = cells["column"].to_numpy(), cells["row"].to_numpy()
    is_old = cells["old"].to_numpy(bool)
    old = np.flatnonzero(is_old)
    townships = [f"340802{serial}" for serial in _OLD_TOWN]
    of_old = _bisected(_town_order(cells.iloc[old]), [len(_children(code)) for code in townships])
    parts = [(old[of_old == k], code) for k, code in enumerate(townships)]
    riverside = (column >= OLD_COLUMNS) & (row <= 3 - (column > 13))
    parts.append((np.flatnonzero(riverside), "340802006"))
    parts.append((np.flatnonzero(~riverside & ~is_old), "340802200"))
    return parts


def _share_out(order: Order, codes: Sequence[str]) -> NDArray[np.object_]:
    return np.array(codes, object)[_bisected(order, [1] * len(codes))]


def _bisected(order: Order, weights: Sequence[int]) -> NDArray[np.int64]:
    """Cut tiles into parts of about equal weight, each time across the longer extent."""
    count = len(order[0][0])
    part = np.zeros(count, np.int64)
    if len(weights) == 1:
        return part
    half = len(weights) // 2
    longer = order[int(np.ptp(order[1][0]) > np.ptp(order[0][0]))]
    run = np.lexsort(longer[::-1])
    cut = round(count * sum(weights[:half]) / sum(weights))
    for rows, share, first in ((run[:cut], weights[:half], 0), (run[cut:], weights[half:], half)):
        own: Order = (tuple(key[rows] for key in order[0]), tuple(key[rows] for key in order[1]))
        part[rows] = _bisected(own, share) + first
    return part
