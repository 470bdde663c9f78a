"""Managing units: who files the cameras in use that a reader may see."""

from sqlalchemy import Connection

from geo.access.principal import Reader
from geo.cameras.store import filings as stored


def list_units(connection: Connection, reader: Reader) -> list[str]:
    """Return the names of the units, in order."""
    return stored.managing_units(connection, reader.parameters)


def is_managing_unit(connection: Connection, reader: Reader, unit: str) -> bool:
    """Return whether `unit` manages any of the cameras."""
    return stored.is_managing_unit(connection, unit, reader.parameters)
