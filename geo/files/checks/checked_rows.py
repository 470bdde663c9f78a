"""What came of the rows of a file: the usable ones, and all findings."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd

from geo.files.checks.cells.finding import Finding
from geo.files.schema.layers import Layer


@dataclass(frozen=True)
class CheckedRows:
    """What came of a table, or of one part of a file.

    Attributes
    ----------
    rows
        Usable rows: one column per field of the layer (numbers float, others object, None where
        blank), ``attributes`` (dict of the columns not mapped, JSON values; ``reported`` holds a
        position as given where it was converted), for cameras also ``heading_source`` and
        ``views`` (None, or the list of all views where the heading names several: the columns hold
        the first); geometry in EPSG:4326; index ``row`` = row of the file.
    findings
        In order of rows. Rows with one of severity "error" are not in `rows`.
    read, quarantined
        Number of rows in the table, and of those with an error.
    mapping
        Field → header as used.
    refused
        Headers of columns that were not taken, because they hold persons.
    """

    layer: Layer
    rows: gpd.GeoDataFrame
    findings: tuple[Finding, ...]
    read: int
    quarantined: int
    mapping: Mapping[str, str]
    refused: frozenset[str] = frozenset()
