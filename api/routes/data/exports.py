"""Files out: a layer or the map, with permission, reason, watermark and a row in the register."""

import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from api.answers import render
from api.answers.bodies import Body
from api.answers.downloads import file_response, stored_file
from api.answers.forms import FormDep
from api.answers.problems import request_language
from api.server.lanes import DRAWING, FILES, run_in_lane
from api.session.deps import EngineDep, MapPagesDep, MayExport, SettingsDep
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.base.errors import InputError
from geo.documents.map_pages import MapRequest
from geo.exchange.publish import export as layer_export
from geo.exchange.publish import layer_files, questions
from geo.exchange.publish.layer_files import FileAsked
from geo.exchange.rules.filters import MOST_LETTERS
from geo.files import writers
from geo.operations.database import Engine
from geo.operations.jobs import exports, results
from geo.operations.jobs import requests as jobs
from maps import watermark

router = APIRouter()
FILTERED: Final = ("csv", "gpkg")
Format = Literal["geojson", "gpkg", "parquet", "csv", "xlsx", "dxf"]


class ExportRequest(Body):
    """What is to go out, as what, and what for."""

    layer: str = Field(max_length=40, examples=["grids"])
    format: Format = "gpkg"
    crs: str = Field("wgs84", max_length=40)
    job: bool = False
    filter: str = Field("", max_length=MOST_LETTERS)
    reason: str = Field(max_length=export_log.MOST_REASON, examples=["乡街例会底图"])


@router.post(
    "/api/exports",
    response_class=Response,
    responses={202: {"description": "A job that makes the file"}},
)
@run_in_lane(FILES)
def export(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayExport,
    asked: ExportRequest,
) -> Response:
    """Return a layer as a file; the row of the register is written before it goes out.

    Of a large layer, or with `job`, the answer (202) names a job; its file is at `…/result`. With
    a `filter` (CQL2) those rows only, as CSV or GeoPackage.
    """
    if asked.filter:
        return _filtered(engine, who, asked, settings.timezone)
    if asked.job or exports.is_large(engine, asked.layer, settings.export_job_rows):
        return _as_job(request, engine, who, asked)
    srid = layer_export.target_srid(engine, asked.crs)
    frame = layer_export.read_layer(engine, who, asked.layer, srid=srid, timezone=settings.timezone)
    out = Path(f"{asked.layer}.{asked.format}")
    export_log.register_file(
        engine, who, out, what=asked.layer, rows=len(frame), reason=asked.reason
    )
    mark = export_log.watermark_text(who, asked.reason, timezone=settings.timezone)
    with tempfile.TemporaryDirectory(prefix="govgrid-") as folder:
        path = Path(folder) / out.name
        writers.write_file(frame, path, layer=asked.layer, mark=mark)
        return file_response(path.read_bytes(), out.name, "application/octet-stream")


def _filtered(engine: Engine, who: Principal, asked: ExportRequest, zone: str) -> Response:
    """Return the rows of a layer that meet a condition as a file, with its row in the register."""
    if asked.format not in FILTERED:
        raise InputError("export.filtered", found=asked.format, known=", ".join(FILTERED))
    layer_export.require_layer(who, asked.layer)
    wanted = FileAsked(who, asked.layer, questions.LayerQuestion(filter=asked.filter), None, zone)
    rows = layer_files.count_rows(engine, wanted)
    out = Path(f"{asked.layer}.{asked.format}")
    export_log.register_file(engine, who, out, what=asked.layer, rows=rows, reason=asked.reason)
    with tempfile.TemporaryDirectory(prefix="govgrid-") as folder:
        path = Path(folder) / out.name
        layer_files.write_layer(engine, wanted, asked.format, path)
        return file_response(path.read_bytes(), out.name, "application/octet-stream")


def _as_job(request: Request, engine: Engine, who: Principal, asked: ExportRequest) -> Response:
    """Make a job of an export; what the file would be refused for is refused now."""
    layer_export.target_srid(engine, asked.crs)
    layer_export.require_layer(who, asked.layer)
    wanted = {
        "format": asked.format,
        "crs": asked.crs,
        "reason": export_log.reason_of(who, asked.reason),
    }
    job = jobs.make_job(engine, who, "export", layer=asked.layer, asked=wanted)
    answer = jobs.job_values(job, who, request_language(request))
    return JSONResponse(answer, HTTPStatus.ACCEPTED, {"Location": f"/api/jobs/{job.id}"})


@router.get("/api/jobs/{number}/result", response_class=Response)
@run_in_lane(FILES)
def fetch_result(engine: EngineDep, settings: SettingsDep, who: MayExport, number: str) -> Response:
    """Return the file of an export or a report, to the account that had it made as a job."""
    return stored_file(
        results.find_result(engine, who, jobs.read_job(engine, who, number), settings)
    )


@router.post("/map.html", response_class=Response)
@run_in_lane(DRAWING)
def map_file(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayExport,
    pages: MapPagesDep,
    filled: FormDep,
) -> Response:
    """Return the map as one self-contained page to be kept; from a form with ``reason``."""
    reason = filled.text("reason")
    rows = sum(pages.sizes(who).values())
    export_log.register_file(engine, who, Path("map.html"), what="map", rows=rows, reason=reason)
    lang = render.page_language(request)
    mark = export_log.watermark_text(who, reason, timezone=settings.timezone, lang=lang)
    page = pages.page(MapRequest(who, lang))
    return file_response(watermark.add_watermark(page, mark), "map.html", "text/html")
