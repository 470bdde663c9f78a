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
_STEP_DOWN: Final = text(
    "SELECT set_config('role', CASE WHEN current_user = :service THEN :reading"
    " ELSE current_setting('role') END, true)"
)


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
    roles = {"service": cluster.SERVICE_ROLE, "reading": cluster.READING_ROLE}
    connection.execute(_STEP_DOWN, roles)
