"""The map of the console on paper: made at once, or by a job where much is drawn."""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from api.answers.bodies import Body
from api.answers.downloads import file_response
from api.answers.problems import request_language
from api.server.lanes import DRAWING, run_in_lane
from api.session.deps import EngineDep, MayExport, SettingsDep
from geo.access.audit import export_log
from geo.documents import printed_map, printed_view
from geo.operations.jobs import requests as jobs

router = APIRouter()
PDF: Final = "application/pdf"
Degrees = Annotated[float, Field(allow_inf_nan=False)]
Word = Annotated[str, Field(max_length=100)]


class Chosen(Body):
    """The filters of the list of incidents: of each only what is given."""

    light: list[Literal["green", "amber", "red"]] = Field(default=[], max_length=3)
    state: list[Word] = Field(default=[], max_length=20)
    category: Word | None = None
    township: Word | None = None


class PrintAsked(Body):
    """The view of the console, the paper, and what the map is for."""

    box: tuple[Degrees, Degrees, Degrees, Degrees] = Field(
        strict=False,  # JSON has lists only
        description="West, south, east, north of what the screen shows, degrees",
    )
    layers: list[Word] = Field(default=["grids", "cameras", "incidents"], max_length=20)
    level: Literal["grid", "community"] = "community"
    incidents: Chosen = Chosen()
    size: Literal["A4", "A3"] = "A4"
    orientation: Literal["portrait", "landscape"] = "landscape"
    title: str = Field(max_length=200, examples=["吴樾街道网格图"])
    reason: str = Field(max_length=export_log.MOST_REASON, examples=["乡街例会"])
    job: bool = False


@router.post(
    "/api/map-prints",
    response_class=Response,
    responses={200: {"content": {PDF: {}}}, 202: {"description": "A job makes it"}},
)
@run_in_lane(DRAWING)
def print_map(
    request: Request, engine: EngineDep, settings: SettingsDep, who: MayExport, asked: PrintAsked
) -> Response:
    """Return the map of a view as PDF; the row of the register is written before it goes out.

    Where much is drawn, or with `job`, the answer (202) names a job; its file is at
    `/api/jobs/{id}/result`.
    """
    values: dict[str, Any] = asked.model_dump(exclude={"reason", "job"})
    wanted = printed_view.view_of(values)
    printed_view.require_view(wanted, who)
    printed_map.clean_title(wanted.title)
    reason = export_log.reason_of(who, asked.reason)
    lang = request_language(request)
    ground, rows = printed_view.count_rows(engine, who, wanted)
    if asked.job or ground + rows > settings.export_job_rows:
        wanted_file = {"format": "pdf", "reason": reason, "lang": lang, "options": values}
        job = jobs.make_job(engine, who, "report", layer="map", asked=wanted_file)
        answer = jobs.job_values(job, who, lang)
        return JSONResponse(answer, HTTPStatus.ACCEPTED, {"Location": f"/api/jobs/{job.id}"})
    export_log.register_file(engine, who, Path("map.pdf"), what="map", rows=rows, reason=reason)
    stamp = export_log.watermark_text(who, reason, timezone=settings.timezone, lang=lang)
    content = printed_map.make_map(engine, settings, who, wanted, stamp=stamp, lang=lang)
    return file_response(content, f"{wanted.title}.pdf", PDF)
