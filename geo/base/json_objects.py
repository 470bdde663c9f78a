"""JSON objects whose keys are data or those of another standard, named by what they are.

Every other object has its own class: a frozen dataclass, or a `TypedDict` where keys may be absent.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

Geometry: TypeAlias = dict[str, Any]
"""A geometry of GeoJSON (RFC 7946)."""
Document: TypeAlias = dict[str, Any]
"""A document of another standard: OpenAPI, TileJSON, OGC API."""
FreeColumns: TypeAlias = dict[str, Any]
"""Columns of a file that belong to no field of its layer: header to value."""
Cells: TypeAlias = dict[str, Any]
"""A row of a file as it came: header to cell."""
Record: TypeAlias = dict[str, Any]
"""A row of a table as plain values: its columns are named where the table is made."""
Message: TypeAlias = dict[str, Any]
"""An object on a line between two processes: who sends and who reads it know its kind."""
Packed: TypeAlias = dict[str, Any]
"""Columns of a map page, packed for its script."""
JobResult: TypeAlias = Mapping[str, Any]
"""What came of a job, as it is kept: it depends on the kind of the job."""
LayerRow: TypeAlias = Mapping[str, Any]
"""A row of a published layer: its columns are those that were asked for."""
WriteKeys: TypeAlias = Mapping[str, Any]
"""By what the answer to a write is read again: codes and versions, as its route keeps them."""
SavedOptions: TypeAlias = dict[str, Any]
"""Options that were given, by their names, as they are kept in a column of JSON."""
