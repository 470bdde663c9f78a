"""The answer about an incident: what intake and correction say of it, from its row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from geo.access import principal, transaction
from geo.access.principal import Principal
from geo.base.errors import NotFoundError
from geo.base.words import say
from geo.incidents import cameras, personal_data, proposal
from geo.incidents.book import IntakeBook
from geo.incidents.camera_search import CamerasSeen
from geo.incidents.desk import Desk
from geo.incidents.intake import RecordedIncident
from geo.incidents.rules import emergency, limits
from geo.incidents.rules.duplicates import Hint
from geo.incidents.rules.routing import Proposal
from geo.incidents.store import answers as stored
from geo.incidents.store.answers import AnswerRow


@dataclass(frozen=True)
class Shown:
    """What answers state beside the row: cameras as granted, hints, what was found in the texts."""

    seen: CamerasSeen | None = None
    hints: Sequence[Hint] = ()
    taken: RecordedIncident | None = None
    candidates_m: Sequence[float] = ()


def read_answer(desk: Desk, who: Principal, incident: UUID) -> AnswerRow:
    """Return the row of an incident that its answer is made of.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Whose grants apply.
    incident
        Its id.

    Raises
    ------
    NotFoundError
        If there is none, or it is not granted.
    """
    with transaction.open_as(desk.engine, who) as connection:
        row = stored.read_row(connection, incident)
    if row is None:
        raise NotFoundError("intake.unknown", code=incident)
    return row


def measure_candidates(desk: Desk, who: Principal, row: AnswerRow) -> list[float]:
    """Return how far each candidate of a place at a border is; nothing of other places.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who asks: the candidates themselves are in the answer already.
    row
        As stored.
    """
    if row.status != "border" or row.lon is None or row.lat is None:
        return []
    view = desk.books.places(principal.system_principal(who.account), desk.now)
    return view.measure_candidates(row.lon, row.lat, row.candidates)


def describe_incident(
    book: IntakeBook, row: AnswerRow, shown: Shown, *, zone: str, lang: str, now: datetime
) -> dict[str, Any]:
    """Return the answer about an incident; an emergency comes first of all.

    Parameters
    ----------
    book
        Names of areas and units.
    row
        As stored.
    shown
        What the answer states beside it.
    zone
        IANA name: zone of the times.
    lang
        "zh" or "en".
    now
        Moment of the light.
    """
    first: dict[str, Any] = {"notice": emergency.emergency_notice(lang)} if row.emergency else {}
    return {
        **first,
        **_row(row, zone, now),
        **_unit(book, row, lang),
        **_place(book, row, lang),
        "candidates_m": list(shown.candidates_m),
        **_cameras(row, shown, zone, lang),
        "duplicates": [vars(hint) for hint in shown.hints],
        **_texts(shown, lang),
    }


def _row(row: AnswerRow, zone: str, now: datetime) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "code": row.code,
        "state": row.state,
        "version": row.version,
        "category": row.category,
        "text": row.title,
        "emergency": row.emergency,
        "reported_at": _local_time(row.reported_at, zone),
        "occurred_from": _local_time(row.occurred_at, zone),
        "occurred_to": _local_time(row.occurred_to, zone),
        "due_at": _local_time(row.due_at, zone),
        "due_provisional": row.due_provisional,
        "light": limits.light_of(
            row.state,
            on_hold=row.on_hold,
            amber_at=row.amber_at,
            due_at=row.due_at,
            done_at=row.done_at,
            now=now,
        ),
    }


def _place(book: IntakeBook, row: AnswerRow, lang: str) -> dict[str, Any]:
    note = None
    if row.status == "outside":
        note = say("intake.confirm_outside", lang, nearest=row.nearest_code, metres=row.nearest_m)
    elif row.status == "border":
        names = "、".join(book.area_name(code) for code in row.candidates)
        note = say("intake.border", lang, grids=names)
    return {
        "status": row.status,
        "grid_code": row.grid_code,
        "community_code": row.community_code,
        "township_code": row.township_code,
        "candidates": row.candidates,
        "nearest_code": row.nearest_code,
        "nearest_m": row.nearest_m,
        "place_note": note,
        "lon": row.lon,
        "lat": row.lat,
        "accuracy_m": row.accuracy_m,
    }


def _unit(book: IntakeBook, row: AnswerRow, lang: str) -> dict[str, Any]:
    ranked = ranked_proposals(row.routing)
    unit = book.units.get(row.unit_code or "")
    first = ranked[0] if ranked else None
    return {
        "unit_code": row.unit_code,
        "unit_name": unit.name if unit else None,
        "duty_phone": unit.duty_phone if unit else None,
        "proposed_unit_code": row.proposed_unit_code,
        "reason": row.override_reason or proposal.describe_reason(book, first, lang),
        "alternatives": proposal.describe_units(
            book, [each for each in ranked if each.unit_code != row.unit_code], lang
        ),
    }


def ranked_proposals(routing: Mapping[str, Any]) -> list[Proposal]:
    """Return the proposals that were stored with an incident, best first."""
    if not routing.get("unit_code"):
        return []
    return [_proposal(routing), *(_proposal(each) for each in routing.get("alternatives", ()))]


def _proposal(facts: Mapping[str, Any]) -> Proposal:
    named = {name: str(facts[name]) for name in ("unit_code", "area_code", "category", "reason")}
    return Proposal(**named, source=str(facts.get("duty") or ""))


def _cameras(row: AnswerRow, shown: Shown, zone: str, lang: str) -> Mapping[str, Any]:
    if shown.seen is None:
        return {"cameras": [], "withheld": 0}
    return cameras.describe_cameras(shown.seen, row.window, zone, lang)


def _texts(shown: Shown, lang: str) -> dict[str, Any]:
    if shown.taken is None:
        return {}
    checked = shown.taken.checked
    return {
        "left_out": sorted(set(checked.left_out)),
        "named": personal_data.describe_named(checked.named, lang),
    }


def _local_time(moment: datetime | None, zone: str) -> str | None:
    return None if moment is None else moment.astimezone(ZoneInfo(zone)).isoformat()
