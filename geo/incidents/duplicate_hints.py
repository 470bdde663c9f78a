"""Duplicates as they would have been hinted at when incidents were reported."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.incidents.book import IntakeBook
from geo.incidents.rules import duplicates
from geo.incidents.rules.duplicates import DEFAULT_REACH, DuplicateReach, Hint
from geo.incidents.store import intake as stored
from geo.incidents.store.intake import Reported


def hints_of(
    engine: Engine, who: Principal, book: IntakeBook, codes: list[str]
) -> dict[str, list[Hint]]:
    """Return by code the hints that were shown, or would have been, when an incident came.

    Incidents that are none, not granted, or without a place or time have no hints.

    Parameters
    ----------
    who
        Whose grants apply.
    book
        Radius and days of categories.
    codes
        Of the incidents.
    """
    with transaction.open_as(engine, who) as connection:
        known = {each.code: each for each in stored.read_reported(connection, codes)}
        return {
            code: _hints(connection, book, known[code]) if code in known else [] for code in codes
        }


def words_and_reach(book: IntakeBook, category: str) -> tuple[list[str], DuplicateReach]:
    """Return the words by which incidents of a category may be stored, and its reach.

    Parameters
    ----------
    book
        Categories by code and name.
    category
        As stored with an incident; a file may have words that are no known category.
    """
    found = book.categories.get(category)
    if found is None:
        return [category], DEFAULT_REACH
    return list(dict.fromkeys((category, found.name, found.code))), found.reach


def hints_at(
    connection: Connection,
    book: IntakeBook,
    category: str | None,
    place: tuple[float | None, float | None],
    reported_at: datetime | None,
    *,
    code: str = "",
) -> list[Hint]:
    """Return the hints for an incident of a category at a place; none without place or time.

    Parameters
    ----------
    connection
        Open transaction of who asks.
    book
        Radius and days of categories.
    category
        As stored with an incident.
    place
        Lon and lat.
    reported_at
        When it came: what came later is no hint.
    code
        The incident itself, if it is stored already.
    """
    lon, lat = place
    if lon is None or lat is None or reported_at is None or category is None:
        return []
    words, reach = words_and_reach(book, category)
    earlier = stored.find_earlier(
        connection,
        {
            "categories": words,
            "lon": lon,
            "lat": lat,
            "reported_at": reported_at,
            "since": reported_at - timedelta(days=reach.days),
            "radius_m": reach.radius_m,
            "code": code,
        },
    )
    return duplicates.find_hints(reported_at, earlier, reach)


def _hints(connection: Connection, book: IntakeBook, asked: Reported) -> list[Hint]:
    place = (asked.lon, asked.lat)
    return hints_at(connection, book, asked.category, place, asked.reported_at, code=asked.code)
