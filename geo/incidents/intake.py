"""Record an incident: in one step its grid, unit with the reason, limit, cameras and duplicates."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import InputError, NotFoundError, ReusedKeyError, StateError
from geo.base.local_time import with_zone
from geo.incidents import (
    camera_search,
    cameras,
    clocks,
    hotline,
    limits,
    location,
    personal_data,
)
from geo.incidents.book import IntakeBook
from geo.incidents.camera_search import CamerasSeen
from geo.incidents.desk import Desk
from geo.incidents.duplicate_hints import hints_at
from geo.incidents.location import Located
from geo.incidents.personal_data import CheckedTexts
from geo.incidents.proposal import Proposed, propose_units
from geo.incidents.report import Report, use_report
from geo.incidents.rules.duplicates import Hint
from geo.incidents.store import answers
from geo.incidents.store import intake as stored
from geo.incidents.store.book import Category
from geo.incidents.store.incident_cameras import NewAnswer
from geo.incidents.store.intake import Created, NewIncident
from geo.store import idempotency, outbox, statements
from geo.store.outbox import Event

PHONE: Final = "app"
"""Source of what reporters (网格上报岗) take on their telephones."""

HOTLINE: Final = "hotline"
"""Source of incidents that are work orders of 12345."""

TYPED: Final = (
    *("category", "title", "description", "address", "source", "source_ref", "occurred_at"),
    *("occurred_to", "accuracy_m", "located_by", "located_code", "asset_code"),
)
PATH: Final = "/api/incidents"


@dataclass(frozen=True)
class RecordedIncident:
    """An incident that was taken, with everything that its answer says."""

    created: Created
    hints: tuple[Hint, ...]
    checked: CheckedTexts
    seen: CamerasSeen | None = None


def take_incident(
    desk: Desk, who: Principal, given: Report, *, key: str | None = None
) -> RecordedIncident:
    """Write a new incident and return it with its answer; of one client_id there is one.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who takes it.
    given
        As typed.
    key
        Of a request that may come again: within a day it makes one incident.

    Raises
    ------
    KeyBusyError, ReusedKeyError
        If a request with the key is being done, or was another one.
    PersonalDataError
        If a text holds numbers of persons, and neither way on was chosen.
    InputError
        If something cannot be used; the legal values are named.
    ForbiddenError
        If the place is in no granted area.
    """
    book = desk.book(who)
    category = book.category(given.category)
    now = clock.now()
    report = use_report(_with_source(given, who), desk.config.timezone)
    located, proposed = _answers(desk, who, book, category, report, now)
    source = book.source(report.source).code
    if source != HOTLINE and (report.hotline_due or report.hotline_return_by):
        raise InputError("hotline.source", found=report.source[:40])
    texts = {
        "text": report.text,
        "description": report.description,
        "address": report.address or "",
        "source_ref": report.source_ref or "",
    }
    checked = personal_data.check_texts(
        desk.engine,
        who,
        texts,
        # no check delays an emergency: numbers are left out at once
        redact=report.redact or (category.emergency and not report.not_personal),
        not_personal=report.not_personal,
    )
    if source == HOTLINE and report.source_ref:
        known = hotline.supplement_order(desk.engine, desk.config, who, report, checked)
        if known is not None:
            return RecordedIncident(known, (), checked)
    row = {
        **_typed(book, report, checked, category, now),
        **located.columns(),
        **proposed.columns(),
        **limits.find_due(book, category, proposed.unit_code, now, desk.config.timezone),
        "created_account": who.id,
        "created_unit": who.unit_code,
    }
    row |= clocks.stricter_limit(row, row, report.hotline_due)
    window = report.window(now)
    found = camera_search.find_for_both(desk, who, located, window)
    move = {"proposed": proposed.facts(), "request": _fingerprint(row), **checked.audited()}
    alarms = limits.first_alarms(row, category)
    with transaction.open_read_only(desk.engine, who) as connection:
        seen, granted = found.with_states(connection, window, desk.config)
        transaction.step_up(connection)
        answer = _answer(desk, located, window, seen)
        new = NewIncident(row, who.account, who.unit_name or who.account, move, alarms, answer)
        created = _repeated(connection, who, key, move["request"])
        if created is None:
            created = _insert(connection, who, new, checked, sensitive=category.sensitive)
            _keep(connection, who, key, created, move["request"])
            if not created.again and source == HOTLINE:
                hotline.register_order(connection, created.id, row["source_ref"], report)
        place = (located.lon, located.lat)
        hints = hints_at(connection, book, category.name, place, now, code=created.code)
    return RecordedIncident(created, tuple(hints), checked, granted)


def _with_source(given: Report, who: Principal) -> Report:
    """Return a report whose source, where none is named, is the form of the telephone (手机APP)."""
    by_phone = given.source == Report.source and who.may("report") and not who.may("incident")
    return replace(given, source=PHONE) if by_phone else given


def _answers(
    desk: Desk, who: Principal, book: IntakeBook, category: Category, report: Report, now: datetime
) -> tuple[Located, Proposed]:
    begin = report.occurred_from or now
    day = with_zone(begin, desk.config.timezone).astimezone(ZoneInfo(desk.config.timezone)).date()
    located = location.locate_incident(
        desk.engine, who, desk.books, desk.now, report.place, day=day
    )
    proposed = propose_units(
        book,
        located,
        category,
        day=day,
        asset_code=report.asset_code,
        chosen=report.unit_code,
        override_reason=report.override_reason,
    )
    return located, proposed


def _answer(
    desk: Desk, located: Located, window: tuple[datetime, datetime], seen: CamerasSeen | None
) -> NewAnswer | None:
    if seen is None or located.lon is None:
        return None
    place = located.lon, located.lat or 0.0
    return cameras.answer_of(seen, place, window, desk.now.by_layer["camera"])


def _repeated(
    connection: Connection, who: Principal, key: str | None, request: str
) -> Created | None:
    """Return what the same request led to before, by the rights of today; None if it is new."""
    if key is None:
        return None
    kept = idempotency.find_answer(connection, _asked(who, key, request))
    if kept is None:
        return None
    row = answers.read_row(connection, UUID(kept["id"]))
    if row is None:
        raise NotFoundError("intake.unknown", code=kept["id"])
    return Created(row.id, row.code, row, again=True)


def _keep(
    connection: Connection, who: Principal, key: str | None, created: Created, request: str
) -> None:
    if key is not None:
        asked = _asked(who, key, request)
        idempotency.keep_answer(connection, asked, {"id": str(created.id)})


def _asked(who: Principal, key: str, request: str) -> idempotency.KeyedRequest:
    return idempotency.KeyedRequest(who.id or who.account, "POST", PATH, key, request.encode())


def _insert(
    connection: Connection,
    who: Principal,
    new: NewIncident,
    checked: CheckedTexts,
    *,
    sensitive: bool,
) -> Created:
    created = stored.insert_incident(connection, new)
    if created is None:
        raise StateError("intake.client_id_used", found=new.row["client_id"])
    if created.again:
        if str(created.created_account) != str(who.id) and not who.system:
            raise StateError("intake.client_id_used", found=new.row["client_id"])
        if created.request not in (None, new.facts["request"]):
            raise ReusedKeyError("intake.reused", found=created.code)
        return created
    audit.record(
        connection,
        who,
        "incident.create",
        created.code,
        facts={"id": str(created.id), **checked.audited()},
    )
    outbox.add_event(connection, _event(created, new.row, sensitive=sensitive))
    return created


def _fingerprint(row: Mapping[str, Any]) -> str:
    """Return what tells one request from another under the same key: of what may be kept only."""
    typed = {name: str(row[name]) for name in (*TYPED, "lon", "lat") if row[name] is not None}
    return hashlib.sha256(statements.to_json(typed).encode()).hexdigest()


def _event(created: Created, row: Mapping[str, Any], *, sensitive: bool) -> Event:
    """Return the event; of a sensitive one only those hear who handle incidents."""
    lon, lat = row["lon"], row["lat"]
    return Event(
        "incidents",
        "created",
        code=created.code,
        action="incident" if sensitive else "map",
        boxes=None if lon is None else [(lon, lat, lon, lat)],
        data={"id": str(created.id), "state": row["state"], "emergency": row["emergency"]},
    )


def _typed(
    book: IntakeBook, report: Report, checked: CheckedTexts, category: Category, now: datetime
) -> dict[str, Any]:
    """Return the columns that were typed, as they may be kept."""
    grade = book.grades.get(category.grade)
    texts = checked.texts
    area = report.place.lon is None
    return {
        "client_id": report.client_id or uuid4(),
        "title": texts["text"],
        "category": category.name,
        "description": texts["description"] or None,
        "source": book.source(report.source).code,
        "source_ref": texts["source_ref"] or None,
        "state": "reported",
        "occurred_at": report.occurred_from,
        "occurred_to": report.occurred_to,
        "reported_at": now,
        "accuracy_m": None if area else report.place.accuracy_m,
        "address": texts["address"] or None,
        "located_by": "area" if area else report.located_by or "map",
        "located_code": report.located_code or report.place.area_code,
        "asset_code": report.asset_code,
        "emergency": category.emergency,
        "grade": category.grade,
        "level": grade.first_level if grade else None,
    }
