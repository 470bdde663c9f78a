"""The files of the toy town near 117.05 E, 30.50 N: good ones of every layer, and bad ones."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# One step is 9.6 m eastwards and 11.1 m northwards; two grids meet at x = 0.
STEP = 1e-4
ORIGIN = (117.05, 30.50)
DISTRICT, TOWNSHIP, COMMUNITY = "340802", "340802001", "340802001001"
WEST, EAST = "340802001001001", "340802001001002"
Cells = Sequence[object]

# Layer, file, further options: in the order of their import.
LAYERS = (
    ("areas", "district.geojson", "--level district"),
    ("areas", "townships.geojson", "--level township"),
    ("areas", "communities.geojson", "--level community"),
    ("areas", "grids.geojson", "--level grid"),
    ("buildings", "buildings.geojson", ""),
    ("roads", "roads.geojson", ""),
    ("water", "water.geojson", ""),
    ("farmland", "farmland.geojson", ""),
    ("privacy-zones", "privacy.geojson", ""),
    ("restricted-zones", "restricted.geojson", ""),
    ("units", "units.csv", ""),
    ("centres", "centres.csv", ""),
    ("duties", "duties.csv", ""),
    ("pairings", "pairings.csv", ""),
    ("categories", "categories.csv", ""),
    ("calendar", "calendar.csv", ""),
    ("places", "places.csv", ""),
    ("entrances", "entrances.csv", ""),
    ("addresses", "addresses.csv", ""),
    ("poles", "poles.csv", ""),
    ("cameras", "cameras.csv", ""),
    ("catalog", "catalog.xml", ""),
    ("headings", "headings.csv", ""),
    ("positions", "positions.csv", ""),
    ("filings", "filings.csv", ""),
    ("consents", "consents.csv", ""),
    ("permits", "permits.csv", ""),
    ("camera-status", "status.csv", ""),
    ("incidents", "incidents.csv", ""),
)


def place(x: float, y: float) -> list[float]:
    """Return lon, lat of a point of the toy town."""
    return [round(ORIGIN[0] + x * STEP, 7), round(ORIGIN[1] + y * STEP, 7)]


def write(folder: Path) -> None:
    """Write all files of the town into a folder."""
    _shapes(folder)
    _tables(folder)
    _accounts(folder)
    _bad(folder)


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> dict[str, Any]:
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))
    return {"type": "Polygon", "coordinates": [[place(*corner) for corner in corners]]}


def _line(*points: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [place(*point) for point in points]}


def _geojson(path: Path, *features: tuple[dict[str, Any], dict[str, Any]]) -> None:
    rows = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    body = {"type": "FeatureCollection", "features": rows}
    path.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")


def _csv(path: Path, head: str, *rows: Cells, encoding: str = "utf-8") -> None:
    lines = [head, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)


def _shapes(folder: Path) -> None:
    whole = _rectangle(-20, -20, 20, 20)
    for name, code, said in (
        ("district", DISTRICT, "迎江区"),
        ("townships", TOWNSHIP, "宜城路街道"),
        ("communities", COMMUNITY, "吴樾社区"),
    ):
        _geojson(folder / f"{name}.geojson", ({"code": code, "name": said}, whole))
    west, east = {"code": WEST, "name": "西格"}, {"code": EAST, "name": "东格"}
    _geojson(
        folder / "grids.geojson",
        (west, _rectangle(-20, -20, 0, 20)),
        (east, _rectangle(0, -20, 20, 20)),
    )
    moved = (west, _rectangle(-20, -20, -1, 20)), (east, _rectangle(-1, -20, 20, 20))
    _geojson(folder / "moved.geojson", *moved)
    overlapping = (west, _rectangle(-20, -20, 3, 20)), (east, _rectangle(0, -20, 18, 20))
    _geojson(folder / "overlapping.geojson", *overlapping)
    _geojson(
        folder / "buildings.geojson",
        ({"code": "B1", "name": "一号楼", "height": 18}, _rectangle(6, -4, 7, 4)),
        ({"code": "B2", "name": "平房", "height": 3}, _rectangle(-9, 3, -7, 5)),
    )
    _geojson(
        folder / "roads.geojson",
        ({"code": "R1", "name": "一路", "class": "主干道"}, _line((-20, 0), (0, 0), (20, 0))),
        ({"code": "R2", "name": "二路", "class": "支路", "width": 6}, _line((0, -20), (0, 20))),
    )
    for name, said, shape in (
        ("water", "月牙塘", _rectangle(-18, 12, -14, 16)),
        ("farmland", "东田", _rectangle(12, -18, 18, -12)),
        ("privacy", "女生宿舍", _rectangle(4, 1, 5, 3)),
        ("restricted", "某机关", _rectangle(-4, -4, -3, -3)),
    ):
        row = {"code": f"{name[0].upper()}1", "name": said, "kind": said[-1]}
        _geojson(folder / f"{name}.geojson", (row, shape))


def _tables(folder: Path) -> None:
    head = (
        "编码,名称,建设类别,摄像机类型,监视方位,有效距离,状态,管理单位,备案号,安装日期,"
        "录像保存天数,提示标识,安装高度,建设依据,备注,经度,纬度"
    )
    police = ("迎江分局", "BA-1", "2020-05-01", 30, "是", 6, "《条例》第七条", "")
    school = ("一中/保卫处", "", "", 15, "否", "", "", "=1+1")
    cameras = (
        ("K1", "朝东枪机", "天网", "固定枪机", "90", "60", "在线", *police, *place(1, 0)),
        ("K2", "朝向不详", "社会面", "固定枪机", "", "60", "离线", *school, *place(1, 1)),
        ("K3", "背向枪机", "天网", "固定枪机", "270", "60", "在线", *police, *place(2, 0)),
        ("K4", "楼后枪机", "社会面", "固定枪机", "270", "100", "在线", *school, *place(9, 0)),
        ("K5", "路口球机", "天网", "球机", "", "80", "在线", *police, *place(-1, 1)),
        ("K6", "全景机", "", "全景", "", "40", "", *school, *place(-12, -3)),
        ("K7", "双目机", "天网", "多目", "0;180", "50", "在线", *police, *place(-3.5, -2.5)),
    )
    _csv(folder / "cameras.csv", head, *cameras, encoding="gb18030")
    changed = [(*row[:5], "70", "离线", *row[7:]) for row in cameras]
    _csv(folder / "changed.csv", head, *changed)
    moved = [(*row[:-2], *place(3, 3)) for row in cameras[:1]]
    _csv(folder / "relocated.csv", head, *moved)
    _csv(folder / "units.csv", "编码,名称,类型,辖区,值班电话", _unit("U1"), _unit("U2"))
    _csv(
        folder / "centres.csv",
        "中心编码,中心名称,层级,辖区,经度,纬度",
        ("C1", "迎江区综治中心", "区", DISTRICT, *place(-5, 6)),
    )
    _csv(
        folder / "duties.csv",
        "单位编码,辖区编码,类别",
        ("U1", EAST, "市容环境"),
        ("U2", COMMUNITY, "道路设施"),
    )
    _csv(
        folder / "pairings.csv",
        "村居编码,包保单位编码,开始日期",
        (COMMUNITY, "U2", "2020-01-01"),
    )
    _csv(
        folder / "categories.csv",
        "类别编码,类别名称,上级类别编码,办理时限,时限单位",
        ("L1", "城市管理", "", "", ""),
        ("L2", "市容环境", "L1", 4, "工作小时"),
    )
    _csv(
        folder / "calendar.csv",
        "日期,类型,名称",
        ("2020-10-01", "放假", "国庆"),
        ("2020-10-10", "上班", "调休"),
    )
    _csv(
        folder / "places.csv",
        "编码,名称,类型,权重,范围半径,经度,纬度",
        ("P1", "第一中学", "学校", 1, 60, *place(4, 0)),
        ("P2", "菜市场", "市场", 2, 40, *place(-12, -12)),
    )
    _csv(
        folder / "entrances.csv",
        "编码,名称,场所编码,类型,经度,纬度",
        ("D1", "东门", "P1", "主入口", *place(4, 0.5)),
        ("D2", "后门", "P2", "次入口", *place(-12, -11)),
    )
    _csv(
        folder / "addresses.csv",
        "编码,名称,类型,别名,经度,纬度",
        ("A1", "一路二路口", "路口", "十字街", *place(0, 0)),
    )
    _csv(
        folder / "poles.csv",
        "编码,名称,类型,高度,有电,有网,经度,纬度",
        ("G1", "一路灯杆", "路灯杆", 8, "是", "否", *place(-6, 0.5)),
    )
    _more_tables(folder)


def _unit(code: str) -> Cells:
    name = {"U1": "城管中队", "U2": "道路养护所"}[code]
    return (code, name, name, TOWNSHIP if code == "U2" else "", f"0556-{code[1]}")


def _more_tables(folder: Path) -> None:
    _csv(
        folder / "headings.csv",
        "设备编码,监视方位,水平视场角,核实日期",
        ("K4", "265", "70", "2021-06-01"),
    )
    _csv(
        folder / "positions.csv",
        "设备编码,经度,纬度,定位精度,核实日期",
        ("K6", *place(-12.1, -3), 2, "2021-06-01"),
    )
    _csv(folder / "filings.csv", "备案号,备案单位,备案日期", ("BA-1", "迎江分局", "2021-06-20"))
    _csv(
        folder / "consents.csv",
        "设备编码,限制区编码,同意文件,同意日期",
        ("K7", "R1", "机关函〔2021〕1号", "2021-05-10"),
    )
    _csv(
        folder / "permits.csv",
        "设备编码,事由,批准文件,批准日期",
        ("K3", "移动", "批〔2021〕2号", "2021-05-10"),
    )
    _csv(
        folder / "status.csv",
        "设备编码,状态,起始时间",
        ("K4", "离线", "2021-09-30 21:40"),
        ("K3", "在线", "2021-09-30 21:40"),
    )
    _csv(
        folder / "incidents.csv",
        "编号,标题,类别,状态,上报时间,经度,纬度",
        ("M1", "垃圾堆放", "市容环境", "待受理", "2021-09-30 08:00", *place(4, 0)),
        ("M2", "</script><img src=x>", "市容环境", "处置中", "2021-09-30 09:00", *place(4, 1)),
        ("M3", "井盖缺失", "道路设施", "结案", "2021-09-30 10:00", *place(-15, -15)),
    )
    item = (
        "<Item><DeviceID>34080200001320000001</DeviceID><Name>平台枪机</Name>"
        f"<Longitude>{place(12, 5)[0]}</Longitude><Latitude>{place(12, 5)[1]}</Latitude>"
        "<Status>ON</Status><Info><PTZType>3</PTZType><DirectionType>5</DirectionType></Info></Item>"
    )
    (folder / "catalog.xml").write_bytes(
        '<?xml version="1.0" encoding="GB2312"?>\r\n<Response><CmdType>Catalog</CmdType><SN>1</SN>'
        "<DeviceID>9</DeviceID><SumNum>1</SumNum>"
        f'<DeviceList Num="1">{item}</DeviceList></Response>\r\n'.encode("gb18030")
    )
    _csv(
        folder / "points.csv",
        "id,经度,纬度,备注,status",
        ("1", *place(4, 0), "a", "s"),
        ("2", *place(0, 0), "b", "s"),
        ("3", "", "", "c", "s"),
    )


def _accounts(folder: Path) -> None:
    import openpyxl

    head = ("账号", "使用人", "单位名称", "角色", "辖区编码")
    good = [(f"centre.{n}", f"使用人{n}", f"综治中心{n}", "受理员", WEST) for n in range(3)]
    bad = [*good, ("李", "", "", "国王", ""), ("wang", "", "", "受理员", "999")]
    for name, rows in (("accounts", (head, *good)), ("accounts-bad", (head, *bad))):
        book = openpyxl.Workbook()
        sheet: Any = book.active
        for row in rows:
            sheet.append(row)
        book.save(folder / f"{name}.xlsx")


def _bad(folder: Path) -> None:
    (folder / "broken.geojson").write_text('{"type": "FeatureCollection", "features": [', "utf-8")
    (folder / "notes.docx").write_text("no table", "utf-8")
    (folder / "empty.csv").write_text("", "utf-8")
    (folder / "head-only.csv").write_text("编码,名称,经度,纬度\n", "utf-8")
    _csv(folder / "no-place.csv", "编码,名称", ("K8", "甲"))
    _csv(
        folder / "bad-rows.csv",
        "编码,名称,经度,纬度,监视方位,录像保存天数,联系人",
        ("K81", "好枪机", *place(5, 5), "90", 30, "张三"),
        ("K82", "零点枪机", 0, 0, "90", 30, "李四"),
        ("K83", "不详枪机", *place(6, 6), "", 99999, "王五"),
        ("K83", "重号枪机", *place(6, 7), "甲", -1, ""),
        ("K84", "外地枪机", 121.5, 31.2, "45", "x", ""),
        ("K85", "", *place(7, 7), "400", 30, ""),
    )
    fixed = ("K82", "零点枪机", *place(7, 8), "90")
    _csv(folder / "mended.csv", "编码,名称,经度,纬度,监视方位", fixed)
    _csv(
        folder / "status-bad.csv",
        "设备编码,状态,起始时间",
        ("K1", "离线", "昨天"),
        ("K99", "在线", "2021-09-30 21:40"),
        ("K3", "飞", "2021-09-30 21:40"),
    )
