"""The toy town with two managing units, one of which has filed three of its cameras."""

import csv

from tests.toy_town import bring_in, place

HEADER = (
    *("编码", "名称", "经度", "纬度", "建设类别", "摄像机类型", "安装地址", "录像保存天数"),
    *("安装日期", "管理单位", "备案号", "设备状态", "安装高度"),
)
POLICE, SCHOOL, NUMBER = "迎江分局", "一中/保卫处", "BA-1"
# code, where, form, address, retention, installed, unit, number
ROWS = {
    "K1": ("朝东枪机", (1, 0), "天网", "枪机", "一路1号", 30, "2023-05-01", POLICE, NUMBER),
    "K2": ("朝向不详", (1, 1), "社会面", "枪机", "", "", "", SCHOOL, ""),
    "K3": ("背向枪机", (2, 0), "天网", "枪机", "一路2号", 30, "2024-05-01", POLICE, NUMBER),
    "K4": ("楼后枪机", (9, 0), "社会面", "枪机", "一路9号", 90, "2024-06-01", POLICE, NUMBER),
}


def cameras(folder, name="cameras.csv", **changed):
    """Write the register of cameras; `changed` holds columns by code. Return its path."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        for code, row in ROWS.items():
            title, at, kind, form, address, days, since, unit, number = row
            lon, lat = place(*at)
            cells = (code, title, lon, lat, kind, form, address, days, since, unit, number)
            writer.writerow(
                {**dict(zip(HEADER, cells, strict=False)), "设备状态": "在用", "安装高度": 6}
                | changed.get(code, {})
            )
    return path


def at(x, y):
    """Return the columns of a place."""
    lon, lat = place(x, y)
    return {"经度": lon, "纬度": lat}


def filings(folder, *rows, name="filings.csv"):
    """Write a list of filings: number, unit, day. Return its path."""
    path = folder / name
    lines = ["备案号,备案单位,备案日期", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def filed(engine, folder, on="2025-06-20"):
    """Bring the register in, then the filing of the police; return the run of the latter."""
    bring_in(engine, "cameras", cameras(folder))
    return bring_in(engine, "filings", filings(folder, (NUMBER, POLICE, on))).run
