"""Correcting an incident: what follows is computed anew, the old answer is kept in its history."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import ConditionError, ForbiddenError, NotFoundError, StaleError
from geo.base.local_time import with_zone
from geo.incidents import (
    camera_search,
    cameras,
    case_reading,
    clocks,
    limits,
    location,
    moves,
    personal_data,
)
from geo.incidents.camera_search import CamerasSeen
from geo.incidents.desk import Desk
from geo.incidents.location import Located, TypedPlace
from geo.incidents.personal_data import CheckedTexts
from geo.incidents.proposal import propose_units
from geo.incidents.report import Report, use_report
from geo.incidents.store import incident_cameras
from geo.incidents.store import intake as intake_store
from geo.incidents.store import moves as stored
from geo.store import outbox
from geo.store.outbox import Event

SENT: Final = frozenset({"assigned", "acknowledged", "arrived", "in_progress", "done", "checked"})
"""States in which a unit is at work: a correction proposes another one and sends nobody."""

PLACE: Final = frozenset({"place", "occurred_from"})
UNIT: Final = PLACE | {"category", "asset_code"}
TEXTS: Final = ("text", "description", "address", "source_ref")
COLUMNS: Final = {"text": "title", "occurred_from": "occurred_at"}
BEFORE: Final = (
    *("category", "status", "grid_code", "community_code", "township_code", "candidates"),
    *("nearest_code", "nearest_m", "unit_code", "proposed_unit_code", "routing", "due_at"),
    *("lon", "lat", "accuracy_m", "occurred_at", "occurred_to", "asset_code"),
)


@dataclass(frozen=True)
class Correction:
    """What is corrected: fields of a report by name, as typed."""

    changes: Mapping[str, Any]
    redact: bool = False
    not_personal: bool = False
    unseen_demand: bool | None = None


@dataclass(frozen=True)
class Corrected:
    """An incident after its correction; cameras are those of its new place, if that changed."""

    id: UUID
    version: int
    seen: CamerasSeen | None = None
    checked: CheckedTexts = field(default=CheckedTexts({}))


def correct_incident(
    desk: Desk, who: Principal, incident: UUID, given: Correction, *, version: int | None
) -> Corrected:
    """Correct an incident and return its new version.

    Place, time and category decide on areas, unit, limit and cameras: these are computed anew, and
    what was answered before stays in the history.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who corrects it: who may take incidents at its place, or took it.
    incident
        Its id.
    given
        What is corrected.
    version
        The version that was seen.

    Raises
    ------
    NotFoundError
        If it is not seen.
    ForbiddenError
        If who asks may not correct it, or not move it where it shall be.
    ConditionError, StaleError
        If no version, or not the newest, was given.
    """
    with transaction.open_as(desk.engine, who) as connection:
        before = stored.read_incident(connection, case_reading.seen_parameters(who), incident)
        _require_right(connection, who, before, incident)
    assert before is not None  # noqa: S101 - required above
    checked = _checked(desk, who, given)
    changed = {**given.changes, **checked.texts}
    report = use_report(_report(before, changed), desk.config.timezone)
    columns, located = _recomputed(desk, who, before, report, set(given.changes))
    columns |= _plain(report, checked, set(given.changes))
    if given.unseen_demand is not None:
        columns["unseen_demand"] = given.unseen_demand
    moved = bool(set(given.changes) & (PLACE | {"occurred_to"}))
    window = report.window(before["reported_at"] or clock.now())
    seen = camera_search.all_cameras(desk, who, located, window) if moved else None
    with transaction.open_as(desk.engine, who) as connection:
        now = stored.lock_incident(connection, case_reading.seen_parameters(who), incident)
        _require_right(connection, who, now, incident)
        number = _require_version(now, version)
        _write(connection, who, before, columns, checked, number, located)
        if seen is not None and located.lon is not None:
            place, revision = (located.lon, located.lat or 0.0), desk.now.by_layer["camera"]
            answer = cameras.answer_of(seen, place, window, revision)
            incident_cameras.insert_answer(connection, incident, answer)
    granted = camera_search.granted_cameras(desk, who, located, window, seen) if moved else None
    return Corrected(incident, number + 1, granted, checked)


def _require_right(
    connection: Connection, who: Principal, row: Mapping[str, Any] | None, incident: UUID
) -> None:
    if row is None:
        raise NotFoundError("lifecycle.no_incident", id=incident)
    own = who.id is not None and str(row["created_account"]) == str(who.id)
    if not own and "incident" not in moves.actor_of(connection, who, row).actions:
        raise ForbiddenError("correction.right")


def _require_version(row: Mapping[str, Any] | None, version: int | None) -> int:
    if version is None or row is None:
        raise ConditionError("lifecycle.condition")
    if version != row["version"]:
        members = {"version": row["version"], "state": row["state"]}
        raise StaleError("lifecycle.stale_unknown", members=members, version=row["version"])
    return version


def _checked(desk: Desk, who: Principal, given: Correction) -> CheckedTexts:
    texts = {name: given.changes[name] or "" for name in TEXTS if name in given.changes}
    return personal_data.check_texts(
        desk.engine, who, texts, redact=given.redact, not_personal=given.not_personal
    )


def _report(row: Mapping[str, Any], changed: Mapping[str, Any]) -> Report:
    """Return the incident as a report, with what is corrected."""
    accuracy_m = row["accuracy_m"] or 0.0
    codes = (row["grid_code"], row["community_code"], row["township_code"])
    area = next((code for code in codes if code), None)
    place = TypedPlace(row["lon"], row["lat"], "wgs84", accuracy_m, area)
    known = Report(
        row["category"] or "",
        row["title"],
        place,
        description=row["description"] or "",
        located_by=row["located_by"] if row["located_by"] in location.LOCATED_BY else None,
        located_code=row["located_code"],
        source=row["source"] or "other",
        source_ref=row["source_ref"],
        occurred_from=row["occurred_at"],
        occurred_to=row["occurred_to"],
        address=row["address"],
        asset_code=row["asset_code"],
    )
    return replace(known, **changed)


def _recomputed(
    desk: Desk, who: Principal, row: Mapping[str, Any], report: Report, names: set[str]
) -> tuple[dict[str, Any], Located]:
    """Return the columns that follow from what changed, and where the incident is."""
    book = desk.book(who)
    begin = report.occurred_from or row["reported_at"] or clock.now()
    zone = desk.config.timezone
    day = with_zone(begin, zone).astimezone(ZoneInfo(zone)).date()
    kept = _located(row)
    found = kept
    columns: dict[str, Any] = {}
    if names & PLACE:
        found = location.locate_incident(
            desk.engine, who, desk.books, desk.now, report.place, day=day
        )
        columns = found.columns()
    if not names & UNIT:
        return columns, found
    category = book.category(report.category)
    areas = found.areas or tuple(each.code for each in book.above(found.grid_code or ""))
    proposed = propose_units(
        book, replace(found, areas=areas), category, day=day, asset_code=report.asset_code
    )
    fresh = proposed.columns()
    if row["state"] in SENT:  # whoever is at work stays until somebody sends another
        fresh["unit_code"] = row["unit_code"]
    columns |= fresh
    if "category" in names:
        columns |= {
            "category": category.name,
            "emergency": category.emergency,
            "grade": category.grade,
        }
        if not row["due_given"]:
            start = row["clock_from"] or row["reported_at"] or clock.now()
            columns |= limits.find_due(book, category, fresh["unit_code"], start, zone)
    return columns, found


def _located(row: Mapping[str, Any]) -> Located:
    return Located(
        row["status"] or "missing",
        row["grid_code"],
        row["community_code"],
        row["township_code"],
        tuple(row["candidates"] or ()),
        row["nearest_code"],
        row["nearest_m"],
        row["area_unit_id"],
        row["area_day"],
        row["lon"],
        row["lat"],
        tuple(c for c in (row["grid_code"], row["community_code"], row["township_code"]) if c),
    )


def _plain(report: Report, checked: CheckedTexts, names: set[str]) -> dict[str, Any]:
    """Return the columns that are as typed."""
    simple = {
        *("occurred_from", "occurred_to", "source", "asset_code", "located_by", "located_code"),
    }
    values = {name: getattr(report, name) for name in names & simple}
    values |= {name: text or None for name, text in checked.texts.items()}
    if "text" in checked.texts:
        values["text"] = report.text
    if "place" in names:
        values["accuracy_m"] = None if report.place.lon is None else report.place.accuracy_m
    return {COLUMNS.get(name, name): value for name, value in values.items()}


def _write(
    connection: Connection,
    who: Principal,
    before: Mapping[str, Any],
    columns: Mapping[str, Any],
    checked: CheckedTexts,
    version: int,
    located: Located,
) -> None:
    incident = before["id"]
    values = {k: v for k, v in columns.items() if k not in ("lon", "lat")}
    stored.update_row(connection, "incident", incident, values)
    if "lon" in columns:
        intake_store.move_pin(connection, incident, located.lon, located.lat)
    changed = [name for name in columns if name in BEFORE and columns[name] != before[name]]
    facts = {
        "before": {name: _value(before[name]) for name in changed},
        "after": {name: _value(columns[name]) for name in changed},
        "fields": sorted(columns),
        **checked.audited(),
    }
    stored.insert_row(
        connection,
        "incident_move",
        {
            "incident": incident,
            "version": version + 1,
            "move": "corrected",
            "from_state": before["state"],
            "to_state": before["state"],
            "account": who.account,
            "post": who.unit_name or who.account,
            "unit_code": who.unit_code,
            "due_before": before["due_at"],
            "due_after": columns.get("due_at", before["due_at"]),
            "facts": facts,
        },
    )
    clocks.write_alarms(connection, incident)
    audit.record(
        connection,
        who,
        "incident.correct",
        before["code"],
        facts={"id": str(incident), "fields": sorted(columns), **checked.audited()},
    )
    known = ((before["lon"], before["lat"]), (located.lon, located.lat))
    places = {(lon, lat) for lon, lat in known if lon is not None and lat is not None}
    units = {before["unit_code"], columns.get("unit_code")} - {None}
    outbox.add_event(
        connection,
        Event(
            "incidents",
            "corrected",
            code=before["code"],
            action="incident" if before["sensitive"] else "map",
            boxes=[(lon, lat, lon, lat) for lon, lat in sorted(places)] or None,
            units=sorted(map(str, units)),
            data={"id": str(incident), "state": before["state"], "version": version + 1},
        ),
    )


def _value(value: Any) -> Any:  # noqa: ANN401 - a value of JSON
    return value.isoformat() if isinstance(value, datetime) else value
