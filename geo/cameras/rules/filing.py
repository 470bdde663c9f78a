"""Filing: what a unit declares about its cameras to the police, and what has changed since."""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.files.schema.layers import LAYERS

__all__ = [
    "CAMERA",
    "FILED_FIELDS",
    "POSITION",
    "POSITION_TOLERANCE_M",
    "SNAPSHOT",
    "changed_fields",
    "filing_snapshot",
    "spell_value",
]

POSITION: Final = "position"
CAMERA: Final = "camera"
"""The field of a change that is the camera itself: filed and gone, or there and not filed."""

FILED_FIELDS: Final = (
    *("management_unit", "name", POSITION, "address", "owner_kind", "form", "point_class"),
    *("mount_height_m", "retention_days", "installed_on"),
)
"""What is filed of a camera. What it looks at is no part of it: Art. 13 leaves that to the unit."""

SNAPSHOT: Final = tuple(
    name for field in FILED_FIELDS for name in (("lon", "lat") if field == POSITION else (field,))
)
"""The names of a snapshot, as ``govgrid.filed_camera`` keeps them."""

POSITION_TOLERANCE_M: Final = 5.0
"""Nearer than that a camera stands where it was filed: a handheld receiver and the next survey of
the same pole differ by as much, and the nearest other pole of a street is three times as far."""

_EARTH_RADIUS_M: Final = 6_371_008.8
_COLUMNS: Final = ("camera_code", "field", "filed", "now")


def filing_snapshot(row: Mapping[str, Any]) -> dict[str, object]:
    """Return what is filed of a camera, as values of JSON.

    Parameters
    ----------
    row
        A camera with `lon` and `lat` (EPSG:4326). Names of :data:`SNAPSHOT` that it lacks are left
        out: nothing is stated of them. A blank one is None: it is stated to be unknown.
    """
    return {name: _value(row[name]) for name in SNAPSHOT if name in row}


def changed_fields(filed: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Return what is no longer as it was filed.

    A position differs where it is farther than :data:`POSITION_TOLERANCE_M` from the one filed,
    texts where they do without outer blanks. A field that only one frame has is not compared.

    Parameters
    ----------
    filed, now
        `camera_code` (each once) and columns of :data:`SNAPSHOT`.

    Returns
    -------
    DataFrame
        `camera_code`, `field` (of :data:`FILED_FIELDS`, or :data:`CAMERA`: then `filed` or `now` is
        the name of the one that is gone or has come), `filed`, `now`: text, None for blank. In
        order of codes, then of fields.
    """
    was, is_ = filed.set_index("camera_code"), now.set_index("camera_code")
    both = was.index[was.index.isin(is_.index)]
    gone, come = was[~was.index.isin(both)], is_[~is_.index.isin(both)]
    parts = [
        _rows(gone.index, CAMERA, _named(gone), [None] * len(gone)),
        _rows(come.index, CAMERA, [None] * len(come), _named(come)),
        *(_differing(field, was.loc[both], is_.loc[both]) for field in FILED_FIELDS),
    ]
    rows = pd.concat([part for part in parts if len(part)] or parts[:1])
    return rows.sort_values("camera_code", kind="stable", ignore_index=True)


def spell_value(field: str, value: str | None, lang: str = "zh") -> str:
    """Return a value of :func:`changed_fields` in words, "" for none.

    Parameters
    ----------
    field
        Name of a filed field.
    value
        As stored: codes of a vocabulary become words, others stay.
    lang
        "zh" gives Chinese words, others the stored code.
    """
    if value is None or field not in FILED_FIELDS or field == POSITION:
        return value or ""
    accepted = LAYERS["cameras"].field(field).choices.get(value, ())
    return accepted[0] if accepted and lang == "zh" else value


def _differing(field: str, was: pd.DataFrame, is_: pd.DataFrame) -> pd.DataFrame:
    if field == POSITION:
        return _moved(was, is_)
    if field not in was or field not in is_:
        return _rows(was.index[:0], field, [], [])
    before, after = _texts(was[field]), _texts(is_[field])
    differs = before != after
    return _rows(was.index[differs], field, before[differs], after[differs])


def _moved(was: pd.DataFrame, is_: pd.DataFrame) -> pd.DataFrame:
    if not {"lon", "lat"} <= set(was) & set(is_):
        return _rows(was.index[:0], POSITION, [], [])
    before, after = (frame[["lon", "lat"]].to_numpy(dtype=np.float64) for frame in (was, is_))
    far = ~(_apart_m(before, after) <= POSITION_TOLERANCE_M)
    # nothing is said about a position that neither knows
    far &= ~(np.isnan(before).any(axis=1) & np.isnan(after).any(axis=1))
    return _rows(was.index[far], POSITION, _places(before[far]), _places(after[far]))


def _apart_m(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far places (lon, lat) lie apart, in metres, on a sphere.

    That is 0.3 % off at most where they are near each other; far apart only that they are matters.
    """
    east, north = np.radians(other - one).T
    east = east * np.cos(np.radians((one[:, 1] + other[:, 1]) / 2))
    return np.asarray(_EARTH_RADIUS_M * np.hypot(east, north), dtype=np.float64)


def _rows(codes: pd.Index, field: str, filed: object, now: object) -> pd.DataFrame:
    cells = {"camera_code": codes.to_numpy(), "field": field, "filed": filed, "now": now}
    return pd.DataFrame(cells, index=range(len(codes)), columns=list(_COLUMNS), dtype=object)


def _named(cameras: pd.DataFrame) -> NDArray[np.object_]:
    names = cameras["name"] if "name" in cameras else pd.Series(cameras.index)
    return _texts(names.fillna(pd.Series(cameras.index, index=names.index)))


def _texts(cells: pd.Series) -> NDArray[np.object_]:
    found = np.empty(len(cells), dtype=object)
    found[:] = [_text(_value(cell)) for cell in cells.tolist()]
    return found


def _places(places: NDArray[np.float64]) -> NDArray[np.object_]:
    found = np.empty(len(places), dtype=object)
    known = ~np.isnan(places).any(axis=1)
    found[known] = [f"{lon:.6f} {lat:.6f}" for lon, lat in places[known]]
    return found


def _text(value: object) -> str | None:
    return f"{value:g}" if isinstance(value, float) else None if value is None else str(value)


def _value(cell: object) -> object:
    """Return a cell as a value of JSON: None for what is blank, whole numbers as such.

    What is neither blank, text nor day is a number.
    """
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, dt.date):
        return cell.isoformat()[:10]
    number = float(cell)  # type: ignore[arg-type]
    if math.isnan(number):
        return None
    return int(number) if number.is_integer() else number
