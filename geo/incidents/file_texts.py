"""Texts of incidents of a file: numbers of persons are left out, however they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from geo.base.personal_numbers import find_numbers, number_digits, redact_spans
from geo.incidents.store import intake as stored

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from sqlalchemy import Connection

TEXTS: Final = ("title", "description", "address")


@dataclass(frozen=True)
class Redacted:
    """A text of a row in which numbers of persons stood."""

    row: int
    field: str


def redact_texts(
    connection: Connection, rows: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, list[Redacted]]:
    """Return rows whose texts hold no number of a person, and which texts did.

    Parameters
    ----------
    connection
        Open transaction: codes of things and office numbers that look alike are known there.
    rows
        Usable rows by row number.
    """
    suspect = {name: _suspect(rows[name]) for name in TEXTS if name in rows}
    texts = [text for each in suspect.values() for text in each]
    if not texts:
        return rows, []
    numbers = sorted(frozenset().union(*map(number_digits, texts)))
    known = stored.known_numbers(connection, numbers)
    kept, found = rows.copy(), []
    for name, column in suspect.items():
        for row, text in column.items():
            spans = find_numbers(text, known)
            if spans:
                kept.loc[row, name] = redact_spans(text, spans)
                found.append(Redacted(int(str(row)), name))
    return kept, found


def _suspect(column: pd.Series) -> pd.Series:
    texts = column[column.map(lambda cell: isinstance(cell, str))]
    return texts[texts.map(lambda text: bool(find_numbers(text)))]
