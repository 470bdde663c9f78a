"""The two camera registers as sheets, with the defects that real registers have planted in them."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from geo.base.crs import WGS84, project
from geo.demo.land.terrain import METRIC_SRID

HEADERS: Mapping[str, str] = {
    "code": "设备编码",
    "name": "设备名称",
    "site": "点位名称",
    "owner_kind": "建设类别",
    "point_class": "点位类别",
    "legal_basis": "建设依据",
    "form_word": "摄像机类型",
    "indoor": "室内",
    "light": "补光",
    "height_m": "安装高度",
    "lon": "经度",
    "lat": "纬度",
    "heading": "监视方位",
    "hfov_deg": "水平视场角",
    "res_h_px": "水平像素",
    "range_m": "有效距离",
    "status": "状态",
    "retention_days": "录像保存天数",
    "filing_no": "备案号",
    "sign": "提示标识",
    "installed_on": "安装时间",
    "phase": "建设期次",
    "manager": "管理单位",
    "maintainer": "运维单位",
    "phone": "值班电话",
    "remark": "备注",
}
OWNER_WORDS = {"skynet": "天网", "social": "社会面"}


@dataclass(frozen=True)
class Defect:
    """One planted fault: sheet row (the header is row 1), header of its column, and what it is."""

    row: int
    column: str
    kind: str


_PLANTED = (
    ("经度", "COORDINATES_MISSING"),
    ("经度", "COORDINATES_MISSING"),
    ("经度", "LONLAT_SWAPPED"),
    ("经度", "LONLAT_SWAPPED"),
    ("经度", "ZERO_COORDINATES"),
    ("经度", "ZERO_COORDINATES"),
    ("设备编码", "CODE_LENGTH"),
    ("设备编码", "CODE_DUPLICATE"),
    ("经度", "FULLWIDTH_DIGITS"),
    ("安装高度", "FULLWIDTH_DIGITS"),
    ("安装时间", "DATE_FUTURE"),
    ("安装时间", "DATE_FUTURE"),
)
REGISTER_DEFECTS: Mapping[str, tuple[Defect, ...]] = {
    "cameras_skynet.xlsx": tuple(
        Defect(152 + 157 * k, column, kind) for k, (column, kind) in enumerate(_PLANTED)
    ),
    "cameras_social.xlsx": tuple(
        Defect(122 + 121 * k, column, kind) for k, (column, kind) in enumerate(_PLANTED)
    ),
}
"""Every planted defect by file; the rows count among the 2,075 and the 1,600."""


def make_register(cameras: gpd.GeoDataFrame, file: str, remark: str) -> pd.DataFrame:
    """Return a camera register with Chinese headers and its planted defects.

    Parameters
    ----------
    cameras
        Cameras in the metric CRS of the demo.
    file
        Name of the register: a key of `REGISTER_DEFECTS`.
    remark
        Text of the remark column of every row.
    """
    frame = pd.DataFrame(cameras.drop(columns="geometry"))
    lonlat = project(cameras.geometry.to_numpy(), source=METRIC_SRID, target=WGS84)
    frame["lon"], frame["lat"] = shapely.get_coordinates(lonlat).round(7).T
    frame["owner_kind"] = frame["owner"].map(OWNER_WORDS)
    frame["form_word"] = frame["form"].map(FORM_IN_REGISTER)
    frame["remark"] = remark
    named = frame[list(HEADERS)].rename(columns=HEADERS).astype(object)
    for defect in REGISTER_DEFECTS[file]:
        _plant(named, defect)
    return named


FORM_IN_REGISTER = {
    "fixed": "固定枪机",
    "dome": "半球",
    "ptz": "球机",
    "panoramic": "全景",
    "multi": "多目",
}


def _plant(frame: pd.DataFrame, defect: Defect) -> None:
    """Spoil one cell (or the pair of coordinates) the way `defect` says."""
    at = defect.row - 2
    row = frame.iloc[at]
    if defect.kind == "COORDINATES_MISSING":
        values: dict[str, object] = {"经度": None, "纬度": None}
    elif defect.kind == "LONLAT_SWAPPED":
        values = {"经度": row["纬度"], "纬度": row["经度"]}
    elif defect.kind == "ZERO_COORDINATES":
        values = {"经度": 0, "纬度": 0}
    elif defect.kind == "CODE_LENGTH":
        values = {"设备编码": row["设备编码"][:-1]}
    elif defect.kind == "CODE_DUPLICATE":
        values = {"设备编码": frame.iloc[at - 40]["设备编码"]}
    elif defect.kind == "DATE_FUTURE":
        values = {"安装时间": "2099-01-01"}
    else:
        values = {defect.column: str(row[defect.column]).translate(_FULLWIDTH)}
    for column, value in values.items():
        cells = frame[column].to_numpy(object).copy()
        cells[at] = value
        frame[column] = cells


_FULLWIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")
