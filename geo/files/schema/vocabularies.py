"""The words that registers use for a few kinds of things, and the one that is stored for each."""

from geo.base.errors import LayerError

OWNER_KINDS = {
    "skynet": ("天网", "天网工程", "一类点", "公安", "政府"),
    "social": ("社会面", "社会单位自建", "社会资源", "社会组织", "二类点", "三类点"),
}
FORMS = {
    "fixed": ("枪机", "固定枪机", "筒机", "枪式", "bullet"),
    "dome": ("半球", "半球机"),
    "ptz": ("球机", "云台", "快球", "球机(云台)", "枪球联动", "遥控枪机", "遥控半球", "panning"),
    "panoramic": ("全景", "全景机", "鱼眼"),
    "multi": ("多目", "多目全景", "多目拼接"),
}
LIGHTS = {
    "none": ("无", "无补光", "1"),
    "infrared": ("红外", "红外补光", "2"),
    "white": ("白光", "白光补光", "3"),
    "laser": ("激光", "4"),
    "other": ("其他", "9"),
}
CONNECTIONS = {
    "online": ("在线", "通", "ON", "正常"),
    "offline": ("离线", "断", "OFF", "故障"),
    "unknown": ("状态不详", "不详", "未知"),
}
STATUSES = {
    "in_use": ("在用", "1"),
    "repair": ("维修", "2"),
    "removed": ("拆除", "停用", "报废", "3"),
}
LEVELS = {
    "district": ("区", "县", "区县", "市辖区"),
    "township": ("乡街", "乡镇", "街道", "乡镇街道", "镇街"),
    "community": ("村居", "社区", "村", "village"),
    "grid": ("网格", "责任网格", "基础网格"),
}
ROAD_CLASSES = {
    "trunk": ("快速路", "motorway", "国道", "trunk_link", "motorway_link"),
    "primary": ("主干道", "主干路", "primary_link"),
    "secondary": ("次干道", "次干路", "tertiary", "secondary_link", "tertiary_link"),
    "residential": ("支路", "小区道路", "unclassified"),
    "service": ("内部道路", "living_street", "busway", "bus_guideway"),
    "track": ("村道", "机耕道", "乡村道路"),
    "path": (
        "步行道",
        "人行道",
        "footway",
        "pedestrian",
        "cycleway",
        "steps",
        "bridleway",
        "corridor",
    ),
}
STATES = {
    "reported": ("待受理", "上报"),
    "accepted": ("已受理", "立案"),
    "not_accepted": ("不予受理", "不予立案"),
    "assigned": ("已派遣", "交办", "派单"),
    "acknowledged": ("已签收", "签收", "接单"),
    "arrived": ("已到场",),
    "in_progress": ("处置中", "办理中"),
    "referred_up": ("提级办理", "提级", "上报上级", "提级（上报上级）"),
    "on_hold": ("挂账", "挂起"),
    "returned": ("退回", "回退", "退件"),
    "done": ("处置完毕", "办结待核"),
    "checked": ("核查通过",),
    "self_handled": ("即接即办", "自办", "自处置"),
    "closed": ("结案", "办结", "已办结", "归档"),
    "cancelled": ("作废",),
    "duplicate": ("重复件", "并案"),
}
GRADES = {
    "ordinary": ("一般", "普通"),
    "urgent": ("紧急",),
    "important": ("重要",),
    "major": ("重大",),
}
HANDLING_LEVELS = {
    "grid": ("网格",),
    "community": ("村居", "社区", "村", "村(社区)"),
    "township": ("乡街", "街道", "乡镇", "乡", "镇", "镇街"),
    "district": ("区", "县", "区级", "县级"),
}
OUTCOMES = {
    "resolved": ("已解决", "解决"),
    "planned": ("列入计划",),
    "explained": ("解释说明", "已解释说明"),
    "not_competent": ("不属职责",),
    "other": ("其他",),
}
# What the numbers of a GB/T 28181 catalog stand for (2022, A.2.1.9; 2016 has the first four forms).
CATALOG_FORMS = {
    "ptz": ("1", "4", "5"),
    "dome": ("2",),
    "fixed": ("3",),
    "panoramic": ("6",),
    "multi": ("7",),
}
CATALOG_ROOMS = {"true": ("2",), "false": ("1",)}
CATALOG_CLASSES = {"一类": ("1",), "二类": ("2",), "三类": ("3",), "其他": ("9",)}
LIMIT_UNITS = {
    "working_hours": ("工作小时", "工作时"),
    "working_days": ("工作日",),
    "hours": ("小时", "自然小时"),
    "days": ("天", "自然日", "日"),
}
DAY_KINDS = {
    "holiday": ("休息", "放假", "休", "节假日"),
    "workday": ("上班", "调休上班", "班", "工作日"),
}
CAMERA_CHANGES = {
    "moved": ("移动", "迁移", "迁改", "改动"),
    "removed": ("拆除", "移除"),
}


def known_level(word: str) -> str:
    """Return the level that `word` names, in the code's or the people's language.

    Raises
    ------
    LayerError
        If it names none.
    """
    plain = word.strip().casefold()
    for level, words in LEVELS.items():
        if plain in (level, *words):
            return level
    raise LayerError("intake.no_level", level=word, known=", ".join(LEVELS))
