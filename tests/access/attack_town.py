"""A town for attackers with known positions of cameras, to measure what they find.

Two communities of eight grids each meet at x = 0. Cameras stand anywhere: all-round ones, ones that
look one way, of both owner kinds.
"""

from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from geo.coverage import compute
from tests.toy_town import bring_in, place, rectangle, write_geojson

HALF, GRID = 40, 20  # steps: 384 m by 444 m to each side, grids of 192 m by 222 m
WEST, EAST = "340802001001", "340802001002"
UNIT = "U1"
COUNT = 72
# What is built of the answers is off by 61 m (median) for the cameras that look over the border, by
# 38 m and more for those in it; with seed 7 by 68 m and 42 m.
SEED = 10
_HEADER = "编码,名称,建设类别,摄像机类型,监视方位,水平视场角,有效距离,状态,安装地址,点位,经度,纬度"


def cameras(seed: int = SEED) -> list[tuple]:
    """Return the rows of the register."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(COUNT):
        x, y = rng.uniform(-HALF + 0.5, HALF - 0.5, 2)
        x /= 6 if n % 5 < 2 else 1  # many look over the border
        kind = "天网" if n % 2 else "社会面"
        form, width = ("全景", 360) if n % 3 == 0 else ("固定枪机", 60 if n % 3 == 1 else 90)
        heading = int(rng.integers(0, 360))
        words = (f"{n}号门东侧", f"P{n}")
        rows.append(
            (f"K{n:03}", f"路口{n}", kind, form, heading, width, 60, "在线", *words, *place(x, y))
        )
    return rows


def fill(engine: Engine, folder: Path) -> None:
    """Bring the town in and compute what its cameras see."""
    for layer, path, options in _files(folder):
        bring_in(engine, layer, path, **options)
    compute.compute(engine)


def incidents() -> list[tuple]:
    """Return incidents all over the town, by number; each third is given to the unit."""
    rng = np.random.default_rng(3)
    spots = rng.uniform(-HALF + 1, HALF - 1, (60, 2))
    return [(f"M{n:02}", f"事项{n}", "市容环境", *place(x, y)) for n, (x, y) in enumerate(spots)]


def _files(folder: Path) -> list[tuple[str, Path, dict]]:
    corners = range(-HALF, HALF, GRID)
    grids = [
        ({"code": f"{WEST if x < 0 else EAST}{n:03}", "name": f"格{n}"}, _square(x, y))
        for n, (x, y) in enumerate((x, y) for x in corners for y in corners)
    ]
    communities = [
        ({"code": WEST, "name": "西村"}, rectangle(-HALF, -HALF, 0, HALF)),
        ({"code": EAST, "name": "东村"}, rectangle(0, -HALF, HALF, HALF)),
    ]
    district = [({"code": "340802", "name": "区"}, rectangle(-HALF, -HALF, HALF, HALF))]
    lines = [
        *(([place(-HALF, y), place(HALF, y)]) for y in range(-35, HALF, 10)),
        *(([place(x, -HALF), place(x, HALF)]) for x in range(-35, HALF, 10)),
    ]
    roads = [
        ({"name": f"路{n}", "class": "主干道"}, {"type": "LineString", "coordinates": line})
        for n, line in enumerate(lines)
    ]
    return [
        *(
            ("areas", write_geojson(folder / f"{level}.geojson", rows), {"level": level})
            for level, rows in (("district", district), ("community", communities), ("grid", grids))
        ),
        ("roads", write_geojson(folder / "roads.geojson", roads), {}),
        (
            "units",
            _csv(folder / "units.csv", "编码,名称,类型", [(UNIT, "城管中队", "城管中队")]),
            {},
        ),
        ("cameras", _csv(folder / "cameras.csv", _HEADER, cameras()), {}),
        ("incidents", _csv(folder / "m.csv", "编号,标题,类别,经度,纬度", incidents()), {}),
    ]


def _square(x: int, y: int) -> dict:
    return rectangle(x, y, x + GRID, y + GRID)


def _csv(path: Path, header: str, rows: list[tuple]) -> Path:
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
