"""Viewsheds of cameras that are granted only coarsely: unions of cells."""

import geopandas as gpd
from shapely import Geometry, Polygon
from sqlalchemy import Connection

from geo.coverage.sight import coarse_sight
from geo.coverage.store import scene


def with_cells(connection: Connection, rows: gpd.GeoDataFrame, srid: int) -> gpd.GeoDataFrame:
    """Return viewsheds, those of coarsely granted cameras as unions of cells.

    Parameters
    ----------
    connection
        Open transaction.
    rows
        ``camera_code``, ``view_no``, ``detail`` and geometry; a missing geometry is replaced by
        cells.
    srid
        EPSG code of the geometry, metric.
    """
    bare = rows.geometry.isna()
    if not bare.any():
        return rows
    cameras = scene.read_views(connection, list(rows.loc[bare, "camera_code"].unique()))
    reach_m = scene.read_choices(connection).default_reach_m
    shapes: dict[tuple[str, int, float], Geometry] = {}
    for detail in rows.loc[bare, "detail"].unique():
        views = coarse_sight.coarse_views(
            cameras, srid=srid, detail=float(detail), default_reach_m=reach_m
        )
        found = zip(
            views.camera_codes, views.view_nos, coarse_sight.cell_outlines(views), strict=True
        )
        shapes |= {(code, int(no), float(detail)): shape for code, no, shape in found}
    keys = zip(rows["camera_code"], rows["view_no"], rows["detail"], strict=True)
    outlines = [
        shapes.get((code, int(no), float(detail)), Polygon()) if is_bare else shape
        for (code, no, detail), is_bare, shape in zip(keys, bare, rows.geometry, strict=True)
    ]
    return rows.set_geometry(gpd.GeoSeries(outlines, index=rows.index, crs=rows.crs))
