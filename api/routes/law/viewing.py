"""To look through a camera: the register's row first, then the reference, then the viewer."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote, urlencode

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import Field

from api.answers import render
from api.answers.bodies import Body
from api.answers.forms import Form, FormDep, redirect_after_post, render_again, run_form
from api.answers.problems import PROBLEM, refuse_request
from api.answers.times import Id
from api.session.deps import EngineDep, MayView, SettingsDep
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.base.settings import Settings
from geo.base.words import say
from geo.operations.database import Engine
from geo.viewing import approvals, picture_source, register_entry, snapshot
from geo.viewing import view as viewing
from geo.viewing.approvals import OwnRequest
from geo.viewing.register_entry import ViewingRequest
from geo.viewing.view import Viewing
from maps import watermark

router = APIRouter()
FIELDS: Final = ("act", "reason", "remark", "content", "legal_basis", "incident")
ASKED: Final = "/requests/mine?asked=1"
# A slow gateway must not hold up the threads that the database's connections are counted for.
GATEWAY: Final = CapacityLimiter(8)
Incident = Annotated[str, Query(max_length=200)]
Text = Annotated[str, Field(max_length=register_entry.MOST_TEXT)]
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=200)]


class AccessBody(Body):
    """What is to be looked at, and what for."""

    act: Literal["view", "retrieve"] = "view"
    reason: Text = Field("", examples=["incident", "井盖缺失核实"])
    incident: Text = ""
    legal_basis: Text = ""
    content: Text = Field("", examples=["2026-09-30 21:00 至 21:40 录像"])
    request: Id | None = None

    def asked(self, camera: str, key: str = "") -> ViewingRequest:
        """Return the question to the service."""
        number = str(self.request) if self.request else None
        texts = self.model_dump(exclude={"request"})
        return ViewingRequest(camera, **texts, request=number, key=key)


PAGES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": said, "content": {"text/html": {}, PROBLEM: {}}}
    for status, said in {
        200: "The page",
        400: "Something is missing",
        403: "Not granted",
        404: "No such incident",
        409: "Wrong moment",
        410: "Its time is over",
    }.items()
}
"""Pages that are shown again with what was wrong; programs get a problem document."""


@router.post(
    "/api/cameras/{code:path}/access",
    status_code=HTTPStatus.CREATED,
    response_class=JSONResponse,
    responses={HTTPStatus.ACCEPTED: {"description": "Needs an approval: the request's number"}},
)
def register(
    engine: EngineDep,
    settings: SettingsDep,
    who: MayView,
    code: str,
    asked: AccessBody,
    key: Key = "",
) -> JSONResponse:
    """Register a viewing, then return its reference; the address of a stream is never returned.

    Of a camera that needs an approval the number of the request is returned instead (202). The same
    Idempotency-Key leads to the same row for a day.
    """
    found = viewing.record_viewing(engine, who, asked.asked(code, key), config=settings)
    if not isinstance(found, Viewing):
        return JSONResponse(_number(found), HTTPStatus.ACCEPTED)
    reference = viewing.viewing_token(found, settings)
    body = {
        "register": str(found.id),
        "reference": reference,
        "url": f"/viewer/{reference}",
        "expires_at": found.expires_at.isoformat(),
    }
    viewer = viewing.viewer_address(engine, who, found, settings)
    if viewer is not None:
        body["viewer"] = viewer
    return JSONResponse(body, HTTPStatus.CREATED)


@router.post(
    "/api/cameras/{code:path}/access-requests",
    status_code=HTTPStatus.ACCEPTED,
    response_class=JSONResponse,
)
def ask(
    engine: EngineDep,
    settings: SettingsDep,
    who: MayView,
    code: str,
    asked: AccessBody,
) -> JSONResponse:
    """Ask to look through a camera that is not granted, or needs an approval each time."""
    found = approvals.ask_approval(engine, who, asked.asked(code), config=settings)
    return JSONResponse(_number(found), HTTPStatus.ACCEPTED)


@router.get("/cameras", status_code=HTTPStatus.SEE_OTHER, response_class=RedirectResponse)
def find(who: MayView, code: Incident = "") -> Response:  # noqa: ARG001 - the rule
    """Go to the form of a camera by its code, which people read off a list or a map."""
    known = register_entry.one_line(code)
    return redirect_after_post(
        f"/cameras/{quote(known, safe='')}/access" if known else "/register/mine"
    )


@router.get("/cameras/{code:path}/access", response_class=HTMLResponse, responses=PAGES)
def access_page(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayView,
    code: str,
    incident: Incident = "",
) -> Response:
    """Return the form that registers a viewing, or asks for it where it is not granted."""
    values = _values(engine, settings, who, code, {"incident": register_entry.one_line(incident)})
    status = HTTPStatus.FORBIDDEN if values["refused"] else HTTPStatus.OK
    title = say("viewing_page.access", render.page_language(request))
    return render.render_page(
        request, "access.html", status=status, title=title, error=None, **values
    )


@router.post("/cameras/{code:path}/access", response_class=HTMLResponse, responses=PAGES)
def access_form(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayView,
    code: str,
    filled: FormDep,
) -> Response:
    """Register what the form says and go to the viewer, or write the request."""
    asked, asks = _of_form(code, filled), filled.text("do") == "ask"
    done = run_form(lambda: _done(engine, settings, who, asked, asks=asks))
    if isinstance(done, str):
        return redirect_after_post(done)
    values = _values(engine, settings, who, code, filled.shown)
    title = say("viewing_page.access", render.page_language(request))
    return render_again(request, "access.html", done, title=title, **values)


@router.get("/viewer/{reference}", response_class=HTMLResponse, responses=PAGES)
def viewer(
    request: Request, engine: EngineDep, settings: SettingsDep, who: MayView, reference: str
) -> Response:
    """Return the page of a registered viewing: the picture, or whom to ask for it."""
    found = viewing.open_viewing(engine, who, reference, config=settings)
    lang = render.page_language(request)
    stamp = export_log.watermark_text(who, found.reason, timezone=settings.timezone, lang=lang)
    incident = {"incident": found.incident} if found.incident else {}
    code = quote(found.camera.code, safe="")
    return render.render_page(
        request,
        "viewer.html",
        status=HTTPStatus.GONE if found.over else HTTPStatus.OK,
        title=say("viewing_page.viewer", lang),
        viewing=found,
        camera=found.camera,
        picture=None
        if found.over or not settings.snapshot_url
        else f"/viewer/{reference}/snapshot",
        viewer=None if found.over else viewing.viewer_address(engine, who, found, settings),
        again=f"/cameras/{code}/access?{urlencode(incident)}",
        stamp=watermark.watermark_svg(stamp),
    )


@router.get(
    "/viewer/{reference}/snapshot",
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in snapshot.KINDS}}},
)
async def picture(
    request: Request, engine: EngineDep, settings: SettingsDep, who: MayView, reference: str
) -> Response:
    """Return the picture of a registered viewing, fetched from the gateway by the server.

    410 after its time, 404 where no gateway is set, 502 where it gives no picture.
    """
    found = await to_thread.run_sync(_opened, engine, who, reference, settings)
    if found.over:
        raise refuse_request(request, HTTPStatus.GONE, "viewing.reference_over")
    if not settings.snapshot_url:
        raise refuse_request(request, HTTPStatus.NOT_FOUND, "viewing.snapshot_none")
    code = found.camera.code
    taken = await to_thread.run_sync(
        picture_source.fetch_picture_of, settings, code, limiter=GATEWAY
    )
    await to_thread.run_sync(_noted, engine, who, found, taken.fault)
    if taken.fault:
        raise refuse_request(request, HTTPStatus.BAD_GATEWAY, taken.fault)
    return Response(taken.content, media_type=taken.media_type)


def _opened(engine: Engine, who: Principal, reference: str, settings: Settings) -> Viewing:
    return viewing.open_viewing(engine, who, reference, config=settings)


def _noted(engine: Engine, who: Principal, found: Viewing, fault: str) -> None:
    viewing.record_delivery(engine, who, found, fault=fault)


def _done(
    engine: Engine, settings: Settings, who: Principal, asked: ViewingRequest, *, asks: bool
) -> str:
    """Do what a form asks for and return where it leads."""
    if not asks:
        found = viewing.record_viewing(engine, who, asked, config=settings)
        if isinstance(found, Viewing):
            return f"/viewer/{viewing.viewing_token(found, settings)}"
        return ASKED
    approvals.ask_approval(engine, who, asked, config=settings)
    return ASKED


def _of_form(code: str, filled: Form) -> ViewingRequest:
    """Return the question of a form: an entry of the pick-list with a remark, or other words."""
    picked = filled.text("reason")
    return ViewingRequest(
        code,
        act=filled.text("act") or "view",
        reason="" if picked == register_entry.OTHER else picked,
        remark=filled.text("remark"),
        content=filled.text("content"),
        legal_basis=filled.text("legal_basis"),
        incident=filled.text("incident"),
    )


def _values(
    engine: Engine, settings: Settings, who: Principal, code: str, filled: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the form shows: the camera, what may be done, what was filled in before."""
    incident = filled.get("incident", "")
    found = viewing.viewing_rights(engine, who, code, config=settings, incident=incident)
    return {
        "camera": found.camera,
        "refused": not found.camera.granted and not found.approved,
        "asks": not any(found.may(act) for act in register_entry.ACTS),
        "acts": register_entry.ACTS,
        "reasons": (*register_entry.REASONS, register_entry.OTHER),
        "earlier": register_entry.earlier_reason(engine, who, incident),
        "filled": {**dict.fromkeys(FIELDS, ""), **filled},
        "most": register_entry.MOST_TEXT,
    }


def _number(found: OwnRequest) -> dict[str, str]:
    return {"request": str(found.id), "asked_at": found.asked_at.isoformat()}
