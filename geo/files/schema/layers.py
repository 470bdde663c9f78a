"""Layers that can be imported: columns, units, limits, header aliases, allowed words.

One contract serves the templates, the mapping of headers, the checks, the tables and the exports.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from geo.base.errors import LayerError
from geo.files.schema.camera_fields import EQUIPMENT
from geo.files.schema.fields import Field, Kind, Layer
from geo.files.schema.vocabularies import (
    CAMERA_CHANGES,
    DAY_KINDS,
    GRADES,
    HANDLING_LEVELS,
    LEVELS,
    LIMIT_UNITS,
    OUTCOMES,
    ROAD_CLASSES,
    STATES,
)

__all__ = ["DERIVED", "LAYERS", "POINTS", "Field", "Kind", "Layer", "find_layer"]


def find_layer(name: str) -> Layer:
    """Return the layer called `name`.

    Raises
    ------
    LayerError
        If there is no such layer; the sentence names those that there are.
    """
    if name not in LAYERS:
        raise LayerError("layer.unknown", name=name, known=", ".join(LAYERS))
    return LAYERS[name]


CODE = Field("code", "code", ("编码", "代码", "code12"), example="340802001001001")
_LAND = (Field("name", "text", ("名称",)), Field("kind", "text", ("类型",)))
NAME = Field("name", "text", ("名称",), required=True)
_OF_CAMERA = Field(
    "camera_code",
    "code",
    ("设备编码", "摄像机编码", "国标编码"),
    required=True,
    example="34080200001320000001",
)

_LAYERS = (
    Layer(
        "areas",
        "area",
        "polygon",
        (
            Field(
                "code",
                "code",
                ("编码", "网格编码", "区划代码", "代码", "adcode", "code12"),
                required=True,
                example="340802001001001",
            ),
            Field("name", "text", ("名称", "网格名称"), required=True, example="吴樾社区第一网格"),
            Field("level", "choice", ("层级", "级别"), choices=LEVELS, example="网格"),
            Field("kind", "text", ("类型", "类别"), example="基础网格"),
            Field(
                "parent_code",
                "code",
                ("上级编码", "所属编码", "parent", "parent_code12"),
                example="340802001001",
            ),
            Field("local_code", "code", ("本地编码", "自编号")),
        ),
    ),
    *EQUIPMENT,
    Layer(
        "buildings",
        "building",
        "polygon",
        (
            CODE,
            Field("name", "text", ("名称", "楼名")),
            Field("kind", "text", ("类型", "用途", "building")),
            Field("height_m", "number", ("height", "高度", "建筑高度", "楼高"), low=0, high=900),
        ),
    ),
    Layer(
        "roads",
        "road",
        "line",
        (
            CODE,
            Field("name", "text", ("名称", "路名", "道路名称")),
            Field(
                "class",
                "choice",
                ("等级", "道路等级", "highway", "fclass"),
                required=True,
                choices=ROAD_CLASSES,
                example="主干道",
            ),
            Field("width_m", "number", ("宽度", "路宽", "width"), low=0.5, high=200),
        ),
    ),
    *(
        Layer(name, table, "polygon", (CODE, *_LAND))
        for name, table in (
            ("water", "water"),
            ("farmland", "farmland"),
            ("privacy-zones", "privacy_zone"),
            ("restricted-zones", "restricted_zone"),
        )
    ),
    Layer(
        "pairings",
        "pairing",
        "none",
        (
            Field("code", "code", ("编码",)),
            Field(
                "area_code", "code", ("村居编码", "社区编码"), required=True, example="340802001001"
            ),
            Field(
                "unit_code", "code", ("包保单位编码", "单位编码"), required=True, example="U-CG-001"
            ),
            Field("since", "date", ("开始日期", "包保日期"), example="2026-01-01"),
        ),
        needs_geometry=False,
    ),
    Layer(
        "filings",
        "filing",
        "none",
        (
            Field(
                "code",
                "code",
                ("备案号", "备案编号", "编码"),
                required=True,
                example="BA-340802-2025-001",
            ),
            Field(
                "unit_name",
                "text",
                ("备案单位", "管理单位", "单位名称"),
                required=True,
                example="迎江分局",
            ),
            Field(
                "filed_on", "date", ("备案日期", "备案时间"), required=True, example="2025-06-20"
            ),
        ),
        needs_geometry=False,
    ),
    Layer(
        "consents",
        "consent",
        "none",
        (
            Field("code", "code", ("编码",)),
            _OF_CAMERA,
            Field("zone_code", "code", ("限制区编码", "区域编码"), required=True, example="XZ-001"),
            Field("document", "text", ("同意文件", "文号", "文件"), required=True),
            Field("consented_on", "date", ("同意日期", "日期"), example="2025-05-10"),
        ),
        needs_geometry=False,
    ),
    Layer(
        "permits",
        "permit",
        "none",
        (
            Field("code", "code", ("编码",)),
            _OF_CAMERA,
            Field(
                "kind",
                "choice",
                ("事由", "类型", "许可事项"),
                required=True,
                choices=CAMERA_CHANGES,
                example="移动",
            ),
            Field("document", "text", ("批准文件", "文号", "文件"), required=True),
            Field("permitted_on", "date", ("批准日期", "日期"), example="2025-05-10"),
        ),
        needs_geometry=False,
    ),
    Layer(
        "places",
        "place",
        "point",
        (
            CODE,
            NAME,
            Field("kind", "text", ("类型", "类别", "场所类型"), required=True, example="学校"),
            Field("weight", "number", ("权重",), low=0, high=100, example="1"),
            Field("radius_m", "number", ("范围半径", "半径"), low=1, high=1000, example="60"),
        ),
    ),
    Layer(
        "entrances",
        "entrance",
        "point",
        (
            CODE,
            Field("name", "text", ("名称", "出入口名称")),
            Field("place_code", "code", ("场所编码", "所属场所")),
            Field("kind", "text", ("类型",), example="主入口"),
        ),
    ),
    Layer(
        "addresses",
        "address",
        "point",
        (
            CODE,
            NAME,
            Field("kind", "text", ("类型",), required=True, example="路口"),
            Field("alias", "text", ("别名", "俗称")),
        ),
    ),
    Layer(
        "units",
        "unit",
        "none",
        (
            Field("code", "code", ("单位编码", "编码"), required=True, example="U-CG-001"),
            Field(
                "name", "text", ("单位名称", "名称"), required=True, example="宜城路街道城管中队"
            ),
            Field("kind", "text", ("类型", "类别")),
            Field("area_code", "code", ("辖区编码", "辖区"), example="340802001"),
            Field("duty_post", "text", ("值班岗", "值班员岗位", "岗位"), example="值班室"),
            Field("duty_phone", "text", ("值班电话", "联系电话"), example="0556-0000000"),
        ),
        needs_geometry=False,
    ),
    Layer(
        "centres",
        "centre",
        "point",
        (
            Field("code", "code", ("中心编码", "编码"), required=True, example="C-340802"),
            Field("name", "text", ("中心名称", "名称"), required=True, example="迎江区综治中心"),
            Field("level", "choice", ("层级", "级别"), choices=LEVELS),
            Field("area_code", "code", ("辖区编码", "辖区")),
            Field("address", "text", ("地址",)),
            Field("duty_post", "text", ("值班岗", "岗位")),
            Field("duty_phone", "text", ("值班电话", "联系电话")),
        ),
    ),
    Layer(
        "duties",
        "unit_duty",
        "none",
        (
            Field("code", "code", ("编码",)),
            Field("unit_code", "code", ("单位编码", "责任单位编码"), required=True),
            Field("area_code", "code", ("辖区编码", "网格编码", "村居编码"), required=True),
            Field("category", "text", ("事项类别", "类别"), example="市容环境"),
        ),
        needs_geometry=False,
    ),
    Layer(
        "categories",
        "category",
        "none",
        (
            Field("code", "code", ("类别编码", "编码"), example="0101"),
            Field("name", "text", ("类别名称", "名称"), required=True, example="井盖缺失"),
            Field("upper_code", "code", ("上级类别编码", "大类编码", "上级编码"), example="01"),
            Field("limit_amount", "number", ("办理时限", "时限"), low=0.1, high=9999, example="4"),
            Field("limit_unit", "choice", ("时限单位",), choices=LIMIT_UNITS, example="工作小时"),
            Field("gbt30428_class", "text", ("国标类别", "GB/T 30428类别", "国标小类")),
        ),
        needs_geometry=False,
    ),
    Layer(
        "calendar",
        "calendar",
        "none",
        (
            Field("day", "date", ("日期",), required=True, future=True, example="2026-10-01"),
            Field(
                "kind", "choice", ("类型", "性质"), required=True, choices=DAY_KINDS, example="休息"
            ),
            Field("name", "text", ("名称", "节日"), example="国庆节"),
        ),
        key="day",
        needs_geometry=False,
    ),
    Layer(
        "area-counts",
        "area_count",
        "none",
        (
            Field(
                "area_code",
                "code",
                ("村居编码", "社区编码", "区域编码"),
                required=True,
                example="340802001001",
            ),
            Field(
                "day", "date", ("截至日期", "统计日期", "日期"), required=True, example="2026-09-30"
            ),
            Field("households", "integer", ("户数", "总户数"), low=0, high=10_000_000),
            Field("residents", "integer", ("人口数", "常住人口", "人口"), low=0, high=10_000_000),
            Field(
                "unmanaged_estates",
                "integer",
                ("无物管小区数", "无物管小区"),
                low=0,
                high=100_000,
            ),
            Field("source", "text", ("数据来源", "来源"), required=True, example="七普公报"),
        ),
        key="area_code",
        moment="day",
        needs_geometry=False,
    ),
    Layer(
        "incidents",
        "incident",
        "point",
        (
            Field("code", "code", ("事项编号", "编号", "工单号", "id")),
            Field(
                "title",
                "text",
                ("标题", "事项名称", "主题", "民情", "民情内容"),
                required=True,
                example="井盖缺失",
            ),
            Field("category", "text", ("事项类别", "类别", "大类"), example="市容环境"),
            Field("description", "text", ("描述", "内容", "事项内容")),
            Field("source", "text", ("来源",), example="网格上报"),
            Field("state", "choice", ("状态", "办理状态"), choices=STATES, example="待受理"),
            Field("occurred_at", "time", ("发生时间", "created"), example="2026-09-30 21:38"),
            Field(
                "reported_at",
                "time",
                ("上报时间", "受理时间", "日期", "登记日期"),
                example="2026-09-30 21:40",
            ),
            Field("due_at", "time", ("办理时限", "截止时间", "应办结时间", "target"), future=True),
            Field("closed_at", "time", ("结案时间", "办结时间", "办结日期", "closed")),
            Field("accuracy_m", "number", ("定位精度", "误差"), low=0, high=100000),
            Field("address", "text", ("地址", "地点")),
            Field("located_code", "text", ("村居", "所属村居", "所属社区", "村居编码")),
            Field("grade", "choice", ("等级", "事项等级"), choices=GRADES, example="一般"),
            Field("level", "choice", ("办理层级", "办结层级"), choices=HANDLING_LEVELS),
            Field("result", "text", ("办理情况", "处置结果", "办理结果")),
            Field("outcome", "choice", ("办结方式",), choices=OUTCOMES, example="已解决"),
        ),
        needs_geometry=False,
    ),
)

# A list of places to be located: no table of its own.
POINTS = Layer(
    "points", "", "point", (Field("accuracy_m", "number", ("定位精度", "误差", "accuracy")),)
)

# Columns of exports that follow from others: an import leaves them out.
DERIVED: Final[frozenset[str]] = frozenset(
    {
        "grid_code",
        "community_code",
        "township_code",
        "unit_code",
        "on_time",
        "heading_source",
        "heading_verified_on",
        "position_source",
        "position_verified_on",
        "reported_lat",
        "reported_lon",
    }
)

LAYERS: Mapping[str, Layer] = MappingProxyType({each.name: each for each in _LAYERS})
