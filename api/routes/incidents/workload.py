"""Workload of communities, and what each would get of an amount by factors."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from api.answers.downloads import file_response
from api.answers.problems import request_language
from api.routes.incidents.counted import CountedDays, query_of
from api.session.deps import EngineDep, MayCount, SettingsDep
from geo.incidents import workload
from geo.incidents.rules import allocation
from geo.incidents.workload import WorkloadTable

router = APIRouter(prefix="/api/statistics")
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Shared(CountedDays):
    """A period, and what is shared out: an amount, the base of each, weights of factors."""

    total: float | None = Field(None, ge=0, le=1e15, allow_inf_nan=False)
    base: float = Field(0, ge=0, le=1e15, allow_inf_nan=False)
    weight: list[str] = Field([], max_length=20, examples=[["residents=50", "matters=50"]])
    f: Literal["json", "xlsx"] = "json"


@router.get(
    "/workload",
    response_model=WorkloadTable,
    responses={200: {"content": {"application/json": {}, XLSX: {}}}},
)
def read_workload(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayCount,
    asked: Annotated[Shared, Query()],
) -> Response:
    """Return households, residents, grids, matters, area, estates and gaps of each community.

    With `total` and `weight` (``residents=50``) each has its share by factors (因素法), for
    reference only; as XLSX the shares are formulas.
    """
    lang = request_language(request)
    allotment = allocation.make_allotment(asked.total, asked.base, asked.weight)
    found = workload.read_workload(
        engine,
        who,
        query_of(asked),
        allotment,
        timezone=settings.timezone,
        month_starts=settings.statistics_month_day,
        lang=lang,
    )
    if asked.f == "xlsx":
        from geo.documents import workload_workbook

        book = workload_workbook.workload_bytes(found, mark=settings.mark, lang=lang)
        return file_response(book, workload_workbook.file_name(found, lang), XLSX)
    return JSONResponse(jsonable_encoder(found))
