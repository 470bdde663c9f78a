"""Whistles (吹哨报到): who was called and came, the steps of each unit, attendance."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from api.answers.problems import request_language
from api.answers.times import Moment
from api.routes.incidents.counted import CountedDays, query_of
from api.routes.incidents.written import (
    IfMatch,
    Text,
    Word,
    WrittenBody,
    answer_written,
    parse_version,
)
from api.session.deps import EngineDep, MayMap, MayMove, MayStatistics, SettingsDep
from geo.incidents import unit_steps, whistle_attendance, whistles
from geo.incidents.step_request import StepRequest
from geo.incidents.whistle_answer import AttendanceFigures, OpenWhistles, WhistleAnswer

router = APIRouter(prefix="/api")


class NewStep(WrittenBody):
    """A step of one unit: which fields it needs and takes says ``GET /api/lifecycle``."""

    answer: Word = Field(None, examples=["coming"])
    expected_at: Moment | None = None
    post: Word = None
    reason: Text = None
    at: Moment | None = None
    known_by: Word = Field(None, examples=["telephone"])
    result: Text = None
    decision: Word = None


@router.get("/whistles")
def list_whistles(engine: EngineDep, who: MayMap) -> OpenWhistles:
    """Return the open whistles with who came, and what communities ask for (申请吹哨)."""
    return whistles.list_whistles(engine, who)


@router.get("/whistles/attendance")
def count_attendance(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayStatistics,
    asked: Annotated[CountedDays, Query()],
) -> AttendanceFigures:
    """Return who came, by unit and month: 应到, 结对报到, 首家, 集体按时; longest absent first."""
    return whistle_attendance.count_attendance_of_period(
        engine,
        who,
        query_of(asked),
        timezone=settings.timezone,
        month_starts=settings.statistics_month_day,
        lang=request_language(request),
    )


@router.get("/incidents/{incident}/whistles")
def read_whistles(engine: EngineDep, who: MayMap, incident: UUID) -> dict[str, list[WhistleAnswer]]:
    """Return the whistles of an incident: each unit, first in, all in (k of n), who is missing."""
    return {"whistles": whistles.read_whistles(engine, who, str(incident))}


@router.post("/dispatches/{dispatch}/{step}", status_code=HTTPStatus.CREATED)
def take_step(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMove,
    dispatch: UUID,
    step: str,
    asked: NewStep,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Take a step of one unit (answer, report-in, …) at the version of its dispatch (If-Match).

    By another than the unit it is written down for it (代登记), with how that is known. 409 names
    the steps that are legal. The same `client_id` once more makes no second step.
    """
    done = unit_steps.take_step(
        engine,
        who,
        dispatch,
        StepRequest(step, **asked.model_dump()),
        version=parse_version(if_match),
        timezone=settings.timezone,
        lang=request_language(request),
    )
    answer = {
        "dispatch": str(done.dispatch),
        "incident": str(done.incident),
        "code": done.code,
        "unit": done.unit,
        "state": done.state,
        "version": done.version,
        "step": done.step,
    }
    return answer_written(answer, done.version, again=done.again)
