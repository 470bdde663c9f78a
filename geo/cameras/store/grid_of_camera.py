"""Grid of each camera, derived from its position."""

import geopandas as gpd
import numpy as np
from sqlalchemy import Connection, text

from geo.areas.rules import locate
from geo.areas.rules.locate import Locator
from geo.areas.store import versions as area_versions
from geo.store import frames, installation


def grid_locator(connection: Connection, areas: gpd.GeoDataFrame) -> Locator | None:
    """Return the grids among areas, ready to be asked; None where there are none.

    Parameters
    ----------
    connection
        Open transaction.
    areas
        Of today, as from :func:`geo.areas.store.versions.valid_areas`.
    """
    found = areas[areas["level"] == "grid"]
    if found.empty:
        return None
    return locate.make_locator(found, srid=installation.metric_srid(connection))


def grid_codes(rows: gpd.GeoDataFrame, where: Locator | None) -> list[str | None]:
    """Return the code of the grid that holds each row, None outside of all grids.

    Parameters
    ----------
    rows
        Points, EPSG:4326, with ``position_sigma_m`` if known.
    where
        Locator of the grids; None if there are no grids.
    """
    if where is None or rows.empty:
        return [None] * len(rows)
    sigma_m = rows.get("position_sigma_m", np.nan)
    found = locate.locate_points(
        np.asarray(rows.geometry.x, dtype=np.float64),
        np.asarray(rows.geometry.y, dtype=np.float64),
        where,
        accuracy_m=np.asarray(sigma_m, dtype=np.float64),
    )
    return [code or None for code in found["code"].fillna("")]


def rebuild_grids(connection: Connection) -> int:
    """Derive the grid of all cameras again after areas have changed; return how many moved."""
    known = frames.read_layer(
        connection, "SELECT code, grid_code, position_sigma_m, geom FROM govgrid.camera"
    )
    if known.empty:
        return 0
    now = grid_codes(known, grid_locator(connection, area_versions.valid_areas(connection)))
    moved = [
        (code, new)
        for code, old, new in zip(known["code"], known["grid_code"], now, strict=True)
        if old != new
    ]
    if not moved:
        return 0
    connection.execute(
        text(
            "UPDATE govgrid.camera c SET grid_code = s.grid FROM"
            " unnest(CAST(:codes AS text[]), CAST(:grids AS text[])) AS s (code, grid)"
            " WHERE c.code = s.code"
        ),
        {"codes": [code for code, _ in moved], "grids": [grid for _, grid in moved]},
    )
    return len(moved)
