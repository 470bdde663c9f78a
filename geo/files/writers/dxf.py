"""Drawings: boundaries of areas as DXF, in metres."""

import math
from pathlib import Path
from typing import Any, Final

import ezdxf.filemanagement
import geopandas as gpd
import pandas as pd
import shapely
from ezdxf import units
from ezdxf.enums import TextEntityAlignment

from geo.base.errors import InputError

APPLICATION: Final = "GOVGRID"  # under which the codes stand in the extended data
_STYLE: Final = "HANZI"
_FONT: Final = "simsun.ttc"
_LEAST_TEXT_M, _MOST_TEXT_M = 2.0, 400.0
_TEXTS_ACROSS: Final = 24  # of the side of a square of the same area
# Numbers of AutoCAD's colours, from the widest level to the narrowest.
_COLOURS: Final = (1, 6, 5, 3, 7)
_LONGEST_CODE: Final = 255


def write_drawing(frame: pd.DataFrame, path: Path, layer: str) -> None:
    """Write areas as closed polylines, holes included, on one drawing layer per level.

    The name of an area is a text at a point inside it, on the layer ``<level>-name``; its code is
    extended data of both under the application ``GOVGRID``.

    Parameters
    ----------
    frame
        Polygons with `name` and `code`, and `level` where there are several; in a CRS in metres.
    layer
        The drawing layer where `frame` has no column `level`.

    Raises
    ------
    InputError
        If the layer is none of areas, or stands in degrees.
    """
    if not isinstance(frame, gpd.GeoDataFrame) or not {"name", "code"} <= set(frame.columns):
        raise InputError("export.drawing_areas", layer=layer)
    if not shapely.get_dimensions(frame.geometry.to_numpy()).tolist() == [2] * len(frame):
        raise InputError("export.drawing_areas", layer=layer)
    if frame.crs is None or frame.crs.is_geographic:
        raise InputError("export.drawing_degrees")
    drawing = ezdxf.filemanagement.new("R2018", units=units.M)
    drawing.appids.add(APPLICATION)
    drawing.styles.add(_STYLE, font=_FONT)
    levels = frame["level"] if "level" in frame else pd.Series(layer, index=frame.index)
    for number, level in enumerate(dict.fromkeys(levels)):
        drawing.layers.add(level, color=_COLOURS[min(number, len(_COLOURS) - 1)])
        drawing.layers.add(f"{level}-name", color=_COLOURS[-1])
    space: Any = drawing.modelspace()
    for level, code, name, shape in zip(
        levels, frame["code"], frame["name"], frame.geometry, strict=True
    ):
        _draw(space, str(level), str(code), str(name), shape)
    drawing.saveas(path)


def _draw(space: Any, level: str, code: str, name: str, shape: shapely.Geometry) -> None:  # noqa: ANN401
    mark = [(1000, code[:_LONGEST_CODE])]
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            line = space.add_lwpolyline(
                shapely.get_coordinates(ring)[:-1], close=True, dxfattribs={"layer": level}
            )
            line.set_xdata(APPLICATION, mark)
    inside = shapely.point_on_surface(shape)
    height_m = min(
        max(math.sqrt(float(shapely.area(shape))) / _TEXTS_ACROSS, _LEAST_TEXT_M), _MOST_TEXT_M
    )
    words = space.add_text(
        name, height=height_m, dxfattribs={"layer": f"{level}-name", "style": _STYLE}
    )
    words.set_placement((inside.x, inside.y), align=TextEntityAlignment.MIDDLE_CENTER)
    words.set_xdata(APPLICATION, mark)
