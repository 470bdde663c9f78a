"""Layout of the invented land: river bank, town plane, islands, lakes and the canal, in metres."""

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geo.base.crs import metric_srid

Floats = NDArray[np.float64]

Shapes = NDArray[np.object_]

METRIC_SRID = metric_srid(117.14, 30.59)
ORIGIN_M = (502_900.0, 3_372_300.0)
"""South-west corner of the frame (117.03 E, 30.47 N) in the metric system."""

TOWN_LENGTH_M = 8_700.0
RIVERSIDE_M = 60.0
"""Strip between the embankment road (t = 0) and the water."""

_BANK_KM = (
    (-2.0, 4.3), (0.2, 3.75), (2.4, 3.35), (4.6, 3.25), (6.8, 3.55), (8.8, 4.3), (10.7, 5.7),
    (12.2, 7.7), (13.2, 10.1), (13.8, 12.8), (14.1, 15.6), (14.5, 18.4), (15.4, 21.1),
    (16.6, 23.6), (17.6, 26.0), (18.3, 28.0),
)  # fmt: skip
_BANK_START_KM = 0.45
_FAR_SIDE_M = (
    (-2_500, 1_300), (0, 1_350), (3_000, 1_650), (6_000, 2_150), (9_000, 2_250), (12_000, 2_650),
    (15_000, 3_500), (18_500, 3_850), (22_000, 3_350), (26_000, 2_750), (29_000, 2_200),
    (31_000, 2_000),
)  # fmt: skip
_NEAR_CHANNEL_M = (
    (9_150, -400), (9_300, 150), (9_900, 430), (12_000, 560), (16_000, 560), (20_000, 640),
    (22_000, 560), (25_000, 520), (28_000, 560), (31_000, 700),
)  # fmt: skip
_ISLANDS = (  # name, s, r, half length, half width, bend of the axis
    ("南木洲", 5_300, 1_180, 2_500, 390, 110),
    ("新洲", 15_700, 2_080, 4_250, 1_020, 240),
    ("天然洲", 24_300, 1_750, 2_900, 680, -140),
    ("鹭洲", 10_600, 1_250, 620, 130, 0),
    ("芦滩", 20_600, 2_600, 560, 150, 40),
)
_LAKES_KM = (  # name, x, y, half length, half width, turn in degrees
    ("连心湖", 9.3, 10.1, 1.15, 0.55, 62),
    ("石门湖", 10.2, 14.2, 1.75, 0.80, 78),
    ("柘林湖", 11.6, 19.6, 1.45, 0.70, 65),
    ("小孤湖", 13.5, 23.3, 0.75, 0.36, 40),
    ("莲湖", 7.6, 8.9, 0.42, 0.22, 20),
)
_NORTH_WEST_KM = (
    (4.3, 6.6), (4.8, 7.95), (5.7, 8.45), (6.4, 9.3), (6.9, 10.6), (7.55, 11.7), (7.7, 13.2),
    (8.4, 14.6), (8.7, 16.1), (9.5, 17.3), (9.8, 18.9), (10.6, 20.2), (11.2, 21.5), (12.3, 22.6),
    (13.1, 23.7), (14.2, 24.05), (15.1, 23.9), (15.75, 23.3), (16.0, 22.6),
)  # fmt: skip
END_M = 28_300.0
"""Where the district ends along the bank."""


def make_points(xy: Floats) -> Shapes:
    """Return points for coordinates (n, 2)."""
    return np.asarray(shapely.points(xy))


def smooth_line(points: Floats, step_m: float) -> Floats:
    """Return a Catmull-Rom curve through points, sampled at regular steps.

    Parameters
    ----------
    points
        Shape ``(n, 2)``, metres.
    step_m
        Distance of samples along each span, about; each span has at least two.

    Returns
    -------
    Floats
        Shape ``(n_samples, 2)``, metres.
    """
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    spans = np.hypot(*np.diff(points, axis=0).T)
    pieces = []
    for k, span in enumerate(spans):
        u = np.arange(0, 1, min(step_m / span, 0.5))[:, None]
        a, b, c, d = padded[k : k + 4]
        pieces.append(
            0.5 * (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u**2
                   + (3 * b - a - 3 * c + d) * u**3)
        )  # fmt: skip
    return np.vstack([*pieces, points[-1:]])


@cache
def _bank() -> tuple[Floats, Floats, Floats, Floats]:
    """Arc length, x, y and heading (radians, counter-clockwise from east) of the bank line."""
    curve = smooth_line(np.array(_BANK_KM) * 1000 + ORIGIN_M, 40.0)
    kernel = np.hanning(41) / np.hanning(41).sum()
    padded = np.pad(curve, ((20, 20), (0, 0)), mode="reflect", reflect_type="odd")
    smooth = np.column_stack([np.convolve(padded[:, k], kernel, "valid") for k in (0, 1)])
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(smooth, axis=0).T))])
    start = np.interp(_BANK_START_KM * 1000 + ORIGIN_M[0], smooth[:, 0], length)
    heading = np.unwrap(np.arctan2(*np.gradient(smooth, axis=0).T[::-1]))
    return length - start, smooth[:, 0], smooth[:, 1], heading


def river_plane(s: Floats, r: Floats) -> Floats:
    """Return metric coordinates for positions in the river.

    Parameters
    ----------
    s
        Metres along the bank.
    r
        Metres from the bank towards the far bank; broadcast with `s`.

    Returns
    -------
    Floats
        Shape ``(…, 2)``, metres.
    """
    length, x, y, heading = _bank()
    s, r = np.broadcast_arrays(np.asarray(s, float), np.asarray(r, float))
    angle = np.interp(s, length, heading)
    return np.stack(
        [np.interp(s, length, x) + r * np.sin(angle), np.interp(s, length, y) - r * np.cos(angle)],
        axis=-1,
    )


_WAVES = (  # amplitude, wavelength along s, along t, phase: what keeps streets from being ruled
    (26.0, 2_700.0, 3_900.0, 0.4), (17.0, 1_500.0, -2_300.0, 2.1), (9.0, 800.0, 1_100.0, 4.0),
)  # fmt: skip
_OLD_WAVES = ((7.0, 520.0, 610.0, 1.1), (4.5, 330.0, -410.0, 5.2))


def _wave(s: Floats, t: Floats, shift: float) -> Floats:
    moved = sum(a * np.sin(2 * np.pi * (s / u + t / v) + p + shift) for a, u, v, p in _WAVES) + sum(
        a * np.sin(2 * np.pi * (s / u + t / v) + p + 2 * shift) for a, u, v, p in _OLD_WAVES
    ) * np.clip((4_200 - s) / 900, 0, 1)
    return np.asarray(moved)


def town_plane(s: Floats, t: Floats) -> Floats:
    """Return metric coordinates for street coordinates.

    The cross axis follows the bank's normal by half only: streets stay nearly square to each other
    without crowding at the back of the town.

    Parameters
    ----------
    s
        Metres along the river.
    t
        Metres away from the river; broadcast with `s`.

    Returns
    -------
    Floats
        Shape ``(…, 2)``, metres.
    """
    length, x, y, heading = _bank()
    s, t = np.broadcast_arrays(np.asarray(s, float), np.asarray(t, float))
    here = np.interp(s, length, heading)
    mean = float(np.interp(np.linspace(0, TOWN_LENGTH_M, 50), length, heading).mean())
    angle = mean + 0.5 * (here - mean)
    return np.stack(
        [
            np.interp(s, length, x) - t * np.sin(angle) + _wave(s, t, 0.0),
            np.interp(s, length, y) + t * np.cos(angle) + _wave(s, t, 1.7),
        ],
        axis=-1,
    )


def town_angle(s: Floats, t: Floats) -> Floats:
    """Return the direction of the s axis, radians counter-clockwise from east.

    Parameters
    ----------
    s, t
        Street coordinates as in :func:`town_plane`.
    """
    ahead, behind = town_plane(s + 20.0, t), town_plane(s - 20.0, t)
    return np.asarray(np.arctan2(*(ahead - behind).T[::-1]).T)


def town_scale(s: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Return metres per unit of s and per unit of t.

    Parameters
    ----------
    s, t
        Street coordinates as in :func:`town_plane`.
    """
    along = np.linalg.norm(town_plane(s + 20.0, t) - town_plane(s - 20.0, t), axis=-1) / 40
    across = np.linalg.norm(town_plane(s, t + 20.0) - town_plane(s, t - 20.0), axis=-1) / 40
    return along, across


def bank_line(step_m: float = 90.0) -> Floats:
    """Return the water's edge on the near side, west to east, (n, 2) metres."""
    town = np.arange(0, TOWN_LENGTH_M + 1, step_m)
    country = np.arange(TOWN_LENGTH_M + 500, 31_000, step_m)
    wobble = 18 * np.sin(country / 410) + 11 * np.sin(country / 173 + 1)
    before = river_plane(np.array([-2_200.0, -1_100.0, -400.0]), np.array([60.0, 75.0, 60.0]))
    return np.vstack(
        [
            before,
            town_plane(town, np.full(town.shape, -RIVERSIDE_M)),
            river_plane(country, RIVERSIDE_M + wobble),
        ]
    )


def far_side(s: Floats, beyond_m: float = 0.0) -> Floats:
    """Return points on the district's limit in the river.

    Parameters
    ----------
    s
        Metres along the bank.
    beyond_m
        Metres past the limit.

    Returns
    -------
    Floats
        Shape ``(…, 2)``, metres.
    """
    at, r = np.array(_FAR_SIDE_M, float).T
    return river_plane(s, np.interp(s, at, r) + 60 * np.sin(s / 900) + beyond_m)


def channel_line(step_m: float = 150.0) -> Floats:
    """Return the middle of the near channel, from the town's end downstream, (n, 2) metres."""
    at, r = np.array(_NEAR_CHANNEL_M, float).T
    s = np.concatenate([at[:2], np.arange(at[1] + step_m, at[-1], step_m)])
    return river_plane(s, np.interp(s, at, r))


def cut_line(s: float) -> Floats:
    """Return a line across the river at `s`, from inland to past the district's limit."""
    bend = np.linspace(0, 1, 12)
    return river_plane(s + 180 * np.sin(bend * 4), -300 + bend * 6_000)


@cache
def north_west_line() -> LineString:
    """Return the landward limit of the country, from inside the town to the river."""
    curve = smooth_line(np.array(_NORTH_WEST_KM) * 1000 + ORIGIN_M, 110.0)
    end = river_plane(np.array([END_M, END_M]), np.array([0.0, 3_500.0]))
    wobble = 22 * np.sin(np.arange(len(curve)) * 1.3) + 14 * np.sin(np.arange(len(curve)) * 0.47)
    return LineString(np.vstack([curve + wobble[:, None] * np.array([0.8, -0.6]), end]))


@cache
def make_islands() -> dict[str, Polygon]:
    """Return the islands and sandbars by name, metres."""
    u = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    found = {}
    for k, (name, s, r, length, width, bend) in enumerate(_ISLANDS):
        rough = 1 + 0.07 * np.sin(3 * u + k) + 0.04 * np.sin(7 * u + 2 * k)
        along = np.cos(u)
        across = np.sign(np.sin(u)) * np.abs(np.sin(u)) ** 1.25
        found[name] = Polygon(
            river_plane(
                s + length * along * (1 + 0.02 * np.sin(5 * u)),
                r + width * across * rough + bend * np.cos(2 * u),
            )
        )
    return found


@cache
def make_lakes() -> dict[str, Polygon]:
    """Return the lakes by name, metres."""
    u = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    found = {}
    for k, (name, x, y, length, width, turn) in enumerate(_LAKES_KM):
        rough = (1 + 0.16 * np.sin(2 * u + 1.3 * k) + 0.13 * np.sin(3 * u + k)
                 + 0.08 * np.sin(5 * u + 2 * k) + 0.05 * np.sin(9 * u + k))  # fmt: skip
        a = np.radians(turn)
        px, py = length * np.cos(u) * rough, width * np.sin(u) * rough
        ring = np.column_stack(
            [x + px * np.cos(a) - py * np.sin(a), y + px * np.sin(a) + py * np.cos(a)]
        )
        found[name] = Polygon(ring * 1000 + ORIGIN_M)
    return found


CANAL_S_M = 6_645.0
_CREEKS_KM = (  # from a lake or the hinterland to the river
    ((10.9, 14.2), (11.9, 14.0), (12.9, 13.4), (13.9, 13.9), (14.6, 13.7)),
    ((12.3, 20.3), (13.4, 20.0), (14.4, 20.5), (15.9, 20.2)),
    ((9.9, 11.2), (9.7, 12.2), (9.95, 12.9)),
    ((9.8, 9.3), (10.3, 8.4), (11.2, 7.7), (11.5, 6.3)),
)
_HIGHWAY_KM = (
    (10.6, 8.6), (11.5, 11.4), (12.3, 14.0), (12.6, 16.8), (13.3, 19.3), (14.4, 21.6), (15.2, 23.4),
)  # fmt: skip


@cache
def make_canal() -> Polygon:
    """Return the canal that crosses the new town from the back to the river, metres."""
    t = np.arange(-RIVERSIDE_M - 20, 5_200, 60.0)
    s = CANAL_S_M + 14 * np.sin(t / 300)
    return LineString(town_plane(s, t)).buffer(11.0, cap_style="flat")


@cache
def make_river() -> BaseGeometry:
    """Return the river without its islands, a little beyond the district's limit, metres."""
    s = np.arange(-2_200, 30_900, 150.0)
    outline = Polygon(np.vstack([bank_line(), far_side(s, 900.0)[::-1]]))
    return outline.difference(shapely.union_all(list(make_islands().values())))


@cache
def make_creeks() -> BaseGeometry:
    """Return the ditches that drain lakes into the river, without either, metres."""
    lines = []
    for k, points in enumerate(_CREEKS_KM):
        curve = smooth_line(np.array(points) * 1000 + ORIGIN_M, 60.0)
        swing = 22 * np.sin(np.arange(len(curve)) * 0.55 + k)
        lines.append(LineString(curve + swing[:, None] * np.array([0.5, 0.8])).buffer(8.0))
    standing = shapely.union_all([make_river(), *make_lakes().values()])
    return shapely.union_all(lines).difference(standing)


@cache
def make_highway() -> LineString:
    """Return the road from the town to the north-east, clear of the lakes, metres."""
    start = town_plane(np.array([8_210.0]), np.array([2_390.0]))
    points = np.vstack([start, np.array(_HIGHWAY_KM) * 1000 + ORIGIN_M])
    return LineString(smooth_line(points, 90.0))
