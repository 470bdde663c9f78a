"""How much of each area is seen, and by how many cameras."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import LayerError
from geo.polygons import (
    Geometries,
    Indices,
    Shapes,
    area_by,
    clipped,
    dissolve,
    geometries,
    polygons,
    union_by,
)


def union(viewsheds: Shapes) -> Geometries:
    """Return the ground seen by at least one camera, as disjoint polygons.

    Parameters
    ----------
    viewsheds
        Polygons in a metric CRS; empty and missing ones add nothing.

    Returns
    -------
    Geometries
        One polygon for each connected piece of seen ground.

    Examples
    --------
    >>> len(union([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3), shapely.box(9, 9, 10, 10)]))
    2
    """
    return dissolve(viewsheds)


def figures(
    areas: gpd.GeoDataFrame,
    *,
    viewsheds: gpd.GeoDataFrame,
    demand: Shapes,
    open_ground_m2: pd.Series,
    k_max: int = 8,
    excluded: Shapes = None,
) -> pd.DataFrame:
    """Return the coverage figures of areas of any level, overlapping or nested ones too.

    Exact overlay: the borders of all viewsheds are cut at each other, each face counts the
    *devices* that see it, and each area sums its share of the faces. Several views of one camera
    count once.

    Parameters
    ----------
    areas
        `code` and polygons, metric CRS.
    viewsheds
        `camera_code` and visible ground, same CRS; one row a view or a camera.
    demand
        Disjoint polygons of the demand surface.
    open_ground_m2
        Open ground of each area, index of `areas`.
    k_max
        Last entry of `k_area_m2`; it holds this many devices *or more*.
    excluded
        Land that is not open ground though it may be seen (water, farmland, zones): what is seen
        of it stays out of `covered_share`.

    Returns
    -------
    DataFrame
        Index of `areas`: `code`, `area_m2`, `open_ground_m2`, `demand_m2`, `covered_demand_m2`,
        `covered_demand_share`, `covered_area_m2`, `covered_share`, `k_area_m2` (list of
        ``k_max + 1`` square metres, index 0 = unseen; they sum to `area_m2`).

        Shares lie in [0, 1] and are NaN where there is nothing to see. `covered_share` = seen
        ground without `excluded` / open ground, cut at 1: viewsheds never lie on buildings, but
        without `excluded` they may lie on land that the denominator leaves out.

    Raises
    ------
    LayerError
        If a column is missing.

    Examples
    --------
    >>> grid = gpd.GeoDataFrame({"code": ["g"]}, geometry=[shapely.box(0, 0, 10, 10)])
    >>> seen = gpd.GeoDataFrame({"camera_code": ["a"]}, geometry=[shapely.box(0, 0, 5, 10)])
    >>> ground = pd.Series([80.0], index=grid.index)
    >>> table = figures(grid, viewsheds=seen, demand=None, open_ground_m2=ground, k_max=2)
    >>> table[["covered_area_m2", "covered_share", "k_area_m2"]].values.tolist()
    [[50.0, 0.625, [50.0, 50.0, 0.0]]]
    """
    _require(areas, "areas", "code")
    _require(viewsheds, "viewsheds", "camera_code")
    grounds = _grounds(areas)
    area_m2 = shapely.area(grounds)
    k_m2 = _areas_by_devices(grounds, area_m2, _faces(viewsheds), k_max)
    covered, wanted = union(viewsheds), polygons(demand)
    demand_m2 = _area_inside(wanted, grounds)
    seen_demand_m2 = _area_inside(clipped(wanted, covered)[0], grounds)
    seen_m2 = k_m2[:, 1:].sum(axis=1)
    beside_m2 = _area_inside(clipped(dissolve(excluded), covered)[0], grounds)
    open_m2 = open_ground_m2.reindex(areas.index).to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "code": areas["code"],
            "area_m2": area_m2,
            "open_ground_m2": open_m2,
            "demand_m2": demand_m2,
            "covered_demand_m2": seen_demand_m2,
            "covered_demand_share": _share(seen_demand_m2, demand_m2),
            "covered_area_m2": seen_m2,
            "covered_share": _share(seen_m2 - beside_m2, open_m2),
            "k_area_m2": k_m2.tolist(),
        },
        index=areas.index,
    )


def by_device(viewsheds: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the ground that each camera sees in all its views, index `camera_code`.

    Cameras that see nothing are left out.
    """
    found = viewsheds.loc[~(viewsheds.geometry.is_empty | viewsheds.geometry.isna())]
    code, row = np.unique(found["camera_code"].to_numpy(dtype=str), return_inverse=True)
    seen = union_by(geometries(found), row.astype(np.intp))[0]
    return gpd.GeoSeries(seen, index=pd.Index(code, name="camera_code"), crs=viewsheds.crs)


def _require(frame: pd.DataFrame, layer: str, column: str) -> None:
    if column not in frame:
        raise LayerError("coverage.columns_missing", layer=layer, columns=column)


def _grounds(areas: gpd.GeoDataFrame) -> Geometries:
    """Return one valid geometry for each area; a missing one has no ground."""
    found = geometries(areas).copy()
    found[shapely.is_missing(found)] = shapely.Polygon()
    broken = ~shapely.is_valid(found)
    found[broken] = shapely.make_valid(found[broken], method="structure", keep_collapsed=False)
    return found


def _faces(viewsheds: gpd.GeoDataFrame) -> tuple[Geometries, Indices]:
    """Return the faces between all borders of viewsheds that some device sees, and how many do."""
    seen = geometries(by_device(viewsheds))
    if len(seen) == 0:
        return seen, np.empty(0, dtype=np.intp)
    borders = shapely.disjoint_subset_union_all(shapely.boundary(seen))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(borders)))
    inside = shapely.point_on_surface(faces)
    face = shapely.STRtree(inside).query(seen, predicate="contains")[1]
    devices = np.bincount(face, minlength=len(faces))
    return faces[devices > 0], devices[devices > 0]


def _areas_by_devices(
    grounds: Geometries,
    area_m2: NDArray[np.float64],
    faces: tuple[Geometries, Indices],
    k_max: int,
) -> NDArray[np.float64]:
    """Return the square metres that 0 … k_max devices see, shape (areas, k_max + 1)."""
    shapes, devices = faces
    parts, face, area = clipped(shapes, grounds)
    cell = area * (k_max + 1) + np.minimum(devices[face], k_max)
    table = area_by(parts, cell, len(grounds) * (k_max + 1)).reshape(len(grounds), k_max + 1)
    table[:, 0] = np.maximum(area_m2 - table[:, 1:].sum(axis=1), 0.0)
    return table


def _area_inside(shapes: Geometries, grounds: Geometries) -> NDArray[np.float64]:
    parts, _, area = clipped(shapes, grounds)
    return area_by(parts, area, len(grounds))


def _share(part_m2: NDArray[np.float64], whole_m2: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.where(whole_m2 > 0, whole_m2, np.nan)
    return np.clip(part_m2 / known, 0.0, 1.0)
