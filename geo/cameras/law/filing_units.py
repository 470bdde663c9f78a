"""Managing units, which file the cameras in use that a principal may see."""

from sqlalchemy import Connection

from geo.access.principal import Principal
from geo.cameras.store import filings as stored


def list_units(connection: Connection, reader: Principal) -> list[str]:
    """Return the names of the units, in order.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    reader
        Only units of cameras that it may see.
    """
    return stored.managing_units(connection, reader.parameters)


def is_managing_unit(connection: Connection, reader: Principal, unit: str) -> bool:
    """Return whether a unit manages any camera that a principal may see.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    reader
        Principal whose grants apply.
    unit
        Name of the unit.
    """
    return stored.is_managing_unit(connection, unit, reader.parameters)
