"""Layers that demand is made of."""

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, flat_geometries
from geo.coverage.sight.obstacles import Obstacles

Floats: TypeAlias = NDArray[np.float64]

REACH_M = 100.0  # no demand reaches further from what it is for, unless the data say so


@dataclass(frozen=True)
class Layers:
    """What a district holds, in one metric CRS; any layer may be empty.

    `areas` has `code` and `level`; `water`, `farmland` and `zones` are polygons of any kind.
    """

    areas: gpd.GeoDataFrame
    obstacles: Obstacles
    roads: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    incidents: gpd.GeoDataFrame
    water: Geometries
    farmland: Geometries
    zones: Geometries

    def near(self, grounds: Geometries) -> "Layers":
        """Return the layers within reach of some ground; areas and obstacles unchanged."""
        bounds, far_m = shapely.total_bounds(grounds), _most(self.places, "radius_m")
        names = ("roads", "entrances", "incidents", "water", "farmland", "zones")
        near = {name: _near(getattr(self, name), bounds) for name in names}
        return replace(self, places=_near(self.places, bounds, far_m), **near)


def _near(layer: Any, bounds: Floats, far_m: float = REACH_M) -> Any:  # noqa: ANN401 - as it came
    """Return what of a frame or an array reaches some bounds, by its own numbers or by ours."""
    box = shapely.box(*(bounds + max(REACH_M, far_m) * np.array([-1, -1, 1, 1])))
    hit = np.sort(shapely.STRtree(flat_geometries(layer)).query(box))
    return layer.iloc[hit] if isinstance(layer, gpd.GeoDataFrame) else layer[hit]


def _most(layer: pd.DataFrame, column: str) -> float:
    """Return the largest number that a column gives, 0 where there is none."""
    given = layer[column] if column in layer else pd.Series(dtype=float)
    known = pd.to_numeric(given, errors="coerce").dropna()
    return float(known.max()) if len(known) else 0.0
