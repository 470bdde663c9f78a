"""Datum check: whether the places of a file fit the known data better in another system."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from geo.areas.store import versions as area_versions
from geo.areas.store.versions import Box
from geo.base.words import LANGUAGES, say
from geo.exchange.imports.held_reason import HeldReason
from geo.exchange.store import layers as stored
from geo.files.checks.position import crs_evidence
from geo.files.checks.position.crs_evidence import CrsDoubt
from geo.files.checks.position.declared_area import named_polygons
from geo.files.checks.sample import Sample
from geo.files.schema.layers import Layer

# farther off than this no area belongs to a city of which anything is loaded
FAR_KM: Final = 100.0
_KM_A_DEGREE: Final = 111.2


class KnownDistrict:
    """What a database knew of the district before an import."""

    def __init__(
        self,
        connection: Connection,
        layer: Layer,
        *,
        certain: bool = False,
        near: Box | None = None,
    ) -> None:
        self.areas = area_versions.valid_areas(connection, near=near)
        self._layer = layer.name
        self._loaded = _loaded(connection) if layer.name == "areas" else None
        placed = layer.shape != "none" and not certain  # else nothing will be held against them
        self._buildings = _shapes(stored.some_buildings(connection)) if placed else None
        self._roads = _shapes(stored.some_roads(connection)) if placed else None

    def away_km(self, rows: gpd.GeoDataFrame) -> NDArray[np.float64]:
        """Return the distance of each area to the loaded data, km; 0 where nothing is loaded."""
        if self._loaded is None or rows.empty:
            return np.zeros(len(rows))
        middle = self._loaded.centroid.y
        # degrees of longitude as long as those of latitude
        flat = shapely.transform(
            np.array([self._loaded, *rows.geometry]),
            lambda xy: xy * [np.cos(np.radians(middle)), 1.0],
        )
        return np.asarray(shapely.distance(flat[0], flat[1:]) * _KM_A_DEGREE)

    def doubt(self, sample: Sample) -> HeldReason | None:
        """Return why a file is held; None if nothing contradicts its system."""
        for group in sample.groups.values():
            doubt = crs_evidence.suspect_crs(
                group.given,
                group.declared,
                self._layer,
                district=self._district,
                buildings=self._buildings,
                roads=self._roads,
                own_areas=named_polygons([name or "" for name in group.named], self.areas),
            )
            if doubt is not None:
                return _plain(doubt)
        return None

    @property
    def _district(self) -> Any:  # noqa: ANN401 - a geometry or None
        found = self.areas[self.areas["level"] == "district"]
        return None if found.empty else found.geometry.union_all()


def far_away(away_km: float, declared: str) -> HeldReason:
    """Return the reason why a file of areas far from all loaded data is held.

    Parameters
    ----------
    away_km
        Distance to what is loaded, kilometres.
    declared
        Name of the declared system.
    """
    km = round(away_km)
    return {
        "declared": declared,
        "suggested": None,
        "evidence": [{"measure": "loaded", "distance_km": km}],
        "text": {
            lang: say("import.far", lang, distance_km=km, declared=declared) for lang in LANGUAGES
        },
    }


def _loaded(connection: Connection) -> BaseGeometry | None:
    """Return the boxes of all areas, cameras, buildings and roads, None where there are none."""
    boxes = stored.loaded_extents(connection).dropna()
    found: BaseGeometry = shapely.union_all(np.asarray(boxes, dtype=object))
    return None if boxes.empty else found


def _shapes(found: gpd.GeoSeries) -> NDArray[np.object_] | None:
    return None if found.empty else found.to_numpy(dtype=object)


def _plain(doubt: CrsDoubt) -> HeldReason:
    return {
        "declared": doubt.declared,
        "suggested": doubt.suggested,
        "evidence": [
            {"measure": name, "declared_share": here, "suggested_share": there, "count": count}
            for name, here, there, count in doubt.measures
        ],
        "text": {lang: doubt.text(lang) for lang in LANGUAGES},
    }
