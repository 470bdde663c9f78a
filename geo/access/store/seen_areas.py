"""Which cameras see some of which area, for who may not know where they stand."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Connection, text

_COUNTS: Final = text(
    "SELECT a.level, a.code, c.owner_kind, c.code = ANY(CAST(:foreign AS text[])), count(*)"
    " FROM govgrid.area_now a"
    " JOIN unnest(CAST(:levels AS text[]), CAST(:codes AS text[])) AS w (level, code)"
    "  ON w.level = a.level AND w.code = a.code"
    " JOIN govgrid.camera_sees_area s ON s.area = a.id"
    " JOIN govgrid.camera_contact c ON c.code = s.camera_code"
    " WHERE c.code <> ALL(CAST(:known AS text[])) GROUP BY 1, 2, 3, 4"
)


def count_seeing(
    connection: Connection,
    areas: Sequence[tuple[str, str]],
    *,
    known: Collection[str],
    foreign: Collection[str],
) -> list[tuple[str, str, str | None, bool, int]]:
    """Return how many cameras may see some of each area, but for those that are known.

    Parameters
    ----------
    connection
        With the rights to read all cameras.
    areas
        Levels and codes.
    known
        Codes of cameras that are left out.
    foreign
        Codes of those that are counted apart.

    Returns
    -------
    list
        Level and code of the area, owner kind, whether of `foreign`, number.
    """
    levels, codes = zip(*areas, strict=True) if areas else ((), ())
    asked = {"levels": list(levels), "codes": list(codes)}
    found = connection.execute(_COUNTS, {**asked, "known": [*known], "foreign": [*foreign]})
    return [tuple(row) for row in found]
