"""Row-level security: settings and role of the transaction."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from geo.store.cluster import cluster

_SET: Final = text(
    "SELECT set_config('govgrid.granted', :granted, true),"
    " set_config('govgrid.account', :account, true),"
    " set_config('govgrid.unit', :unit, true),"
    " set_config('govgrid.actions', :actions, true)"
)
_ROLE: Final = (
    "set_config('role', CASE WHEN current_user = :service THEN :reading"
    " ELSE current_setting('role') END, true)"
)
_STEP_DOWN: Final = text(f"SELECT {_ROLE}")
_STEP_UP: Final = text(
    "SELECT set_config('role', CASE WHEN current_user = :reading THEN :service"
    " ELSE current_setting('role') END, true)"
)
_SET_READING: Final = text(f"{_SET.text}, {_ROLE}")
_ROLES: Final = {"service": cluster.SERVICE_ROLE, "reading": cluster.READING_ROLE}


def set_principal(connection: Connection, settings: Mapping[str, str]) -> None:
    """Set the principal of row-level security until the end of the transaction.

    Parameters
    ----------
    connection
        Open transaction.
    settings
        ``granted``, ``account``, ``unit`` and ``actions``, lists joined by commas.
    """
    connection.execute(_SET, settings)


def use_reading_role(connection: Connection) -> None:
    """Set the role of the transaction to the reading one, if it is the service's."""
    connection.execute(_STEP_DOWN, _ROLES)


def leave_reading_role(connection: Connection) -> None:
    """Set the role of the transaction back to the service's, if it is the reading one."""
    connection.execute(_STEP_UP, _ROLES)


def set_reading_principal(connection: Connection, settings: Mapping[str, str]) -> None:
    """Do what :func:`set_principal` and :func:`use_reading_role` do, in one statement.

    Parameters
    ----------
    connection
        Open transaction.
    settings
        As for :func:`set_principal`.
    """
    connection.execute(_SET_READING, {**settings, **_ROLES})
