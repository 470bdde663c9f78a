"""What of accounts is no longer of use after some days."""

from typing import Final

from sqlalchemy import Connection, text

_EXPIRED: Final = (
    text("DELETE FROM govgrid.session WHERE expires_at < now() - interval '1 day'"),
    text("DELETE FROM govgrid.login_failure WHERE at < now() - interval '2 days'"),
    text("DELETE FROM govgrid.bulk_read WHERE hour < now() - interval '30 days'"),
)

_ALL_SESSIONS: Final = text("DELETE FROM govgrid.session")


def delete_expired(connection: Connection) -> None:
    """Delete ended sessions, failures that no longer count, and old counts of bulk reads."""
    for each in _EXPIRED:
        connection.execute(each)


def delete_sessions(connection: Connection) -> int:
    """Delete all sessions, so that everybody has to log in again; return how many there were."""
    return int(connection.execute(_ALL_SESSIONS).rowcount)
