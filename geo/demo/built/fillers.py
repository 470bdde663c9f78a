"""How a plot is built up by its use: rows of flats, towers, old streets, halls, schools."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geo.demo.land.terrain import Floats

FLOOR_M = 3.0


@dataclass(frozen=True)
class Room:
    """The building area of a plot in metres from the plot's middle."""

    x0: float
    x1: float
    y0: float
    y1: float

    @property
    def width(self) -> float:
        """Extent along s."""
        return self.x1 - self.x0

    @property
    def depth(self) -> float:
        """Extent along t."""
        return self.y1 - self.y0


Row = tuple[float, float, float, float, float, str, str]
"""x, y, width, depth, height (metres), shape, kind."""


TWO_SIDED = {"slabs", "towers", "villas", "sheds"}


def split_in_halves(room: Room) -> tuple[Room, Room]:
    """Return the parts on both sides of the lane through the middle."""
    return Room(room.x0, -5.0, room.y0, room.y1), Room(5.0, room.x1, room.y0, room.y1)


def _behind(room: Room, front_m: float, rng: np.random.Generator) -> list[Row]:
    """Rows of flats behind a public building that takes `front_m` of the plot."""
    if room.depth - front_m < 45:
        return []
    return _slabs(Room(room.x0, room.x1, room.y0 + front_m, room.y1), rng, shops=False)


def _fill(low: float, high: float, size: float, gap: float) -> Floats:
    """Middles of as many things of `size` as fit between `low` and `high`, evenly spread."""
    count = int((high - low + gap) // (size + gap))
    if count < 1:
        return np.empty(0)
    spare = (high - low - count * size) / max(count - 1, 1) if count > 1 else 0.0
    first = low + size / 2 if count > 1 else (low + high) / 2
    return np.asarray(first + np.arange(count) * (size + spare), float)


def _slabs(room: Room, rng: np.random.Generator, *, shops: bool = True) -> list[Row]:
    floors = int(rng.choice([5, 6, 6, 7, 11, 18], p=[0.15, 0.3, 0.2, 0.15, 0.12, 0.08]))
    depth = float(rng.uniform(11, 13.5))
    gap = max(11.0, FLOOR_M * floors * (0.85 if floors < 9 else 0.75))
    length = float(rng.uniform(34, 62))
    rows: list[Row] = []
    shape = "stepped" if rng.random() < 0.35 else "box"
    row = _gatehouse(room, rng) if shops else []
    for y in _fill(room.y0 + (10.0 if row else 0.0), room.y1, depth, gap):
        shift = float(rng.normal(0, 1.2))
        for x in _fill(room.x0 + 3, room.x1 - 3, min(length, room.width - 8), 9.0):
            if rng.random() < 0.96:
                rows.append(
                    (
                        x + shift,
                        y,
                        min(length, room.width - 8),
                        depth,
                        floors * FLOOR_M + 0.6,
                        shape,
                        "住宅",
                    )
                )
    return rows + row


def _gatehouse(room: Room, rng: np.random.Generator) -> list[Row]:
    """Low shops along one edge, touching each other as real rows of shops do."""
    if rng.random() < 0.45 or room.width < 60:
        return []
    y = room.y0 - 1.0 + 4.0
    x = np.arange(room.x0 + 6, room.x1 - 6, 8.0)
    return [(float(v), y - 1.5, 8.0, 7.0, 4.2, "box", "商铺") for v in x if rng.random() < 0.9]


def _towers(room: Room, rng: np.random.Generator) -> list[Row]:
    width, depth = float(rng.uniform(26, 36)), float(rng.uniform(17, 21))
    rows: list[Row] = []
    floors = int(rng.integers(17, 34))
    shape = str(rng.choice(["cross", "stepped", "box"]))
    for k, y in enumerate(_fill(room.y0 + 8, room.y1 - 4, depth, 44.0)):
        offset = (k % 2) * 9.0
        for x in _fill(room.x0 + 4, room.x1 - 4 - 9, width, 20.0):
            rows.append(
                (
                    x + offset,
                    y,
                    width,
                    depth,
                    (floors + int(rng.integers(-2, 3))) * FLOOR_M,
                    shape,
                    "高层住宅",
                )
            )
    rows.append((room.x0 + 14, room.y0 + 5, 26.0, 9.0, 8.0, "box", "商铺"))
    if room.width > 100 and room.depth > 100:
        rows.append(((room.x0 + room.x1) / 2 + 6, room.y0 + 5.5, 30.0, 9.0, 7.0, "ell", "物业"))
    return rows


def _perimeter(room: Room, rng: np.random.Generator) -> list[Row]:
    """Houses shoulder to shoulder along all four streets, yards and sheds behind them."""
    depth = float(rng.uniform(9.5, 13.0))
    rows: list[Row] = []
    if min(room.width, room.depth) < 62 and rng.random() < 0.35:
        return [
            (
                (room.x0 + room.x1) / 2,
                (room.y0 + room.y1) / 2,
                room.width - 1,
                room.depth - 1,
                12.0,
                "court",
                "住宅",
            )
        ]
    for y in (room.y0 + depth / 2, room.y1 - depth / 2):
        rows += _frontage(room.x0, room.x1, y, depth, False, rng)
    for x in (room.x0 + depth / 2, room.x1 - depth / 2):
        rows += _frontage(room.y0 + depth + 1.5, room.y1 - depth - 1.5, x, depth, True, rng)
    inner = Room(room.x0 + depth + 5, room.x1 - depth - 5, room.y0 + depth + 5, room.y1 - depth - 5)
    if inner.width > 12 and inner.depth > 12:
        rows += _yard(inner, rng)
    return rows


def _frontage(
    low: float, high: float, across: float, depth: float, turned: bool, rng: np.random.Generator
) -> list[Row]:
    rows: list[Row] = []
    at = low
    while at < high - 8:
        length = min(float(rng.uniform(11, 30)), high - at)
        if length >= 8 and rng.random() < 0.93:
            floors = int(rng.choice([2, 3, 4, 5, 6, 7], p=[0.15, 0.25, 0.2, 0.15, 0.15, 0.1]))
            cut = 0.25 if rng.random() < 0.5 else 0.7
            size = (depth, length - cut) if turned else (length - cut, depth)
            spot = (across, at + length / 2) if turned else (at + length / 2, across)
            kind = str(rng.choice(["住宅", "商住", "商铺", "办公"], p=[0.45, 0.35, 0.15, 0.05]))
            rows.append((*spot, *size, floors * FLOOR_M + 0.5, "box", kind))
        else:
            at += 3.0
        at += length
    return rows


def _yard(room: Room, rng: np.random.Generator) -> list[Row]:
    rows: list[Row] = []
    for y in _fill(room.y0, room.y1, 10.0, 7.0):
        for x in _fill(room.x0, room.x1, 15.0, 5.0):
            if rng.random() < 0.62:
                shape = str(
                    rng.choice(["box", "ell", "ell_back", "court"], p=[0.55, 0.18, 0.17, 0.1])
                )
                rows.append(
                    (
                        x + float(rng.normal(0, 0.6)),
                        y,
                        float(rng.uniform(9, 16)),
                        float(rng.uniform(7, 10.5)),
                        float(rng.choice([3.5, 6.5, 9.5])),
                        shape,
                        "住宅",
                    )
                )
    return rows


def _lanes(room: Room, rng: np.random.Generator) -> list[Row]:
    """Set narrow houses wall to wall, some overlapping on the map as they do in registers."""
    rows: list[Row] = []
    for k, y in enumerate(_fill(room.y0, room.y1, 10.5, 1.5)):
        at = room.x0 + float(rng.uniform(0, 3))
        while at < room.x1 - 6:
            width = min(float(rng.uniform(7, 15)), room.x1 - at)
            if rng.random() < 0.93:
                extra = 0.4 if rng.random() < 0.03 else 0.0
                lane = 1.6 if k % 2 else -1.6
                rows.append(
                    (
                        at + width / 2,
                        y + lane * 0.6,
                        width * 0.97 + extra,
                        float(rng.uniform(8, 10)),
                        float(rng.choice([3.5, 6.5, 7.0, 9.8], p=[0.25, 0.35, 0.3, 0.1])),
                        str(rng.choice(["box", "ell"], p=[0.88, 0.12])),
                        "民房",
                    )
                )
            else:
                at += 2.5
            at += width
    return rows


def _mixed(room: Room, rng: np.random.Generator) -> list[Row]:
    """Set a tower on a podium of shops (the overlap is meant), slabs behind."""
    width = min(room.width - 4, 70.0)
    rows: list[Row] = [((room.x0 + room.x1) / 2, room.y0 + 14, width, 26.0, 13.5, "box", "商业")]
    if room.width > 50:
        rows.append(
            (
                (room.x0 + room.x1) / 2,
                room.y0 + 14,
                24.0,
                17.0,
                float(rng.integers(16, 28)) * FLOOR_M,
                "box",
                "办公",
            )
        )
    if room.depth > 70:
        rows += _slabs(Room(room.x0, room.x1, room.y0 + 46, room.y1), rng)
    return rows


def _villas(room: Room, rng: np.random.Generator) -> list[Row]:
    size = float(rng.uniform(11, 13))
    return [
        (
            x + float(rng.normal(0, 0.8)),
            y,
            size * 1.2,
            size,
            9.6,
            str(rng.choice(["ell", "box", "ell_back"])),
            "住宅",
        )
        for y in _fill(room.y0, room.y1, size, 12.0)
        for x in _fill(room.x0, room.x1, size * 1.2, 7.0)
    ]


def _sheds(room: Room, rng: np.random.Generator) -> list[Row]:
    width, depth = float(rng.uniform(48, 90)), float(rng.uniform(22, 40))
    rows: list[Row] = [
        (
            x,
            y,
            min(width, room.width - 4),
            depth,
            float(rng.choice([8.0, 9.5, 12.0])),
            "box",
            "厂房",
        )
        for y in _fill(room.y0 + 16, room.y1, depth, 12.0)
        for x in _fill(room.x0, room.x1, min(width, room.width - 4), 12.0)
        if rng.random() < 0.9
    ]
    rows.append((room.x0 + 22, room.y0 + 6, 40.0, 11.0, 13.0, "box", "办公"))
    return rows


def _school(room: Room, rng: np.random.Generator) -> list[Row]:
    width = min(room.width * 0.55, 72.0)
    rows: list[Row] = [
        (room.x0 + width / 2 + 1, y, width, 10.5, 15.0 if k else 18.0, "box", "教学楼")
        for k, y in enumerate(_fill(room.y0 + 12, room.y1, 10.5, 22.0)[:4])
    ]
    rows.append((room.x1 - 18, room.y1 - 16, 28.0, 24.0, 11.0, "box", "体育馆"))
    return rows + _behind(room, 175.0, rng)


def _hospital(room: Room, rng: np.random.Generator) -> list[Row]:
    middle = (room.x0 + room.x1) / 2
    rows: list[Row] = [
        (middle, room.y0 + 62, min(room.width - 10, 78.0), 38.0, 45.0, "u", "医院"),
        (room.x0 + 24, room.y0 + 20, 36.0, 24.0, 21.0, "ell", "医院"),
    ]
    if room.width > 90:
        rows.append((room.x1 - 24, room.y0 + 20, 36.0, 18.0, 27.0, "box", "医院"))
    return rows + _behind(room, 100.0, rng)


def _market(room: Room, rng: np.random.Generator) -> list[Row]:
    depth = min(room.depth - 14, 48.0)
    return [
        (
            (room.x0 + room.x1) / 2,
            room.y0 + 8 + depth / 2,
            min(room.width - 10, 72.0),
            depth,
            8.5,
            "box",
            "市场",
        ),
        *_behind(room, depth + 26, rng),
    ]


def _mall(room: Room, rng: np.random.Generator) -> list[Row]:
    """Set a tower on a large hall; the overlap is meant."""
    width, depth = min(room.width - 18, 140.0), min(room.depth - 30, 90.0)
    x, y = (room.x0 + room.x1) / 2, room.y0 + 18 + depth / 2
    return [
        (x, y, width, depth, 24.0, "box", "商场"),
        (
            x - width / 4,
            y + depth / 5,
            min(30.0, width / 3),
            min(24.0, depth / 3),
            88.0,
            "box",
            "办公",
        ),
        *_behind(room, depth + 44, rng),
    ]


def _office(room: Room, rng: np.random.Generator) -> list[Row]:
    return [
        ((room.x0 + room.x1) / 2, room.y0 + 46, min(room.width - 8, 62.0), 34.0, 30.0, "u", "办公"),
        (room.x0 + 12, room.y0 + 7, 18.0, 9.0, 4.0, "box", "传达室"),
        *_behind(room, 82.0, rng),
    ]


def _station(room: Room, rng: np.random.Generator) -> list[Row]:
    width = min(room.width - 14, 110.0)
    return [
        ((room.x0 + room.x1) / 2, room.y0 + 66, width, 30.0, 16.0, "box", "车站"),
        *_behind(room, 130.0, rng),
    ]


def _hotel(room: Room, rng: np.random.Generator) -> list[Row]:
    return [
        (
            (room.x0 + room.x1) / 2,
            room.y0 + 24,
            min(room.width - 8, 46.0),
            24.0,
            54.0,
            "ell",
            "宾馆",
        ),
        *_behind(room, 56.0, rng),
    ]


FILLERS: dict[str, Callable[[Room, np.random.Generator], list[Row]]] = {
    "slabs": _slabs,
    "towers": _towers,
    "perimeter": _perimeter,
    "lanes": _lanes,
    "mixed": _mixed,
    "villas": _villas,
    "sheds": _sheds,
    "school": _school,
    "hospital": _hospital,
    "market": _market,
    "mall": _mall,
    "office": _office,
    "station": _station,
    "hotel": _hotel,
}
