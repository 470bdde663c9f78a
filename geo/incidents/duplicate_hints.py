"""Duplicates as they would have been hinted at when incidents were reported."""

from datetime import timedelta

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.incidents.book import IntakeBook
from geo.incidents.rules import duplicates
from geo.incidents.rules.duplicates import DEFAULT_REACH, Hint, Reach
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


def words_and_reach(book: IntakeBook, category: str) -> tuple[list[str], Reach]:
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


def _hints(connection: Connection, book: IntakeBook, asked: Reported) -> list[Hint]:
    if asked.lon is None or asked.reported_at is None or asked.category is None:
        return []
    words, reach = words_and_reach(book, asked.category)
    earlier = stored.find_earlier(
        connection,
        {
            "categories": words,
            "lon": asked.lon,
            "lat": asked.lat,
            "reported_at": asked.reported_at,
            "since": asked.reported_at - timedelta(days=reach.days),
            "radius_m": reach.radius_m,
            "code": asked.code,
        },
    )
    return duplicates.find_hints(asked.reported_at, earlier, reach)
