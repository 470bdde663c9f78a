"""Metadata of a GeoPackage: column aliases, a description, a style for QGIS."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT, PRIMARY KEY (table_name, column_name));
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
  scope TEXT NOT NULL, UNIQUE (table_name, column_name, extension_name));
CREATE TABLE IF NOT EXISTS layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT,
  f_table_name TEXT, f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT, ui TEXT, update_time DATETIME);
"""
# OGC 12-128r18, F.9: the extension that names columns
_EXTENSION: Final = "gpkg_schema"
_DEFINITION: Final = "http://www.geopackage.org/spec/#extension_schema"


@dataclass(frozen=True)
class LayerNotes:
    """What stands beside the rows of a layer; `fill` is a colour as ``r,g,b,a`` (0 … 255)."""

    title: str
    description: str
    names: Mapping[str, str] = field(default_factory=dict)
    fill: str = "178,45,45,110"


def add_notes(path: Path, layer: str, notes: LayerNotes) -> None:
    """Write titles, description and style of a layer into its GeoPackage.

    GDAL and QGIS show the names of columns as aliases (schema extension) and QGIS opens the layer
    in the style (table ``layer_styles``).

    Parameters
    ----------
    path
        GeoPackage to change.
    layer
        Name of the layer in it.
    notes
        Names of columns that the layer lacks are ignored.
    """
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(_SCHEMA)
        columns = [row[1] for row in base.execute(f"PRAGMA table_info({_quoted(layer)})")]
        geometry = base.execute(
            "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (layer,)
        ).fetchone()[0]
        base.executemany(
            "INSERT OR REPLACE INTO gpkg_data_columns (table_name, column_name, name, title)"
            " VALUES (?, ?, ?, ?)",
            [(layer, name, text, text) for name, text in notes.names.items() if name in columns],
        )
        base.executemany(
            "INSERT OR IGNORE INTO gpkg_extensions VALUES (?, NULL, ?, ?, 'read-write')",
            [(table, _EXTENSION, _DEFINITION) for table in ("gpkg_data_columns",)],
        )
        base.execute(
            "UPDATE gpkg_contents SET identifier = ?, description = ? WHERE table_name = ?",
            (notes.title, notes.description, layer),
        )
        base.execute(
            "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        base.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,"
            " f_geometry_column, styleName, styleQML, useAsDefault, description, update_time)"
            " VALUES ('', '', ?, ?, ?, ?, 1, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
            (layer, geometry, notes.title, _qml(notes, columns), notes.description),
        )


def _qml(notes: LayerNotes, columns: list[str]) -> str:
    """Return a style of QGIS: one filled symbol, names of columns as aliases."""
    aliases = "".join(
        f"<alias index={_attribute(str(columns.index(name)))} field={_attribute(name)}"
        f" name={_attribute(text)}/>"
        for name, text in notes.names.items()
        if name in columns
    )
    options = {"color": notes.fill, "outline_color": "120,20,20,255", "outline_width": "0.2"}
    said = "".join(
        f'<Option type="QString" name={_attribute(name)} value={_attribute(value)}/>'
        for name, value in {**options, "style": "solid", "outline_style": "solid"}.items()
    )
    return (
        '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">'
        '<qgis version="3.22" styleCategories="Symbology|Fields">'
        '<renderer-v2 type="singleSymbol" symbollevels="0" enableorderby="0">'
        '<symbols><symbol type="fill" name="0" alpha="1" clip_to_extent="1">'
        f'<layer class="SimpleFill" enabled="1" pass="0"><Option type="Map">{said}</Option></layer>'
        f"</symbol></symbols></renderer-v2><aliases>{aliases}</aliases></qgis>"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _attribute(text: str) -> str:
    return f'"{escape(text)}"'
