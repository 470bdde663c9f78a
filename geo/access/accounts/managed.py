"""Accounts that an administrator changes: who may, and which row is held meanwhile."""

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from geo.access import passwords
from geo.access.accounts.separation_of_duties import require_apart
from geo.access.principal import Principal
from geo.access.store import accounts as stored
from geo.base.errors import NotFoundError

NAME: Final = re.compile("[a-z0-9][a-z0-9._@-]{1,63}")
MOST_TEXT: Final = 100


@dataclass(frozen=True)
class ManagedAccount:
    """An account that is being changed, by its id (uuid) and name."""

    id: str
    name: str
    kind: str
    holder: str
    unit_name: str


def require_manager(reader: Principal) -> None:
    """Refuse who makes no accounts, or is administrator of some areas only.

    Raises
    ------
    ForbiddenError
        An account belongs to no area: whoever resets the one of the district becomes it.
    """
    reader.require("accounts")
    reader.cut("accounts").require_whole()


def lock_managed(
    connection: Connection, reader: Principal, name: str, *, apart: bool = True
) -> ManagedAccount:
    """Return an account that the reader may change, held until the end of the transaction.

    Parameters
    ----------
    connection
        Open transaction of the reader.
    reader
        Administrator of accounts.
    name
        Name of the account.
    apart
        Whether it must not be one that watches over the reader.

    Raises
    ------
    ForbiddenError
        If the reader makes no accounts, or may not change this one.
    NotFoundError
        If there is no such account.
    """
    require_manager(reader)
    known = passwords.normalize_password(name).strip().lower()
    row = stored.lock_account(connection, known) if NAME.fullmatch(known) else None
    if row is None:
        raise NotFoundError("account.unknown", name=name[:MOST_TEXT])
    if apart:
        require_apart(connection, reader, str(row["id"]), known)
    return ManagedAccount(str(row["id"]), known, row["kind"], row["holder"], row["unit_name"])
