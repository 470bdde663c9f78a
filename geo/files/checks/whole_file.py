"""The whole of a file: what no single part of it tells."""

import geopandas as gpd

from geo.files.checks.cells.file_headers import Headers
from geo.files.checks.cells.finding import Finding
from geo.files.checks.cells.label_variants import Labels, label_columns
from geo.files.checks.position.default_coordinates import FilePositions
from geo.files.checks.position.district import is_shifted
from geo.files.checks.position.duplicate_places import CameraPlaces
from geo.files.checks.position.position import Positions
from geo.files.checks.position.raw_position import site_of
from geo.files.checks.sample import Sample
from geo.files.readers import Table
from geo.files.schema.layers import Layer

REGISTERS = ("cameras", "catalog")


class Whole:
    """What is remembered of the parts of one file, in few bytes a row."""

    def __init__(self, layer: Layer) -> None:
        self.sample = Sample(layer.name)
        self._layer = layer
        self._suspects: list[Finding] = []
        self._mirrored = 0
        self._positions, self._labels, self._places = FilePositions(), Labels(), CameraPlaces()

    def place(
        self, table: Table, headers: Headers, positions: Positions, named: list[str | None]
    ) -> None:
        """Remember where the rows of a part are, and the areas that they name."""
        site = site_of(table, headers.mapping)
        self._positions.add(positions.geometry, positions.given, site)
        self._suspects += positions.suspects
        self._mirrored += positions.mirrored
        self.sample.add(positions, named)

    def add(self, table: Table, headers: Headers, rows: gpd.GeoDataFrame) -> None:
        """Remember the words of a part and, of cameras, where they look."""
        columns = label_columns(table, self._layer, headers.mapping, headers.refused)
        self._labels.add(table, columns)
        if self._layer.name in REGISTERS:
            self._places.add(rows, headers.mapping)

    def findings(self, *, district_known: bool) -> list[Finding]:
        """Return what only the whole file tells."""
        measured = district_known or self._layer.name == "areas"
        places = {finding.suggested for finding in self._suspects}
        shifted = is_shifted(len(places), self._mirrored)
        return [
            *(self._suspects if shifted else ()),
            *self._positions.findings(),
            *([] if measured else self._positions.find_repeated()),
            *self._labels.findings(),
            *self._places.findings(),
        ]
