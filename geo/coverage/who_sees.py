"""Cameras that see a place, may see it, or are near and do not, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine
from typing_extensions import TypedDict

from geo.access import exact_answers, predicates, transaction
from geo.access.exact_answers import IncidentPlace
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import NotFoundError
from geo.base.words import say
from geo.coverage.store import cameras
from geo.coverage.store.cameras import Contact

if TYPE_CHECKING:
    from geo.coverage.place_sight import SightView
    from geo.coverage.sight.place_lines import PlaceLine


class SeenCamera(TypedDict):
    """A camera of a place; of one outside of the grants code, relation and distance alone."""

    code: str
    name: str | None
    relation: str
    why: str | None
    distance_m: float
    bearing_deg: float | None
    heading_deg: float | None
    px_per_m: float | None
    online: bool | None
    footage_until: str | None
    unit: str | None
    phone: str | None
    supply_light: str | None


class SeeingAnswer(TypedDict):
    """Cameras of a place; `withheld` others may see it, `ask` says how to ask for them."""

    cameras: list[SeenCamera]
    withheld: int
    ask: str | None
    nearest_m: float | None


_WITHHELD: Final[SeenCamera] = {
    "code": "",
    "name": None,
    "relation": "",
    "why": None,
    "distance_m": 0.0,
    "bearing_deg": None,
    "heading_deg": None,
    "px_per_m": None,
    "online": None,
    "footage_until": None,
    "unit": None,
    "phone": None,
    "supply_light": None,
}


def seeing_one(
    engine: Engine,
    reader: Principal,
    lon: float,
    lat: float,
    *,
    at: datetime | None = None,
    timezone: str,
    detail: int = 20,
    lang: str = "zh",
) -> SeeingAnswer:
    """Return the cameras of one place, in the form of the command line and the service.

    Of cameras outside the principal's areas only code, relation and distance are shown, of coarse
    ones what follows from their coarse place (:func:`geo.coverage.coarse_lines.granted_lines`).
    ``withheld`` is how many others may see the place, ``ask`` how to ask for them.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    lon, lat
        Degrees, EPSG:4326.
    at
        Moment of the wanted footage: cameras have the state reported last by then, None if there
        was none. None for now.
    timezone
        IANA name, for times.
    detail
        Pixel density that limits the range of views, px/m.
    lang
        "zh" or "en".

    Raises
    ------
    NotFoundError
        If the place is neither in a granted area nor that of an incident dispatched to the unit.
    ForbiddenError
        If no camera's position is granted at all.
    """
    reader.require_depth("position")
    incident = exact_answers.incident_at(engine, reader, lon, lat)
    asked = incident or IncidentPlace("", lon, lat)
    with transaction.open_read_only(engine, reader) as connection:
        if incident is None and not predicates.is_granted(connection, reader, lon, lat):
            raise NotFoundError("access.elsewhere")
        from geo.coverage import sight_lines

        granted = predicates.visible_cameras(connection, reader)
        scene = sight_lines.scene_around(connection, asked.lon, asked.lat, granted, detail=detail)
        facts = _facts(connection, scene.cameras["code"].unique().tolist(), at)
    found = sight_lines.lines_at(engine, reader, scene, asked, granted, detail=detail)
    lines = sight_lines.place_lines_of(found.lines)
    asked_for = SightQuestion(at, timezone, lang)
    return _answer(lines, facts, int(found.withheld[asked.code]), asked_for)


@dataclass(frozen=True)
class SightQuestion:
    """Moment of the wanted footage (None: now), zone of times, language."""

    at: datetime | None
    timezone: str
    lang: str


def seeing_from_memory(
    engine: Engine, reader: Principal, view: SightView, lon: float, lat: float, asked: SightQuestion
) -> SeeingAnswer:
    """Return the same as :func:`seeing_one` from views in memory.

    The database is asked for incidents, where the principal belongs to a unit, and for the state
    of cameras at a moment; else not.

    Parameters
    ----------
    engine
        For these questions.
    reader
        Principal whose grants apply.
    view
        What it may know, at the newest revisions.
    lon, lat
        Degrees, EPSG:4326.
    asked
        When, and in which language.

    Raises
    ------
    NotFoundError, ForbiddenError
        As :func:`seeing_one`.
    """
    found = find_in_memory(engine, reader, view, lon, lat)
    facts = view.scene.contacts
    if asked.at is not None:
        with transaction.open_read_only(engine, reader) as connection:
            facts = _facts(connection, [line.code for line in found.lines], asked.at)
    return _answer(found.lines, facts, found.withheld, asked)


@dataclass(frozen=True)
class FoundLines:
    """Cameras of a place as one principal may know them, with how to ask for their footage."""

    lines: Sequence[PlaceLine]
    withheld: int
    contacts: Mapping[str, Contact]

    @property
    def own(self) -> list[str]:
        """Codes of the cameras of which more than the relation is shown."""
        return [line.code for line in self.lines if line.own]


def find_in_memory(
    engine: Engine, reader: Principal, view: SightView, lon: float, lat: float
) -> FoundLines:
    """Return the cameras of a place from views in memory, without their states.

    The database is asked for incidents, where the principal belongs to a unit; else not.

    Parameters
    ----------
    engine
        For this question.
    reader
        Principal whose grants apply.
    view
        What it may know, at the newest revisions.
    lon, lat
        Degrees, EPSG:4326.

    Raises
    ------
    NotFoundError, ForbiddenError
        As :func:`seeing_one`.
    """
    reader.require_depth("position")
    incident = exact_answers.incident_at(engine, reader, lon, lat)
    if incident is None and not view.granted.holds(lon, lat):
        raise NotFoundError("access.elsewhere")
    place = incident or IncidentPlace("", lon, lat)
    at_m = view.metric(place.lon, place.lat)
    hits = view.hits(at_m)
    exactly: frozenset[str] = frozenset()
    if incident is not None:
        pairs = [(incident.code, code) for code in view.countable(hits)]
        allowed = exact_answers.allowed_pairs(engine, reader, pairs)
        exactly = frozenset(code for _, code in allowed)
    lines = view.lines(at_m, hits, exactly)
    return FoundLines(lines, view.hidden(hits), view.scene.contacts)


def describe_found(
    found: FoundLines,
    changes: Mapping[str, Sequence[tuple[datetime, str]]],
    asked: SightQuestion,
    begin: datetime,
) -> SeeingAnswer:
    """Return what :func:`seeing_one` does, from lines and the history of their states.

    Parameters
    ----------
    found
        As from :func:`find_in_memory`.
    changes
        As from :func:`state_changes` of a window that begins then.
    asked
        Zone and language.
    begin
        Moment of the wanted footage.
    """
    facts: dict[str, Contact] = {
        line.code: {**found.contacts[line.code], "connection": _state_at(changes, line.code, begin)}
        for line in found.lines
    }
    return _answer(found.lines, facts, found.withheld, asked)


def _state_at(
    changes: Mapping[str, Sequence[tuple[datetime, str]]], code: str, at: datetime
) -> str | None:
    known = [state for since, state in changes.get(code, ()) if since <= at]
    return known[-1] if known else None


def _answer(
    lines: Sequence[PlaceLine],
    facts: Mapping[str, Contact],
    withheld: int,
    asked: SightQuestion,
) -> SeeingAnswer:
    moment = asked.at or clock.now().astimezone(ZoneInfo(asked.timezone))
    return {
        "cameras": [_seen_camera(line, facts[line.code], moment) for line in lines],
        "withheld": withheld,
        "ask": say("seeing.ask", asked.lang) if withheld else None,
        "nearest_m": min((round(line.distance_m, 1) for line in lines if line.own), default=None),
    }


def state_changes(
    engine: Engine, reader: Principal, codes: list[str], begin: datetime, end: datetime
) -> dict[str, list[tuple[datetime, str]]]:
    """Return by code how the state of some cameras changed in a window, and what it was before.

    Parameters
    ----------
    reader
        Principal that may know of them.
    codes
        Of the cameras.
    begin, end
        The window; equal for a moment.
    """
    with transaction.open_read_only(engine, reader) as connection:
        return read_state_changes(connection, codes, begin, end)


def read_state_changes(
    connection: Connection, codes: list[str], begin: datetime, end: datetime
) -> dict[str, list[tuple[datetime, str]]]:
    """Return what :func:`state_changes` does, in a transaction that is open.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    codes
        Of the cameras.
    begin, end
        The window; equal for a moment.
    """
    return cameras.state_changes(connection, codes, begin, end)


def _facts(connection: Connection, codes: list[str], at: datetime | None) -> dict[str, Contact]:
    """Return what is known of some cameras by code, with their connection at a moment or now."""
    facts = cameras.camera_contacts(connection, codes)
    if at is not None:
        then = cameras.states_at(connection, at, codes)
        for code, fact in facts.items():
            fact["connection"] = then.get(code)
    return facts


def _seen_camera(line: PlaceLine, fact: Contact, moment: datetime) -> SeenCamera:
    if not line.own:
        distance_m = round(line.distance_m, 1)
        return {**_WITHHELD, "code": line.code, "relation": line.relation, "distance_m": distance_m}
    return {
        "code": line.code,
        "name": fact["name"] if line.exact else None,
        "relation": line.relation,
        "why": line.why or None,
        "distance_m": round(line.distance_m, 1),
        "bearing_deg": _number(line.bearing_deg),
        "heading_deg": _number(line.heading_deg),
        "px_per_m": _number(line.px_per_m),
        "online": {"online": True, "offline": False}.get(str(fact["connection"])),
        "footage_until": _until(fact, moment),
        "unit": _text(fact["unit"]),
        "phone": _text(fact["phone"]),
        "supply_light": _text(fact["supply_light"]),
    }


def _until(fact: Contact, moment: datetime) -> str | None:
    days, installed = fact["retention_days"], fact["installed_on"]
    if days is None or (installed is not None and installed > moment.date()):
        return None
    return (moment + timedelta(days=int(days))).isoformat(timespec="seconds")


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
