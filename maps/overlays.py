"""Layers of a page: each a frame converted to what the browser draws."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame

from maps.content import MapContent
from maps.pack import (
    Packed,
    frame_geometries,
    pack_flags,
    pack_numbers,
    pack_points,
    pack_shapes,
    pack_texts,
    pack_times,
)

LEVELS = ("district", "township", "community", "grid")
RELATIONS = ("sees", "possible", "near")

BORDER_TOLERANCE_DEG = 1e-5
"""About 1.1 m (Visvalingam): less than a pixel at the scale at which a grid fills the screen."""

SHAPE_TOLERANCE_DEG = 1.5e-5
"""About 1.6 m (Douglas-Peucker), for water, farmland and roads."""

GAP_TOLERANCE_DEG = 4.5e-6
"""About 0.5 m (Douglas-Peucker): gaps are narrow strips of roads."""

BUILDING_STEP_DEG = 5e-6
"""About 0.5 m: buildings are there to find one's way by, and there are many of them."""


@dataclass(frozen=True)
class Column:
    """One column on its way to the page: its name, and the digits kept if it holds numbers."""

    name: str
    digits: int | None = None


_AREA_TEXTS = ("code", "name", "kind", "parent_code", "unit_name", "closed")
_AREA_M2 = ("area_m2", "open_ground_m2", "demand_m2", "covered_demand_m2", "covered_open_ground_m2")
# Tenths of a percent, as they are shown: rounded again nothing changes.
_SHARE_DIGITS = 3
_AREA_SHARES = tuple(
    f"{share}{sure}"
    for share in ("covered_demand_share", "covered_share")
    for sure in ("", "_certain", "_possible")
)
# how much there is and what is seen of it: numbers of things, metres of roads
_CRITERIA = ("places", "entrances", "road_m", "junctions", "crossings")
_AREA_SEEN = (
    "longest_blind_m",
    *(f"{whole}{of}" for whole in _CRITERIA for of in ("", "_certain", "_possible")),
)
_CAMERA_TEXTS = (
    "code",
    "name",
    "owner_kind",
    "form",
    "status",
    "connection",
    "heading_source",
    "grid_code",
)
_INCIDENT_TEXTS = (
    "code",
    "title",
    "category",
    "state",
    "status",
    "grid_code",
    "unit_name",
    "duty_phone",
    "reason",
)


def make_layers(content: MapContent) -> dict[str, Packed]:
    """Return all layers of `content` by name, ready for :func:`maps.pack.as_json`."""
    return {
        "areas": areas(content.areas),
        "water": base(content.water, ("name", "kind"), closed=True),
        "farmland": base(content.farmland, ("name", "kind"), closed=True),
        "buildings": pack_buildings(content.buildings),
        "roads": base(content.roads, ("class", "name"), closed=False),
        "gaps": pack_gaps(content.gaps),
        "gap_totals": gap_totals(content.gaps),
        "cameras": cameras(content.cameras),
        "centres": marked(content.centres, ("code", "name", "level", "duty_phone")),
        "places": marked(content.places, ("name", "kind")),
        "incidents": incidents(content.incidents, timezone=content.timezone),
        "seeing": seeing(content.seeing, content.incidents, content.cameras),
    }


def areas(frame: GeoDataFrame) -> Packed:
    """Return areas of all levels in the order district to grid, by code, with their figures.

    Each level is simplified as one coverage, so borders that neighbours share stay shared; a level
    that is not a valid coverage is left as it is. `at` is a point well inside each area.
    """
    level = frame["level"].astype(str) if "level" in frame else pd.Series("", index=frame.index)
    rank = level.map({name: k for k, name in enumerate(LEVELS)})
    known = frame.assign(_rank=rank)[rank.notna()]
    ordered = known.sort_values(["_rank", "code"], kind="stable") if len(known) else known
    geoms = frame_geometries(ordered)
    codes = ordered["_rank"].to_numpy(dtype=float)
    for k in range(len(LEVELS)):
        geoms[codes == k] = simplified_coverage(geoms[codes == k])
    at = GeoDataFrame(geometry=_middles(geoms), crs=4326)
    return {
        "level": codes.astype(int).tolist(),
        **{name: pack_texts(ordered, name) for name in _AREA_TEXTS},
        **{name: pack_numbers(ordered, name) for name in (*_AREA_M2, *_AREA_SEEN)},
        **{name: pack_numbers(ordered, name, digits=_SHARE_DIGITS) for name in _AREA_SHARES},
        "obstacles_known": pack_flags(ordered, "obstacles_known"),
        "at": pack_points(at),
        "shape": pack_shapes(geoms, closed=True),
    }


def base(frame: GeoDataFrame, columns: tuple[str, ...], *, closed: bool) -> Packed:
    """Return a layer of the base map: polygons or lines, simplified for drawing.

    Parameters
    ----------
    frame
        Layer, EPSG:4326.
    columns
        Text columns to carry along.
    closed
        Whether shapes are polygons.
    """
    geoms = shapely.simplify(frame_geometries(frame), SHAPE_TOLERANCE_DEG)
    return {
        **{name: pack_texts(frame, name) for name in columns},
        "shape": pack_shapes(geoms, closed=closed),
    }


def pack_buildings(frame: GeoDataFrame) -> Packed:
    """Return the outlines of buildings, neighbours one after the other: short steps between."""
    if len(frame):
        frame = frame.iloc[frame.hilbert_distance().argsort(kind="stable")]
    return {"shape": pack_shapes(frame_geometries(frame), closed=True, step_deg=BUILDING_STEP_DEG)}


def pack_gaps(frame: GeoDataFrame) -> Packed:
    """Return the gaps, heaviest first, with what weighs in each."""
    ordered = frame.sort_values("rank", kind="stable") if "rank" in frame else frame
    geoms = shapely.simplify(frame_geometries(ordered), GAP_TOLERANCE_DEG)
    return {
        "rank": pack_numbers(ordered, "rank"),
        "grid_code": pack_texts(ordered, "grid_code"),
        "area_m2": pack_numbers(ordered, "area_m2"),
        "weight": pack_numbers(ordered, "weight", digits=1),
        **{name: pack_numbers(ordered, name) for name in ("road_m", "entrances", "incidents")},
        "shape": pack_shapes(geoms, closed=True),
    }


def gap_totals(frame: DataFrame) -> Packed:
    """Return number and area of the gaps per grid, those without an outline among them."""
    table = DataFrame(frame).reindex(columns=["grid_code", "area_m2"])
    table["area_m2"] = pd.to_numeric(table["area_m2"], errors="coerce")
    per = table.groupby("grid_code", dropna=False)["area_m2"]
    whole = DataFrame({"n": per.size(), "area_m2": per.sum()}).reset_index()
    return {
        "grid_code": pack_texts(whole, "grid_code"),
        "n": pack_numbers(whole, "n"),
        "area_m2": pack_numbers(whole, "area_m2"),
    }


def share_basis(frame: DataFrame) -> str:
    """Return what the shares of areas are of.

    Returns
    -------
    str
        "demand" (the demand surface), "ground" (open ground, where no area has any demand), or
        "none" (nothing has been computed).
    """
    for name, column in (("demand", "covered_demand_share"), ("ground", "covered_share")):
        if any(value is not None for value in pack_numbers(frame, column, digits=4)):
            return name
    return "none"


def cameras(frame: GeoDataFrame) -> Packed:
    """Return the cameras with what the register says of each; never a stream address."""
    return {
        **{name: pack_texts(frame, name) for name in _CAMERA_TEXTS},
        "indoor": pack_flags(frame, "indoor"),
        **{name: pack_numbers(frame, name) for name in ("heading_deg", "hfov_deg", "range_m")},
        "at": pack_points(frame),
    }


def marked(frame: GeoDataFrame, columns: tuple[str, ...]) -> Packed:
    """Return a layer of points with texts.

    Parameters
    ----------
    frame
        Points, EPSG:4326.
    columns
        Text columns to carry along; absent ones are "".
    """
    return {**{name: pack_texts(frame, name) for name in columns}, "at": pack_points(frame)}


def incidents(frame: GeoDataFrame, *, timezone: str) -> Packed:
    """Return the layer of incidents with texts, times and positions.

    Parameters
    ----------
    frame
        Points, EPSG:4326, with ``reported_at`` and ``withheld``.
    timezone
        IANA name, for the times shown.
    """
    return {
        **{name: pack_texts(frame, name) for name in _INCIDENT_TEXTS},
        "reported_at": pack_times(frame, "reported_at", timezone=timezone),
        "withheld": pack_numbers(frame, "withheld"),
        "at": pack_points(frame),
    }


def seeing(frame: DataFrame, incidents: DataFrame, cameras: DataFrame) -> Packed:
    """Return the cameras that see each incident, by row numbers of the two other layers.

    A camera that is in `frame` alone gets a number past the last camera, its code in `extra`. Rows
    of unknown incidents are left out.

    Parameters
    ----------
    frame
        Sight lines: ``incident_code``, ``camera_code``, ``relation``, ``why``, distance and
        bearing; ordered by ``rank`` where it has one.
    incidents, cameras
        The layers on the page, whose row numbers are used.

    Returns
    -------
    dict
        `n` rows per incident, then one value per row in the columns.
    """
    of = _row_of(frame, "incident_code", incidents)
    rows = frame.assign(_of=of)[of >= 0]
    if len(rows):
        rows = rows.sort_values(["_of", *(["rank"] if "rank" in rows else [])], kind="stable")
    camera = _row_of(rows, "camera_code", cameras)
    unknown = camera < 0
    codes = rows["camera_code"].astype(str).to_numpy(dtype=object) if len(rows) else np.array([])
    extra_row, extra = pd.factorize(codes[unknown])
    camera[unknown] = len(cameras) + extra_row
    measures = ("distance_m", "bearing_deg", "heading_deg", "px_per_m")
    return {
        "n": np.bincount(rows["_of"].to_numpy(dtype=int), minlength=len(incidents)).tolist(),
        "camera": camera.tolist(),
        "extra": list(extra),
        "relation": pack_texts(rows, "relation"),
        "why": pack_texts(rows, "why"),
        **{name: pack_numbers(rows, name) for name in measures},
        **{name: pack_flags(rows, name) for name in ("online", "own", "exact")},
    }


def simplified_coverage(geoms: NDArray[Any]) -> NDArray[Any]:
    """Return polygons that tile with fewer points and the same shared borders, else as given."""
    if len(geoms) == 0 or not np.isin(shapely.get_type_id(geoms), (3, 6)).all():
        return geoms
    if not shapely.coverage_is_valid(geoms):
        return geoms
    return np.asarray(shapely.coverage_simplify(geoms, BORDER_TOLERANCE_DEG), dtype=object)


def _middles(geoms: NDArray[Any]) -> NDArray[Any]:
    """Return a point inside each area, far from its border where that is quick to find."""
    return np.asarray(shapely.point_on_surface(geoms), dtype=object)


def _row_of(frame: DataFrame, column: str, other: DataFrame) -> NDArray[np.int64]:
    """Return the row number in `other` of each code in a column, -1 where unknown."""
    if column not in frame or "code" not in other:
        return np.full(len(frame), -1, dtype=np.int64)
    known = pd.Series(np.arange(len(other)), index=other["code"].astype(str))
    known = known[~known.index.duplicated()]
    found = known.reindex(frame[column].astype(str)).fillna(-1)
    return np.array(found, dtype=np.int64)
