"""Client certificates: checked by the proxy, known here by their fingerprint or subject."""

import hmac
import re
import unicodedata
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from geo.access import transaction
from geo.access.accounts import managed
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.store import accounts as stored
from geo.base.errors import InputError, StateError

FINGERPRINT: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
MOST: Final = 500


def normalize_certificate(written: str) -> str:
    """Return a fingerprint (SHA-1, SHA-256) in small letters without colons, else the subject."""
    said = unicodedata.normalize("NFC", written).strip()
    digits = re.sub("[:\\s]", "", said).lower()
    return digits if FINGERPRINT.fullmatch(digits) else said


def is_certificate_of(registered: str | None, shown: str) -> bool:
    """Return whether a certificate is the one that was registered for an account.

    Parameters
    ----------
    registered
        As stored, None for none.
    shown
        What the proxy said, "" for none.
    """
    if registered is None or not shown:
        return False
    return hmac.compare_digest(registered.encode(), normalize_certificate(shown).encode())


def register_certificate(engine: Engine, reader: Principal, name: str, written: str) -> str:
    """Register the certificate of an account and return it as stored; it replaces another one.

    Parameters
    ----------
    reader
        Administrator of accounts.
    name
        Name of the account.
    written
        Fingerprint or subject, as the proxy tells it.

    Raises
    ------
    ForbiddenError
        See :func:`geo.access.accounts.managed.lock_managed`.
    NotFoundError
        If there is no such account.
    InputError
        If it can be neither, or belongs to another account.
    StateError
        If the account is a program's, which logs in by key.
    """
    known = normalize_certificate(written)
    if not 0 < len(known) <= MOST or not known.isprintable():
        raise InputError("account.certificate", found=known[:40], most=MOST)
    with transaction.open_as(engine, reader) as connection:
        found = managed.lock_managed(connection, reader, name)
        if found.kind == "service":
            raise StateError("account.no_card", name=found.name)
        try:
            with connection.begin_nested():
                stored.set_certificate(connection, found.id, known)
        except IntegrityError as error:
            raise InputError("account.certificate_taken", found=known) from error
        audit.record(connection, reader, "account.certificate", found.name, facts={"on": True})
    return known


def remove_certificate(engine: Engine, reader: Principal, name: str) -> None:
    """Remove the certificate of an account, which still owes a second factor.

    Parameters
    ----------
    reader
        Administrator of accounts.
    name
        Name of the account.

    Raises
    ------
    ForbiddenError
        See :func:`geo.access.accounts.managed.lock_managed`.
    NotFoundError
        If there is no such account.
    """
    with transaction.open_as(engine, reader) as connection:
        found = managed.lock_managed(connection, reader, name)
        stored.set_certificate(connection, found.id, None)
        audit.record(connection, reader, "account.certificate", found.name, facts={"on": False})
