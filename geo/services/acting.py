"""As whom the local command line acts: the system itself, or cut to one account."""

from sqlalchemy import Engine, text

from geo.base.errors import NotFoundError
from geo.services import access, sessions
from geo.services.access import Reader
from geo.store import db

_ACCOUNT = text(
    "SELECT id, name, holder, kind, unit_code, unit_name FROM govgrid.account"
    " WHERE name = :name AND disabled_at IS NULL"
)


def acting(engine: Engine, account: str | None) -> Reader:
    """Return who acts: ``os:<user>`` with all rights, or with `account` what that one may.

    Raises
    ------
    NotFoundError
        If there is no such account, or it is disabled.
    """
    if account is None:
        return access.system(access.whoami())
    with db.transaction(engine) as connection:
        row = connection.execute(_ACCOUNT, {"name": account.strip().lower()}).mappings().first()
        if row is None:
            raise NotFoundError("access.no_account", name=account)
        return sessions.reader_of(connection, row, address=access.whoami())
