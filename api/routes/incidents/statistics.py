"""Figures of incidents: counts and rates of a period, issued periods, named scopes."""

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from api.answers.bodies import Body
from api.answers.downloads import file_response
from api.answers.problems import request_language
from api.answers.times import Day
from api.routes.incidents.counted import CountedMatters, Word, query_of
from api.session.deps import EngineDep, MayCount, SettingsDep
from geo.incidents import (
    hot_spots,
    statistics,
    statistics_answer,
    statistics_issues,
    statistics_scopes,
    whistle_attendance,
)
from geo.incidents.hot_spots import HotSpots
from geo.incidents.rules import periods
from geo.incidents.rules.periods import Scope
from geo.incidents.statistics_answer import IssueAnswer

router = APIRouter(prefix="/api/statistics")
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ScopeName = Annotated[str, Field(min_length=1, max_length=40)]


class Counted(CountedMatters):
    """What is counted, by what, and beside what."""

    by: str = Field("community", max_length=40)
    compare: bool = False
    attendance: bool = False
    f: Literal["json", "xlsx"] = "json"


class NewIssue(Body):
    """A period whose figures go out: a statistics month, or days."""

    month: Word = Field(None, examples=["2026-09"])
    since: Day | None = None
    until: Day | None = None


class NewScope(Body):
    """A named set of areas, a named period, or both."""

    areas: list[str] | None = Field(None, max_length=500)
    since: Day | None = None
    until: Day | None = None


@router.get(
    "", response_class=Response, responses={200: {"content": {"application/json": {}, XLSX: {}}}}
)
def read_statistics(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayCount,
    asked: Annotated[Counted, Query()],
) -> Response:
    """Return counts and rates of a period by area, category, grade, unit, source or month.

    Each rate has its numerator, denominator and definition. An issued period is returned as it went
    out, with what came later as `corrections`. `attendance` adds who came to whistles.
    """
    query, lang = query_of(asked), request_language(request)
    found = statistics.read_statistics(
        engine,
        who,
        query,
        timezone=settings.timezone,
        month_starts=settings.statistics_month_day,
        outgoing=asked.f != "json",
    )
    came = None
    if asked.attendance:
        came = whistle_attendance.count_attendance_of_period(
            engine,
            who,
            query,
            timezone=settings.timezone,
            month_starts=settings.statistics_month_day,
            lang=lang,
        )
    if asked.f == "xlsx":
        from geo.documents import statistics_workbook

        book = statistics_workbook.statistics_bytes(
            found, came, timezone=settings.timezone, mark=settings.mark, lang=lang
        )
        return file_response(book, statistics_workbook.file_name(found, lang), XLSX)
    answer = statistics_answer.describe_statistics(found, lang, came)
    return JSONResponse(jsonable_encoder(answer))


@router.get("/hot-spots")
def read_hot_spots(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayCount,
    asked: Annotated[CountedMatters, Query()],
) -> HotSpots:
    """Return the incidents of a period by grid and hour, and those that no camera could see.

    Fewer than `least` are null, and so is what would tell them by difference.
    """
    return hot_spots.read_hot_spots(
        engine,
        who,
        query_of(asked),
        timezone=settings.timezone,
        month_starts=settings.statistics_month_day,
        lang=request_language(request),
    )


@router.get("/issues")
def list_issues(engine: EngineDep, who: MayCount) -> dict[str, list[IssueAnswer]]:
    """Return the issued periods, the newest first."""
    issues = [
        statistics_answer.describe_issue(each)
        for each in statistics_issues.list_issues(engine, who)
    ]
    return {"issues": issues}


@router.post("/issues", status_code=HTTPStatus.CREATED)
def issue_period(
    engine: EngineDep, settings: SettingsDep, who: MayCount, asked: NewIssue
) -> IssueAnswer:
    """Let the figures of a period go out: they stay; what is changed later stands apart."""
    starts = settings.statistics_month_day
    period = periods.named_period(asked.month, asked.since, asked.until, starts)
    issue = statistics_issues.issue_period(engine, who, period, month_starts=starts)
    return statistics_answer.describe_issue(issue)


@router.get("/scopes")
def list_scopes(engine: EngineDep, who: MayCount) -> dict[str, list[Scope]]:
    """Return the named sets of areas and named periods."""
    return {"scopes": statistics_scopes.list_scopes(engine, who)}


@router.put("/scopes/{name}")
def write_scope(engine: EngineDep, who: MayCount, name: ScopeName, asked: NewScope) -> Scope:
    """Name a set of areas (试点), a period (专项), or both; one of the name is replaced."""
    areas = None if asked.areas is None else tuple(asked.areas)
    scope = Scope(name, areas, asked.since, asked.until)
    statistics_scopes.write_scope(engine, who, scope)
    return scope


@router.delete("/scopes/{name}", status_code=HTTPStatus.NO_CONTENT)
def delete_scope(engine: EngineDep, who: MayCount, name: ScopeName) -> Response:
    """Delete a named scope."""
    statistics_scopes.delete_scope(engine, who, name)
    return Response(status_code=HTTPStatus.NO_CONTENT)
