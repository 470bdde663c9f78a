"""Sight lines as far as they may be shown: exactly, by coarse places, or as a number only."""

from collections.abc import Set
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.access.coarse import cells_of, rounded_up_m
from geo.access.roles import depth_no
from geo.base.polygons import Indices
from geo.coverage.scene import Prepared
from geo.coverage.sight import coarse_sight, line_of_sight
from geo.coverage.sight.coarse_sight import CoarseViews, Floats

RADIUS_M = 150.0  # of cameras that are listed though they do not see the place
NEAREST = 3  # so many of them however far
BY_CELL = "by_cell"
"""Why a coarse camera may see a place: its cell may be seen from around the coarse place."""

HIDDEN = ("bearing_deg", "heading_deg", "px_per_m")
_RANK = {"sees": 0, "possible": 1, "near": 2}
_POSITION, _DIRECTION = depth_no("position"), depth_no("direction")

Pairs = Set[tuple[str, str]]
"""Names of places and codes of cameras."""


@dataclass(frozen=True)
class GrantedLines:
    """Sight lines that may be shown, and how many further cameras may see each place.

    `lines`: by point in the order given, then sees, possible, near, then distance: the columns of
    :func:`geo.coverage.sight.line_of_sight.find_seeing`, and `own`: whether the camera stands in a
    granted area, `exact`: whether its name and its measures may be shown. `withheld`: by the name
    of the point.
    """

    lines: pd.DataFrame
    withheld: "pd.Series[int]"


def granted_lines(
    prepared: Prepared,
    views: CoarseViews,
    points: gpd.GeoDataFrame,
    granted: pd.DataFrame,
    exactly: Pairs = frozenset(),
) -> GrantedLines:
    """Return the sight lines of some places, as far as the granted cameras may be shown.

    Exact cameras are judged where they stand. Others are answered by cells: *possible* or *near*,
    with the distance of the coarse place, without direction; of another's camera that looks in only
    *possible* is returned, with its distance from the granted area. At the pairs in `exactly` it is
    also returned whether they see the place.

    Parameters
    ----------
    views
        Of all cameras of the scene that are not granted exactly, at their coarse places.
    points
        Metric, index = name of the place.
    granted
        As from :func:`geo.access.predicates.visible_cameras`.
    """
    hits = seen_by_cell(views, points)
    parts = [_exact(prepared, points, granted), _coarse(views, points, granted, hits)]
    lines = _judged(prepared, points, pd.concat(parts, ignore_index=True), exactly)
    lines["_rank"] = lines["relation"].map(_RANK)
    lines["_point"] = lines["point"].map({name: n for n, name in enumerate(points.index)})
    lines = lines.sort_values(["_point", "_rank", "distance_m", "camera_code"], ignore_index=True)
    hidden = hits[~hits["camera_code"].isin(_known(granted))]
    withheld = hidden.groupby("point").size().reindex(points.index, fill_value=0)
    return GrantedLines(lines.drop(columns=["_rank", "_point"]), withheld)


def seen_by_cell(views: CoarseViews, points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the cameras that may see the cell of each place: ``point``, ``camera_code``.

    Parameters
    ----------
    views
        Views whose position is known only coarsely.
    points
        Places, same metric CRS; the index is their name.
    """
    asked = cells_of(shapely.get_coordinates(points.geometry.to_numpy()))
    distinct, cell_of = np.unique(asked, axis=0, return_inverse=True)
    cell, view = coarse_sight.may_see(views, distinct)
    pairs = pd.DataFrame({"cell": cell, "camera_code": views.camera_codes[view]})
    of_point = pd.DataFrame({"point": points.index.to_numpy(), "cell": cell_of.reshape(-1)})
    return of_point.merge(pairs.drop_duplicates(), on="cell")[["point", "camera_code"]]


def not_exact(granted: pd.DataFrame) -> "pd.Index[str]":
    """Return the codes of those cameras that may be shown, but not exactly."""
    shown = granted["depth"].isna() | (granted["depth"] >= _POSITION)
    return granted.index[shown & ~granted["exact"].astype(bool)]


def _known(granted: pd.DataFrame) -> "pd.Index[str]":
    return granted.index[granted["depth"].isna() | (granted["depth"] >= _POSITION)]


def _exact(prepared: Prepared, points: gpd.GeoDataFrame, granted: pd.DataFrame) -> pd.DataFrame:
    found = lines_of(prepared, points, granted.index[granted["exact"].astype(bool)])
    shallow = found["camera_code"].map(granted["depth"]).astype(float) < _DIRECTION
    found.loc[shallow, ["heading_deg", "px_per_m"]] = np.nan
    return found.assign(own=True, exact=True)


def lines_of(
    prepared: Prepared, points: gpd.GeoDataFrame, codes: "pd.Index[str] | None" = None
) -> pd.DataFrame:
    """Return the sight lines between places and cameras of a scene.

    Parameters
    ----------
    prepared
        Scene with placed views.
    points
        Places, metric CRS of the scene; the index is their name.
    codes
        Cameras to look at; None for all.
    """
    read, views = prepared.scene.cameras, prepared.views
    if codes is not None:
        read, views = read[read["code"].isin(codes)], views[views["camera_code"].isin(codes)]
    single = ~views["camera_code"].duplicated()
    columns = ["camera_code", "x", "y", "placement", "moved_m", "mount_height_m"]
    return line_of_sight.find_seeing(
        points,
        cameras=read.drop_duplicates("code").set_index("code"),
        views=views,
        placement=views.loc[single, columns].set_index("camera_code"),
        obstacles=prepared.sight,
        radius_m=RADIUS_M,
        nearest=NEAREST,
        convergence_deg=views.loc[single].set_index("camera_code")["convergence_deg"],
    )


def _coarse(
    views: CoarseViews, points: gpd.GeoDataFrame, granted: pd.DataFrame, hits: pd.DataFrame
) -> pd.DataFrame:
    """Return the lines of cameras that are not exact, by their coarse places."""
    known = hits[hits["camera_code"].isin(not_exact(granted))].assign(relation="possible")
    depth = granted["depth"]
    own = depth.index[(depth >= _POSITION) & ~granted["exact"].astype(bool)]
    lines = pd.concat([known, _near(views, points, own)], ignore_index=True)
    lines = lines.drop_duplicates(["point", "camera_code"])
    foreign = lines["camera_code"].map(depth).isna().to_numpy()
    away_m = lines["camera_code"].map(granted["distance_m"]).to_numpy(dtype=float)
    apart_m = _apart_m(views, points, lines)
    return lines.assign(
        why=np.where(foreign, "", np.where(lines["relation"] == "possible", BY_CELL, "")),
        distance_m=np.where(foreign, away_m, rounded_up_m(apart_m)),
        moved_m=0.0,
        own=~foreign,
        exact=False,
        **dict.fromkeys(HIDDEN, np.nan),
    )


def _near(views: CoarseViews, points: gpd.GeoDataFrame, codes: "pd.Index[str]") -> pd.DataFrame:
    """Return the cameras whose coarse place is near each place, or the nearest one however far."""
    first = _first_views(views, codes)
    places = np.asarray(shapely.points(views.places[first]), dtype=object)
    tree, asked = shapely.STRtree(places), points.geometry.to_numpy()
    within = tree.query(asked, predicate="dwithin", distance=RADIUS_M)
    nearest = tree.query_nearest(asked) if len(places) else within
    point, camera = np.hstack([within, nearest])
    return pd.DataFrame(
        {
            "point": points.index.to_numpy()[point],
            "camera_code": views.camera_codes[first][camera],
            "relation": "near",
        }
    )


def _first_views(views: CoarseViews, codes: "pd.Index[str]") -> Indices:
    own = pd.Series(views.camera_codes)
    return np.flatnonzero(own.isin(codes) & ~own.duplicated())


def _apart_m(views: CoarseViews, points: gpd.GeoDataFrame, lines: pd.DataFrame) -> Floats:
    """Return how far the coarse place of each line's camera is from the place asked for."""
    codes = pd.Index(views.camera_codes)
    first = ~codes.duplicated()
    camera = pd.Index(codes[first]).get_indexer(pd.Index(lines["camera_code"]))
    asked = shapely.get_coordinates(points.geometry.to_numpy())
    offset = asked[points.index.get_indexer(pd.Index(lines["point"]))]
    return np.asarray(np.hypot(*(offset - views.places[first][camera]).T), dtype=np.float64)


def _judged(
    prepared: Prepared, points: gpd.GeoDataFrame, lines: pd.DataFrame, exactly: Pairs
) -> pd.DataFrame:
    """Say of some pairs whether the camera sees the place, and nothing more."""
    if not exactly:
        return lines
    asked = points[points.index.isin({name for name, _ in exactly})]
    found = lines_of(prepared, asked, pd.Index(sorted({code for _, code in exactly})))
    known = found.set_index(["point", "camera_code"])["relation"].to_dict()
    pairs = pd.Series(list(zip(lines["point"], lines["camera_code"], strict=True)), lines.index)
    judged = pairs.isin(exactly)
    relation = pairs.map(known).fillna("near")
    return lines.assign(
        relation=lines["relation"].mask(judged, relation), why=lines["why"].mask(judged, "")
    )
