"""Incidents as Open311 GeoReport v2 has them: services and requests, never sensitive ones.

References
----------
GeoReport v2 (wiki.open311.org/GeoReport_v2): names of fields, two states, 90 days or 1,000 rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine
from typing_extensions import TypedDict

from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import InputError, NotFoundError
from geo.base.words import say
from geo.incidents import intake, listing
from geo.incidents.book import IntakeBook
from geo.incidents.choices import is_offered
from geo.incidents.desk import Desk
from geo.incidents.listing import IncidentFilter
from geo.incidents.location import TypedPlace
from geo.incidents.report import Report
from geo.incidents.rules.lifecycle import FINAL, STATES
from geo.incidents.store.book import Category

DAYS: Final = timedelta(days=90)
MOST: Final = 1_000
STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "open": tuple(s for s in STATES if s not in FINAL and s != "draft"),
    "closed": tuple(s for s in STATES if s in FINAL),
}
SOURCE: Final = "app"


class Service(TypedDict):
    """A kind of request: a category that is not sensitive."""

    service_code: str
    service_name: str
    description: str
    metadata: bool
    type: str
    keywords: str
    group: str


class ServiceRequest(TypedDict):
    """An incident; the place as it is granted, texts only where it is granted exactly."""

    service_request_id: str
    status: str
    status_notes: str
    service_name: str | None
    service_code: str | None
    description: str | None
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: str | None
    updated_datetime: str | None
    expected_datetime: str | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    lat: float | None
    long: float | None
    media_url: str | None


@dataclass(frozen=True)
class RequestFilter:
    """Which requests are listed; without dates those of the last 90 days."""

    codes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class NewRequest:
    """A request as it is posted: no person is named, no picture is fetched from an address."""

    service_code: str
    description: str
    lat: float | None = None
    long: float | None = None
    address_string: str | None = None


def list_services(desk: Desk, who: Principal) -> list[Service]:
    """Return what can be asked for.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who asks.
    """
    book = desk.book(who)
    return [_service(book, each) for each in _offered(book)]


def read_service(desk: Desk, who: Principal, code: str) -> Service:
    """Return one service.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who asks.
    code
        Code of the category.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    found = next((each for each in list_services(desk, who) if each["service_code"] == code), None)
    if found is None:
        raise NotFoundError("open311.no_service", code=code[:60])
    return found


def list_requests(
    desk: Desk, who: Principal, asked: RequestFilter, *, lang: str
) -> list[ServiceRequest]:
    """Return requests, the newest first, at most 1,000.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Principal whose grants apply.
    asked
        Which.
    lang
        "zh" or "en".

    Raises
    ------
    InputError
        If a filter cannot be.
    """
    if strange := [each for each in asked.statuses if each not in STATUSES]:
        facts = {"name": "status", "found": strange[0][:40], "known": ", ".join(STATUSES)}
        raise InputError("lifecycle.filter", **facts)
    rows = _named(desk.engine, who, asked) if asked.codes else _rows(desk.engine, who, asked)
    book = desk.book(who)
    names = {each.name for each in _offered(book) if each.code in asked.services}
    names |= {*asked.services}
    wanted = (row for row in rows if not asked.services or row["category"] in names)
    return [_request(book, row, lang) for row, _ in zip(wanted, range(MOST), strict=False)]


def read_request(desk: Desk, who: Principal, named: str, *, lang: str) -> ServiceRequest:
    """Return one request.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Principal whose grants apply.
    named
        Its id.
    lang
        "zh" or "en".

    Raises
    ------
    NotFoundError
        If there is none, it is not seen, or it is a sensitive matter.
    """
    row = _find(desk.engine, who, named)
    if row is None:
        raise NotFoundError("lifecycle.no_incident", id=named[:60])
    return _request(desk.book(who), row, lang)


def post_request(desk: Desk, who: Principal, asked: NewRequest, *, key: str | None) -> str:
    """Take an incident and return its id.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who takes it.
    asked
        As posted.
    key
        Idempotency-Key of the request.

    Raises
    ------
    InputError
        If the place is missing, or the service is a sensitive matter or none; a PersonalDataError
        where the text holds numbers of persons.
    """
    if asked.lat is None or asked.long is None:
        raise InputError("open311.no_place")
    category = read_service(desk, who, asked.service_code)["service_name"]
    report = Report(
        category,
        asked.description,
        TypedPlace(asked.long, asked.lat),
        source=SOURCE,
        address=asked.address_string,
        located_by="map",
    )
    return str(intake.take_incident(desk, who, report, key=key).created.row.id)


def _offered(book: IntakeBook) -> Iterator[Category]:
    for each in book.rows.categories:
        if is_offered(book, each) and not each.sensitive:
            yield each


def _service(book: IntakeBook, each: Category) -> Service:
    upper = book.categories.get(each.upper_code or "")
    return {
        "service_code": each.code,
        "service_name": each.name,
        "description": each.name,
        "metadata": False,
        "type": "realtime",
        "keywords": "",
        "group": upper.name if upper else "",
    }


def _named(engine: Engine, who: Principal, asked: RequestFilter) -> Iterator[Mapping[str, Any]]:
    for each in asked.codes[:MOST]:
        row = _find(engine, who, each)
        if row is not None:
            yield row


def _find(engine: Engine, who: Principal, named: str) -> Mapping[str, Any] | None:
    try:
        row = listing.read_incident(engine, who, str(UUID(named)))
    except (ValueError, NotFoundError):
        return None
    return None if row["sensitive"] or row["state"] == "draft" else row


def _rows(engine: Engine, who: Principal, asked: RequestFilter) -> Iterator[Mapping[str, Any]]:
    """Yield the rows that may be shown, page by page."""
    end = asked.end or clock.now()
    start = asked.start or end - DAYS
    states = tuple(s for status in asked.statuses or STATUSES for s in STATUSES[status])
    page = IncidentFilter(
        state=states, since=max(start, end - DAYS), until=end + timedelta(microseconds=1),
        limit=listing.MOST,
    )  # fmt: skip
    while True:
        found = listing.list_incidents(engine, who, page)
        yield from (row for row in found["incidents"] if not row["sensitive"])
        if found["next"] is None:
            return
        page = replace(page, next=found["next"])


def _request(book: IntakeBook, row: Mapping[str, Any], lang: str) -> ServiceRequest:
    category = book.categories.get(row["category"] or "")
    changed = row["closed_at"] or row["done_at"] or row["reported_at"]
    words = [say(f"map.state.{row['state']}", lang)]
    if row["outcome"]:
        words.append(say(f"lifecycle.outcome.{row['outcome']}", lang))
    return {
        "service_request_id": str(row["id"]),
        "status": "closed" if row["state"] in FINAL else "open",
        "status_notes": " · ".join(words),
        "service_name": row["category"],
        "service_code": category.code if category else None,
        "description": row["title"] if row["exact"] else None,
        "agency_responsible": row["unit_name"],
        "service_notice": None,
        "requested_datetime": _moment(row["reported_at"]),
        "updated_datetime": _moment(changed),
        "expected_datetime": _moment(row["due_at"]),
        "address": row["address"],
        "address_id": None,
        "zipcode": None,
        "lat": row["lat"],
        "long": row["lon"],
        "media_url": None,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
