"""Rows of a question as features of GeoJSON, placed in the system that is asked for."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import numpy as np
import shapely

from geo.base.crs_uris import LONLAT, AxisCRS
from geo.base.json_objects import LayerRow
from geo.exchange.publish import feature_bytes as fb
from geo.exchange.publish.questions import FREE, LayerQuestion, Page
from geo.exchange.rules.published_columns import Columns, parse_selection

_GEOM: Final = "geom"


def selected_columns(columns: Columns, asked: LayerQuestion) -> tuple[str, ...]:
    """Return the columns that a question wants to see.

    Parameters
    ----------
    columns
        All of the layer.
    asked
        Says which.
    """
    return (
        tuple(columns) if asked.properties is None else parse_selection(asked.properties, columns)
    )


def write_features(page: Page, asked: LayerQuestion) -> list[bytes]:
    """Return the features of a page.

    Parameters
    ----------
    page
        Its rows.
    asked
        Which properties are wanted.
    """
    columns = page.wanted.columns
    shown, taken = selected_columns(columns, asked), {*columns, _GEOM}
    shapes = write_shapes(page.rows, page.crs)
    return [
        _feature(row, page.wanted.key, shown, taken, shape)
        for row, shape in zip(page.rows, shapes, strict=True)
    ]


def write_shapes(rows: Sequence[LayerRow], crs: AxisCRS = LONLAT) -> list[str]:
    """Return the places of rows as GeoJSON, "null" for none and for empty ones.

    Parameters
    ----------
    rows
        With ``geom``, hex EWKB in lon/lat.
    crs
        System that they are placed in.
    """
    shapes = shapely.from_wkb(np.array([row[_GEOM] for row in rows], dtype=object))
    if crs is not LONLAT and len(shapes):
        shapes = crs.from_lonlat(shapes)
    bare = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    return [
        "null" if nothing else shapely.to_geojson(shape)
        for shape, nothing in zip(shapes, bare, strict=True)
    ]


def _feature(
    row: LayerRow,
    key: str,
    shown: Iterable[str],
    taken: Collection[str],
    shape: str,
) -> bytes:
    properties = ",".join(f'"{name}":{fb.write_json(row[name])}' for name in shown)
    free = fb.free_pairs(row.get(FREE), taken)
    members = properties + (free if properties else free.removeprefix(","))
    code = fb.write_json(str(row[key]))
    return (
        f'{{"id":{code},"type":"Feature","properties":{{{members}}},"geometry":{shape}}}'
    ).encode()
