"""The form of a reporter on a telephone: category, a sentence, a picture, a place."""

from functools import partial
from typing import Annotated, Any, Final
from uuid import uuid4

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile

from api.answers import render
from api.answers.forms import PAGE, Form, FormDep, redirect_after_post, run_form
from api.answers.problems import request_language
from api.routes.incidents import plain_pages as pages
from api.routes.incidents.desk import DeskDep
from api.server.limits import allow_body
from api.server.shield import POSITION_ASKED
from api.session.deps import EngineDep, MayTake, SettingsDep
from geo.access.principal import Principal
from geo.base.errors import GovgridError, InputError, PersonalDataError
from geo.exchange import search
from geo.incidents import attachments, intake
from geo.incidents.attachments import NewFile
from geo.incidents.desk import Desk
from geo.incidents.report_form import ReportForm, describe_report_form
from geo.incidents.rules.file_cleaning import MOST_BYTES, clean_file
from geo.operations.database import Engine

router = APIRouter()
HERE: Final = "/forms/report"
SOURCE: Final = "app"
Typed = Annotated[str, Query(max_length=search.MOST_LETTERS)]


@router.get("/api/report-form")
def read_report_form(request: Request, who: MayTake, desk: DeskDep) -> ReportForm:
    """Return what a reporter's form holds: at most twelve categories, and limits of the rest."""
    return describe_report_form(desk, who, request_language(request))


@router.get(HERE, response_class=HTMLResponse, responses=PAGE)
def report_page(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayTake,
    desk: DeskDep,
    place: Typed = "",
    saved: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """Return the form; `place` is sought, and what is found can be chosen."""
    lang = render.page_language(request)
    found = pages.find_places(engine, who, place, lang=lang, bulk=settings.bulk_rows)
    return _page(request, desk, who, found, {"sought": place}, saved=saved)


async def read_picture(request: Request) -> bytes:
    """Return the picture of the form, empty where none was chosen."""
    sent = (await request.form()).get("picture")
    if not isinstance(sent, UploadFile):
        return b""
    try:
        return await sent.read(MOST_BYTES + 1)
    finally:
        await sent.close()


@router.post(HERE, response_class=HTMLResponse, responses=PAGE)
@allow_body(MOST_BYTES + 65_536)
async def send_report(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayTake,
    desk: DeskDep,
    sent: FormDep,
    content: Annotated[bytes, Depends(read_picture)],
) -> Response:
    """Take what was reported, with its picture; the same form sent twice makes one of both."""
    work = partial(_send, engine, desk, who, sent, content)
    done = await to_thread.run_sync(lambda: run_form(work))
    if not isinstance(done, GovgridError):
        return redirect_after_post(f"{HERE}?saved={done}")
    again = partial(_again, request, engine, settings.bulk_rows, desk, who, sent, done)
    return await to_thread.run_sync(again)


def _send(engine: Engine, desk: Desk, who: Principal, sent: Form, content: bytes) -> str:
    """Take the incident, then its picture, once both can be kept."""
    report = pages.report_of(sent, source=SOURCE)
    persons = {"yes": True, "no": False}.get(sent.text("persons"))
    if content:
        if persons is None:
            raise InputError("attachment.persons")
        clean_file(content)
    taken = intake.take_incident(desk, who, report).created.row
    if content:
        number = report.client_id
        given = NewFile(content, attachments.KINDS[0], persons, client_id=number)
        attachments.add_attachment(engine, who, taken.id, given, desk.config)
    return taken.code


def _again(
    request: Request,
    engine: Engine,
    bulk: int,
    desk: Desk,
    who: Principal,
    sent: Form,
    error: GovgridError,
) -> HTMLResponse:
    lang = render.page_language(request)
    found = pages.find_places(engine, who, sent.text("sought"), lang=lang, bulk=bulk)
    return _page(request, desk, who, found, sent.shown, error=error)


def _page(
    request: Request,
    desk: Desk,
    who: Principal,
    found: list[pages.PlaceChoice],
    filled: dict[str, str],
    **shown: Any,  # noqa: ANN401 - what the template shows
) -> HTMLResponse:
    error = shown.get("error")
    given = {"saved": "", "error": None, **shown}
    page = pages.render_plain(
        request,
        "plain_report.html",
        "report",
        form=describe_report_form(desk, who, render.page_language(request)),
        found=found,
        filled=filled,
        client_id=filled.get("client_id") or str(uuid4()),
        personal=isinstance(error, PersonalDataError),
        **given,
    )
    page.headers["Permissions-Policy"] = POSITION_ASKED
    return page
