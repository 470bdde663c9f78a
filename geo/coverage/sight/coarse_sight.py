"""What a camera may see of which only the coarse place is known, by cells of 50 m."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.access.coarse import CELL_M, SLACK_DEG, STEP_DEG, cells_of
from geo.base.crs import WGS84, convergence_deg, project
from geo.base.polygons import Geometries, Indices
from geo.coverage.sight import optics
from geo.coverage.sight.obstacles import SNAP_CLEARANCE_M

Floats = NDArray[np.float64]

SNAP_M = 5.0 + 2 * SNAP_CLEARANCE_M
"""How far at most a camera is moved out of a footprint for sight."""

_OUTWARD = np.array([-1.0, -1.0, 1.0, 1.0])
_ARC_DEG = 10.0
_ROUNDING_DEG = 0.01


@dataclass(frozen=True)
class CoarseViews:
    """Views of cameras of which only the coarse place is known, metric.

    `ground` holds ``x0, y0, x1, y1`` of the ground on which each may stand, `places` the coarse
    places themselves; directions are from grid north.
    """

    camera_codes: NDArray[np.object_]
    view_nos: NDArray[np.int64]
    places: Floats
    ground: Floats
    start_deg: Floats
    width_deg: Floats
    range_m: Floats

    @property
    def sighted(self) -> Indices:
        """Which views see anything at all: one indoors does not."""
        return np.flatnonzero((self.width_deg > 0) & (self.range_m > 0))

    @property
    def reach(self) -> Floats:
        """The boxes in which each may see anything, as `ground`."""
        return np.asarray(self.ground + self.range_m[:, None] * _OUTWARD, dtype=np.float64)


def coarse_views(
    cameras: pd.DataFrame,
    *,
    srid: int,
    detail: float,
    default_reach_m: float,
    views: pd.DataFrame | None = None,
) -> CoarseViews:
    """Return the views of cameras at their coarse places.

    Parameters
    ----------
    cameras
        Rows of the view ``sight_camera``, with `coarse_lon` and `coarse_lat`.
    srid
        Metric.
    detail, default_reach_m
        Pixel density asked for, px/m, and how far a camera sees that does not say it.
    views
        Of the cameras where they are known: :func:`geo.coverage.sight.optics.camera_views`.
    """
    if views is None:
        views = optics.camera_views(
            cameras.set_index("code"), detail_px_per_m=detail, default_reach_m=default_reach_m
        )
    sector = optics.view_sectors(views, "possible")
    lonlat = cameras[["coarse_lon", "coarse_lat"]].to_numpy(dtype=float)
    turn_deg = convergence_deg(lonlat[:, 0], lonlat[:, 1], srid)
    return CoarseViews(
        cameras["code"].to_numpy(dtype=object),
        cameras["view_no"].to_numpy(dtype=np.int64),
        _metric(lonlat, srid),
        _ground(lonlat, srid),
        (sector["start_deg"].to_numpy(dtype=float) - turn_deg) % 360,
        sector["width_deg"].to_numpy(dtype=float),
        np.nan_to_num(views["range_m"].to_numpy(dtype=float)),
    )


def select_views(views: CoarseViews, which: NDArray[np.bool_] | Indices) -> CoarseViews:
    """Return some of the views.

    Parameters
    ----------
    views
        Views, one entry per row in each column.
    which
        Mask or positions of the views to keep.
    """
    return CoarseViews(*(column[which] for column in vars(views).values()))


def may_see(views: CoarseViews, asked: NDArray[np.int64]) -> tuple[Indices, Indices]:
    """Return positions of cells and of views that may see some place in them.

    A view may see a cell if it would from anywhere on the ground where its camera may stand,
    within its *possible* sector and range; nothing stands in the way. So whatever is seen is in a
    cell that may be seen, and the answer is the same wherever on that ground the camera stands.

    Parameters
    ----------
    asked
        Columns and rows of cells, shape ``(n, 2)``; see :func:`geo.access.coarse.cells_of`.
    """
    tree = shapely.STRtree(_boxes(views.reach[views.sighted]))
    corners = _corners(asked)
    cell, found = tree.query(_boxes(corners), predicate="intersects")
    view = views.sighted[found]
    hit = _meets(views, view, corners[cell])
    return cell[hit], view[hit]


def cell_outlines(views: CoarseViews) -> Geometries:
    """Return what each view may see as a union of cells; empty where it sees nothing."""
    around = [_cells_in(box) for box in views.reach[views.sighted]]
    view = np.repeat(views.sighted, [len(asked) for asked in around])
    corners = _corners(np.vstack([np.empty((0, 2), dtype=np.int64), *around]))
    hit = _meets(views, view, corners)
    boxes, view = _boxes(corners[hit]), view[hit]
    ends = np.searchsorted(view, np.arange(len(views.range_m) + 1))
    none = shapely.Polygon()
    found = [shapely.coverage_union_all(boxes[a:b]) if b > a else none for a, b in pairwise(ends)]
    return np.array(found, dtype=object)


def visible_cells(views: CoarseViews, near: Geometries) -> shapely.Geometry:
    """Return the cells that at least one view may see, as one geometry.

    Parameters
    ----------
    views
        Views in a metric CRS.
    near
        Geometries in the same CRS: views that do not reach any of them are left out.
    """
    boxes = _boxes(views.reach[views.sighted])
    meets = np.unique(shapely.STRtree(near).query(boxes, predicate="intersects")[0])
    return shapely.union_all(cell_outlines(select_views(views, views.sighted[meets])))


def _meets(views: CoarseViews, view: Indices, corners: Floats) -> NDArray[np.bool_]:
    """Return whether each view reaches from its ground into a cell.

    Some place q of the cell is seen from some place p of the ground if q - p lies in the sector:
    so the sector, put at the origin, is held against the box of all differences.
    """
    ground = views.ground[view]
    between = _boxes(corners - ground[:, [2, 3, 0, 1]])
    used, own = np.unique(view, return_inverse=True)
    fans = np.array([sector_fan(views, at) for at in used], dtype=object)
    return np.asarray(shapely.intersects(fans[own], between), dtype=np.bool_)


def sector_fan(views: CoarseViews, at: int) -> shapely.Geometry:
    """Return the sector of a view at the origin, its arc by lines that lie outside of it.

    Parameters
    ----------
    views
        Views, of which one is asked for.
    at
        Its position.
    """
    width = min(views.width_deg[at] + 2 * _ROUNDING_DEG, 360.0)
    steps = int(np.ceil(width / _ARC_DEG))
    radius = views.range_m[at] / np.cos(np.radians(width / steps / 2))
    angle = np.radians(views.start_deg[at] - _ROUNDING_DEG + np.linspace(0.0, width, steps + 1))
    arc = np.column_stack([np.sin(angle), np.cos(angle)]) * radius
    ring = arc[:-1] if width >= 360.0 else np.vstack([np.zeros((1, 2)), arc])
    return shapely.Polygon(ring)


def _metric(lonlat: Floats, srid: int) -> Floats:
    points = np.asarray(shapely.points(lonlat), dtype=object)
    return shapely.get_coordinates(project(points, source=WGS84, target=srid)).reshape(-1, 2)


def _ground(lonlat: Floats, srid: int) -> Floats:
    """Return the box around all places that have these coarse ones, metric."""
    half = STEP_DEG / 2 + SLACK_DEG
    steps = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    corners = _metric((lonlat[:, None, :] + steps).reshape(-1, 2), srid).reshape(-1, 4, 2)
    return np.hstack([corners.min(axis=1) - SNAP_M, corners.max(axis=1) + SNAP_M])


def _cells_in(box: Floats) -> NDArray[np.int64]:
    low, high = cells_of(box.reshape(2, 2))
    columns, rows = (np.arange(a, b + 1) for a, b in zip(low, high, strict=True))
    return np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)


def _corners(asked: NDArray[np.int64]) -> Floats:
    return np.column_stack([asked, asked + 1]) * CELL_M


def _boxes(bounds: Floats) -> Geometries:
    return np.asarray(shapely.box(*bounds.reshape(-1, 4).T), dtype=object)
