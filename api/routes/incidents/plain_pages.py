"""What the pages of the basic version show and take: places, forms of moves, cameras."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.answers import problems, render
from api.answers.forms import Form
from geo.access.principal import Principal
from geo.base.errors import ForbiddenError, GovgridError, InputError, NotFoundError, StateError
from geo.base.words import say
from geo.coverage import who_sees
from geo.coverage.who_sees import SeeingAnswer
from geo.exchange import search
from geo.exchange.search import CoordinatesAnswer, HitAnswer, LonLat
from geo.incidents import cameras
from geo.incidents.cameras import CamerasAnswer
from geo.incidents.desk import Desk
from geo.incidents.lifecycle_table import Lifecycle
from geo.incidents.listing import IncidentFilter
from geo.incidents.location import TypedPlace
from geo.incidents.report import Report
from geo.operations.database import Engine

FIELDS: Final = ("unit", "reason", "result", "outcome", "kind", "call", "basis", "note")
"""Fields that a form of a move may have; moves that need others are made at the console."""

STEP_FIELDS: Final = ("result", "known_by", "post")
STEPS: Final = ("report_in", "unit_done")
"""Steps of a called unit that the basic version offers."""

MOST_PLACES: Final = 12
MOST_LON, MOST_LAT = 180.0, 90.0
AREAS: Final = frozenset({"grid", "community"})
DEVICES: Final = frozenset({"camera", "pole"})
_NOT_KNOWN: Final = (ForbiddenError, NotFoundError, StateError)


@dataclass(frozen=True)
class PlaceChoice:
    """A place that was found: `value` is what a form sends of it; an area has no coordinates."""

    value: str
    kind: str
    name: str
    code: str
    lon: float | None
    lat: float | None


def find_places(
    engine: Engine, who: Principal, typed: str, *, lang: str, bulk: int
) -> list[PlaceChoice]:
    """Return the places that a text finds, typed coordinates first; none for an empty text.

    Parameters
    ----------
    engine
        The service's pool.
    who
        Principal whose grants apply.
    typed
        An address, a code, coordinates, pinyin initials.
    lang
        "zh" or "en".
    bulk
        Rows of cameras and incidents an hour beyond which reading is an export.
    """
    if not typed.strip():
        return []
    found = search.search_places(
        engine, who, typed.replace("\x00", ""), lang=lang, most=MOST_PLACES, bulk=bulk
    )
    return [*_typed(found["coordinates"], lang), *map(_found, found["results"])]


def _typed(typed: CoordinatesAnswer | None, lang: str) -> list[PlaceChoice]:
    if typed is None:
        return []
    pairs: list[tuple[str, LonLat]] = [("search.wgs84", typed)]
    if typed["question"]:
        pairs.append(("search.gcj02", typed["if_gcj02"]))
    return [_at(say(f"console.{name}", lang), each["lon"], each["lat"]) for name, each in pairs]


def _at(kind: str, lon: float, lat: float) -> PlaceChoice:
    return PlaceChoice(f"{lon!r},{lat!r};map;", kind, f"{lon:.6f}, {lat:.6f}", "", lon, lat)


def _found(row: HitAnswer) -> PlaceChoice:
    code, lon, lat = row["code"] or "", row["lon"], row["lat"]
    if row["kind"] in AREAS:
        value = f";area;{code}"
    else:
        at = "" if lon is None else f"{lon!r},{lat!r}"
        value = f"{at};{'device' if row['kind'] in DEVICES else 'address'};{code}"
    return PlaceChoice(value, row["kind_name"], row["name"] or code, code, lon, lat)


def report_of(sent: Form, *, source: str = "other") -> Report:
    """Return an incident as a form sent it.

    Parameters
    ----------
    sent
        The form.
    source
        Where it comes from, if the form does not say.

    Raises
    ------
    InputError
        If the place is none that the form offers.
    """
    at, _, rest = sent.text("place").partition(";")
    by, _, code = rest.partition(";")
    way = sent.text("way")
    return Report(
        sent.text("category"),
        sent.text("text"),
        _place_of(at, by, code),
        source=sent.text("source") or source,
        located_by=by or None,
        located_code=(code or None) if at else None,
        address=sent.text("address") or None,
        client_id=_uuid(sent.text("client_id")),
        redact=way == "redact",
        not_personal=way == "not_personal",
    )


def _place_of(at: str, by: str, code: str) -> TypedPlace:
    if by == "area" and code:
        return TypedPlace(area_code=code)
    return TypedPlace(*parse_place(at))


def parse_place(at: str) -> tuple[float, float]:
    """Return lon and lat as a form or a link writes them.

    Raises
    ------
    InputError
        If they are none.
    """
    try:
        lon, lat = (float(side) for side in at.split(","))
    except ValueError:
        raise InputError("plain.no_place") from None
    if not (abs(lon) <= MOST_LON and abs(lat) <= MOST_LAT):
        raise InputError("plain.no_place")
    return lon, lat


def _uuid(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None


def filled_fields(sent: Form, names: tuple[str, ...]) -> dict[str, Any]:
    """Return those fields of a form that were filled in.

    Parameters
    ----------
    sent
        The form.
    names
        Fields that are taken.
    """
    return {name: sent.text(name) for name in names if sent.text(name)}


def version_of(sent: Form) -> int | None:
    """Return the version that a form was made of, None where it names none."""
    version = sent.text("version")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None


def with_next(asked: IncidentFilter, following: str | None) -> IncidentFilter:
    """Return a filter that goes on behind a page.

    Parameters
    ----------
    asked
        What is listed.
    following
        As the page before says; None for the first page.
    """
    return replace(asked, next=following)


def offered_moves(table: Lifecycle, legal: list[str]) -> list[dict[str, Any]]:
    """Return the legal moves whose needs a plain form has fields for, in the order of the table.

    Parameters
    ----------
    table
        As from :func:`geo.incidents.lifecycle_table.describe_lifecycle`.
    legal
        Names of moves.
    """
    return [
        {**move, "asked": [name for name in (*move["needs"], "note") if name in FIELDS]}
        for move in table["moves"]
        if move["move"] in legal and set(move["needs"]) <= set(FIELDS)
    ]


def read_seeing(request: Request, who: Principal, lon: float, lat: float) -> SeeingAnswer:
    """Return the cameras that see a place.

    Parameters
    ----------
    request
        Its application counts the question.
    who
        Principal whose grants apply.
    lon, lat
        Degrees, EPSG:4326.
    """
    state, settings = request.app.state, request.app.state.settings
    state.questions.count(who, "seeing", 1, reason=None)
    lang = render.page_language(request)
    view = state.sight.view(who, request.state.revisions)
    if view is not None:
        when = who_sees.SightQuestion(None, settings.timezone, lang)
        return who_sees.seeing_from_memory(state.engine, who, view, lon, lat, when)
    zone, detail = settings.timezone, settings.detail_px_per_m
    return who_sees.seeing_one(state.engine, who, lon, lat, timezone=zone, detail=detail, lang=lang)


def recorded_cameras(
    request: Request, desk: Desk, who: Principal, incident: UUID, shown: Mapping[str, Any]
) -> CamerasAnswer | None:
    """Return the cameras of an incident as recorded; None where they are not granted.

    Parameters
    ----------
    request
        Its application counts the question.
    desk
        What intake works with.
    who
        Principal whose grants apply.
    incident
        Its id.
    shown
        The incident: without a place there are none.
    """
    if shown["lon"] is None or not shown["exact"]:
        return None
    request.app.state.questions.count(who, "seeing", 1, reason=None)
    try:
        view = desk.view(who)
        facts, seen = cameras.read_cameras(desk.engine, who, incident, desk.config, view=view)
    except _NOT_KNOWN:
        return None
    lang = render.page_language(request)
    return cameras.describe_cameras(seen, facts.window, desk.config.timezone, lang)


def render_plain(
    request: Request,
    template: str,
    name: str,
    *,
    error: GovgridError | None = None,
    **values: Any,  # noqa: ANN401 - what the template shows
) -> HTMLResponse:
    """Return a page of the basic version, under the status of what was refused.

    Parameters
    ----------
    request
        Says language and session.
    template
        File name.
    name
        Of its title: a key under ``plain``.
    error
        Why a form was refused.
    **values
        What the template shows.
    """
    lang = render.page_language(request)
    status = 200 if error is None else _status(error)
    sentence = "" if error is None else error.text(lang)
    title = say(f"plain.{name}", lang)
    return render.render_page(
        request, template, status=status, title=title, error=sentence, **values
    )


def _status(error: GovgridError) -> int:
    return next(s for kind, s in problems.STATUSES.items() if isinstance(error, kind))
