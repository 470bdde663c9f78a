"""The coverage report as a file: a workbook, a table or a layer."""

from datetime import datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
from sqlalchemy import Engine

from geo.areas import district
from geo.areas.store import versions as area_versions
from geo.base.local_time import local_minute
from geo.base.words import say
from geo.coverage.report import CoverageReport
from geo.documents import coverage_workbook
from geo.documents.coverage_workbook import Heading
from geo.files import writers
from geo.store import db

# Each column of the report, in the order of the file; headers name unit and denominator.
COLUMNS = (
    "level",
    "code",
    "name",
    "device_set",
    "certainty",
    "detail",
    "places",
    "places_seen",
    "entrances",
    "entrances_seen",
    "road_m",
    "road_seen_m",
    "longest_blind_m",
    "junctions",
    "junctions_seen",
    "crossings",
    "crossings_seen",
    "demand_m2",
    "covered_demand_m2",
    "covered_demand_share",
    "open_ground_m2",
    "covered_area_m2",
    "covered_open_ground_m2",
    "covered_share",
    "area_m2",
    "obstacles_known",
)


def write_coverage(
    engine: Engine,
    report: CoverageReport,
    out: Path,
    *,
    lang: str,
    timezone: str,
    stamp: str = "",
) -> int:
    """Write the coverage report to a file; return the number of rows.

    XLSX is a paper that can be handed in (:mod:`geo.documents.coverage_workbook`); CSV holds the
    figures; GPKG and GeoJSON the figures on the areas' polygons, column names as in the JSON.

    Parameters
    ----------
    report
        As from :mod:`geo.coverage.report`: ``areas``, ``computed_at``, ``incidents_until``.
    out
        File to write; its ending says the format.
    lang
        Language of headings and notes, "zh" or "en".
    timezone
        IANA name, for the times shown.
    stamp
        Watermark text of the workbook, "" for none.

    Raises
    ------
    InputError
        If the ending is unknown or the file cannot be written.
    """
    ending = writers.require_ending(out)
    remark = district.export_remark(engine)
    figures = pd.DataFrame(report["areas"], columns=[*COLUMNS, "k_area_m2"])
    if ending in writers.DRIVERS:
        dated = figures.assign(incidents_until=report["incidents_until"])
        writers.write_file(_on_map(engine, dated), out, layer="coverage", remark=remark)
        return len(figures)
    table = _readable(figures, lang)
    table[say("column.as_of_plain", lang)] = report["computed_at"]
    table[say("column.incidents_until", lang)] = report["incidents_until"]
    if remark:
        table[say("column.remark", lang)] = remark
    if ending == ".csv":
        writers.write_file(table, out, layer="coverage")
    else:
        heading = _heading(engine, report, stamp, timezone)
        coverage_workbook.write_workbook(
            report, out, heading=heading, within=_within(engine), lang=lang
        )
    return len(figures)


def _heading(engine: Engine, report: CoverageReport, stamp: str, timezone: str) -> Heading:
    until = report["incidents_until"]
    return Heading(
        district=district.district_name(engine),
        computed=_local(report["computed_at"], timezone),
        remark=district.export_remark(engine),
        stamp=stamp,
        incidents_until="" if until is None else _local(until, timezone),
    )


def _local(moment: str, timezone: str) -> str:
    return local_minute(datetime.fromisoformat(moment), timezone)


def _within(engine: Engine) -> dict[tuple[str, str], str]:
    """Return the name of the area above each, by level and code."""
    with db.open_transaction(engine) as connection:
        known = area_versions.valid_areas(connection)
    names = known["name"].to_dict()
    above = known["parent_unit_id"].map(names).fillna("")
    return dict(zip(zip(known["level"], known["code"], strict=True), above, strict=True))


def _readable(figures: pd.DataFrame, lang: str) -> pd.DataFrame:
    table = figures[list(COLUMNS)].copy()
    for column in ("level", "device_set", "certainty"):
        table[column] = [say(f"{column}.{value}", lang) for value in table[column]]
    for k in (0, 1, 2):
        table[f"k{k}_m2"] = [_k(row, k) for row in figures["k_area_m2"]]
    for column in [c for c in table.columns if c.endswith(("_m2", "_m", "_seen"))]:
        table[column] = table[column].astype(float).round(1)
    for column in ("covered_demand_share", "covered_share"):
        # a tenth of a percent, as all papers show it: rounded twice it would be another
        table[column] = table[column].astype(float).round(3)
    return table.rename(columns=lambda name: say(f"header.{name}", lang))


def _k(row: list[float], k: int) -> float | None:
    """Return the ground seen by exactly `k` devices, from 2 on by `k` or more; None: no grant."""
    if not row:
        return None
    return sum(row[k:]) if k == 2 else row[k]


def _on_map(engine: Engine, figures: pd.DataFrame) -> gpd.GeoDataFrame:
    with db.open_transaction(engine) as connection:
        known = area_versions.valid_areas(connection)[["level", "code", "geometry"]]
    joined = known.merge(figures, on=["level", "code"])
    joined["k_area_m2"] = joined["k_area_m2"].map(str)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=known.crs)
