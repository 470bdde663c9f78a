"""Write the files of a small invented town, to try the commands of the guide with.

    python examples/town.py FOLDER

FOLDER is made, and must not be there yet.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
from openpyxl import Workbook
from shapely.geometry import LineString, box

from geo.base.chinese_shifts import wgs84_to_gcj02

WEST, SOUTH, STEP = 117.048, 30.508, 0.0001
SIDE = 40
REMARK = "示例数据（界线、点位均为虚构）"
POLICE, SCHOOL = "大桥派出所", "吴樾小学"
TOWNSHIP = "340802001"

Cells = Sequence[Any]
# code, name, class, form, heading, column and row in steps, unit
CAMERAS: tuple[Cells, ...] = (
    ("34080200001320000001", "路口东北角", "天网", "固定枪机", "225", 21, 21, POLICE),
    ("34080200001320000002", "路口西南角", "天网", "球机", "45", 19, 19, POLICE),
    ("34080200001320000003", "东路西端", "天网", "固定枪机", "90", 23, 20, POLICE),
    ("34080200001320000004", "北路南端", "天网", "固定枪机", "", 20, 24, POLICE),
    ("34080200001320000005", "小学正门", "社会面", "半球", "南", 10, 12, SCHOOL),
    ("34080200001320000006", "小学后门", "社会面", "固定枪机", "", 10, 17, SCHOOL),
)
CAMERA_HEAD = (
    *("设备编码", "设备名称", "建设类别", "摄像机类型", "监视方位", "经度", "纬度", "管理单位"),
    *("有效距离", "水平视场角", "状态", "设备状态", "录像保存天数", "安装日期"),
)


def place(column: float, row: float) -> tuple[float, float]:
    """Return lon, lat of a place in the town, which is 40 steps wide and high."""
    return round(WEST + column * STEP, 7), round(SOUTH + row * STEP, 7)


def area(code: str, name: str, *bounds: float) -> dict[str, Any]:
    """Return a rectangle in steps as a feature of GeoJSON."""
    (west, south), (east, north) = place(*bounds[:2]), place(*bounds[2:])
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "properties": {"code": code, "name": name, "remark": REMARK},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def camera(cells: Cells, *, connection: str = "在线") -> Cells:
    """Return a camera's row of the register."""
    *about, column, row, unit = cells
    return (*about, *place(column, row), unit, 60, 80, connection, "在用", 30, "2024-05-01")


def write_areas(folder: Path) -> None:
    """Write the four levels of areas, and two communities that became one."""
    whole, west, east = (0, 0, SIDE, SIDE), (0, 0, 20, SIDE), (20, 0, SIDE, SIDE)
    layers = {
        "district": [area("340802", "示例区", *whole)],
        "townships": [area(TOWNSHIP, "示例街道", *whole)],
        "communities": [
            area(f"{TOWNSHIP}001", "吴樾社区", *west),
            area(f"{TOWNSHIP}002", "东门社区", *east),
        ],
        "grids": [
            area(f"{TOWNSHIP}001001", "吴樾第一网格", 0, 0, 20, 20),
            area(f"{TOWNSHIP}001002", "吴樾第二网格", 0, 20, 20, SIDE),
            area(f"{TOWNSHIP}002001", "东门第一网格", *east),
        ],
        "merged": [area(f"{TOWNSHIP}001", "吴樾社区", *whole)],
    }
    for name, features in layers.items():
        body = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
        (folder / f"{name}.geojson").write_text(body, encoding="utf-8")


def write_ground(folder: Path) -> None:
    """Write what hides the view and what must be seen: buildings and roads."""
    plots = ((2, 8, 9, 18), (11, 8, 17, 18), (24, 8, 34, 18), (5, 24, 15, 34), (23, 23, 36, 30))
    houses = [box(*place(*plot[:2]), *place(*plot[2:])) for plot in plots]
    buildings = gpd.GeoDataFrame(
        {"code": [f"B{n}" for n in range(len(houses))], "height": [18, 12, 33, 18, 9]},
        geometry=houses,
        crs=4326,
    )
    buildings.to_file(folder / "buildings.gpkg", driver="GPKG")
    lines = [
        LineString([place(0, 20), place(SIDE, 20)]),
        LineString([place(20, 0), place(20, SIDE)]),
    ]
    roads = gpd.GeoDataFrame(
        {"code": ["R1", "R2"], "name": ["东路", "北路"], "class": ["主干道", "支路"]},
        geometry=lines,
        crs=4326,
    )
    roads.to_file(folder / "roads.gpkg", driver="GPKG")


def write_cameras(folder: Path) -> None:
    """Write a register, a platform's catalog, two monthly lists, and what was found in place."""
    sheet(folder / "register.xlsx", CAMERA_HEAD, [camera(each) for each in CAMERAS])
    codes = [each[0] for each in CAMERAS]
    monthly = ("设备编码", "设备名称", "经度", "纬度", "状态")
    for month, column in (("june", 30), ("july", 32)):
        lon, lat = wgs84_to_gcj02(*place(column, 21))
        row = ("34080200001320000007", "东路东端", float(lon), float(lat), "在线")
        sheet(folder / f"{month}.xlsx", monthly, [row])
    positions = [(codes[2], *place(23.2, 20.1)), (codes[4], *place(10.1, 12.2))]
    sheet(folder / "survey.xlsx", ("设备编码", "经度", "纬度"), positions)
    headings = [(codes[3], "0", "2026-10-08"), (codes[5], "90", "2026-10-08")]
    sheet(folder / "headings.xlsx", ("设备编码", "监视方位", "核实日期"), headings)
    sheet(folder / "status.xlsx", ("设备编码", "状态"), [(codes[0], "离线"), (codes[4], "离线")])
    (folder / "catalog.xml").write_bytes(catalog().encode("gb18030"))


def catalog() -> str:
    """Return a catalog of GB/T 28181 with one camera."""
    lon, lat = place(30, 22)
    item = (
        f"<Item><DeviceID>34080200001320000008</DeviceID><Name>东门口</Name><Longitude>{lon}"
        f"</Longitude><Latitude>{lat}</Latitude><Status>ON</Status>"
        "<Info><PTZType>3</PTZType><DirectionType>3</DirectionType></Info></Item>"
    )
    return (
        '<?xml version="1.0" encoding="GB2312"?>\n<Response><CmdType>Catalog</CmdType><SN>1</SN>'
        "<DeviceID>34080200002000000001</DeviceID><SumNum>1</SumNum>"
        f'<DeviceList Num="1">{item}</DeviceList></Response>\n'
    )


def write_lists(folder: Path) -> None:
    """Write places to be asked for, and accounts of centres."""
    asked = [("甲", *place(10, 10)), ("乙", *place(30, 30)), ("丙", *place(20, 5))]
    lines = ["名称,经度,纬度", *(",".join(map(str, row)) for row in asked)]
    (folder / "places.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    head = ("账号", "使用人", "单位名称", "角色", "辖区编码")
    centres = [
        ("centre.01", "示例甲", "示例街道综治中心", "受理员", f"{TOWNSHIP}000"),
        ("centre.02", "示例乙", "吴樾社区综治中心", "受理员", f"{TOWNSHIP}001"),
    ]
    sheet(folder / "centres.xlsx", head, centres)


def sheet(path: Path, head: Cells, rows: Sequence[Cells]) -> None:
    """Write a workbook of one sheet."""
    book = Workbook()
    for row in (head, *rows):
        book.active.append(row)
    book.save(path)


def main() -> None:
    """Write the files into the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True)
    for write in (write_areas, write_ground, write_cameras, write_lists):
        write(folder)
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")


if __name__ == "__main__":
    main()
