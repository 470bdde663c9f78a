"""The town of the scenarios: a district with two townships, seven cameras around one place.

Beside the border of two grids of one community, 20 m west of it, lies `X`. Answers are known by
hand: one step is 9.57 m eastwards and 11.1 m northwards (:mod:`tests.toy_town`).
"""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from geo.areas.places import Places
from geo.base.settings import Settings
from geo.incidents.book import IntakeBooks
from geo.incidents.desk import Desk
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, place, rectangle, write_geojson

X = (-2.09, 0.0)
DISTRICT, B, B2 = "340802000000", "340802001000", "340802002000"
C1, C2, C3, C4 = "340802001001", "340802001002", "340802001003", "340802002001"
G1, G2, G3, G4, G5 = f"{C1}001", f"{C1}002", f"{C2}001", f"{C3}001", f"{C4}001"
SHANGHAI = "Asia/Shanghai"

AREAS = {
    "district": [(DISTRICT, "区A", rectangle(-20, -20, 80, 20))],
    "township": [
        (B, "街道B", rectangle(-20, -20, 60, 20)),
        (B2, "街道B2", rectangle(60, -20, 80, 20)),
    ],
    "community": [
        (C1, "村居C1", rectangle(-20, -20, 20, 20)),
        (C2, "村居C2", rectangle(20, -20, 40, 20)),
        (C3, "村居C3", rectangle(40, -20, 60, 20)),
        (C4, "村居C4", rectangle(60, -20, 80, 20)),
    ],
    "grid": [
        (G1, "网格G1", rectangle(-20, -20, 0, 20)),
        (G2, "网格G2", rectangle(0, -20, 20, 20)),
        (G3, "网格G3", rectangle(20, -20, 40, 20)),
        (G4, "网格G4", rectangle(40, -20, 60, 20)),
        (G5, "网格G5", rectangle(60, -20, 80, 20)),
    ],
}
CAMERAS = (
    "编码,名称,建设类别,摄像机类型,监视方位,水平视场角,水平像素,有效距离,室内,补光,录像保存天数,管理单位,值班电话,经度,纬度",
    # 20 m due west of X, looking east
    ("K1", "西口枪机", "天网", "固定枪机", 90, 60, 1920, 60, "否", "红外", 30, (-4.18, 0)),
    ("K2", "朝向不详", "社会面", "固定枪机", "", 60, 1920, 60, "否", "红外", 15, (-2.09, 3.6)),
    ("K3", "背向枪机", "天网", "固定枪机", 180, 60, 1920, 60, "否", "红外", 30, (-2.09, -3)),
    ("K4", "楼后枪机", "天网", "固定枪机", 0, 60, 1920, 150, "否", "红外", 30, (-2.09, -6.5)),
    ("K5", "室内枪机", "社会面", "固定枪机", 270, 60, 1920, 60, "是", "红外", 30, (-0.52, 0)),
    ("K6", "北口枪机", "天网", "固定枪机", 180, 60, 1920, 60, "否", "红外", 30, (-2.09, 2)),
    ("K7", "无补光枪机", "天网", "固定枪机", 64, 60, 1920, 60, "否", "无", "", (-4.5, -1)),
)
HOUSE = rectangle(-2.6, -5, -1.6, -4.5)
UNITS = (
    "编码,名称,类型,辖区,值班电话",
    f"U1,城管中队,城管中队,{C1},0556-5500001",
    f"U2,市政所,市政所,{B},0556-5500002",
    f"U3,供水,供水公司,{DISTRICT},0556-5500003",
    f"P1,派出所,派出所,{B},0556-5500004",
    f"D0,街道B值班室,值班室,{B},0556-5500000",
)
DUTIES = (
    "编码,单位编码,辖区编码,类别",
    f"R1,U1,{G1},市容",
    f"R2,U1,{G2},市容",
    f"R3,U2,{B},道路设施",
)
STATES = [
    *((f"K{n}", "online", datetime(2026, 9, 1, tzinfo=UTC)) for n in range(1, 8)),
    ("K6", "offline", datetime(2026, 9, 30, 12, 0, tzinfo=UTC)),  # 20:00
    ("K6", "online", datetime(2026, 9, 30, 15, 0, tzinfo=UTC)),  # 23:00
]
CATEGORIES = [
    # code, name, upper, grade, amount, unit, emergency, sensitive
    ("01", "道路设施", None, "ordinary", None, None, False, False),
    ("0101", "井盖缺失", "01", "urgent", 2, "hours", False, False),
    ("02", "市容", None, "ordinary", None, None, False, False),
    ("0201", "暴露垃圾", "02", "ordinary", 4, "working_hours", False, False),
    ("03", "噪声扰民", None, "ordinary", 2, "working_days", False, False),
    ("04", "燃气异味", None, "major", 2, "hours", True, False),
    ("05", "邻里纠纷", None, "ordinary", 5, "working_days", False, True),
]


def build_town(engine: Engine, folder: Path) -> Engine:
    """Fill an empty database with the town of the scenarios."""
    for level, rows in AREAS.items():
        named = [({"code": code, "name": name}, shape) for code, name, shape in rows]
        bring_in(engine, "areas", write_geojson(folder / f"{level}.geojson", named), level=level)
    house = write_geojson(folder / "b.geojson", [({"code": "H", "height": 18}, HOUSE)])
    bring_in(engine, "buildings", house)
    head, *rows = CAMERAS
    cells = [(*row[:-1], "分局", "0556-5511111", *place(*row[-1])) for row in rows]
    _bring(engine, folder, "cameras", [head, *(",".join(map(str, row)) for row in cells)])
    _bring(engine, folder, "units", UNITS)
    _bring(engine, folder, "duties", DUTIES)
    _fill(engine)
    return engine


def make_desk(engine: Engine, home: Path, **settings: object) -> Desk:
    """Return what intake works with, as a process has it."""
    books = IntakeBooks(engine, Places(engine))
    config = Settings(home=home, **settings)
    return Desk(engine, books, books.revisions(SYSTEM), config)


def _bring(engine: Engine, folder: Path, layer: str, lines) -> None:
    file = folder / f"{layer}.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    found = bring_in(engine, layer, file)
    assert found.change.inserted == len(lines) - 1, found


def _fill(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.camera_status (camera_code, status, since)"
                " VALUES (:code, :status, :since)"
            ),
            [{"code": c, "status": s, "since": at} for c, s, at in STATES],
        )
        names = ("code", "name", "upper", "grade", "amount", "unit", "emergency", "sensitive")
        connection.execute(
            text(
                "INSERT INTO govgrid.category (code, name, upper_code, grade, limit_amount,"
                " limit_unit, emergency, sensitive) VALUES (:code, :name, :upper, :grade, :amount,"
                " :unit, :emergency, :sensitive)"
            ),
            [dict(zip(names, row, strict=True)) for row in CATEGORIES],
        )
