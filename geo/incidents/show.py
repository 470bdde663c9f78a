"""One incident with everything that is known of it, as far as it is granted to who asks."""

from __future__ import annotations

from typing import Any

from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import ForbiddenError, NotFoundError, StateError
from geo.incidents import answer, cameras, duplicate_hints, listing, whistles
from geo.incidents.answer import Shown
from geo.incidents.book import IntakeBook
from geo.incidents.camera_search import CamerasSeen
from geo.incidents.desk import Desk
from geo.incidents.rules import lost_time
from geo.incidents.rules.working_time import WORKING


def show_incident(
    desk: Desk, who: Principal, named: str, *, lang: str, with_cameras: bool = False
) -> dict[str, Any]:
    """Return an incident: place, unit, reason, limit, duplicates, history, whistles, legal moves.

    `lost` is what returns cost of its time: the clock does not stop for them.

    Who is not granted it exactly, or does not handle a sensitive one, gets what a list says of it.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Principal whose grants apply.
    named
        Id or number.
    lang
        "zh" or "en".
    with_cameras
        Whether the cameras as recorded are in the answer as well.

    Raises
    ------
    NotFoundError
        If it is not seen.
    """
    level = desk.config.whistle_level
    incident_answer = listing.read_incident(desk.engine, who, named, whistle_level=level)
    called = any(sent["whistle"] is not None for sent in incident_answer["dispatches"])
    incident_answer["whistles"] = (
        whistles.read_whistles(desk.engine, who, str(incident_answer["id"])) if called else []
    )
    if not incident_answer["exact"]:
        return incident_answer
    row = answer.read_answer(desk, who, incident_answer["id"])
    book, zone = desk.book(who), desk.config.timezone
    seen = _seen(desk, who, incident_answer) if with_cameras else None
    hints = duplicate_hints.hints_of(desk.engine, who, book, [row.code])
    near = answer.measure_candidates(desk, who, row)
    shown = Shown(seen, hints.get(row.code, ()), candidates_m=near)
    found = answer.describe_incident(book, row, shown, zone=zone, lang=lang, now=clock.now())
    left_out = set() if with_cameras else {"cameras", "withheld"}
    incident_answer["lost"] = _lost(book, incident_answer, zone)
    # the light of the list knows of work that is done
    return {**incident_answer, **{k: v for k, v in found.items() if k not in left_out | {"light"}}}


def _lost(book: IntakeBook, incident_answer: dict[str, Any], zone: str) -> dict[str, Any] | None:
    """Return how long returns took, None where none did: minutes as the limit counts them."""
    spans = lost_time.find_lost(incident_answer["moves"])
    if not spans:
        return None
    unit = incident_answer["limit_unit"] or "hours"
    calendar = book.calendar(zone, incident_answer["unit_code"])
    minutes = lost_time.count_lost(spans, calendar, clock.now(), unit)
    return {
        "minutes": round(minutes),
        "working": unit in WORKING,
        "spans": [{"unit_code": s.unit, "since": s.since, "until": s.end} for s in spans],
    }


def _seen(desk: Desk, who: Principal, incident_answer: dict[str, Any]) -> CamerasSeen | None:
    """Return the cameras as recorded, None where none is granted or was brought in."""
    try:
        return cameras.read_cameras(
            desk.engine, who, incident_answer["id"], desk.config, view=desk.view(who)
        )[1]
    except (ForbiddenError, NotFoundError, StateError):
        return None
