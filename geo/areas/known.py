"""Codes of areas: whether there is one of a code, and those with names that a reader may choose."""

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.areas.store import boxes, names
from geo.areas.store.boxes import NamedArea
from geo.base.codes import full_area_code
from geo.base.errors import NotFoundError


def require_area(connection: Connection, code: str, *, reader: Principal | None = None) -> None:
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
    if not names.is_known(connection, [code, full_area_code(code)], granted):
        raise NotFoundError("area.unknown", code=code)


def granted_names(engine: Engine, reader: Principal) -> list[tuple[str, str]]:
    """Return code and name of the townships and communities granted to a principal.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    """
    with transaction.open_read_only(engine, reader) as connection:
        return names.granted_names(connection, reader.parameters)


def granted_areas(engine: Engine, reader: Principal) -> list[NamedArea]:
    """Return the areas granted to a principal with their bounding boxes.

    Parameters
    ----------
    engine
        Pool of the service.
    reader
        Principal whose grants apply.
    """
    with transaction.open_read_only(engine, reader) as connection:
        return boxes.read_boxes(connection, reader.parameters)
