"""Codes of areas: whether there is one of a code, and those with names that a reader may choose."""

from typing import Final

from sqlalchemy import Connection, Engine, text

from geo.access import predicates, transaction
from geo.access.principal import Reader
from geo.base.codes import full_area_code
from geo.base.errors import NotFoundError

_THERE: Final = text(
    "SELECT EXISTS (SELECT FROM govgrid.area_now a WHERE a.code = ANY(:codes)"
    f" AND {predicates.AREA.format(path='a.path')})"
)
_NAMED: Final = text(
    "SELECT a.code, a.name FROM govgrid.area_now a WHERE a.level IN ('township', 'community')"
    f" AND NOT a.attributes ? 'made' AND {predicates.AREA.format(path='a.path')}"
    " ORDER BY a.level DESC, a.code"
)


def require_area(connection: Connection, code: str, *, reader: Reader | None = None) -> None:
    """Refuse a code that is of no area of today.

    Parameters
    ----------
    reader
        To whom the area must be granted; None: any area will do.

    Raises
    ------
    NotFoundError
        With the code.
    """
    granted = reader.parameters if reader else {"everything": True, "areas": []}
    asked = {**granted, "codes": [code, full_area_code(code)]}
    if not connection.execute(_THERE, asked).scalar_one():
        raise NotFoundError("area.unknown", code=code)


def granted_names(engine: Engine, reader: Reader) -> list[tuple[str, str]]:
    """Return code and name of the townships and communities that are granted to `reader`."""
    with transaction.open_read_only(engine, reader) as connection:
        rows = connection.execute(_NAMED, reader.parameters)
        return [(row.code, row.name) for row in rows]
