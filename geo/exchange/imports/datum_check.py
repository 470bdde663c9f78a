"""Doubts: whether a file's places fit what the database knows better in another system."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from geo.areas.store import versions as area_versions
from geo.base.words import LANGUAGES
from geo.files.checks.position import crs_evidence
from geo.files.checks.position.crs_evidence import Doubt
from geo.files.checks.position.declared_area import named_polygons
from geo.files.checks.sample import Sample
from geo.files.schema.layers import Layer
from geo.store import frames

# A few are as telling as all, and a file of buildings is not held against itself.
_BUILDINGS = "SELECT geom FROM govgrid.building ORDER BY code LIMIT 200000"
_ROADS = "SELECT geom FROM govgrid.road ORDER BY code LIMIT 50000"


class Known:
    """What a database knew of the district before an import."""

    def __init__(self, connection: Connection, layer: Layer) -> None:
        self.areas = area_versions.now(connection)
        self._layer = layer.name
        placed = layer.shape != "none"
        self._buildings = _shapes(connection, _BUILDINGS) if placed else None
        self._roads = _shapes(connection, _ROADS) if placed else None

    def doubt(self, sample: Sample) -> dict[str, Any] | None:
        """Return why a file is to be held, as values of JSON; None if nothing speaks against it."""
        for group in sample.groups.values():
            doubt = crs_evidence.doubt(
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


def _shapes(connection: Connection, statement: str) -> NDArray[np.object_] | None:
    found = frames.read_layer(connection, statement)
    return None if found.empty else found.geometry.to_numpy(dtype=object)


def _plain(doubt: Doubt) -> dict[str, Any]:
    return {
        "declared": doubt.declared,
        "suggested": doubt.suggested,
        "evidence": [
            {"measure": name, "declared_share": here, "suggested_share": there, "count": count}
            for name, here, there, count in doubt.measures
        ],
        "text": {lang: doubt.text(lang) for lang in LANGUAGES},
    }
