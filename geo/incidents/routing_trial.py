"""What an incident would be answered: unit, limit, duplicates of a place; nothing is written."""

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from geo.access import principal, transaction
from geo.access.principal import Principal
from geo.base import clock
from geo.incidents import limits, location
from geo.incidents.book import make_book
from geo.incidents.desk import Desk
from geo.incidents.duplicate_hints import hints_at
from geo.incidents.location import Located, TypedPlace
from geo.incidents.proposal import describe_units, propose_units
from geo.incidents.rules import emergency
from geo.incidents.rules.routing import Duty


@dataclass(frozen=True)
class Trial:
    """A place and a category, and rows that are tried beside those of the table."""

    category: str
    place: TypedPlace
    asset_code: str | None = None
    duties: tuple[Duty, ...] = ()


def try_routing(desk: Desk, who: Principal, trial: Trial, lang: str) -> dict[str, Any]:
    """Return what intake would answer now: grid, units with their reasons, limit, duplicates.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who asks: the place must be granted.
    trial
        What is tried.
    lang
        Language of the reasons.
    """
    book = desk.book(who)
    category = book.category(trial.category)
    day = clock.today(desk.config.timezone)
    found = location.locate_incident(desk.engine, who, desk.books, desk.now, trial.place, day=day)
    if trial.duties:
        rows = replace(book.rows, duties=(*book.rows.duties, *trial.duties))
        book = make_book(rows, book.areas_since)
    proposed = propose_units(book, found, category, day=day, asset_code=trial.asset_code)
    units = describe_units(book, proposed.ranked, lang)
    moment, zone = clock.now(), desk.config.timezone
    due = limits.find_due(book, category, proposed.unit_code, moment, zone)["due_at"]
    place = (found.lon, found.lat)
    with transaction.open_as(desk.engine, who) as connection:
        hints = hints_at(connection, book, category.name, place, moment)
    first = {"notice": emergency.emergency_notice(lang)} if category.emergency else {}
    return {
        **first,
        "status": found.status,
        "grid_code": found.grid_code,
        "candidates": list(found.candidates),
        "candidates_m": _distances(desk, who, found),
        "community_code": found.community_code,
        "township_code": found.township_code,
        "nearest_code": found.nearest_code,
        "nearest_m": found.nearest_m,
        "unit_code": proposed.unit_code,
        "reason": units[0]["reason"] if units else None,
        "unit_name": units[0]["unit_name"] if units else None,
        "alternatives": units[1:],
        "due_at": None if due is None else due.astimezone(ZoneInfo(zone)).isoformat(),
        "duplicates": [vars(hint) for hint in hints],
    }


def _distances(desk: Desk, who: Principal, found: Located) -> list[float]:
    """Return how far each candidate of a place at a border is."""
    if found.status != "border" or found.lon is None or found.lat is None:
        return []
    view = desk.books.places(principal.system_principal(who.account), desk.now)
    return view.measure_candidates(found.lon, found.lat, found.candidates)
