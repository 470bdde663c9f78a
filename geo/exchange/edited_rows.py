"""Rows that can be edited, as who edits them reads them: with their versions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, Engine

from geo.access import predicates, transaction
from geo.access.principal import Principal
from geo.access.roles import edit_action
from geo.base.errors import NotFoundError
from geo.cameras import view_rows
from geo.files.schema.camera_fields import VIEWS
from geo.files.schema.layers import Layer, find_layer
from geo.store import single_rows
from geo.store.single_rows import StoredRow

EDITABLE: Final = (
    *("cameras", "views", "headings", "positions", "places", "poles", "privacy-zones"),
    *("restricted-zones", "units", "duties", "centres"),
)
OF_CAMERAS: Final = frozenset({"headings", "positions"})
"""Layers of what somebody verified of a camera: they change it, they make none and end none."""
PARTS: Final = OF_CAMERAS | {VIEWS.name}
"""Layers whose rows are parts of a camera: its place says who may edit them."""


@dataclass(frozen=True)
class Stored:
    """A row as who edits it reads it: code, version, properties by field, place as GeoJSON."""

    code: str
    version: str
    properties: Mapping[str, object]
    geometry: Mapping[str, object] | None


def is_editor(who: Principal, layer: str) -> bool:
    """Return whether a principal may edit rows of a layer somewhere.

    Parameters
    ----------
    who
        Principal.
    layer
        Name of the layer.
    """
    return layer in EDITABLE and who.may(edit_action(layer))


def read_version(engine: Engine, who: Principal, layer: str, code: str) -> str | None:
    """Return the version of a row for who may edit it; None for others, and where there is none.

    Parameters
    ----------
    who
        Principal with all its grants.
    layer
        Name of the layer.
    code
        Code of the row.
    """
    if not is_editor(who, layer):
        return None
    with transaction.open_as(engine, who.cut(edit_action(layer))) as connection:
        row = read_row(connection, editable_layer(layer), code)
    return None if row is None else row.version


def read_stored(engine: Engine, who: Principal, layer: str, code: str) -> Stored:
    """Return a row as it is stored, for who may edit it: also of layers that are not published.

    Parameters
    ----------
    who
        Principal with all its grants.
    layer
        Name of a layer that `who` may edit.
    code
        Code of the row.

    Raises
    ------
    NotFoundError
        If there is no such row that `who` may edit.
    ForbiddenError
        If an area limits `who`, and the rows of the layer have no place.
    """
    editor, own = who.cut(edit_action(layer)), editable_layer(layer)
    if own.shape == "none" and layer not in PARTS:
        editor.require_whole()
    with transaction.open_as(engine, editor) as connection:
        row = read_row(connection, own, code)
        shapes = [] if row is None or row.shape is None else [row.shape]
        if row is None or not are_granted(connection, editor, shapes):
            raise NotFoundError("layer.no_item", name=layer, code=code)
    known = {field.name: row.values[field.name] for field in own.fields if field.name in row.values}
    return Stored(code, row.version, known, _geometry(None if own.shape == "none" else row.shape))


def _geometry(shape: bytes | None) -> Mapping[str, object] | None:
    if shape is None:
        return None
    import shapely

    found: Mapping[str, object] = json.loads(shapely.to_geojson(shapely.from_wkb(shape)))
    return found


def are_granted(connection: Connection, who: Principal, shapes: Sequence[bytes]) -> bool:
    """Return whether all of some places lie where a principal may edit.

    Parameters
    ----------
    connection
        Open transaction.
    who
        Principal with the grants that permit the edit.
    shapes
        As WKB, lon/lat.
    """
    return all(predicates.is_shape_granted(connection, who, shape) for shape in shapes)


def editable_layer(name: str) -> Layer:
    """Return the layer of rows that can be edited.

    Raises
    ------
    LayerError
        If there is no such layer.
    """
    return VIEWS if name == VIEWS.name else find_layer(name)


def read_row(connection: Connection, layer: Layer, code: str) -> StoredRow | None:
    """Return a row, None where there is none; of a part of a camera its version is the camera's.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    layer
        One of `EDITABLE`.
    code
        Code of the row.
    """
    if layer.name == VIEWS.name:
        return _read_view(connection, code)
    cameras = layer.name in PARTS or layer.name == "cameras"
    table = "camera" if cameras else layer.table
    parts = "camera_view" if cameras else None
    return single_rows.read_row(connection, table, layer.key, code, parts=parts)


def _read_view(connection: Connection, code: str) -> StoredRow | None:
    camera, _ = view_rows.split_code(code)
    row = single_rows.read_row(connection, "camera", "code", camera, parts="camera_view")
    view = None if row is None else view_rows.read_view(connection, code)
    if row is None or view is None:
        return None
    owner_kind = row.values.get("owner_kind")
    return replace(row, values={**view, "code": code, "owner_kind": owner_kind})
