"""Where a place belongs: its grid with community and township, one place or a file of them."""

from collections.abc import Mapping
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine

from geo.access import predicates, transaction
from geo.access.principal import Reader
from geo.areas.rules import locate
from geo.areas.rules.locate import Locator
from geo.areas.store import versions as area_versions
from geo.base import crs
from geo.base.errors import CRSError, InputError, StateError
from geo.store import installation

MOST_ACCURACY_M = 100_000
COLUMNS = (
    "status",
    "grid_code",
    "candidates",
    "community_code",
    "township_code",
    "nearest_code",
    "nearest_m",
)


class Directory:
    """The grids of one date with what lies above them, ready to be asked many times."""

    def __init__(self, known: gpd.GeoDataFrame, srid: int) -> None:
        grids = known[known["level"] == "grid"]
        if grids.empty:
            raise StateError("locate.no_grids")
        self.above = _above(known).set_index(grids["code"].to_numpy())
        self.names = dict(zip(known["code"], known["name"], strict=True))
        self.locator: Locator = locate.locator(grids, srid=srid)

    def ask(
        self,
        lon: np.ndarray[tuple[int], np.dtype[np.float64]],
        lat: np.ndarray[tuple[int], np.dtype[np.float64]],
        accuracy_m: float | np.ndarray[tuple[int], np.dtype[np.float64]] = 0.0,
    ) -> pd.DataFrame:
        """Return :data:`COLUMNS` for each place (degrees, EPSG:4326); candidates as lists."""
        found = locate.locate(lon, lat, self.locator, accuracy_m=accuracy_m)
        above = self.above.reindex(found["code"]).reset_index(drop=True)
        table = found.rename(columns={"code": "grid_code"}).join(above)
        return table[list(COLUMNS)]


def directory(
    connection: Connection, *, at: date | None = None, reader: Reader | None = None
) -> Directory:
    """Return the directory of the areas valid at a date (today if none), cut to a reader's.

    Raises
    ------
    StateError
        If there are no grids.
    """
    known = area_versions.now(connection, at=at)
    if reader is not None:
        known = predicates.within(known, reader)
    return Directory(known, installation.metric_srid(connection))


def locate_one(
    engine: Engine,
    reader: Reader,
    lon: float,
    lat: float,
    *,
    system: str = "wgs84",
    accuracy_m: float = 0.0,
    at: date | None = None,
) -> dict[str, object]:
    """Return where one place belongs, as plain values.

    Only the grids that are granted to `reader` are asked: a place of others is outside.

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
    with transaction.drawing(engine, reader) as connection:
        book = directory(connection, at=at, reader=reader)
    answer = book.ask(lons, lats, accuracy_m).iloc[0].to_dict()
    return {str(name): _plain(value) for name, value in answer.items()}


def one_place(
    lon: float, lat: float, system: str
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.float64]]
]:
    """Return one place as EPSG:4326, each coordinate an array of one.

    Raises
    ------
    CRSError
        If the system is unknown or the place is not on the globe.
    """
    crs.parse_crs(system)
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
    """Return places given in another system as EPSG:4326; NaN stays NaN.

    Raises
    ------
    CRSError
        If the system is unknown or the numbers lie nowhere on the globe in it.
    """
    there = np.isfinite(lon) & np.isfinite(lat)
    points = gpd.points_from_xy(lon[there], lat[there])
    moved = gpd.GeoSeries(crs.to_lonlat(np.asarray(points, dtype=object), crs.parse_crs(system)))
    lons, lats = np.full(lon.shape, np.nan), np.full(lat.shape, np.nan)
    lons[there], lats[there] = moved.x, moved.y
    return lons, lats


def locate_rows(
    engine: Engine,
    reader: Reader,
    rows: pd.DataFrame,
    *,
    columns: Mapping[str, str],
    system: str = "wgs84",
) -> tuple[pd.DataFrame, int]:
    """Return `rows` (text cells) with :data:`COLUMNS` behind, and how many had no usable place.

    `columns` names the headers of ``lon``, ``lat`` and, if there is one, ``accuracy_m``.
    Candidates are joined by ``;``; metres have three decimals.
    """
    number = {
        name: pd.to_numeric(rows[header], errors="coerce").to_numpy(float)
        for name, header in columns.items()
        if name in ("lon", "lat", "accuracy_m")
    }
    lons, lats = to_wgs84(number["lon"], number["lat"], system)
    metres = number.get("accuracy_m", np.zeros(len(rows)))
    metres = np.where((metres >= 0) & (metres <= MOST_ACCURACY_M), metres, 0.0)
    with transaction.drawing(engine, reader) as connection:
        book = directory(connection, reader=reader)
    found = book.ask(lons, lats, metres)
    found["candidates"] = found["candidates"].map(";".join)
    found["nearest_m"] = found["nearest_m"].map(lambda m: "" if pd.isna(m) else f"{m:.3f}")
    unplaced = int((~np.isfinite(lons)).sum())
    # The answer's columns have fixed names; a column of the file with such a name steps aside.
    given = rows.rename(columns={name: f"{name}_source" for name in COLUMNS})
    return pd.concat([given.reset_index(drop=True), found.fillna("")], axis=1), unplaced


def _above(known: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return community_code and township_code of each grid, empty where it has none."""
    codes, levels = known["code"], known["level"]
    rows = []
    for path in known.loc[known["level"] == "grid", "path"]:
        units = [int(step) for step in path.split(".")]
        by_level = {levels[unit]: codes[unit] for unit in units if unit in codes.index}
        rows.append((by_level.get("community", ""), by_level.get("township", "")))
    return pd.DataFrame(rows, columns=["community_code", "township_code"])


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value
