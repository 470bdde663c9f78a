"""Codes and names of the areas valid today."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.base.json_objects import FreeColumns

_DISTRICTS: Final = text(
    "SELECT name FROM govgrid.area_now WHERE level = 'district' ORDER BY name LIMIT 2"
)
_ATTRIBUTES: Final = text(
    "SELECT attributes FROM govgrid.area_now WHERE level = 'district' ORDER BY code"
)
_REMARKS: Final = text(
    "SELECT DISTINCT attributes ->> 'remark' FROM govgrid.area_now"
    " WHERE level = 'district' AND attributes ? 'remark'"
)
_GRANTED: Final = predicates.AREA.format(path="a.path")
_THERE: Final = text(
    f"SELECT EXISTS (SELECT FROM govgrid.area_now a WHERE a.code = ANY(:codes) AND {_GRANTED})"
)
_NAMED: Final = text(
    "SELECT a.code, a.name FROM govgrid.area_now a WHERE a.level IN ('township', 'community')"
    f" AND NOT a.attributes ? 'made' AND {_GRANTED} ORDER BY a.level DESC, a.code"
)
_CODES: Final = text(f"SELECT a.level, a.code FROM govgrid.area_now a WHERE {_GRANTED}")
_SHAPE: Final = text(f"SELECT a.geom FROM govgrid.area_now a WHERE a.code = :code AND {_GRANTED}")


def district_names(connection: Connection) -> list[str]:
    """Return the names of up to two districts."""
    return list(connection.execute(_DISTRICTS).scalars())


def district_attributes(connection: Connection) -> list[FreeColumns]:
    """Return the free columns of the districts."""
    return list(connection.execute(_ATTRIBUTES).scalars())


def district_remarks(connection: Connection) -> list[str]:
    """Return what exports of the districts must say of themselves."""
    return list(connection.execute(_REMARKS).scalars())


def is_known(connection: Connection, codes: Sequence[str], parameters: Mapping[str, Any]) -> bool:
    """Return whether a granted area has one of some codes.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of areas.
    parameters
        Grants of the principal as SQL parameters.
    """
    asked = {**parameters, "codes": list(codes)}
    return bool(connection.execute(_THERE, asked).scalar_one())


def granted_names(connection: Connection, parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return code and name of the granted townships and communities.

    Parameters
    ----------
    connection
        Open transaction.
    parameters
        Grants of the principal as SQL parameters.
    """
    return [(row.code, row.name) for row in connection.execute(_NAMED, parameters)]


def granted_codes(connection: Connection, parameters: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return level and code of the granted areas.

    Parameters
    ----------
    connection
        Open transaction.
    parameters
        Grants of the principal as SQL parameters.
    """
    return {(row.level, row.code) for row in connection.execute(_CODES, parameters)}


def area_shape(connection: Connection, code: str, parameters: Mapping[str, Any]) -> bytes | None:
    """Return the polygon of a granted area as EWKB, None if there is none with that code.

    Parameters
    ----------
    connection
        Open transaction.
    code
        Code of the area.
    parameters
        Grants of the principal as SQL parameters.
    """
    row = connection.execute(_SHAPE, {**parameters, "code": code}).first()
    return None if row is None else row.geom
