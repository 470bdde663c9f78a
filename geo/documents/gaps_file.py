"""Gaps as a file: each with the names of its grid and community, and the metadata of the layer."""

from pathlib import Path
from typing import Final

import geopandas as gpd
from sqlalchemy import Engine

from geo.areas import district
from geo.areas.store import versions as area_versions
from geo.base.local_time import local_minute
from geo.base.words import say
from geo.coverage.store import results
from geo.files import writers
from geo.files.writers.gpkg_notes import LayerNotes
from geo.store import db

LAYER: Final = "gaps"
NAMES: Final = ("grid_name", "community_name", "township_name")


def write_gaps(
    engine: Engine, found: gpd.GeoDataFrame, out: Path, *, lang: str, timezone: str
) -> None:
    """Write gaps to a file.

    Columns hold the names of grid, community and township. A GeoPackage opens in QGIS with a style
    and names of columns, and describes purpose, source and date.

    Parameters
    ----------
    found
        Gaps as from :mod:`geo.coverage.report`.
    out
        File to write; its ending says the format.
    lang
        Language of column names and metadata, "zh" or "en".
    timezone
        IANA name, for the times shown.
    """
    named = _with_names(engine, found)
    remark = district.export_remark(engine)
    writers.write_file(
        named, out, layer=LAYER, remark=remark, notes=_notes(engine, lang, timezone, remark)
    )


def _with_names(engine: Engine, found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    with db.open_transaction(engine) as connection:
        known = area_versions.valid_areas(connection)
    grids = known[known["level"] == "grid"].reset_index().set_index("code")
    community = grids["parent_unit_id"]
    names, above = known["name"], known["parent_unit_id"]
    columns = {
        "grid_name": found["grid_code"].map(grids["name"]),
        "community_name": found["grid_code"].map(community.map(names)),
        "township_name": found["grid_code"].map(community.map(above).map(names)),
    }
    return gpd.GeoDataFrame(found.assign(**columns), crs=found.crs)


def _notes(engine: Engine, lang: str, timezone: str, remark: str) -> LayerNotes:
    with db.open_transaction(engine) as connection:
        run = results.require_newest(connection)
    until = run.incidents_until
    columns = ("rank", "grid_code", *NAMES, "area_m2", "weight", "road_m", "entrances", "incidents")
    return LayerNotes(
        title=say("gaps_file.title", lang, district=district.district_name(engine)),
        description=" ".join(
            [
                say("coverage_book.notice", lang),
                say("gaps_file.source", lang),
                say("coverage_book.computed", lang, when=local_minute(run.computed_at, timezone)),
                ""
                if until is None
                else say("coverage_book.incidents_until", lang, when=local_minute(until, timezone)),
                remark,
            ]
        ).strip(),
        names={name: say(f"gaps_file.{name}", lang) for name in (*columns, "lon", "lat", "remark")},
    )
