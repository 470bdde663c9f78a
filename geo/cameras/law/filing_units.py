"""Managing units: who files the cameras in use that a reader may see."""

from typing import Final

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.access.principal import Reader
from geo.access.roles import depth_no

OWN: Final = (
    f" FROM {predicates.CAMERAS} g JOIN govgrid.camera c ON c.code = g.code"
    f" AND g.depth >= {depth_no('position')} AND g.exact WHERE c.status IS DISTINCT FROM 'removed'"
)
"""The cameras in use whose exact position the reader may see, as the end of a query; `c` is one."""

_UNITS: Final = text(
    f"SELECT DISTINCT c.management_unit{OWN} AND c.management_unit <> '' ORDER BY 1"
)
_KNOWN: Final = text(f"SELECT EXISTS (SELECT{OWN} AND c.management_unit = :asked_unit)")


def list_units(connection: Connection, reader: Reader) -> list[str]:
    """Return the names of the units, in order."""
    return [str(unit) for unit in connection.execute(_UNITS, reader.parameters).scalars()]


def is_managing_unit(connection: Connection, reader: Reader, unit: str) -> bool:
    """Return whether `unit` manages any of the cameras."""
    asked = {**reader.parameters, "asked_unit": unit}
    return bool(connection.execute(_KNOWN, asked).scalar_one())
