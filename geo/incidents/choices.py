"""What a form of an incident offers: categories, sources, units, as they are spelled."""

from typing_extensions import TypedDict

from geo.access import transaction
from geo.access.principal import Principal
from geo.incidents.book import IntakeBook
from geo.incidents.desk import Desk
from geo.incidents.rules.vocabulary import VOCABULARIES
from geo.incidents.store import book as stored
from geo.incidents.store import vocabularies
from geo.incidents.store.book import Category
from geo.incidents.store.vocabularies import VocabularyRow


class CategoryChoice(TypedDict):
    """A category with the one above it, and its pinyin."""

    name: str
    group: str | None
    emergency: bool
    spelled: str


class WordChoice(TypedDict):
    """A source, a reason or a result."""

    code: str
    name: str


class UnitChoice(TypedDict):
    """A unit with its office phone and its pinyin."""

    code: str
    name: str
    duty_phone: str | None
    spelled: str


class Choices(TypedDict):
    """What a form of an incident may name; reasons by the move that they are given for."""

    categories: list[CategoryChoice]
    sources: list[WordChoice]
    reasons: dict[str, list[WordChoice]]
    results: list[WordChoice]
    units: list[UnitChoice]


def list_choices(desk: Desk, who: Principal, lang: str) -> Choices:
    """Return what a form may name: categories and units with their pinyin, sources, words of moves.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who asks.
    lang
        "zh" or "en".
    """
    book = desk.book(who)
    categories = [each for each in book.rows.categories if is_offered(book, each)]
    names = {each.name for each in categories} | {each.name for each in book.rows.units}
    with transaction.open_as(desk.engine, who) as connection:
        spelled = stored.spell_names(connection, sorted(names))
        reasons = vocabularies.read_rows(connection, VOCABULARIES["reasons"])
        results = vocabularies.read_rows(connection, VOCABULARIES["results"])
    return {
        "categories": [
            {
                "name": each.name,
                "group": _group(book, each),
                "emergency": each.emergency,
                "spelled": spelled[each.name],
            }
            for each in categories
        ],
        "sources": [
            {"code": each.code, "name": each.zh if lang == "zh" else each.en}
            for each in book.rows.sources
        ],
        "reasons": _reasons(reasons, lang),
        "results": _offered(results, lang),
        "units": [
            {
                "code": each.code,
                "name": each.name,
                "duty_phone": each.duty_phone,
                "spelled": spelled[each.name],
            }
            for each in sorted(book.rows.units, key=lambda unit: unit.code)
        ],
    }


def _reasons(rows: list[VocabularyRow], lang: str) -> dict[str, list[WordChoice]]:
    """Return the reasons that are offered, by the move that they are given for."""
    moves = dict.fromkeys(row.values["move"] for row in rows)
    return {
        move: _offered([row for row in rows if row.values["move"] == move], lang) for move in moves
    }


def _offered(rows: list[VocabularyRow], lang: str) -> list[WordChoice]:
    return [
        {"code": row.values["code"], "name": row.values[lang]}
        for row in rows
        if row.values["active"]
    ]


def is_offered(book: IntakeBook, category: Category) -> bool:
    """Return whether a category is the one of its name, and none that only holds others.

    Parameters
    ----------
    book
        What intake looks up.
    category
        One of its categories.
    """
    holds = any(each.upper_code == category.code for each in book.rows.categories)
    return category.active and not holds and book.categories[category.name] is category


def _group(book: IntakeBook, category: Category) -> str | None:
    upper = book.categories.get(category.upper_code or "")
    return upper.name if upper else None
