"""Code cards: the rows of the table ``login_code``."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

_ISSUE: Final = text(
    "UPDATE govgrid.account SET card_at = now(), factor_owed = true WHERE id = :id"
)
_INSERT: Final = text(
    "INSERT INTO govgrid.login_code (account, number, hmac) VALUES (:account, :number, :hmac)"
)
_DELETE: Final = text("DELETE FROM govgrid.login_code WHERE account = :account")
_NEXT: Final = text(
    "SELECT min(number) FROM govgrid.login_code WHERE account = :account AND used_at IS NULL"
)
# Who comes second waits for the row, and finds it used.
_USE: Final = text(
    "UPDATE govgrid.login_code SET used_at = now() WHERE account = :account AND number = :number"
    " AND hmac = :hmac AND used_at IS NULL RETURNING number"
)


def replace_codes(connection: Connection, account: str, hmacs: Mapping[int, bytes]) -> None:
    """Store the codes of a new card in place of those of the one before.

    Parameters
    ----------
    connection
        Open transaction of who manages accounts.
    account
        Id (uuid).
    hmacs
        What is kept of each code, by its number.
    """
    delete_codes(connection, account)
    connection.execute(_ISSUE, {"id": account})
    rows = [{"account": account, "number": n, "hmac": hmac} for n, hmac in hmacs.items()]
    connection.execute(_INSERT, rows)


def delete_codes(connection: Connection, account: str) -> int:
    """Delete the codes of an account; return how many there were.

    Parameters
    ----------
    connection
        Open transaction of who manages accounts.
    account
        Id (uuid).
    """
    return int(connection.execute(_DELETE, {"account": account}).rowcount)


def next_number(connection: Connection, account: str) -> int | None:
    """Return the number of the code that is asked for next, None where none is left.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    account
        Id (uuid).
    """
    found: int | None = connection.execute(_NEXT, {"account": account}).scalar_one()
    return found


def use_code(connection: Connection, account: str, number: int, hmac: bytes) -> bool:
    """Mark a code as used; return whether it is the right one and was not used before.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    account
        Id (uuid).
    number
        Of the code.
    hmac
        Of what was typed.
    """
    asked = {"account": account, "number": number, "hmac": hmac}
    return connection.execute(_USE, asked).first() is not None
