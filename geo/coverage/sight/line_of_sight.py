"""Which cameras see a point, which may, and why the near ones do not."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Indices
from geo.coverage.sight.building_heights import Obstruction, find_hidden, low_buildings
from geo.coverage.sight.obstacles import Obstacles, place_cameras
from geo.coverage.sight.optics import px_per_m, view_sectors
from geo.coverage.sight.shadow_method import MIN_RANGE_M, TOUCH_M, reach_m

# Best first: the best view of a camera speaks for it.
WHYS = (
    "sees",
    "heading_uncertain",
    "heading_unknown",
    "blocked",
    "dead_ground",
    "turned_away",
    "beyond_range",
    "position_suspect",
    "indoor",
)
RELATIONS = ("sees", "possible", "possible", *(("near",) * 6))
COLUMNS = (
    "point",
    "camera_code",
    "relation",
    "why",
    "distance_m",
    "bearing_deg",
    "heading_deg",
    "px_per_m",
    "moved_m",
)
LOOKS = ("camera_code", "form", "heading_deg", "hfov_deg", "res_h_px", "range_m", "near_m")
CHUNK = 500  # points at a time, which bounds the table of distances


def find_seeing(
    points: gpd.GeoDataFrame,
    *,
    cameras: gpd.GeoDataFrame,
    views: pd.DataFrame,
    placement: pd.DataFrame,
    obstacles: Obstacles | Obstruction,
    radius_m: float = 150.0,
    nearest: int = 3,
    convergence_deg: float | pd.Series = 0.0,
) -> pd.DataFrame:
    """Return the cameras of each point: those that see it, may see it, or are near but do not.

    One row for each camera that reaches as far as the point, for each other within `radius_m`, and
    for the `nearest` cameras however far. A view sees a point in its certain sector, within its
    range, beyond its dead ground, with no footprint between: exactly where
    `geo.coverage.sight.viewshed.compute_viewsheds` draws it. Of several views of a camera the best
    one counts.

    Parameters
    ----------
    points
        Index = name of the point; metric CRS. A point inside a footprint is judged at the nearest
        free place outside, `moved_m` away.
    cameras
        Index camera code; `indoor`.
    views
        As from `geo.coverage.sight.optics.camera_views`.
    placement
        As from `geo.coverage.sight.obstacles.place`, index camera code; with `mount_height_m` where
        buildings may be looked over.
    obstacles
        Footprints, same CRS.
    radius_m
        Cameras within this distance are listed in any case, metres; others by their own range.
    nearest
        So many nearest cameras are listed in any case; at least one is.
    convergence_deg
        Meridian convergence: true bearing minus grid bearing, degrees; one for all, or a Series
        by camera code.

    Returns
    -------
    DataFrame
        Fresh index; by point in the order given, then sees, possible, near, then distance:
        `point`, `camera_code`, `relation`, `why` (one of `WHYS`), `distance_m`, `bearing_deg`
        (camera to point, clockwise from true north), `heading_deg` (NaN unknown), `px_per_m` at
        the point (NaN closer than 1 cm), `moved_m`.
    """
    sight = obstacles if isinstance(obstacles, Obstruction) else _opaque(obstacles)
    spots = place_cameras(
        points.geometry, np.zeros(len(points), dtype=bool), sight.built, snap_m=np.inf
    )
    stands = placement.loc[cameras.index]
    targets = spots[["x", "y"]].to_numpy()
    listed_m = np.maximum(_longest_m(views, cameras.index), radius_m)
    codes = cameras.index.to_numpy(dtype=object)
    xy = stands[["x", "y"]].to_numpy(dtype=float)
    point, camera = _pairs(targets, xy, listed_m, nearest, codes)
    turn_deg = pd.Series(convergence_deg, index=cameras.index).to_numpy(dtype=float)[camera]
    pairs = _measured(targets[point], stands.iloc[camera], turn_deg)
    pairs["point"], pairs["camera"] = point, camera
    pairs["camera_code"] = cameras.index.to_numpy()[camera]
    pairs["indoor"] = cameras["indoor"].astype(object).eq(True).to_numpy()[camera]
    pairs["moved_m"] = spots["moved_m"].to_numpy()[point]
    looks = _looks(pairs, views)
    looks["why"] = _why(looks, _blocked(looks, sight))
    return _answer(looks, points.index)


def _longest_m(views: pd.DataFrame, cameras: pd.Index) -> NDArray[np.float64]:
    """Return the longest range of each camera, 0 where it has no view."""
    longest = views.groupby("camera_code")["range_m"].max().reindex(cameras).fillna(0.0)
    return longest.to_numpy(dtype=float) + TOUCH_M


def _pairs(
    targets: NDArray[np.float64],
    stands: NDArray[np.float64],
    listed_m: NDArray[np.float64],
    nearest: int,
    codes: NDArray[np.object_],
) -> tuple[Indices, Indices]:
    """Return point and camera of every pair within the camera's distance or among the nearest."""
    known = np.flatnonzero(np.isfinite(stands).all(axis=1))
    known = known[np.argsort(codes[known], kind="stable")]  # the smaller code where as near
    found = []
    for first in range(0, len(targets) if len(known) else 0, CHUNK):
        dx, dy = (targets[first : first + CHUNK, None, i] - stands[None, known, i] for i in (0, 1))
        gap2 = np.nan_to_num(dx * dx + dy * dy, nan=np.inf)
        wanted = gap2 <= listed_m[known] ** 2
        wanted |= _nearest(gap2, min(max(nearest, 1), len(known)))
        point, camera = np.nonzero(wanted & np.isfinite(gap2))
        found.append(np.column_stack([point + first, known[camera]]))
    both = np.concatenate(found) if found else np.empty((0, 2), dtype=np.intp)
    return both[:, 0].astype(np.intp), both[:, 1].astype(np.intp)


def _nearest(gap2: NDArray[np.float64], few: int) -> NDArray[np.bool_]:
    """Return the `few` smallest of each row, of equal ones the first."""
    last = np.partition(gap2, few - 1, axis=1)[:, few - 1 : few]
    nearer, level = gap2 < last, gap2 == last
    left = few - nearer.sum(axis=1, keepdims=True)
    return np.asarray(nearer | (level & (np.cumsum(level, axis=1) <= left)), dtype=np.bool_)


def _measured(
    targets: NDArray[np.float64], stands: pd.DataFrame, turn_deg: NDArray[np.float64]
) -> pd.DataFrame:
    x, y = stands["x"].to_numpy(dtype=float), stands["y"].to_numpy(dtype=float)
    east, north = targets[:, 0] - x, targets[:, 1] - y
    return pd.DataFrame(
        {
            "camera_x": x,
            "camera_y": y,
            "x": targets[:, 0],
            "y": targets[:, 1],
            "distance_m": np.hypot(east, north),
            "bearing_deg": (np.degrees(np.arctan2(east, north)) + turn_deg) % 360 % 360,
            "placement": stands["placement"].to_numpy(),
            "height_m": stands.get("mount_height_m", pd.Series(np.nan, stands.index)).to_numpy(),
        }
    )


def _looks(pairs: pd.DataFrame, views: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each pair and view, with how far the view reaches towards the point."""
    asked = views[views["camera_code"].isin(pairs["camera_code"].unique())]
    own = asked[list(LOOKS)].copy()
    own["vague"] = asked["heading_source"].eq("unknown") | asked["heading_deg"].isna()
    for certainty in ("certain", "possible"):
        sector = view_sectors(asked, certainty)
        own[f"{certainty}_start"] = sector["start_deg"]
        own[f"{certainty}_width"] = sector["width_deg"]
    looks = pairs.merge(own, on="camera_code", how="left")
    for certainty in ("certain", "possible"):
        looks[f"{certainty}_m"] = _reach(looks, certainty)
    return looks


def _reach(looks: pd.DataFrame, certainty: str) -> NDArray[np.float64]:
    width = looks[f"{certainty}_width"].fillna(0.0).to_numpy(dtype=float)
    offset = ((looks["bearing_deg"] - looks[f"{certainty}_start"]) % 360.0).fillna(0.0)
    range_m = looks["range_m"].fillna(0.0).to_numpy(dtype=float)
    return reach_m(offset.to_numpy(dtype=float), width, range_m)


def _opaque(obstacles: Obstacles) -> Obstruction:
    return Obstruction(obstacles, obstacles, low_buildings(None, np.empty(0)))


def _blocked(looks: pd.DataFrame, sight: Obstruction) -> NDArray[np.bool_]:
    """Return which lines of sight meet the inside of a footprint; others are not looked at."""
    farthest_m = looks[["certain_m", "possible_m"]].max(axis=1)
    asked = np.flatnonzero(looks["distance_m"] <= farthest_m)
    ends = looks.iloc[asked][["camera_x", "camera_y", "x", "y"]].to_numpy(dtype=float)
    lines = np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)), dtype=object)
    line, part = sight.tall.tree.query(lines, predicate="intersects")
    shapely.prepare(sight.tall.parts[part])
    inside = shapely.relate_pattern(sight.tall.parts[part], lines[line], "T********")
    blocked = np.zeros(len(looks), dtype=np.bool_)
    blocked[asked[line[inside]]] = True
    height_m = looks["height_m"].to_numpy(dtype=float)[asked]
    blocked[asked[find_hidden(ends[:, 2:], ends[:, :2], height_m, sight.low)]] = True
    return blocked


def _why(looks: pd.DataFrame, blocked: NDArray[np.bool_]) -> NDArray[np.object_]:
    sure, towards = (_in_picture(looks, certainty) for certainty in ("certain", "possible"))
    distance_m = looks["distance_m"].to_numpy()
    reach_m = looks[["certain_m", "possible_m"]].max(axis=1).to_numpy()
    aimed = (distance_m <= reach_m) & (reach_m > 0)
    found = choose_why(
        indoor=looks["indoor"].to_numpy(),
        lost=looks["placement"].ne("open").to_numpy() & looks["placement"].ne("snapped").to_numpy(),
        blocked=aimed & blocked,
        dead=aimed & ~(sure | towards),
        sure=sure,
        unknown=towards & looks["vague"].eq(True).to_numpy(),
        towards=towards,
        beyond=~(distance_m <= looks["range_m"].to_numpy()),
    )
    return np.array(WHYS, dtype=object)[found]


def choose_why(
    *,
    indoor: NDArray[np.bool_],
    lost: NDArray[np.bool_],
    blocked: NDArray[np.bool_],
    dead: NDArray[np.bool_],
    sure: NDArray[np.bool_],
    unknown: NDArray[np.bool_],
    towards: NDArray[np.bool_],
    beyond: NDArray[np.bool_],
) -> Indices:
    """Return by its number in `WHYS` why each view sees a place, may see it, or does not.

    Parameters
    ----------
    indoor, lost
        Of cameras that hang indoors, or whose position is suspect.
    blocked, dead
        Of views that are aimed at the place: something stands between, or it is too near.
    sure, unknown, towards
        Of places within the certain picture, and within the possible one: by a heading that is
        unknown, or however.
    beyond
        Of places out of range.
    """
    conditions = [indoor, lost, blocked, dead, sure, unknown, towards, beyond]
    names = ("indoor", "position_suspect", "blocked", "dead_ground", "sees")
    more = ("heading_unknown", "heading_uncertain", "beyond_range")
    numbers = [WHYS.index(name) for name in (*names, *more)]
    return np.select(conditions, numbers, WHYS.index("turned_away")).astype(np.intp)


def _in_picture(looks: pd.DataFrame, certainty: str) -> NDArray[np.bool_]:
    """Return which points lie in the sector, between its dead ground and its end.

    The dead ground ends along chords in the very directions of those at the end.
    """
    reach_m, distance_m = looks[f"{certainty}_m"].to_numpy(), looks["distance_m"].to_numpy()
    near_m, range_m = (looks[name].to_numpy(dtype=float) for name in ("near_m", "range_m"))
    dead = np.where(near_m >= MIN_RANGE_M, near_m, 0.0) / np.where(range_m > 0, range_m, 1.0)
    inside = (distance_m <= reach_m) & (reach_m > 0) & (distance_m >= reach_m * dead)
    return np.asarray(inside, dtype=np.bool_)


def _answer(looks: pd.DataFrame, names: pd.Index) -> pd.DataFrame:
    looks["order"] = looks["why"].map({why: i for i, why in enumerate(WHYS)})
    looks["relation"] = looks["why"].map(dict(zip(WHYS, RELATIONS, strict=True)))
    looks["px_per_m"] = px_per_m(looks, looks["distance_m"].to_numpy(dtype=float))
    best = looks.sort_values(["order", "px_per_m"], ascending=[True, False], kind="stable")
    best = best.drop_duplicates(["point", "camera"])
    rank = best["relation"].map({"sees": 0, "possible": 1, "near": 2})
    best = best.assign(_rank=rank).sort_values(["point", "_rank", "distance_m", "camera_code"])
    answer = best.reset_index(drop=True)
    answer["point"] = names.to_numpy()[answer["point"].to_numpy(dtype=np.intp)]
    return answer[list(COLUMNS)]
