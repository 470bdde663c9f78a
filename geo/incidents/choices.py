"""What a form of an incident offers: categories, sources, units, as they are spelled."""

from typing import Any

from geo.access import transaction
from geo.access.principal import Principal
from geo.incidents.book import IntakeBook
from geo.incidents.desk import Desk
from geo.incidents.rules.vocabulary import VOCABULARIES
from geo.incidents.store import book as stored
from geo.incidents.store import vocabularies
from geo.incidents.store.book import Category
from geo.incidents.store.vocabularies import VocabularyRow


def list_choices(desk: Desk, who: Principal, lang: str) -> dict[str, Any]:
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
    categories = [each for each in book.rows.categories if _is_shown(book, each)]
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


def _reasons(rows: list[VocabularyRow], lang: str) -> dict[str, list[dict[str, str]]]:
    """Return the reasons that are offered, by the move that they are given for."""
    moves = dict.fromkeys(row.values["move"] for row in rows)
    return {
        move: _offered([row for row in rows if row.values["move"] == move], lang) for move in moves
    }


def _offered(rows: list[VocabularyRow], lang: str) -> list[dict[str, str]]:
    return [
        {"code": row.values["code"], "name": row.values[lang]}
        for row in rows
        if row.values["active"]
    ]


def _is_shown(book: IntakeBook, category: Category) -> bool:
    """Return whether a category is the one of its name, and none that only holds others."""
    holds = any(each.upper_code == category.code for each in book.rows.categories)
    return category.active and not holds and book.categories[category.name] is category


def _group(book: IntakeBook, category: Category) -> str | None:
    upper = book.categories.get(category.upper_code or "")
    return upper.name if upper else None
