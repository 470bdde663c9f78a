"""Registers of cameras from CSV into PostGIS: read, checked, located, written, and undone.

The register is invented: 18 columns, Chinese headers, headings in words in three rows of seven, and
five defects in a thousand rows. It stands in the 344 grids of the synthetic district. The peer is a
bare ``COPY`` of the same cells into a table of text columns in the same database: it reads nothing,
checks nothing and keeps no index.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import psycopg2
from rows import Row, row, run

BOUNDARIES = Path(__file__).resolve().parent.parent / "data" / "boundaries"
COMMAND = [sys.executable, "-c", "from geo.cli import main; main()"]
SIZES = (3_675, 36_750, 367_500, 1_000_000)
GOALS_S, GOAL_MB = {367_500: 60.0}, 1024.0
HEADERS = [
    "设备编码", "设备名称", "建设类别", "点位类型", "摄像机类型", "安装地址",
    "经度", "纬度", "坐标系", "监视方位", "水平视场角", "有效距离",
    "录像保存天数", "安装时间", "管理单位", "设备状态", "状态", "厂商",
]  # fmt: skip
HEADINGS = ("", "45", "北偏东30°", "西北", "120", "270", "由东向西")
DEFECTS = {0: ("设备编码", "3.40802E+19"), 200: ("经度", "0"), 400: ("录像保存天数", "15天"),
           600: ("监视方位", "400"), 800: ("安装时间", "2021.5")}  # fmt: skip


def register(path: Path, count: int) -> None:
    """Write a register of `count` cameras somewhere in the district."""
    grids = gpd.read_file(BOUNDARIES / "grids.geojson")
    rng = np.random.default_rng(count)
    grid = grids.geometry.iloc[rng.integers(0, len(grids), count)]
    west, south, east, north = grid.bounds.to_numpy().T
    lon = west + rng.uniform(0.3, 0.7, count) * (east - west)
    lat = south + rng.uniform(0.3, 0.7, count) * (north - south)
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(HEADERS)
        for k in range(count):
            cells = [f"34080200001320{k:06d}"[:20], f"人民路{k}号枪机", ("天网", "社会面")[k % 2],
                     "二类", "固定枪机", f"人民路{k}号", f"{lon[k]:.6f}", f"{lat[k]:.6f}", "WGS-84",
                     HEADINGS[k % 7], "90", "80", "30", "2023-05-01", "宜城路街道", "在用", "在线",
                     "厂商甲"]  # fmt: skip
            if k % 1000 in DEFECTS:
                column, value = DEFECTS[k % 1000]
                cells[HEADERS.index(column)] = value
            lines.writerow(cells)


def govgrid(home: Path, *arguments: str) -> tuple[float, float, str]:
    """Return seconds, peak memory in MB and what one command printed."""
    environment = {**os.environ, "GOVGRID_HOME": str(home), "GOVGRID_LANG": "en"}
    began = time.perf_counter()
    with subprocess.Popen(
        [*COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read().decode()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return time.perf_counter() - began, usage.ru_maxrss / 1024, printed


def bare_copy(url: str, path: Path) -> float:
    """Return the seconds of a bare COPY of the file."""
    columns = ", ".join(f'"{header}" text' for header in HEADERS)
    connection = psycopg2.connect(url.replace("postgresql+psycopg2", "postgresql"))
    with connection, connection.cursor() as cursor, path.open("rb") as file:
        cursor.execute(f"CREATE TABLE bare ({columns})")
        began = time.perf_counter()
        cursor.copy_expert("COPY bare FROM STDIN WITH (FORMAT csv, HEADER)", file)
        connection.commit()
        seconds = time.perf_counter() - began
        cursor.execute("DROP TABLE bare")
    connection.close()
    return seconds


def measured() -> list[Row]:
    """Return a row for each size, its memory, the same file again and the undo."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "home"
        try:
            for level, name in (("district", "district"), ("grid", "grids")):
                govgrid(home, "import", "areas", str(BOUNDARIES / f"{name}.geojson"),
                        "--level", level, "--crs", "wgs84", "--json")  # fmt: skip
            for count in SIZES:
                rows += _of_size(home, Path(folder) / f"{count}.csv", count)
        finally:
            govgrid(home, "db", "stop")
    return rows


def _of_size(home: Path, path: Path, count: int) -> list[Row]:
    from geo.base.settings import Settings
    from geo.operations import database

    register(path, count)
    bare = bare_copy(database.database_url(Settings(home=home)), path)
    ours, memory, printed = govgrid(home, "import", "cameras", str(path), "--json")
    report = json.loads(printed)
    lost = report["quarantined"]
    assert report["inserted"] == count - lost, report["inserted"]
    again, _, printed = govgrid(home, "import", "cameras", str(path), "--json")
    assert json.loads(printed)["unchanged"] == count - lost
    undo, _, printed = govgrid(home, "import", "undo", str(report["run"]), "--json")
    assert json.loads(printed)["removed"] == 2 * (count - lost)
    peer = "COPY into text columns"
    return [
        row(f"import {count:,} cameras", ours, "s", peer=peer, peer_value=bare,
            goal=GOALS_S.get(count)),
        row("  peak memory", memory, "MB", goal=GOAL_MB),
        row("  the same file again", again, "s"),
        row("  undo", undo, "s"),
    ]  # fmt: skip


if __name__ == "__main__":
    run(measured, __doc__)
