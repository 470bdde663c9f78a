"""Errors of the driver, turned into ours: what the database refused, and what became of it."""

from typing import Final

import psycopg2
from sqlalchemy.exc import DBAPIError

from geo.base.errors import (
    DiskFullError,
    InputError,
    StoreError,
    UnavailableError,
    UncertainError,
)

# SQLSTATEs that a user can do something about, and the sentence for each.
SENTENCES: Final = {
    "57014": "store.too_slow",
    "42P01": "store.not_migrated",
    "3F000": "store.not_migrated",
    "42501": "store.no_rights",
    "0A000": "store.no_postgis",
    "58P01": "store.no_postgis",
    "40001": "store.collided",
    "40P01": "store.collided",
    "23505": "store.collided",
}
NO_TIME: Final = frozenset({"22007", "22008", "22009"})
"""Times that no database keeps: a year out of range, a zone more than sixteen hours away."""
DISK_FULL: Final = "53100"
READ_ONLY: Final = "25006"
TOO_MANY: Final = "53300"
# what the driver says where it has no SQLSTATE of a line that broke
_BROKEN: Final = ("no message from the libpq", "lost synchronization", "closed", "terminat")


def translate_error(
    error: DBAPIError | psycopg2.Error, *, committing: bool = False, guarded: bool = False
) -> StoreError | InputError:
    """Return our error for the driver's, whether it came bare (COPY) or wrapped.

    Parameters
    ----------
    error
        What the driver raised.
    committing
        COMMIT was under way: where the connection broke, nobody knows what became of it.
    guarded
        The transaction could only read, because the disk is nearly full.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "pgcode", None)
    reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    if state == DISK_FULL or (guarded and state == READ_ONLY):
        return DiskFullError("store.disk_full")
    if state in SENTENCES:
        return StoreError(SENTENCES[state], reason=reason)
    if state in NO_TIME:
        return InputError("store.no_time", reason=reason)
    if _lost(error, cause, state):
        if committing:
            return UncertainError("store.uncertain", reason=reason)
        return UnavailableError("store.unavailable", reason=reason)
    if state == TOO_MANY:
        return UnavailableError("store.unavailable", reason=reason)
    return StoreError("store.refused", reason=reason)


def _lost(error: Exception, cause: BaseException | None, state: str | None) -> bool:
    """Return whether the connection broke or was never made, however the driver says it."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if state is not None:
        return state[:2] == "08" or state[:3] == "57P"
    if isinstance(cause, psycopg2.OperationalError | psycopg2.InterfaceError):
        return True
    return isinstance(cause, psycopg2.DatabaseError) and any(s in str(cause) for s in _BROKEN)
