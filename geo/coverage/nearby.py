"""The cameras that can have a part in who sees a place, of views kept at the newest revision."""

from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection

from geo.access.roles import depth_no
from geo.base.crs import WGS84
from geo.coverage.coarse_lines import NEAREST
from geo.coverage.sight import optics
from geo.coverage.sight.coarse_sight import SNAP_M
from geo.coverage.store import scene
from geo.store import installation, revisions

LAYERS: Final = ("camera", "setting")
ASIDE_M: Final = 500.0
"""More than a coarse place is off, a cell is wide, and a camera is listed that sees nothing."""
MOST: Final = 50_000
"""So many views are kept in a process; more are read for each question."""
_POSITION: Final = depth_no("position")
_lock = Lock()
_kept: dict[tuple[str, float], "KeptViews"] = {}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class KeptViews:
    """All views of a database, in its metric SRID and as they were given, with how far each sees.

    `places` and `coarse` are metric, shape ``(n, 2)``; `codes` are those of their cameras.
    """

    state: tuple[str, ...]
    srid: int
    choices: dict[str, Any]
    lonlat: gpd.GeoDataFrame
    metric: gpd.GeoDataFrame
    codes: NDArray[Any]
    places: Floats
    coarse: Floats
    range_m: Floats

    def near(self, at: Floats, granted: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which views belong to a camera that may be listed for a place.

        Parameters
        ----------
        at
            Metric, shape ``(2,)``.
        granted
            As from :func:`geo.access.predicates.visible_cameras`.
        """
        away_m, coarse_m = (np.hypot(*(xy - at).T) for xy in (self.places, self.coarse))
        listed = np.minimum(away_m, coarse_m) <= self.range_m + ASIDE_M
        exact = granted["exact"].astype(bool)
        own = granted.index[(granted["depth"] >= _POSITION) & ~exact]
        listed |= self._nearest(away_m, granted.index[exact], NEAREST)
        listed |= self._nearest(coarse_m, own, 1)
        if self.choices["heights"]:  # the highest decides which buildings are looked over
            height_m = self.metric["mount_height_m"].to_numpy(dtype=float)
            listed |= height_m == np.nanmax(height_m, initial=-np.inf)
        return np.isin(self.codes, self.codes[listed])

    def _nearest(self, away_m: Floats, codes: "pd.Index[str]", count: int) -> NDArray[np.bool_]:
        """Return which views are of the nearest cameras, or as near but for a wall's width."""
        asked = np.isin(self.codes, codes.to_numpy())
        first = asked & ~pd.Series(self.codes).duplicated().to_numpy()
        if not first.any():
            return asked
        last_m = np.sort(away_m[first])[:count][-1]
        return np.asarray(asked & (away_m <= last_m + 2 * SNAP_M), dtype=np.bool_)


def kept_views(connection: Connection, *, detail: float) -> KeptViews:
    """Return all views at their newest revision, read anew only where they changed.

    Parameters
    ----------
    connection
        Transaction that sees all cameras.
    detail
        Pixel density by which they see, px/m.
    """
    # by marks, not numbers: a database that is put back counts the same numbers again
    made = revisions.state_marks(connection, LAYERS)
    key = (str(connection.engine.url), detail)
    with _lock:
        found = _kept.get(key)
        if found is None or found.state != made:
            found = _read(connection, made, detail)
            _kept.clear()
            if len(found.codes) <= MOST:
                _kept[key] = found
    return found


def _read(connection: Connection, made: tuple[str, ...], detail: float) -> KeptViews:
    srid = installation.metric_srid(connection)
    lonlat, choices = scene.read_views(connection), scene.read_choices(connection)
    metric = lonlat.to_crs(srid)
    views = optics.camera_views(
        pd.DataFrame(metric).set_index("code"),
        detail_px_per_m=detail,
        default_reach_m=choices["default_reach_m"],
    )
    rough = gpd.points_from_xy(lonlat["coarse_lon"], lonlat["coarse_lat"], crs=WGS84).to_crs(srid)
    return KeptViews(
        made,
        srid,
        choices,
        lonlat,
        metric,
        metric["code"].to_numpy(dtype=object).astype(str),
        np.column_stack([metric.geometry.x, metric.geometry.y]),
        np.column_stack([rough.x, rough.y]),
        np.nan_to_num(views["range_m"].to_numpy(dtype=float)),
    )
