"""Frames as compact arrays for a page: columns, numbers, points, shapes."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame, Series

from geo.base.json_objects import Packed as Packed

STEP_DEG = 1e-6
"""Coordinates are kept to this step: 0.11 m, finer than any register's positions."""

_CLOCK = "%Y-%m-%d %H:%M"

_BREAKS_MARKUP = {c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def as_json(value: object) -> str:
    r"""Return `value` as JSON that may stand inside a ``<script>`` element.

    <, >, &, U+2028 and U+2029 are written as escapes.

    Raises
    ------
    ValueError
        If a number is not finite: NaN has to be None before.

    Examples
    --------
    >>> as_json({"a": "</script>"})
    '{"a":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    sound = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate cannot be saved
    for character, escape in _BREAKS_MARKUP.items():
        sound = sound.replace(character, escape)  # on long texts far quicker than translate
    return sound


def pack_texts(frame: DataFrame, column: str) -> Packed | list[str]:
    """Return a column as texts; values that repeat are listed once, with their places.

    Parameters
    ----------
    frame
        Any table.
    column
        Name; "" for every row where it is absent.

    Returns
    -------
    dict or list
        ``{"d": values, "i": index of each row}`` where fewer than half differ, else the texts.
    """
    if column not in frame:
        return {"d": [""], "i": [0] * len(frame)} if len(frame) else []
    values = [_text(value) for value in frame[column].tolist()]
    places, known = pd.factorize(np.array(values, dtype=object))
    if len(known) * 2 > len(values):
        return values
    return {"d": list(known), "i": places.tolist()}


def pack_numbers(frame: DataFrame, column: str, *, digits: int = 0) -> list[float | int | None]:
    """Return a column as rounded numbers, None where NaN, infinite or absent.

    Parameters
    ----------
    frame
        Any table.
    column
        Name of a column of numbers, or of texts that read as numbers.
    digits
        Decimals; whole numbers come back as int.
    """
    if column not in frame:
        return [None] * len(frame)
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    rounded = np.round(values, digits)
    plain = rounded.tolist()
    finite = np.isfinite(rounded).tolist()
    return [
        (int(value) if value == int(value) else value) if ok else None
        for value, ok in zip(plain, finite, strict=True)
    ]


def pack_flags(frame: DataFrame, column: str) -> list[int | None]:
    """Return a column of truth values as 1, 0 or None (unknown or absent).

    Parameters
    ----------
    frame
        Any table.
    column
        Name of a column of truth values.
    """
    if column not in frame:
        return [None] * len(frame)
    return [None if pd.isna(value) else int(bool(value)) for value in frame[column].tolist()]


def pack_times(frame: DataFrame, column: str, *, timezone: str) -> list[str]:
    """Return a column of times as "2026-09-30 21:40", "" where absent.

    Parameters
    ----------
    frame
        Any table.
    column
        Name; times with a zone, or texts, which stay unchanged.
    timezone
        IANA name of the zone to show.
    """
    if column not in frame:
        return [""] * len(frame)
    values = frame[column]
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        local = values.dt.tz_convert(timezone)
        return [_text(value) for value in local.dt.strftime(_CLOCK).tolist()]
    return [_time(value, timezone) for value in values.tolist()]


def pack_points(frame: GeoDataFrame) -> Packed:
    """Return points as whole steps from their lower left corner, None where there is no place.

    Returns
    -------
    dict
        ``{"o": [lon, lat], "s": STEP_DEG, "x": […], "y": […]}``.
    """
    geoms = frame_geometries(frame)
    known = (shapely.get_type_id(geoms) == 0) & ~shapely.is_empty(geoms)
    xy = np.full((len(geoms), 2), np.nan)
    xy[known] = shapely.get_coordinates(geoms[known])
    known &= np.isfinite(xy).all(axis=1)
    origin = _origin(xy[known])
    steps = np.zeros(xy.shape, dtype=np.int64)
    steps[known] = np.rint(xy[known] / STEP_DEG).astype(np.int64) - origin
    columns = [
        [value if ok else None for value, ok in zip(axis.tolist(), known.tolist(), strict=True)]
        for axis in steps.T
    ]
    return {"o": origin.tolist(), "s": STEP_DEG, "x": columns[0], "y": columns[1]}


def pack_shapes(
    geoms: Sequence[Any] | NDArray[Any], *, closed: bool, step_deg: float = STEP_DEG
) -> Packed:
    """Return polygons (`closed`) or lines as rings of whole steps, each from the one before.

    The rings of all parts of a feature stand side by side, holes running the other way: filled by
    the non-zero rule holes stay holes, and features that overlap stay filled. The closing point of
    a ring is left out, as are points that fall on their neighbour. Equal points become equal
    steps: borders that are shared stay shared.

    Parameters
    ----------
    geoms
        Geometries in lon/lat, shape ``(n,)``; None, empty and other kinds give no ring.
    closed
        Whether rings of polygons are meant, or lines.
    step_deg
        What coordinates are rounded to.

    Returns
    -------
    dict
        ``{"o": [x, y], "s": step_deg, "f": rings per feature, "n": points per ring, "d": steps}``.
    """
    parts, owner = shapely.get_parts(np.asarray(geoms, dtype=object), return_index=True)
    wanted = shapely.get_type_id(parts) == (3 if closed else 1)
    parts, owner = parts[wanted], owner[wanted]
    if closed:
        parts, of = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
        owner = owner[of]
    xy, ring = shapely.get_coordinates(parts, return_index=True)
    steps = np.rint(xy / step_deg).astype(np.int64)
    keep = _not_repeated(steps, ring, closed=closed)
    steps, ring = steps[keep], ring[keep]
    origin = steps.min(axis=0) if len(steps) else np.zeros(2, dtype=np.int64)
    flat = np.diff(steps, axis=0, prepend=origin[None, :]) if len(steps) else steps
    return {
        "o": origin.tolist(),
        "s": step_deg,
        "f": np.bincount(owner, minlength=len(geoms)).tolist(),
        "n": np.bincount(ring, minlength=len(parts)).tolist(),
        "d": flat.ravel().tolist(),
    }


def frame_geometries(frame: DataFrame) -> NDArray[Any]:
    """Return the geometries of a frame, all None where it has no geometry column."""
    if isinstance(frame, GeoDataFrame) and frame.active_geometry_name is not None:
        return np.asarray(frame.geometry.array, dtype=object)
    return np.full(len(frame), None, dtype=object)


def _not_repeated(steps: NDArray[Any], ring: NDArray[Any], *, closed: bool) -> NDArray[np.bool_]:
    """Mark the points to keep: not equal to the one before, in a ring not the closing one."""
    keep = np.ones(len(steps), dtype=bool)
    same_ring = ring[1:] == ring[:-1]
    keep[1:] = ~(same_ring & (steps[1:] == steps[:-1]).all(axis=1))
    if closed and len(steps):
        last = np.append(~same_ring, True)
        keep &= ~last
    return keep


def _origin(xy: NDArray[Any]) -> NDArray[np.int64]:
    """Return the lower left corner in whole steps, 0, 0 where there is nothing."""
    corner = xy.min(axis=0) if len(xy) else np.zeros(2)
    return np.asarray(np.rint(corner / STEP_DEG), dtype=np.int64)


def _text(value: object) -> str:
    """Return a cell as text, "" where unknown."""
    return "" if value is None or value is pd.NA or value != value else str(value)


def _time(value: object, timezone: str) -> str:
    """Return one time in `timezone`, a text unchanged, "" where unknown."""
    if value is None or isinstance(value, str) or pd.isna(Series([value]))[0]:
        return _text(value)
    stamp = pd.Timestamp(value)  # type: ignore[arg-type]
    local = stamp.tz_convert(timezone) if stamp.tzinfo else stamp
    return local.strftime(_CLOCK)
