"""Gaps as far as they may be shown: without cells of cameras that are granted only coarsely."""

from collections.abc import Callable

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Connection

from geo.access import predicates
from geo.access.principal import Principal
from geo.access.roles import CLASSES, depth_no
from geo.base.polygons import flat_geometries, parts_of
from geo.coverage.measure.gaps import is_substantial
from geo.coverage.sight import coarse_sight
from geo.coverage.store import results, scene
from geo.store import installation

_DIRECTION = depth_no("direction")


def granted_gaps(
    connection: Connection,
    reader: Principal,
    run: int,
    *,
    device_set: str,
    detail: float,
    certainty: str,
    read: Callable[..., gpd.GeoDataFrame] = results.read_gaps,
) -> gpd.GeoDataFrame:
    """Return the gaps of a run that a principal may see, the heaviest first, metric CRS.

    The border of a gap is drawn by the cameras that see what is beside it. So gaps are those of
    grids that are granted exactly, and of the classes granted there: where that is one, *all* means
    this one. The cells that a camera may see are cut out where it is known only coarsely, or only
    to look in; of what is left there is an area, but nothing that was counted along the whole.
    Whoever sees everything gets the ranks of the run, others count from 1.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    reader
        Principal whose grants apply.
    run
        Number of the run.
    device_set
        Name of a device set.
    detail
        Pixel density, px/m.
    certainty
        "certain" or "possible".
    read
        Reads the gaps of a run, of everybody, as :func:`geo.coverage.store.results.read_gaps`.
    """
    deep = reader.deep("gaps").exact()
    srid = installation.metric_srid(connection)
    granted = {kind: predicates.granted_grids(connection, deep.of_class(kind)) for kind in CLASSES}
    parts = []
    for each in _device_sets(device_set, granted):
        rows = read(connection, run, srid=srid, device_set=each, detail=detail, certainty=certainty)
        rows = rows[_within(rows["grid_code"], each, granted, alone=each != device_set)]
        parts.append(_clear(connection, reader, rows, device_set=each, detail=detail))
    found = gpd.GeoDataFrame(pd.concat([p for p in parts if len(p)] or parts[:1]))
    whole = len(parts) == 1 and reader.everything and not bool(found["cut"].any())
    return (found if whole else _ranked(found)).drop(columns="cut")


def _device_sets(device_set: str, granted: dict[str, frozenset[str] | None]) -> list[str]:
    """Return whose gaps are read: where only one class is granted, those of that class."""
    limited = device_set == "all" and len(set(granted.values())) > 1
    return ["all", *CLASSES] if limited else [device_set]


def _within(
    codes: "pd.Series[str]",
    device_set: str,
    granted: dict[str, frozenset[str] | None],
    *,
    alone: bool,
) -> "pd.Series[bool]":
    """Return which grids are granted for a device set; with `alone` for no other class as well."""
    inside = {
        kind: pd.Series(True, index=codes.index) if known is None else codes.isin(known)
        for kind, known in granted.items()
    }
    if device_set not in CLASSES:
        return inside["skynet"] & inside["social"]
    (other,) = set(CLASSES) - {device_set}
    return inside[device_set] & ~inside[other] if alone else inside[device_set]


def _clear(
    connection: Connection,
    reader: Principal,
    rows: gpd.GeoDataFrame,
    *,
    device_set: str,
    detail: float,
) -> gpd.GeoDataFrame:
    """Return gaps without the cells of cameras that are not known exactly; `cut` where any."""
    rows = gpd.GeoDataFrame(rows.assign(cut=False))
    if reader.system or rows.empty:
        return rows
    known = predicates.visible_cameras(connection, reader)
    coarse = known.index[~(known["exact"].astype(bool) & (known["depth"] >= _DIRECTION))]
    cameras = scene.read_views(connection, list(coarse))
    if device_set in CLASSES:
        cameras = cameras[cameras["owner_kind"] == device_set]
    srid = installation.metric_srid(connection)
    reach_m = scene.read_choices(connection).default_reach_m
    views = coarse_sight.coarse_views(cameras, srid=srid, detail=detail, default_reach_m=reach_m)
    return _without(rows, coarse_sight.visible_cells(views, flat_geometries(rows)))


def _without(rows: gpd.GeoDataFrame, ground: shapely.Geometry) -> gpd.GeoDataFrame:
    """Cut some ground out of gaps.

    What is left counts part by part, so that a part is the same whatever lies inside that ground.
    """
    shapely.prepare(ground)
    met = shapely.intersects(flat_geometries(rows), ground)
    parts, owner = parts_of(shapely.difference(flat_geometries(rows)[met], ground))
    kept = is_substantial(parts)
    apart = gpd.GeoDataFrame(rows[~met])
    if not kept.any():
        return apart
    codes = rows.loc[met, "grid_code"].to_numpy()[owner[kept]]
    measures = {"area_m2": shapely.area(parts[kept]), "cut": True}
    left = gpd.GeoDataFrame(
        {"grid_code": codes, **measures}, geometry=parts[kept], crs=rows.crs
    ).reindex(columns=rows.columns)
    return gpd.GeoDataFrame(pd.concat([apart, left]) if len(apart) else left)


def _ranked(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Count gaps from 1: whole ones by weight, then what is left of others by area."""
    bounds = rows.geometry.bounds
    order = rows.assign(_x=bounds["minx"], _y=bounds["miny"]).sort_values(
        ["cut", "weight", "area_m2", "grid_code", "_x", "_y"],
        ascending=[True, False, False, True, True, True],
        ignore_index=True,
    )
    return gpd.GeoDataFrame(order.drop(columns=["_x", "_y"]).assign(rank=range(1, len(rows) + 1)))
