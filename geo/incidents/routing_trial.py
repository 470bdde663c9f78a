"""Which unit would go: the routing table tried on a place, nothing written."""

from dataclasses import dataclass, replace
from typing import Any

from geo.access.principal import Principal
from geo.base import clock
from geo.incidents import location
from geo.incidents.book import make_book
from geo.incidents.desk import Desk
from geo.incidents.location import Asked
from geo.incidents.proposal import describe_units, propose_units
from geo.incidents.rules.routing import Duty


@dataclass(frozen=True)
class Trial:
    """A place and a category, and rows that are tried beside those of the table."""

    category: str
    place: Asked
    asset_code: str | None = None
    duties: tuple[Duty, ...] = ()


def try_routing(desk: Desk, who: Principal, trial: Trial, lang: str) -> dict[str, Any]:
    """Return the units that would be proposed today, best first, with their reasons.

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
    told = describe_units(book, proposed.ranked, lang)
    return {
        "status": found.status,
        "grid_code": found.grid_code,
        "candidates": list(found.candidates),
        "unit_code": proposed.unit_code,
        "reason": told[0]["reason"] if told else None,
        "alternatives": told[1:],
    }
