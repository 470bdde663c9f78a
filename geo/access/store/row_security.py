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
_IS_SERVICE: Final = text("SELECT current_user = :role")


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
    if connection.execute(_IS_SERVICE, {"role": cluster.SERVICE_ROLE}).scalar_one():
        connection.execute(text(f"SET LOCAL ROLE {cluster.READING_ROLE}"))
