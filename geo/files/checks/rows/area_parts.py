"""Parts: several features of one code are one area, or none of them is taken."""

from collections.abc import Collection
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Defect, Finding
from geo.files.schema.layers import Layer

# what parts of one area must agree in; numbers and sizes of features beside it are their own
_AGREED: Final = ("name", "kind", "parent_code", "local_code")
_KEY: Final = ("level", "code")


def unite_parts(
    rows: gpd.GeoDataFrame, layer: Layer, bad: Collection[int], column: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Return areas with their parts united, one row per area, and findings about the parts.

    Features of one level and code that agree in their cells are parts of one area: a note at the
    first. Where they differ, or one of them cannot be used, all are errors: the others alone would
    be another boundary. Other layers are returned as they are.

    Parameters
    ----------
    rows
        All rows, usable or not, polygons in EPSG:4326, index ``row``.
    bad
        Rows that cannot be used.
    column
        Header of the code, for findings.
    """
    if layer.name != "areas":
        return rows, []
    found: list[Finding] = []
    gone: list[int] = []
    shapes = rows.geometry.to_numpy(copy=True)
    place = {int(row): at for at, row in enumerate(rows.index)}
    named = pd.DataFrame(rows[list(_KEY)]).dropna()
    for (_, code), group in named.groupby(list(_KEY), sort=False):
        parts = [int(row) for row in group.index]
        if len(parts) == 1:
            continue
        if set(parts) & set(bad) or not _agree(rows.loc[parts]):
            defect = Defect("AREA_PARTS_DIFFER", facts={"rows": _shown(parts)})
            found += [defect.at(row, column, str(code)) for row in parts if row not in bad]
            continue
        first, *rest = parts
        gone += rest
        if shapely.equals(shapes[place[first]], shapes[[place[row] for row in rest]]).all():
            repeated = Defect("DUPLICATE_ROW", facts={"first": first})
            found += [repeated.at(row, column, str(code)) for row in rest]
            continue
        shapes[place[first]] = _union(shapes[[place[row] for row in parts]])
        defect = Defect("AREA_PARTS", facts={"count": len(parts), "rows": _shown(parts)})
        found.append(defect.at(first, column, str(code)))
    whole = rows.set_geometry(gpd.GeoSeries(shapes, index=rows.index, crs=rows.crs))
    return whole.drop(index=gone), found


def _agree(parts: gpd.GeoDataFrame) -> bool:
    cells = parts[[name for name in _AGREED if name in parts]]
    return all(len(set(map(text_of, cells[name]))) == 1 for name in cells)


def _union(shapes: np.ndarray[tuple[int], np.dtype[np.object_]]) -> shapely.Geometry:
    whole = shapely.union_all(shapes)
    parts = shapely.get_parts(whole)
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    area: shapely.Geometry = shapely.normalize(shapely.multipolygons(polygons))
    return area


def _shown(rows: list[int]) -> str:
    shown = "、".join(map(str, rows[:10]))
    return f"{shown} …" if len(rows) > 10 else shown
