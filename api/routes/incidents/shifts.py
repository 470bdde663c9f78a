"""Shifts of a centre: what is open, taking over, handing over, the duty log."""

from http import HTTPStatus
from typing import Final, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from api.answers.bodies import Body
from api.answers.downloads import file_response
from api.answers.problems import request_language
from api.session.deps import EngineDep, MayShift, SettingsDep
from geo.incidents import shifts
from geo.incidents.shifts import TakeOver

router = APIRouter(prefix="/api/shifts")
PDF: Final = "application/pdf"


class NewShift(Body):
    """Who takes over: posts, never names of persons; the weather is written by hand."""

    post: str = Field(max_length=200, examples=["值班岗一"])
    leader_post: str | None = Field(None, max_length=60)
    weather: str | None = Field(None, max_length=60, examples=["多云 18～25 ℃"])


class HandOver(Body):
    """What the next shift must know."""

    note: str | None = Field(None, max_length=4_000)


@router.get("")
def list_shifts(engine: EngineDep, who: MayShift) -> JSONResponse:
    """Return the newest shifts of the own desk, or of all where everything is granted."""
    return JSONResponse(jsonable_encoder({"shifts": shifts.list_shifts(engine, who)}))


@router.get("/now")
def look_now(engine: EngineDep, who: MayShift) -> JSONResponse:
    """Return what is open, overdue, unsigned and down now, approvals to sign, the newest shift."""
    return JSONResponse(jsonable_encoder(shifts.look_now(engine, who)))


@router.post("", status_code=HTTPStatus.CREATED)
def take_over(engine: EngineDep, who: MayShift, asked: NewShift) -> JSONResponse:
    """Take over the own desk; 409 while the shift before was not handed over."""
    made = shifts.take_over(engine, who, TakeOver(**asked.model_dump()))
    return JSONResponse(jsonable_encoder(made), HTTPStatus.CREATED)


@router.post("/{shift}/hand-over")
def hand_over(engine: EngineDep, who: MayShift, shift: UUID, asked: HandOver) -> JSONResponse:
    """Hand a shift over with what is open then and a note for the next."""
    return JSONResponse(jsonable_encoder(shifts.hand_over(engine, who, shift, asked.note)))


@router.get(
    "/{shift}",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, PDF: {}}}},
)
def read_shift(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayShift,
    shift: UUID,
    f: Literal["json", "pdf"] = "json",
) -> Response:
    """Return a shift, or its duty log (值班日志) on one page with weekday and lunar day."""
    found = shifts.read_shift(engine, who, shift)
    if f == "json":
        return JSONResponse(jsonable_encoder(found))
    from geo.documents import shift_paper

    lang = request_language(request)
    content = shift_paper.shift_pdf(
        found, timezone=settings.timezone, mark=settings.mark, lang=lang
    )
    return file_response(content, f"shift-{shift}.pdf", PDF)
