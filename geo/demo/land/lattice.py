"""The town's plan in street coordinates: main streets, cells (the later grids) and plots.

Everything here is axis-parallel in the town plane (s, t); :mod:`geo.demo.land.terrain` bends it
along the river. A *super block* lies between main streets, a *cell* is a super block or a part of
one, a *plot* lies between any two streets and is what gets built on.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from geo.demo.land.terrain import RIVERSIDE_M, TOWN_LENGTH_M

PLAN_SEED = 340802
"""The plan never changes: boundaries are reference data, the caller's seed fills them."""

S_LINES_M = (
    0, 430, 900, 1_410, 1_890, 2_420, 2_900, 3_420, 3_980, 4_490, 5_060, 5_560, 6_110, 6_610,
    7_170, 7_680, 8_210, int(TOWN_LENGTH_M),
)  # fmt: skip
T_LINES_M = (0, 440, 930, 1_390, 1_900, 2_390, 2_930, 3_440, 3_980, 4_520)
ROWS_BY_COLUMN = (6, 6, 7, 8, 8, 9, 9, 9, 9, 9, 8, 8, 7, 7, 6, 5, 4)
OLD_COLUMNS, OLD_ROWS = 7, 6
_EASTWEST = (
    "沿江路", "龙门街", "人民路", "文昌路", "孝义路", "龙山路", "同安大道", "湖滨路", "康宁路",
    "北环路",
)  # fmt: skip
_NORTHSOUTH = (
    "西城路", "枫林路", "状元路", "钟楼路", "墨池路", "四照路", "振声路", "望华路", "皖江大道",
    "迎宾路", "菱湖东路", "宜秀路", "秦潭路", "长江桥路", "科创路", "临港路", "新洲大道", "东环路",
)  # fmt: skip
_EASTWEST_CLASS = [
    "primary",
    "secondary",
    "primary",
    "secondary",
    "secondary",
    "primary",
    "trunk",
    "secondary",
    "secondary",
    "primary",
]
_NORTHSOUTH_CLASS = [
    "secondary",
    "primary",
    "secondary",
    "primary",
    "secondary",
    "secondary",
    "primary",
    "secondary",
    "trunk",
    "secondary",
    "primary",
    "secondary",
    "primary",
    "secondary",
    "primary",
    "secondary",
    "primary",
    "secondary",
]
WIDTH_M = {
    "trunk": 36.0, "primary": 28.0, "secondary": 18.0, "residential": 9.0, "service": 5.0,
    "track": 4.5, "path": 3.0,
}  # fmt: skip
SETBACK_M = {
    "trunk": 9.0, "primary": 6.0, "secondary": 4.5, "residential": 3.0, "service": 2.0,
}  # fmt: skip
INNER_LANE_FROM_M = 150.0
"""Estates wider than this have a lane of their own through the middle."""
_LANE_NAMES = [
    "吉祥",
    "清水",
    "石桥",
    "太平",
    "榆钱",
    "仁和",
    "染坊",
    "竹丝",
    "双莲",
    "永安",
    "甘露",
    "磨子",
    "西园",
    "锦绣",
    "高井",
    "任家",
    "近圣",
    "梓潼",
    "登云",
    "三步",
    "大墨",
    "小南",
    "药王",
    "同仁",
]


@dataclass(frozen=True)
class Plan:
    """The plan of the town.

    ``streets``: axis ("s" runs along s, "t" along t), at, low, high, class, name.
    ``cells``: s0, s1, t0, t1, old (bool), column, row. ``plots``: the same box, cell, old and the
    class of the street on each side (west, east, south, north).
    """

    streets: pd.DataFrame
    cells: pd.DataFrame
    plots: pd.DataFrame


def _super_blocks() -> list[tuple[int, int]]:
    return [(i, j) for i, rows in enumerate(ROWS_BY_COLUMN) for j in range(rows)]


def _main_streets(blocks: set[tuple[int, int]]) -> list[dict[str, object]]:
    """One row per side of a super block; each side stands once."""
    rows: list[dict[str, object]] = []
    for j, t in enumerate(T_LINES_M):
        for i in range(len(ROWS_BY_COLUMN)):
            if (i, j) in blocks or (i, j - 1) in blocks:
                span = {"axis": "s", "at": t, "low": S_LINES_M[i], "high": S_LINES_M[i + 1]}
                rows.append({**span, "name": _EASTWEST[j], "class": _EASTWEST_CLASS[j]})
    for i, s in enumerate(S_LINES_M):
        for j in range(max(ROWS_BY_COLUMN)):
            if (i, j) in blocks or (i - 1, j) in blocks:
                span = {"axis": "t", "at": s, "low": T_LINES_M[j], "high": T_LINES_M[j + 1]}
                rows.append({**span, "name": _NORTHSOUTH[i], "class": _NORTHSOUTH_CLASS[i]})
    return rows


def _split(
    box: tuple[float, ...],
    sides: tuple[str, ...],
    cuts: tuple[list[float], list[float]],
    kind: str,
) -> list[tuple[tuple[float, ...], tuple[str, ...]]]:
    """Cut `box` (s0, s1, t0, t1) at inner `cuts` along s and t; new sides get the class `kind`."""
    s = [box[0], *cuts[0], box[1]]
    t = [box[2], *cuts[1], box[3]]
    pieces: list[tuple[tuple[float, ...], tuple[str, ...]]] = []
    for a in range(len(s) - 1):
        for b in range(len(t) - 1):
            pieces.append((
                (s[a], s[a + 1], t[b], t[b + 1]),
                (sides[0] if a == 0 else kind, sides[1] if a == len(s) - 2 else kind,
                 sides[2] if b == 0 else kind, sides[3] if b == len(t) - 2 else kind),
            ))  # fmt: skip
    return pieces


def _cut_streets(
    box: tuple[float, ...], cuts: tuple[list[float], list[float]], kind: str, name: str
) -> list[dict[str, object]]:
    along = [{"axis": "t", "at": s, "low": box[2], "high": box[3]} for s in cuts[0]]
    across = [{"axis": "s", "at": t, "low": box[0], "high": box[1]} for t in cuts[1]]
    return [{**each, "class": kind, "name": name} for each in along + across]


def _inner(
    low: float, high: float, parts: int, rng: np.random.Generator, loose: float
) -> list[float]:
    shares = (np.arange(1, parts) + rng.uniform(-loose, loose, parts - 1)) / parts
    return [float(low + share * (high - low)) for share in shares]


def _cell_cuts(
    i: int, j: int, box: tuple[float, ...], rng: np.random.Generator
) -> tuple[list[float], list[float]]:
    """Where a super block falls into cells: quarters in the old town, at most halves elsewhere."""
    chance = rng.random()
    ground = (box[1] - box[0]) * (box[3] - box[2])
    across = [float(box[0] + (box[1] - box[0]) * (0.5 + 0.015 * np.sin(2.7 * i)))]
    along = [float(box[2] + (box[3] - box[2]) * (0.5 + 0.015 * np.sin(1.9 * j + 1)))]
    if i < OLD_COLUMNS and j < OLD_ROWS:
        if ground > 228_000:
            return across, along
        return (across, []) if chance < 0.6 else ([], along)
    if ground > 276_000 or chance < 0.12:
        return (across, []) if chance < 0.5 else ([], along)
    return [], []


def _box(box: tuple[float, ...]) -> dict[str, float]:
    return dict(zip(("s0", "s1", "t0", "t1"), box, strict=True))


def _sides(sides: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(("west", "east", "south", "north"), sides, strict=True))


@cache
def make_plan() -> Plan:
    """Return the plan of the town, the same at every call."""
    rng = np.random.default_rng(PLAN_SEED)
    blocks = _super_blocks()
    streets = _main_streets(set(blocks))
    cells: list[dict[str, object]] = []
    plots: list[dict[str, object]] = []
    for i, j in blocks:
        box = (
            float(S_LINES_M[i]),
            float(S_LINES_M[i + 1]),
            float(T_LINES_M[j]),
            float(T_LINES_M[j + 1]),
        )
        sides = (
            _NORTHSOUTH_CLASS[i],
            _NORTHSOUTH_CLASS[i + 1],
            _EASTWEST_CLASS[j],
            _EASTWEST_CLASS[j + 1],
        )
        old = i < OLD_COLUMNS and j < OLD_ROWS
        cuts = _cell_cuts(i, j, box, rng)
        between = "secondary" if not old else "residential"
        name = f"{_LANE_NAMES[(3 * i + 5 * j) % len(_LANE_NAMES)]}{'街' if old else '路'}"
        streets += _cut_streets(box, cuts, between, name)
        for k, (cell, cell_sides) in enumerate(_split(box, sides, cuts, between)):
            cells.append({**_box(cell), "old": old, "column": i, "row": j})
            lanes, cut = _plots_of(cell, cell_sides, old, rng)
            word = _LANE_NAMES[(7 * i + 11 * j + 5 * k) % len(_LANE_NAMES)]
            word += "巷" if old else "苑路"
            streets += _cut_streets(cell, cut, "residential", word)
            for plot, plot_sides in lanes:
                wide = not old and plot[1] - plot[0] > INNER_LANE_FROM_M
                lane = wide and (3 * i + 5 * j + len(plots)) % 4 != 0
                if lane:
                    middle = (plot[0] + plot[1]) / 2
                    streets += _cut_streets(plot, ([middle], []), "service", "")
                facts = {"lane": lane, "cell": len(cells) - 1, "old": old, "column": i, "row": j}
                plots.append({**_box(plot), **_sides(plot_sides), **facts})
    return Plan(pd.DataFrame(streets), pd.DataFrame(cells), pd.DataFrame(plots))


def _plots_of(
    cell: tuple[float, ...], sides: tuple[str, ...], old: bool, rng: np.random.Generator
) -> tuple[list[tuple[tuple[float, ...], tuple[str, ...]]], tuple[list[float], list[float]]]:
    """Cut a cell into plots by residential lanes: narrow in the old town, estates elsewhere."""
    goal = rng.uniform(82, 125, 2) if old else rng.uniform(170, 290, 2)
    parts = [
        max(1, round((cell[1] - cell[0]) / goal[0])),
        max(1, round((cell[3] - cell[2]) / goal[1])),
    ]
    cut = (
        _inner(cell[0], cell[1], parts[0], rng, 0.16),
        _inner(cell[2], cell[3], parts[1], rng, 0.16),
    )
    return _split(cell, sides, cut, "residential"), cut


def snap_to_riverside(t: float) -> float:
    """Return `t`, or the water's edge where it is the embankment road: grids reach the water."""
    return -RIVERSIDE_M if t == 0 else t
