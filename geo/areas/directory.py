"""Directory of areas: the grids of one date with the areas above them, looked up by place."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection

from geo.access import predicates
from geo.access.principal import Principal
from geo.areas.rules import locate
from geo.areas.rules.locate import Locator
from geo.areas.store import versions as area_versions
from geo.base.errors import StateError
from geo.store import installation

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
    """Grids of one date with the areas above them, for many look-ups."""

    def __init__(self, known: gpd.GeoDataFrame, srid: int) -> None:
        grids = known[known["level"] == "grid"]
        if grids.empty:
            raise StateError("locate.no_grids")
        self.above = _above(known).set_index(grids["code"].to_numpy())
        self.names = dict(zip(known["code"], known["name"], strict=True))
        self.locator: Locator = locate.make_locator(grids, srid=srid)

    def ask(
        self,
        lon: np.ndarray[tuple[int], np.dtype[np.float64]],
        lat: np.ndarray[tuple[int], np.dtype[np.float64]],
        accuracy_m: float | np.ndarray[tuple[int], np.dtype[np.float64]] = 0.0,
    ) -> pd.DataFrame:
        """Return :data:`COLUMNS` for each place (degrees, EPSG:4326); candidates as lists."""
        found = locate.locate_points(lon, lat, self.locator, accuracy_m=accuracy_m)
        above = self.above.reindex(found["code"]).reset_index(drop=True)
        table = found.rename(columns={"code": "grid_code"}).join(above)
        return table[list(COLUMNS)]


def read_directory(
    connection: Connection, *, at: date | None = None, reader: Principal | None = None
) -> Directory:
    """Return the directory of the areas valid on a date.

    Parameters
    ----------
    connection
        Open transaction.
    at
        Date; None for today.
    reader
        Only areas granted to this principal; None for all.

    Raises
    ------
    StateError
        If there are no grids.
    """
    known = area_versions.valid_areas(connection, at=at)
    if reader is not None:
        known = predicates.granted_areas(known, reader)
    return Directory(known, installation.metric_srid(connection))


def _above(known: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return community_code and township_code of each grid, empty where it has none."""
    codes, levels = known["code"], known["level"]
    rows = []
    for path in known.loc[known["level"] == "grid", "path"]:
        units = [int(step) for step in path.split(".")]
        by_level = {levels[unit]: codes[unit] for unit in units if unit in codes.index}
        rows.append((by_level.get("community", ""), by_level.get("township", "")))
    return pd.DataFrame(rows, columns=["community_code", "township_code"])
