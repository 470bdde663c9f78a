"""Principal of the local command line: the system itself, or limited to one account."""

from sqlalchemy import Engine

from geo.access import principal
from geo.access.accounts import sessions
from geo.access.principal import Principal
from geo.access.store import accounts as stored
from geo.base.errors import NotFoundError
from geo.store import db


def acting_principal(engine: Engine, account: str | None) -> Principal:
    """Return the principal of a command.

    Parameters
    ----------
    account
        Name of an account whose grants apply; None: ``os:<user>`` with all permissions.

    Raises
    ------
    NotFoundError
        If there is no such account, or it is disabled.
    """
    if account is None:
        return principal.system_principal(principal.local_user())
    with db.open_transaction(engine) as connection:
        row = stored.find_working(connection, account.strip().lower())
        if row is None:
            raise NotFoundError("access.no_account", name=account)
        return sessions.reader_of(connection, row, address=principal.local_user())
