"""As whom the local command line acts: the system itself, or cut to one account."""

from sqlalchemy import Engine, text

from geo.access import principal
from geo.access.accounts import sessions
from geo.access.principal import Reader
from geo.base.errors import NotFoundError
from geo.store import db

_ACCOUNT = text(
    "SELECT id, name, holder, kind, unit_code, unit_name FROM govgrid.account"
    " WHERE name = :name AND disabled_at IS NULL"
)


def acting_principal(engine: Engine, account: str | None) -> Reader:
    """Return who acts: ``os:<user>`` with all rights, or with `account` what that one may.

    Raises
    ------
    NotFoundError
        If there is no such account, or it is disabled.
    """
    if account is None:
        return principal.system_principal(principal.local_user())
    with db.open_transaction(engine) as connection:
        row = connection.execute(_ACCOUNT, {"name": account.strip().lower()}).mappings().first()
        if row is None:
            raise NotFoundError("access.no_account", name=account)
        return sessions.reader_of(connection, row, address=principal.local_user())
