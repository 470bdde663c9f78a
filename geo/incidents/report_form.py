"""The form of a reporter: at most twelve categories, a sentence, a picture, a place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from typing_extensions import TypedDict

from geo.access import transaction
from geo.access.principal import Principal
from geo.incidents.attachments import KINDS
from geo.incidents.choices import is_offered
from geo.incidents.desk import Desk
from geo.incidents.report import MOST_TEXT
from geo.incidents.rules.file_cleaning import MOST_BYTES
from geo.incidents.rules.vocabulary import MOST_REPORTED, VOCABULARIES
from geo.incidents.store import vocabularies as stored

PICTURES: Final = ("image/jpeg", "image/png")


class ReportCategory(TypedDict):
    """A category on the form, with its class of GB/T 30428 where the site knows it."""

    code: str
    name: str
    emergency: bool
    gbt30428_class: str | None


class ReportForm(TypedDict):
    """What the form of a reporter holds, and how much of it is taken."""

    categories: list[ReportCategory]
    most_text: int
    picture_kind: str
    picture_types: list[str]
    most_picture_bytes: int


def describe_report_form(desk: Desk, who: Principal, lang: str) -> ReportForm:
    """Return the form of a reporter: the categories that have a place on it, in that order.

    Where none has one, the first twelve that there are. A category of the site has the place of the
    one of its name that came with the program, until it or another is given a place.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who reports.
    lang
        "zh" or "en": of the names, where a category has an English one.
    """
    book = desk.book(who)
    offered = {each.code for each in book.rows.categories if is_offered(book, each)}
    with transaction.open_as(desk.engine, who) as connection:
        rows = [row.values for row in stored.read_rows(connection, VOCABULARIES["categories"])]
    chosen = _chosen(rows, offered)
    return {
        "categories": [
            {
                "code": row["code"],
                "name": (row["en"] if lang == "en" else None) or row["name"],
                "emergency": row["emergency"],
                "gbt30428_class": row["gbt30428_class"],
            }
            for row in chosen[:MOST_REPORTED]
        ],
        "most_text": MOST_TEXT,
        "picture_kind": KINDS[0],
        "picture_types": list(PICTURES),
        "most_picture_bytes": MOST_BYTES,
    }


def _chosen(rows: Sequence[Mapping[str, Any]], offered: Collection[str]) -> list[Mapping[str, Any]]:
    """Return the categories of the form in their order."""
    shipped = {row["name"]: row["report_rank"] for row in rows if row["shipped"]}
    places: dict[int, Mapping[str, Any]] = {}
    shown = [row for row in rows if row["code"] in offered]
    for row in sorted(shown, key=lambda row: row["shipped"] or row["report_rank"] is None):
        rank = row["report_rank"] or shipped.get(row["name"])
        if rank is not None:
            places.setdefault(rank, row)
    return [places[rank] for rank in sorted(places)] or shown
