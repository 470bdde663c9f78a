"""Taking an incident: in one step its grid, unit with the reason, limit, cameras and duplicates."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import (
    ForbiddenError,
    InputError,
    NotFoundError,
    ReusedKeyError,
    StateError,
)
from geo.base.local_time import with_zone
from geo.base.settings import Settings
from geo.coverage.sight_memory import SightMemory
from geo.incidents import cameras, clocks, hotline, limits, location, personal_data
from geo.incidents.book import IntakeBook, IntakeBooks
from geo.incidents.cameras import CamerasSeen
from geo.incidents.duplicate_hints import words_and_reach
from geo.incidents.location import Located
from geo.incidents.personal_data import CheckedTexts
from geo.incidents.proposal import Proposed, propose_units
from geo.incidents.report import Report, use_report
from geo.incidents.rules import duplicates
from geo.incidents.rules.duplicates import Hint
from geo.incidents.store import intake as stored
from geo.incidents.store import moves as stored_moves
from geo.incidents.store.book import Category
from geo.incidents.store.intake import Created
from geo.store import outbox, statements
from geo.store.outbox import Event
from geo.store.revisions import LayerRevisions

PHONE: Final = "app"
"""Source of what reporters (网格上报岗) take on their telephones."""

HOTLINE: Final = "hotline"
"""Source of incidents that are work orders of 12345."""

TYPED: Final = (
    *("category", "title", "description", "address", "source", "source_ref", "occurred_at"),
    *("occurred_to", "accuracy_m", "located_by", "located_code", "asset_code"),
)


@dataclass(frozen=True)
class Taken:
    """An incident that was taken, with everything that its answer says."""

    created: Created
    report: Report
    category: Category
    located: Located
    proposed: Proposed
    reported_at: datetime
    hints: tuple[Hint, ...]
    checked: CheckedTexts
    seen: CamerasSeen | None = None


@dataclass(frozen=True)
class Desk:
    """What intake works with: the database, what is in memory, the settings."""

    engine: Engine
    books: IntakeBooks
    now: LayerRevisions
    config: Settings
    sight: SightMemory | None = None

    def look(
        self, who: Principal, located: Located, window: tuple[datetime, datetime]
    ) -> CamerasSeen:
        """Return the cameras of a place, from memory where it is at hand."""
        lon, lat = located.lon or 0.0, located.lat or 0.0
        view = None if self.sight is None else self.sight.view(who, self.now)
        return cameras.look_for_cameras(self.engine, who, lon, lat, window, self.config, view=view)

    def book(self, who: Principal) -> IntakeBook:
        """Return the book of this moment."""
        return self.books.book(who, self.now)


def take_incident(desk: Desk, who: Principal, given: Report) -> Taken:
    """Write a new incident and return it with its answer; of one client_id there is one.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who takes it.
    given
        As typed.

    Raises
    ------
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
    hints: tuple[Hint, ...] = ()
    if source == HOTLINE and report.source_ref:
        known = hotline.supplement_order(desk.engine, desk.config, who, report, checked)
        if known is not None:
            return Taken(known, report, category, located, proposed, now, hints, checked)
    row = {
        **_typed(book, report, checked, category, now),
        **located.columns(),
        **proposed.columns(),
        **limits.find_due(book, category, proposed.unit_code, now, desk.config.timezone),
        "created_account": who.id,
        "created_unit": who.unit_code,
    }
    row |= clocks.stricter_limit(row, row, {"due_at": report.hotline_due})
    window = report.window(now)
    seen = all_cameras(desk, who, located, window)
    with transaction.open_as(desk.engine, who) as connection:
        created = _insert(connection, who, row, proposed, checked, sensitive=category.sensitive)
        if not created.again:
            stored_moves.replace_alarms(connection, created.id, limits.first_alarms(row, category))
            if source == HOTLINE:
                hotline.register_order(connection, created.id, row["source_ref"], report)
        hints = tuple(_hints(connection, book, category, located, created.code, now))
        if seen is not None and located.lon is not None and not created.again:
            cameras.record_cameras(
                connection,
                created.id,
                seen,
                place=(located.lon, located.lat or 0.0),
                window=window,
                revision=desk.now.by_layer["camera"],
            )
    told = told_cameras(desk, who, located, window, seen)
    return Taken(created, report, category, located, proposed, now, hints, checked, told)


def all_cameras(
    desk: Desk, who: Principal, located: Located, window: tuple[datetime, datetime]
) -> CamerasSeen | None:
    """Return all cameras of a place, whoever asks: they are recorded, and told as granted.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who asks.
    located
        The place.
    window
        When it happened.
    """
    if located.lon is None or located.lat is None:
        return None
    system = cameras.all_cameras(who)
    try:
        return desk.look(system, located, window)
    except StateError:  # no camera was brought in yet
        return None


def told_cameras(
    desk: Desk,
    who: Principal,
    located: Located,
    window: tuple[datetime, datetime],
    seen: CamerasSeen | None,
) -> CamerasSeen | None:
    """Return the cameras of a place as far as they are granted; None where none is.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Whose grants apply.
    located
        The place.
    window
        When it happened.
    seen
        All cameras.
    """
    if seen is None or located.lon is None or located.lat is None or cameras.sees_all(who):
        return seen
    try:
        return desk.look(who, located, window)
    except (ForbiddenError, NotFoundError):
        return None


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


def _insert(
    connection: Connection,
    who: Principal,
    row: Mapping[str, Any],
    proposed: Proposed,
    checked: CheckedTexts,
    *,
    sensitive: bool,
) -> Created:
    request = _fingerprint(row)
    facts = {"proposed": proposed.facts(), "request": request, **checked.audited()}
    post = who.unit_name or who.account
    created = stored.insert_incident(connection, row, account=who.account, post=post, facts=facts)
    if created.again:
        if str(created.created_account) != str(who.id) and not who.system:
            raise StateError("intake.client_id_used", found=row["client_id"])
        if created.request not in (None, request):
            raise ReusedKeyError("intake.reused", found=created.code)
        return created
    audit.record(
        connection,
        who,
        "incident.create",
        created.code,
        facts={"id": str(created.id), **checked.audited()},
    )
    outbox.add_event(connection, _event(created, row, sensitive=sensitive))
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


def _hints(
    connection: Connection,
    book: IntakeBook,
    category: Category,
    located: Located,
    code: str,
    now: datetime,
) -> list[Hint]:
    if located.lon is None:
        return []
    asked = {
        "categories": words_and_reach(book, category.name)[0],
        "lon": located.lon,
        "lat": located.lat,
        "reported_at": now,
        "since": now - timedelta(days=category.reach.days),
        "radius_m": category.reach.radius_m,
        "code": code,
    }
    return duplicates.find_hints(now, stored.find_earlier(connection, asked), category.reach)


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
