"""Lookup of places: grid with community and township, for one place or a file of places."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, cast

import numpy as np
import shapely
from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.areas.place_answer import PlaceAnswer
from geo.base import crs
from geo.base.errors import CRSError, InputError

if TYPE_CHECKING:
    import pandas as pd

MOST_ACCURACY_M = 100_000


def locate_one(
    engine: Engine,
    reader: Principal,
    lon: float,
    lat: float,
    *,
    system: str = "wgs84",
    accuracy_m: float = 0.0,
    at: date | None = None,
) -> PlaceAnswer:
    """Return the areas that hold one place.

    Parameters
    ----------
    reader
        Only grids granted to it are searched: a place in others is outside.
    lon, lat
        Coordinates in `system`, degrees or metres.
    system
        Name or EPSG code of a coordinate system.
    accuracy_m
        Radius around the place, metres: grids within it are candidates.
    at
        Date of the areas; None for today.

    Raises
    ------
    CRSError
        If the place is not on the globe.
    InputError
        If the accuracy is no number of metres from 0 to 100,000.
    """
    lons, lats = one_place(lon, lat, system)
    if not 0 <= accuracy_m <= MOST_ACCURACY_M:
        raise InputError("locate.accuracy", accuracy_m=accuracy_m, most=MOST_ACCURACY_M)
    from geo.areas.directory import read_directory

    with transaction.open_read_only(engine, reader) as connection:
        book = read_directory(connection, at=at, reader=reader)
    answer = book.ask(lons, lats, accuracy_m).iloc[0].to_dict()
    return cast(PlaceAnswer, {name: _plain(answer[name]) for name in PlaceAnswer.__annotations__})


def one_place(
    lon: float, lat: float, system: str
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.float64]]
]:
    """Return one place in EPSG:4326, each coordinate an array of one.

    Parameters
    ----------
    lon, lat
        Coordinates in `system`, degrees or metres.
    system
        Name or EPSG code of a coordinate system.

    Raises
    ------
    CRSError
        If the system is unknown or the place is not on the globe.
    """
    crs.require_shift(crs.parse_crs(system))
    try:
        lons, lats = to_wgs84(np.array([lon]), np.array([lat]), system)
    except CRSError as error:
        raise CRSError("crs.no_place", lon=lon, lat=lat) from error
    if not np.isfinite([lons[0], lats[0]]).all():
        raise CRSError("crs.no_place", lon=lon, lat=lat)
    return lons, lats


def to_wgs84(
    lon: np.ndarray[tuple[int], np.dtype[np.float64]],
    lat: np.ndarray[tuple[int], np.dtype[np.float64]],
    system: str,
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.float64]]
]:
    """Return places of another system in EPSG:4326; NaN stays NaN, and is what is on no globe.

    Parameters
    ----------
    lon, lat
        Coordinates in `system`, degrees or metres, shape ``(n,)``.
    system
        Name or EPSG code of a coordinate system.

    Raises
    ------
    CRSError
        If the system is unknown, or most coordinates are nowhere on the globe in it.
    """
    declared = crs.parse_crs(system)
    crs.require_shift(declared)
    there = np.isfinite(lon) & np.isfinite(lat)
    points = np.asarray(shapely.points(lon[there], lat[there]), dtype=object)
    moved = crs.to_lonlat(points, declared)
    lons, lats = np.full(lon.shape, np.nan), np.full(lat.shape, np.nan)
    moved[~crs.is_lonlat(moved)] = None  # whose coordinates are NaN
    lons[there], lats[there] = shapely.get_x(moved), shapely.get_y(moved)
    return lons, lats


def locate_rows(
    engine: Engine,
    reader: Principal,
    rows: pd.DataFrame,
    *,
    columns: Mapping[str, str],
    system: str = "wgs84",
) -> tuple[pd.DataFrame, int]:
    """Return rows with the areas of each place, and the number of rows without a usable place.

    Candidates are joined by ``;``, metres have three decimals.

    Parameters
    ----------
    reader
        Only grids granted to it are searched.
    rows
        Text cells; the columns :data:`geo.areas.directory.COLUMNS` are added behind.
    columns
        Headers of ``lon``, ``lat`` and optionally ``accuracy_m``.
    system
        Name or EPSG code of the coordinate system of all rows.
    """
    import pandas as pd

    from geo.areas.directory import COLUMNS, read_directory

    number = {
        name: pd.to_numeric(rows[header], errors="coerce").to_numpy(float)
        for name, header in columns.items()
        if name in ("lon", "lat", "accuracy_m")
    }
    lons, lats = to_wgs84(number["lon"], number["lat"], system)
    metres = number.get("accuracy_m", np.zeros(len(rows)))
    metres = np.where((metres >= 0) & (metres <= MOST_ACCURACY_M), metres, 0.0)
    with transaction.open_read_only(engine, reader) as connection:
        book = read_directory(connection, reader=reader)
    found = book.ask(lons, lats, metres)
    found["candidates"] = found["candidates"].map(";".join)
    found["nearest_m"] = found["nearest_m"].map(lambda m: "" if pd.isna(m) else f"{m:.3f}")
    unplaced = int((~np.isfinite(lons)).sum())
    # The answer's columns have fixed names; a column of the file with such a name steps aside.
    given = rows.rename(columns={name: f"{name}_source" for name in COLUMNS})
    return pd.concat([given.reset_index(drop=True), found.fillna("")], axis=1), unplaced


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value
