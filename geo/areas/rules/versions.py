"""Versions of areas: what the rows of a file change in the known areas."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.areas.rules.partition import LEVELS
from geo.base.codes import full_area_code
from geo.base.errors import InputError, NotFoundError

Flags = NDArray[np.bool_]

KEY: Final = ["level", "code"]
CELLS = ("name", "kind", "local_code", "parent_given", "attributes")


def compare_versions(
    known: gpd.GeoDataFrame, rows: gpd.GeoDataFrame, *, valid_from: date | None
) -> gpd.GeoDataFrame:
    """Return each row as its area will be, with what is known of it and its `state`.

    Parameters
    ----------
    known
        The versions valid on `valid_from` (None: today): `id`, `unit_id`, `level`, `code`, `CELLS`,
        `parent_unit_id`, `valid_from`, `valid_to` and geometry.
    rows
        `level`, `code`, those of `CELLS` that the file has (the parent as `parent_code`) and
        geometry. What it lacks is as known.

    Returns
    -------
    GeoDataFrame
        Fresh index in the order of `rows`: `state`, `level`, `code`, `CELLS`, `geometry`; `id`,
        `unit_id`, `valid_from` and `valid_to` of the known version, missing where there is none.
        States: *new*; *same*; *moved*, the boundary differs and there is no date; *begun*, a new
        version from the date on; *corrected*, the known version itself changes, as there is no
        date or it begins on that date.
    """
    codes = known.set_index("unit_id")["code"]
    olds = pd.DataFrame(known).assign(parent_code=known["parent_unit_id"].map(codes))
    olds = olds.rename(columns={name: f"{name}_old" for name in (*CELLS, "geometry")})
    given = pd.DataFrame(rows).rename(columns={"parent_code": "parent_given"})
    both = given.merge(olds.drop(columns=["parent_unit_id", "path"]), on=KEY, how="left")
    for name in CELLS:
        both[f"{name}_old"] = _plain(both[f"{name}_old"])
        both[name] = _plain(both[name]) if name in both else both[f"{name}_old"]
    both["parent_given"] = _parents(both)
    both["state"] = _states(both, valid_from)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=rows.crs)


def find_unnamed(
    known: gpd.GeoDataFrame, rows: gpd.GeoDataFrame, top: str, *, spared: Collection[str] = ()
) -> gpd.GeoDataFrame:
    """Return the known areas below another that a complete file does not name.

    Only the levels that occur in `rows` are looked at.

    Parameters
    ----------
    known
        Valid areas with ``level``, ``code`` and ``path``.
    rows
        Areas of the file with ``level`` and ``code``.
    top
        Code of the area that the file covers completely, with or without its zeros.
    spared
        Codes that count as named.

    Raises
    ------
    NotFoundError
        If no known area has the code `top`.
    InputError
        If `top` is not above the levels of `rows`.
    """
    tops = known[known["code"].isin([top, full_area_code(top)])]
    if tops.empty:
        raise NotFoundError("area.unknown", code=top)
    levels = rows["level"].unique()
    highest = min((LEVELS.index(level) for level in levels), default=len(LEVELS))
    tops = tops[tops["level"].map(LEVELS.index) < highest]
    if tops.empty:
        raise InputError("area.not_above", code=top)
    below = np.logical_or.reduce([known["path"].str.startswith(f"{p}.") for p in tops["path"]])
    named = pd.MultiIndex.from_frame(known[KEY]).isin(pd.MultiIndex.from_frame(rows[KEY]))
    left = below & known["level"].isin(levels) & ~named & ~known["code"].isin(list(spared))
    return gpd.GeoDataFrame(known[left])


def _plain(cells: pd.Series) -> pd.Series:
    """Return cells as objects, None where there is nothing, so that they can be compared."""
    return cells.astype(object).where(cells.notna(), None)


def _parents(both: pd.DataFrame) -> pd.Series:
    """Return the parents that count as given.

    One that was found by place and now comes by name, as in an export, is the same parent.
    """
    given, kept = both["parent_given"], both["parent_given_old"]
    derived = kept.isna() & (given == both["parent_code"])
    return _plain(given.where(given.notna() & ~derived, kept))


def _states(both: pd.DataFrame, valid_from: date | None) -> NDArray[Any]:
    known = both["id"].notna().to_numpy()
    moved = known & ~_same_ground(both)
    differs = moved.copy()
    for name in CELLS:
        pairs = zip(both[name], both[f"{name}_old"], strict=True)
        differs |= known & np.array([new != old for new, old in pairs], dtype=bool)
    dated = np.full(len(both), valid_from is not None)
    begins = np.array([since == valid_from for since in both["valid_from"]], dtype=bool)
    cases = [~known, ~differs, moved & ~dated, ~dated | begins]
    return np.select(cases, ["new", "same", "moved", "corrected"], "begun").astype(object)


def _same_ground(both: pd.DataFrame) -> Flags:
    """Tell which boundaries are as known, wherever their rings begin."""
    new, old = (
        both[name].to_numpy(dtype=object, copy=True) for name in ("geometry", "geometry_old")
    )
    old[pd.isna(old)] = None
    same = np.asarray(shapely.equals_exact(new, old))
    same[~same] = shapely.equals(new[~same], old[~same])
    return same
