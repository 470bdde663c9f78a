"""What a form of an incident offers: categories, sources, units, as they are spelled."""

from typing import Any

from geo.access import transaction
from geo.access.principal import Principal
from geo.incidents.book import IntakeBook
from geo.incidents.desk import Desk
from geo.incidents.store import book as stored
from geo.incidents.store.book import Category


def list_choices(desk: Desk, who: Principal, lang: str) -> dict[str, Any]:
    """Return the categories, sources and units that a form may name, each with its pinyin.

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


def _is_shown(book: IntakeBook, category: Category) -> bool:
    """Return whether a category is the one of its name, and none that only holds others."""
    holds = any(each.upper_code == category.code for each in book.rows.categories)
    return category.active and not holds and book.categories[category.name] is category


def _group(book: IntakeBook, category: Category) -> str | None:
    upper = book.categories.get(category.upper_code or "")
    return upper.name if upper else None
