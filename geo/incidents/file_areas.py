"""Areas that a file names in words: of incidents that come by date and community alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from geo.incidents.store import file_areas as stored
from geo.incidents.store.file_areas import AreaChain

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from sqlalchemy import Connection

LEVELS: Final = ("grid", "community", "township")
ORDER: Final = ("community", "township", "grid", "district")
COLUMNS: Final = ("area_unit_id", "grid_code", "community_code", "township_code")
_ENDINGS: Final = re.compile("(社区|村)?(居民委员会|村民委员会|居委会|村委会)$|社区$|村$")


@dataclass(frozen=True)
class UnknownArea:
    """A row whose word names no area of its day, or several."""

    row: int
    word: str


def resolve_words(
    connection: Connection, rows: gpd.GeoDataFrame, days: pd.Series
) -> tuple[gpd.GeoDataFrame, tuple[UnknownArea, ...]]:
    """Return rows with the code of the area that each names, and those that name none.

    A word is a code, a name, or a name without its ending (先锋 of 先锋社区); of one name at
    several levels the community counts.

    Parameters
    ----------
    connection
        Open transaction.
    rows
        Incidents of a file with ``located_code``, or without the column.
    days
        The day of each row.
    """
    import pandas as pd

    if "located_code" not in rows:
        return rows, ()
    words = [None if pd.isna(word) else str(word).strip() for word in rows["located_code"]]
    books: dict[date, dict[str, str]] = {}
    codes: list[str | None] = []
    unknown = []
    for row, day, word in zip(rows.index.tolist(), days.tolist(), words, strict=True):
        if word and day not in books:
            books[day] = _words(connection, day)
        codes.append(books[day].get(word) if word else None)
        if word and codes[-1] is None:
            unknown.append(UnknownArea(int(row), word))
    column = pd.Series(codes, index=rows.index, dtype=object)
    return rows.assign(located_code=column), tuple(unknown)


def locate_by_area(connection: Connection, rows: gpd.GeoDataFrame, days: pd.Series) -> pd.DataFrame:
    """Return `COLUMNS` of the rows that have an area and no place.

    Parameters
    ----------
    connection
        Open transaction.
    rows
        Rows with codes, as from :func:`resolve_words`.
    days
        The day of each row.
    """
    import pandas as pd

    blank = (rows.geometry.isna() | rows.geometry.is_empty).tolist()
    books: dict[date, Mapping[str, AreaChain]] = {}
    cells, found = [], []
    located = zip(rows.index.tolist(), days.tolist(), rows["located_code"], blank, strict=True)
    for row, day, code, is_blank in located:
        if not is_blank or pd.isna(code):
            continue
        if day not in books:
            books[day] = stored.chains_of(connection, day)
        chain = books[day].get(str(code))
        if chain is not None:
            cells.append((chain.unit_id, *(chain.above.get(level) for level in LEVELS)))
            found.append(row)
    return pd.DataFrame(cells, columns=list(COLUMNS), index=found, dtype=object)


def _words(connection: Connection, day: date) -> dict[str, str]:
    """Return the code of each word that names one area of a day."""
    known: dict[str, dict[str, str]] = defaultdict(dict)
    for level, code, name in stored.areas_of_day(connection, day):
        for word in {code, name, _ENDINGS.sub("", name)} - {""}:
            known[word].setdefault(level, code)
            if known[word][level] != code:
                known[word][level] = ""  # several: none
    found = {}
    for word, levels in known.items():
        code = next((levels[level] for level in ORDER if level in levels), "")
        if code:
            found[word] = code
    return found
