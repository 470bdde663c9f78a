"""Equipment: the columns of cameras, of what is known of them, and of poles."""

from typing import Final

from geo.files.schema.fields import Field, Layer
from geo.files.schema.vocabularies import (
    CATALOG_CLASSES,
    CATALOG_FORMS,
    CATALOG_ROOMS,
    CONNECTIONS,
    FORMS,
    LIGHTS,
    OWNER_KINDS,
    STATUSES,
)

_CODES: Final = (
    *("设备编码", "国标编码", "编码", "国标id", "20位编码", "device_id"),
    *("设备编号", "摄像机编号", "编号"),
)
_CODE: Final = Field("code", "code", _CODES, required=True, example="34080200001320000001")

VIEWS: Final = Layer(
    "views",
    "camera_view",
    "none",
    (
        Field("code", "code", required=True, example="34080200001320000001/1"),
        Field("heading_deg", "heading"),
        Field("hfov_deg", "number", low=1, high=360),
        Field("vfov_deg", "number", low=1, high=180),
        Field("tilt_deg", "number", low=-90, high=90),
        Field("res_h_px", "integer", low=160, high=20000),
        Field("range_m", "number", low=0, high=5000),
    ),
    needs_geometry=False,
)
"""Single views of cameras, which are edited one by one; files tell them with their cameras."""

EQUIPMENT: Final = (
    Layer(
        "cameras",
        "camera",
        "point",
        (
            # beside Chinese headers the keys that OpenStreetMap has for man_made=surveillance
            Field(
                "code",
                "code",
                (*_CODES, "@id", "full_id", "osm_id"),
                example="34080200001320000001",
            ),
            Field("local_code", "code", ("本地编码", "厂商编码", "自编号", "ref")),
            Field("site", "text", ("点位", "点位名称", "杆件", "监控点")),
            Field(
                "name",
                "text",
                (
                    *("设备名称", "名称", "摄像机名称", "点位俗称"),
                    *("监控点名称", "监控名称", "探头名称"),
                ),
                required=True,
                example="人民路与龙山路口东北角枪机",
            ),
            Field(
                "owner_kind",
                "choice",
                ("建设类别", "权属", "归属", "类别", "建设性质"),
                choices=OWNER_KINDS,
                example="天网",
            ),
            Field("point_class", "text", ("点位类别", "点位类型", "监控点位类型"), example="一类"),
            Field("legal_basis", "text", ("建设依据", "法律依据")),
            Field(
                "form",
                "choice",
                ("摄像机类型", "类型", "形式", "camera:type"),
                choices=FORMS,
                example="固定枪机",
            ),
            Field("indoor", "boolean", ("室内", "室内外", "surveillance"), example="否"),
            Field("supply_light", "choice", ("补光", "补光属性"), choices=LIGHTS, example="红外"),
            Field(
                "mount_height_m",
                "number",
                ("安装高度", "杆高", "height"),
                low=0,
                high=120,
                example="6",
            ),
            Field(
                "heading_deg",
                "heading",
                ("监视方位", "朝向", "方位角", "角度", "camera:direction", "direction"),
                example="45",
            ),
            Field(
                "hfov_deg",
                "number",
                ("水平视场角", "视场角", "视角"),
                low=1,
                high=360,
                example="90",
            ),
            Field("vfov_deg", "number", ("垂直视场角",), low=1, high=180),
            Field("tilt_deg", "number", ("俯角", "俯仰角", "camera:angle"), low=-90, high=90),
            Field("res_h_px", "integer", ("水平像素",), low=160, high=20000, example="2560"),
            Field(
                "range_m",
                "number",
                ("有效距离", "可视距离", "监控距离"),
                low=0,
                high=5000,
                example="80",
            ),
            Field(
                "connection", "choice", ("状态", "在线状态"), choices=CONNECTIONS, example="在线"
            ),
            Field("status", "choice", ("设备状态", "使用状态"), choices=STATUSES, example="在用"),
            Field("networked", "boolean", ("联网属性", "联网"), example="已联网"),
            Field(
                "area_reported",
                "text",
                ("行政区域", "行政区划", "所属区域", "所属辖区", "所属网格", "civil_code"),
                example="340802001",
            ),
            Field("address", "text", ("安装地址", "地址")),
            Field(
                "retention_days",
                "integer",
                ("录像保存天数", "存储天数"),
                low=0,
                high=3650,
                example="30",
            ),
            Field("filing_no", "text", ("备案号", "备案编号")),
            Field("sign_present", "boolean", ("提示标识", "标识牌")),
            Field(
                "installed_on",
                "date",
                ("安装时间", "安装日期", "建成时间", "start_date"),
                example="2023-05-01",
            ),
            Field("build_phase", "text", ("建设期次", "建设批次")),
            Field("management_unit", "text", ("管理单位", "使用单位", "operator")),
            Field("maintenance_unit", "text", ("运维单位", "维保单位")),
            Field("duty_phone", "text", ("值班电话", "联系电话"), example="0556-0000000"),
            Field("position_sigma_m", "number", ("定位精度", "坐标精度"), low=0, high=1000),
        ),
    ),
    Layer(
        "headings",
        "camera_view",
        "none",
        (
            Field("grid_code", "code", ("网格编码",)),
            Field("number", "integer", ("图上编号",)),
            _CODE,
            Field("name", "text", ("设备名称", "名称", "摄像机名称")),
            Field("heading_deg", "heading", ("监视方位", "朝向", "方位角", "角度"), example="45"),
            Field("hfov_deg", "number", ("水平视场角", "视场角", "视角"), low=1, high=360),
            Field("surveyed_on", "date", ("核实日期", "核实时间"), example="2023-05-01"),
        ),
        needs_geometry=False,
    ),
    Layer(
        "camera-status",
        "camera_status",
        "none",
        (
            _CODE,
            Field(
                "status",
                "choice",
                ("状态", "在线状态", "设备状态"),
                required=True,
                choices=CONNECTIONS,
                example="离线",
            ),
            Field(
                "since",
                "time",
                ("起始时间", "时间", "状态时间", "上报时间", "变更时间"),
                example="2026-09-30 21:40",
            ),
        ),
        needs_geometry=False,
        moment="since",
    ),
    Layer(
        "catalog",
        "camera",
        "point",
        # the elements of a GB/T 28181 catalog, 2016 and 2022; 0 stands for "not reported"
        (
            Field("code", "code", ("DeviceID",), required=True, example="34080200001320000001"),
            Field("name", "text", ("Name",), required=True, example="人民路与龙山路口东北角枪机"),
            Field("site", "text", ("PointCommonName",)),
            Field("area_reported", "text", ("CivilCode",), example="340802"),
            Field("address", "text", ("Address",)),
            Field("connection", "choice", ("Status",), choices=CONNECTIONS, example="ON"),
            Field("point_class", "choice", ("PointType",), choices=CATALOG_CLASSES, blanks=("0",)),
            Field("form", "choice", ("PTZType",), choices=CATALOG_FORMS, blanks=("0",)),
            Field("indoor", "boolean", ("RoomType",), choices=CATALOG_ROOMS, blanks=("0",)),
            Field("supply_light", "choice", ("SupplyLightType",), choices=LIGHTS, blanks=("0",)),
            Field("heading_deg", "heading", ("DirectionType",), blanks=("0",)),
            Field("hfov_deg", "number", ("HorizontalFieldAngle",), low=1, high=360, blanks=("0",)),
            Field("vfov_deg", "number", ("VerticalFieldAngle",), low=1, high=180, blanks=("0",)),
            Field("range_m", "number", ("MaxViewDistance",), low=0, high=5000, blanks=("0",)),
            Field(
                "retention_days", "integer", ("RecordSaveDays",), low=0, high=3650, blanks=("0",)
            ),
            Field("installed_on", "date", ("InstallTime",)),
            Field("management_unit", "text", ("ManagementUnit",)),
        ),
        heading_scheme="gbt28181",
    ),
    Layer(
        "positions",
        "camera",
        "point",
        (
            _CODE,
            Field("name", "text", ("设备名称", "名称", "摄像机名称")),
            Field("position_sigma_m", "number", ("定位精度", "坐标精度"), low=0, high=1000),
            Field("surveyed_on", "date", ("核实日期", "核实时间"), example="2023-05-01"),
        ),
    ),
    Layer(
        "poles",
        "pole",
        "point",
        (
            Field("code", "code", ("编码", "杆号", "代码")),
            Field("name", "text", ("名称", "杆名")),
            Field("kind", "text", ("类型", "杆型"), example="路灯杆"),
            Field("height_m", "number", ("高度", "杆高"), low=0, high=120, example="8"),
            Field("powered", "boolean", ("有电", "供电"), example="是"),
            Field("networked", "boolean", ("有网", "通网"), example="否"),
            Field("management_unit", "text", ("管理单位", "产权单位")),
        ),
    ),
)
