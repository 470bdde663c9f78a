"""Cameras to survey: their facts, and how much depends on their headings."""

from dataclasses import dataclass, replace

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from geo.areas.rules import locate
from geo.areas.store import versions as area_versions
from geo.base.codes import full_area_code
from geo.base.errors import NotFoundError
from geo.cameras.store import codes as stored_cameras
from geo.coverage.demand.demand_model import build_model
from geo.coverage.scene import Prepared, prepare_scene, smallest_areas, visible_ground
from geo.coverage.scene_layers import Scene
from geo.coverage.store import scene, viewsheds
from geo.planning.rules import survey


@dataclass(frozen=True)
class Read:
    """Data of one moment: areas, `code` and `site` of cameras, scene, certain viewsheds."""

    known: gpd.GeoDataFrame
    sites: pd.DataFrame
    scene: Scene
    certain: gpd.GeoDataFrame


def read_views(connection: Connection, detail: float) -> Read:
    """Return the data by which a survey is ranked.

    Parameters
    ----------
    connection
        Open transaction.
    detail
        Pixel density of the viewsheds, px/m.
    """
    layers = scene.read_scene(connection)
    return Read(
        area_versions.valid_areas(connection),
        stored_cameras.read_sites(connection),
        layers,
        viewsheds.read_viewsheds(connection, srid=layers.srid, detail=detail, certainty="certain"),
    )


def rank_cameras(
    found: Read, detail: float, *, area: str | None, eight_way: bool, limit: int
) -> pd.DataFrame:
    """Return the cameras whose heading is worth a survey, those on which most depends first.

    Parameters
    ----------
    detail
        At which they see, px/m.
    area, eight_way, limit
        See :func:`geo.planning.survey.survey_list`.
    """
    inside = None if area is None else _inside(found.known, area)
    prepared = prepare_scene(found.scene, detail=detail)
    views = prepared.views[survey.is_unsettled(prepared.views, eight_way=eight_way)]
    rows = _rows(prepared, views, found.known, found.sites)
    if inside is not None:
        rows = rows[rows["grid_code"].isin(inside)]
    views = views[views["camera_code"].isin(rows["code"])]
    needed = _dependence(prepared, views, found.certain)
    first = needed.head(limit or len(needed))
    return first.merge(rows, left_on="camera_code", right_on="code")


def _inside(known: gpd.GeoDataFrame, area: str) -> set[str]:
    """Return the codes of an area and of all that lies in it."""
    chosen = known[known["code"].isin([area, full_area_code(area)])]
    if chosen.empty:
        raise NotFoundError("area.unknown", code=area)
    path = chosen["path"].iloc[0]
    within = (known["path"] == path) | known["path"].str.startswith(path + ".")
    return set(known.loc[within, "code"])


def _rows(
    prepared: Prepared, views: pd.DataFrame, known: gpd.GeoDataFrame, sites: pd.DataFrame
) -> pd.DataFrame:
    """Return the rows of a survey list for the cameras of some views, one row a camera."""
    read = prepared.scene
    place = pd.DataFrame({"lon": read.lonlat.x, "lat": read.lonlat.y})
    listed = pd.DataFrame(read.cameras[["code", "name", "form"]]).join(place)
    listed = listed[listed["code"].isin(views["camera_code"])].drop_duplicates("code")
    first = views.drop_duplicates("camera_code").set_index("camera_code")
    listed = listed.join(first[["heading_source", "heading_deg"]], on="code")
    level = smallest_areas(read)["level"].iloc[0]
    grids = locate.make_locator(known[known["level"] == level], srid=read.srid)
    found = locate.locate_points(listed["lon"].to_numpy(), listed["lat"].to_numpy(), grids)
    listed = listed.assign(grid_code=found["code"].to_numpy()).round({"lon": 6, "lat": 6})
    return listed.merge(sites, on="code", how="left")


def _dependence(prepared: Prepared, views: pd.DataFrame, certain: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return how much depends on the heading of each camera, see `dependence` of the rules."""
    # A camera that turns may see all around whatever its heading: on that only the picture at its
    # guard heading depends, which is that of a fixed one.
    possible = visible_ground(replace(prepared, views=views.assign(form="fixed")), ["possible"])[
        "possible"
    ]
    if views.empty:
        return survey.heading_dependence(possible, certain=None, demand=None)
    ground = build_model(prepared.layers)
    entrances = ground.points[ground.points["kind"] == "entrance"]
    return survey.heading_dependence(
        possible, certain=certain, demand=ground.pieces, entrances=entrances.geometry
    )
