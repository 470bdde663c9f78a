"""Survey of headings: ranked list, form to fill in, and content of the printed sheets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from geo.areas import known as known_areas
from geo.areas.district import export_remark
from geo.base.json_objects import Record
from geo.base.plain_rows import plain_rows
from geo.base.words import say
from geo.coverage.store import results
from geo.files import writers
from geo.files.schema.layers import find_layer
from geo.store import db, installation

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

COLUMNS = (
    "rank",
    "code",
    "name",
    "site",
    "form",
    "heading_source",
    "heading_deg",
    "grid_code",
    "number",
    "lon",
    "lat",
    "depends_m2",
    "entrances",
)
GRID_COLUMNS = ("rank", "grid_code", "name", "cameras", "depends_m2", "entrances")
# The form that is typed back: fields of the layer ``headings``, the last three left empty.
FORM = ("grid_code", "number", "code", "name", "heading_deg", "hfov_deg", "surveyed_on")


@dataclass(frozen=True)
class Survey:
    """Cameras whose heading is worth a survey, those on which most depends first, and their grids.

    Attributes
    ----------
    run
        The computation whose figures depend on them.
    cameras
        `COLUMNS`; `number` counts within the grid and stands on its sheet; lon, lat to six
        decimals. `grid_code` is of the smallest level there is, "" for a camera outside of all.
    grids
        `GRID_COLUMNS`, sums over the cameras of `cameras`; ground that several of them may see
        counts several times.
    """

    run: results.Run
    cameras: pd.DataFrame
    grids: pd.DataFrame


def survey_list(
    engine: Engine, *, area: str | None = None, eight_way: bool = False, limit: int = 0
) -> Survey:
    """Return which headings to survey first, by how much the newest figures depend on them.

    Judged at the coarsest detail that was computed, for all cameras together.

    Parameters
    ----------
    area
        Code of an area of any level: only cameras whose grid lies in it.
    eight_way
        Headings known as a compass point only too.
    limit
        The first so many only; 0: all.

    Raises
    ------
    StateError
        If nothing was computed yet.
    NotFoundError
        If there is no area of that code.
    """
    with db.open_transaction(engine) as connection:
        run = results.require_newest(connection)
        if area is not None:
            known_areas.require_area(connection, area)
        from geo.planning import survey_cameras

        detail = min(results.read_details(connection, run.id))
        read = survey_cameras.read_views(connection, detail)
    found = survey_cameras.rank_cameras(read, detail, area=area, eight_way=eight_way, limit=limit)
    return _listed(run, found, read.known)


def _listed(run: results.Run, cameras: pd.DataFrame, known: gpd.GeoDataFrame) -> Survey:
    cameras = cameras.assign(
        number=cameras.groupby("grid_code").cumcount() + 1,
        depends_m2=cameras["depends_m2"].round(1),
    )
    grids = cameras.groupby("grid_code", as_index=False).agg(
        cameras=("code", "size"), depends_m2=("depends_m2", "sum"), entrances=("entrances", "sum")
    )
    grids = grids.sort_values(
        ["depends_m2", "entrances", "grid_code"], ascending=[False, False, True], ignore_index=True
    )
    names = dict(zip(known["code"], known["name"], strict=True))
    grids = grids.assign(rank=grids.index + 1, name=grids["grid_code"].map(names))
    return Survey(run, cameras[list(COLUMNS)], grids[list(GRID_COLUMNS)])


@dataclass(frozen=True)
class SurveyAnswer:
    """A survey as answers and files state it."""

    run: int
    computed_at: str
    cameras: list[Record]
    grids: list[Record]


def describe_survey(listed: Survey) -> SurveyAnswer:
    """Return the list for an answer, None where something is not known."""
    at = listed.run.computed_at.isoformat(timespec="seconds")
    return SurveyAnswer(listed.run.id, at, plain_rows(listed.cameras), plain_rows(listed.grids))


def by_sheet(listed: Survey) -> pd.DataFrame:
    """Return the cameras in the order of the sheets: grid by grid, as numbered there."""
    order = listed.cameras["grid_code"].map(listed.grids.set_index("grid_code")["rank"])
    ordered = listed.cameras.assign(_sheet=order).sort_values(["_sheet", "number"])
    return ordered.drop(columns="_sheet").reset_index(drop=True)


def form(listed: Survey, *, lang: str) -> pd.DataFrame:
    """Return the form for ``import headings``, one row per camera, in the order of the sheets.

    Parameters
    ----------
    listed
        As from the ranking of the survey.
    lang
        "zh": headers of the printed sheets; "en": names of the fields.
    """
    target, cameras = find_layer("headings"), by_sheet(listed)
    empty = {name: [""] * len(cameras) for name in ("heading_deg", "hfov_deg", "surveyed_on")}
    table = cameras.assign(**empty)[list(FORM)]
    heads = {name: target.field(name) for name in FORM}
    return table.rename(columns=lambda n: heads[n].aliases[0] if lang == "zh" else n)


def write_form(
    engine: Engine, listed: Survey, out: Path, *, mark: str, lang: str, stamp: str = ""
) -> int:
    """Write the form to an XLSX (with a sheet of notes) or a CSV file; return its rows.

    Parameters
    ----------
    listed
        As from the ranking of the survey.
    out
        File to write.
    mark
        Marking of the paper, first line of the notes; "" for none.
    lang
        "zh" or "en".
    stamp
        Who exports it and for what, as from ``export_log.watermark_text``.
    """
    table, note = form(listed, lang=lang), export_remark(engine)
    if writers.require_ending(out) != ".xlsx":
        writers.write_file(table, out, layer="headings", remark=note)
        return len(table)
    said = (say(f"survey.form.{n}", lang) for n in ("fill", "blank", "typed_back"))
    import pandas as pd

    lines = [mark, stamp, note, *said]
    notes = pd.DataFrame({say("survey.form.notes", lang): [line for line in lines if line]})
    names = (say("survey.form.sheet", lang), say("survey.form.notes", lang))
    writers.write_workbook(dict(zip(names, (table, notes), strict=True)), out, mark=stamp)
    return len(table)


@dataclass(frozen=True)
class SheetGround:
    """What the sheets show, by the names of ``maps.sheets.SheetContent``; frames are metric."""

    title: str
    synthetic: bool
    run: int
    computed_at: datetime
    grids: gpd.GeoDataFrame
    cameras: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame


def sheet_ground(engine: Engine, listed: Survey) -> SheetGround:
    """Return what the printable sheets show.

    Parameters
    ----------
    listed
        As from the ranking of the survey.
    """
    import geopandas as gpd

    from geo.areas.store import versions as area_versions
    from geo.coverage.store import scene

    with db.open_transaction(engine) as connection:
        srid = installation.metric_srid(connection)
        known = area_versions.valid_areas(connection).to_crs(srid)
        roads, water, buildings = (
            scene.read_ground(connection, name, srid)
            for name in ("named_roads", "water", "buildings")
        )
    cameras = by_sheet(listed)
    points = gpd.points_from_xy(cameras["lon"], cameras["lat"], crs=4326)
    shapes = known.drop_duplicates("code").set_index("code").geometry
    grids = gpd.GeoDataFrame(
        {"code": listed.grids["grid_code"], "name": listed.grids["name"]},
        geometry=listed.grids["grid_code"].map(shapes).to_numpy(),
        crs=srid,
    )
    districts = known[known["level"] == "district"]
    return SheetGround(
        title="、".join(districts["name"]),
        synthetic="虚构" in export_remark(engine),
        run=listed.run.id,
        computed_at=listed.run.computed_at,
        grids=grids,
        cameras=gpd.GeoDataFrame(cameras, geometry=points).to_crs(srid),
        roads=roads,
        water=gpd.GeoDataFrame(water[["geometry"]]),
        buildings=gpd.GeoDataFrame(buildings[["geometry"]]),
    )
