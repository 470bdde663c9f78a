"""The viewing register and the requests: read, printed, taken out, decided on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from api.answers import render
from api.answers.bodies import Body
from api.answers.downloads import file_response
from api.answers.forms import FormDep, redirect_after_post
from api.answers.times import Moment
from api.server.lanes import FILES, run_in_lane
from api.session.deps import AnyReader, EngineDep, SettingsDep
from api.session.identity import Rule
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import InputError
from geo.base.words import say
from geo.viewing import (
    approvals,
    register_entry,
)
from geo.viewing import (
    report as viewing_report,
)
from geo.viewing import (
    statistics as viewing_statistics,
)
from geo.viewing.approvals import CameraRequest, ListedRequest, OwnRequest
from geo.viewing.report import RegisterRow
from geo.viewing.statistics import MonthReport
from maps import watermark

router = APIRouter()
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {XLSX: {}}}}
HOURS: Final = (1, 2, 4, 8, 24)
MayRegister = Annotated[Principal, Depends(Rule("register"))]
MayApprove = Annotated[Principal, Depends(Rule("approve"))]
Text = Annotated[str, Query(max_length=200)]
Time = Annotated[str, Query(max_length=40)]
Month = Annotated[str, Query(max_length=10, examples=["2026-09"])]
Limit = Annotated[int, Query(ge=1, le=1000)]
Before = Annotated[UUID | None, Query(description="Rows behind that one")]
Reason = Annotated[str, Query(max_length=export_log.MOST_REASON)]


class RegisterQuery:
    """What a question to the register may carry; blank: any."""

    def __init__(
        self,
        config: SettingsDep,
        camera: Text = "",
        account: Text = "",
        unit: Text = "",
        act: Text = "",
        incident: Text = "",
        since: Annotated[str, Query(alias="from", max_length=40)] = "",
        until: Annotated[str, Query(alias="to", max_length=40)] = "",
    ) -> None:
        words = {"camera": camera, "account": account, "unit": unit, "act": act}
        words["incident"] = incident
        self.words = {**words, "from": since, "to": until}
        self.filters = viewing_report.parse_filters(
            timezone=config.timezone, since=since, until=until, **words
        )

    @property
    def given(self) -> dict[str, str]:
        """Those that are not blank."""
        return {name: word for name, word in self.words.items() if word}

    def next(self, path: str, rows: list[RegisterRow], limit: int) -> str | None:
        """Return where the next page is; None after the last row."""
        if len(rows) < limit:
            return None
        return f"{path}?{urlencode({**self.given, 'limit': limit, 'before': rows[-1].id})}"


AskedDep = Annotated[RegisterQuery, Depends()]


@dataclass(frozen=True)
class RegisterPage:
    """Rows of the register, and where the next ones are."""

    rows: list[RegisterRow]
    next: str | None


class Decision(Body):
    """What is decided on a request: approved until a time, or refused with a note."""

    decision: Literal["approved", "refused"]
    until: Moment | None = None
    note: str = Field("", max_length=register_entry.MOST_TEXT)


@router.get("/api/access-register")
def rows(
    engine: EngineDep,
    who: MayRegister,
    asked: AskedDep,
    limit: Limit = 100,
    before: Before = None,
) -> RegisterPage:
    """Return rows of the register, the newest first, and where the next ones are."""
    found = viewing_report.list_page(engine, who, asked.filters, limit=limit, before=before)
    return RegisterPage(found, asked.next("/api/access-register", found, limit))


@router.get("/api/access-register/mine")
def own_rows(
    engine: EngineDep, who: AnyReader, asked: AskedDep, limit: Limit = 100, before: Before = None
) -> RegisterPage:
    """Return what the reader looked at himself."""
    found = viewing_report.own_viewings(engine, who, asked.filters, limit=limit, before=before)
    return RegisterPage(found, asked.next("/api/access-register/mine", found, limit))


@router.get("/api/access-register/report")
def figures(
    engine: EngineDep, settings: SettingsDep, who: MayRegister, month: Month = ""
) -> MonthReport:
    """Return the figures of a month, and whether its rows match the audit."""
    return viewing_statistics.month_report(engine, who, month, timezone=settings.timezone)


@router.get("/register", response_class=HTMLResponse)
def register_page(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayRegister,
    asked: AskedDep,
    limit: Limit = 100,
    before: Before = None,
) -> HTMLResponse:
    """Return the page of the register."""
    found = viewing_report.list_page(engine, who, asked.filters, limit=limit, before=before)
    return _register(request, settings.timezone, who, asked, found, limit)


@router.get("/register/mine", response_class=HTMLResponse)
def own_page(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: AnyReader,
    asked: AskedDep,
    limit: Limit = 100,
    before: Before = None,
) -> HTMLResponse:
    """Return the page of what the reader looked at himself."""
    found = viewing_report.own_viewings(engine, who, asked.filters, limit=limit, before=before)
    return _register(request, settings.timezone, who, asked, found, limit, own=True)


@router.get("/register.xlsx", response_class=Response, responses=FILE)
@run_in_lane(FILES)
def register_file(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayRegister,
    asked: AskedDep,
    reason: Reason = "",
) -> Response:
    """Return the register as a workbook; the row of the export is written before it goes out."""
    content, _ = viewing_report.export_register(
        engine,
        who,
        asked.filters,
        reason=reason,
        timezone=settings.timezone,
        lang=render.page_language(request),
    )
    return file_response(content, "register.xlsx", XLSX)


@router.get("/register/report", response_class=HTMLResponse)
def report_page(
    request: Request, engine: EngineDep, settings: SettingsDep, who: MayRegister, month: Month = ""
) -> HTMLResponse:
    """Return the page of a month's report."""
    lang = render.page_language(request)
    found = viewing_statistics.month_report(engine, who, month, timezone=settings.timezone)
    tables = viewing_statistics.month_tables(found, lang)
    return render.render_page(
        request,
        "register_report.html",
        title=say("viewing_report.title", lang),
        report=found,
        tables={title: table.to_dict("split") for title, table in tables.items()},
        now=clock.now(),
    )


@router.get("/register/report.xlsx", response_class=Response, responses=FILE)
@run_in_lane(FILES)
def report_file(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayRegister,
    month: Month = "",
    reason: Reason = "",
) -> Response:
    """Return a month's report as a workbook; the row of the export is written before."""
    content = viewing_statistics.export_report(
        engine,
        who,
        month,
        reason=reason,
        timezone=settings.timezone,
        lang=render.page_language(request),
    )
    return file_response(content, "register-report.xlsx", XLSX)


@router.get("/api/access-requests")
def waiting(
    engine: EngineDep, who: MayApprove, decided: bool = False
) -> dict[str, list[ListedRequest]]:
    """Return the requests that wait for a decision, with `decided` the others as well."""
    return {"requests": approvals.waiting_requests(engine, who, decided=decided)}


@router.get("/api/access-requests/mine")
def own_requests(engine: EngineDep, who: AnyReader) -> dict[str, list[OwnRequest]]:
    """Return what the reader asked for himself."""
    return {"requests": approvals.own_requests(engine, who)}


@router.post(
    "/api/access-requests/{number}/decision",
)
def decide(
    engine: EngineDep,
    settings: SettingsDep,
    who: MayApprove,
    number: UUID,
    decided: Decision,
) -> CameraRequest:
    """Decide on a request of somebody else."""
    until = decided.until
    if until is not None and until.tzinfo is None:
        until = until.replace(tzinfo=ZoneInfo(settings.timezone))
    return approvals.decide_request(
        engine, who, number, decided.decision, until=until, note=decided.note
    )


@router.get("/requests", response_class=HTMLResponse)
def requests_page(
    request: Request, engine: EngineDep, who: MayApprove, decided: bool = False
) -> HTMLResponse:
    """Return the page of requests that wait for a decision."""
    found = approvals.waiting_requests(engine, who, decided=decided)
    return _requests(request, found, own=False, decided=decided)


@router.get("/requests/mine", response_class=HTMLResponse)
def own_requests_page(
    request: Request, engine: EngineDep, who: AnyReader, asked: bool = False
) -> HTMLResponse:
    """Return the page of what the reader asked for himself."""
    return _requests(request, approvals.own_requests(engine, who), own=True, asked=asked)


@router.post("/requests/{number}/decision")
def decide_form(engine: EngineDep, who: MayApprove, number: UUID, filled: FormDep) -> Response:
    """Decide as the form says and go back to the page."""
    hours = filled.text("hours")
    if hours and hours not in map(str, HOURS):
        raise InputError("viewing.until_form")
    until = clock.now() + timedelta(hours=int(hours or 0))
    word, note = filled.text("decision"), filled.text("note")
    approvals.decide_request(engine, who, number, word, until=until if hours else None, note=note)
    return redirect_after_post("/requests")


def _register(
    request: Request,
    timezone: str,
    who: Principal,
    asked: RegisterQuery,
    found: list[RegisterRow],
    limit: int,
    *,
    own: bool = False,
) -> HTMLResponse:
    lang = render.page_language(request)
    return render.render_page(
        request,
        "register.html",
        title=say("viewing.mine" if own else "viewing.title", lang),
        rows=found,
        asked=asked.words,
        given=asked.given,
        own=own,
        acts=register_entry.ACTS,
        following=asked.next(request.url.path, found, limit),
        now=clock.now(),
        stamp=watermark.watermark_svg(
            export_log.watermark_text(who, None, timezone=timezone, lang=lang)
        ),
    )


def _requests(
    request: Request, found: Sequence[OwnRequest], *, own: bool, **more: bool
) -> HTMLResponse:
    now = clock.now()
    states = [_state(row, now) for row in found]
    title = "viewing_page.my_requests" if own else "viewing_page.requests"
    return render.render_page(
        request,
        "requests.html",
        title=say(title, render.page_language(request)),
        rows=list(zip(found, states, strict=True)),
        own=own,
        hours=HOURS,
        **{"asked": False, "decided": False, **more},
    )


def _state(row: OwnRequest, now: datetime) -> str:
    if row.until is not None and row.until <= now:
        return "over"
    return row.decision or "waiting"
