"""The basic version (简版): pages of forms for browsers that cannot show the console."""

from typing import Annotated, Any, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.answers import render
from api.answers.forms import PAGE, FormDep, redirect_after_post, run_form
from api.routes.incidents import plain_pages as pages
from api.routes.incidents.desk import DeskDep
from api.routes.incidents.plain_pages import PlaceChoice
from api.session.deps import EngineDep, MayMap, MayMove, MayTake, SettingsDep
from geo.access.principal import Principal
from geo.base.errors import GovgridError, PersonalDataError
from geo.base.settings import Settings
from geo.exchange import search
from geo.incidents import choices, intake, listing, moves, show, unit_steps
from geo.incidents.desk import Desk
from geo.incidents.lifecycle_table import describe_lifecycle
from geo.incidents.listing import IncidentFilter
from geo.incidents.move_request import MoveRequest
from geo.incidents.step_request import StepRequest
from geo.operations.database import Engine

router = APIRouter(prefix="/forms", default_response_class=HTMLResponse, responses=PAGE)
HERE: Final = "/forms"
ROWS: Final = 50
FILTERS: Final = {
    "open": IncidentFilter(open=True, limit=ROWS),
    "red": IncidentFilter(open=True, light=("red",), limit=ROWS),
    "new": IncidentFilter(state=("reported",), limit=ROWS),
    "unsigned": IncidentFilter(state=("assigned",), limit=ROWS),
}
Typed = Annotated[str, Query(max_length=search.MOST_LETTERS)]


@router.get("")
def list_page(
    request: Request,
    engine: EngineDep,
    who: MayMap,
    of: Annotated[str, Query(max_length=10)] = "open",
    why: Annotated[str, Query(max_length=10)] = "",
    following: Annotated[str | None, Query(alias="next", max_length=200)] = None,
) -> HTMLResponse:
    """Return the page of incidents: those that are open, or one kind of them."""
    chosen = of if of in FILTERS else "open"
    found = listing.list_incidents(engine, who, pages.with_next(FILTERS[chosen], following))
    shown: dict[str, Any] = {"found": found, "of": chosen, "kinds": list(FILTERS), "why": why}
    return pages.render_plain(request, "plain_list.html", "list", **shown)


@router.get("/new")
def ask_new(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayTake,
    desk: DeskDep,
    place: Typed = "",
) -> HTMLResponse:
    """Return the form of a new incident; `place` is sought, and what is found can be chosen."""
    found = _sought(request, engine, settings, who, place)
    return _new(request, desk, who, place, found, {"client_id": str(uuid4())})


@router.post("/new")
def take_new(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayTake,
    desk: DeskDep,
    sent: FormDep,
) -> Response:
    """Take an incident; the same form sent twice makes one."""
    taken = run_form(lambda: intake.take_incident(desk, who, pages.report_of(sent)))
    if not isinstance(taken, GovgridError):
        return redirect_after_post(f"{HERE}/{taken.created.row.id}")
    found = _sought(request, engine, settings, who, sent.text("sought"))
    personal = isinstance(taken, PersonalDataError)
    return _new(
        request, desk, who, sent.text("sought"), found, sent.shown, error=taken, personal=personal
    )


@router.get("/sees")
def who_sees_page(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMap,
    place: Typed = "",
    at: Annotated[str, Query(max_length=60)] = "",
) -> HTMLResponse:
    """Return the table of cameras that see a place: one of those that `place` finds, by `at`."""
    found = [] if at else _sought(request, engine, settings, who, place)
    seen = pages.read_seeing(request, who, *pages.parse_place(at)) if at else None
    return pages.render_plain(
        request, "plain_sees.html", "sees", place=place, found=found, seen=seen, at=at
    )


@router.get("/{incident}")
def read_page(request: Request, who: MayMap, desk: DeskDep, incident: UUID) -> HTMLResponse:
    """Return an incident with the cameras that see it, its history, and forms of its moves."""
    return _incident(request, desk, who, incident)


@router.post("/{incident}/moves")
def make_move(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMove,
    desk: DeskDep,
    incident: UUID,
    sent: FormDep,
) -> Response:
    """Make a move at the version that the form was made of."""
    given = pages.filled_fields(sent, pages.FIELDS)
    done = run_form(
        lambda: moves.move_incident(
            engine,
            who,
            incident,
            MoveRequest(sent.text("move"), **given),
            version=pages.version_of(sent),
            timezone=settings.timezone,
            lang=render.page_language(request),
            whistle_level=settings.whistle_level,
        )
    )
    return _after(request, desk, who, incident, done)


@router.post("/{incident}/dispatches/{dispatch}")
def take_unit_step(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMove,
    desk: DeskDep,
    incident: UUID,
    dispatch: UUID,
    sent: FormDep,
) -> Response:
    """Take a step of one unit that a whistle called: 报到, 处置完毕."""
    given = pages.filled_fields(sent, pages.STEP_FIELDS)
    done = run_form(
        lambda: unit_steps.take_step(
            engine,
            who,
            dispatch,
            StepRequest(sent.text("step"), **given),
            version=pages.version_of(sent),
            timezone=settings.timezone,
            lang=render.page_language(request),
        )
    )
    return _after(request, desk, who, incident, done)


def _sought(
    request: Request, engine: Engine, settings: Settings, who: Principal, typed: str
) -> list[PlaceChoice]:
    lang = render.page_language(request)
    return pages.find_places(engine, who, typed, lang=lang, bulk=settings.bulk_rows)


def _after(request: Request, desk: Desk, who: Principal, incident: UUID, done: object) -> Response:
    """Return the way back to the incident, or its page with why nothing was done."""
    if isinstance(done, GovgridError):
        return _incident(request, desk, who, incident, error=done)
    return redirect_after_post(f"{HERE}/{incident}")


def _incident(
    request: Request,
    desk: Desk,
    who: Principal,
    incident: UUID,
    *,
    error: GovgridError | None = None,
) -> HTMLResponse:
    lang = render.page_language(request)
    shown = show.show_incident(desk, who, str(incident), lang=lang)
    table = describe_lifecycle(lang)
    units = choices.list_choices(desk, who, lang)["units"] if shown["legal"] else []
    return pages.render_plain(
        request,
        "plain_incident.html",
        "incident",
        error=error,
        found=shown,
        seen=pages.recorded_cameras(request, desk, who, incident, shown),
        offered=pages.offered_moves(table, shown["legal"]),
        units=units,
        table=table,
        steps=pages.STEPS,
    )


def _new(
    request: Request,
    desk: Desk,
    who: Principal,
    sought: str,
    found: list[PlaceChoice],
    filled: dict[str, str],
    **shown: Any,  # noqa: ANN401 - what the template shows
) -> HTMLResponse:
    offered = choices.list_choices(desk, who, render.page_language(request))
    return pages.render_plain(
        request,
        "plain_new.html",
        "new",
        sought=sought,
        found=found,
        filled=filled,
        offered=offered,
        **{"personal": False, **shown},
    )
