"""Codes of areas: whether there is one of a code, asked before anything is computed of it."""

from typing import Final

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.access.principal import Reader
from geo.base.codes import full_area_code
from geo.base.errors import NotFoundError

_THERE: Final = text(
    "SELECT EXISTS (SELECT FROM govgrid.area_now a WHERE a.code = ANY(:codes)"
    f" AND {predicates.AREA.format(path='a.path')})"
)


def require(connection: Connection, code: str, *, reader: Reader | None = None) -> None:
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
