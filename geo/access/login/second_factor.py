"""Second factor: time-based codes of an authenticator (TOTP, RFC 6238), each accepted once."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyotp
from sqlalchemy import Connection, RowMapping

from geo.access.principal import Principal
from geo.access.store import logins as stored_logins
from geo.base import secrets
from geo.base.errors import InputError
from geo.base.settings import Settings

PURPOSE: Final = "totp"
ISSUER: Final = "govgrid"
STEP_S: Final = 30
WINDOW: Final = 1
"""Steps that a clock may be off, either way."""
SECRET: Final = re.compile("[A-Z2-7]{32}")
CODE: Final = re.compile("[0-9]{6}")


@dataclass(frozen=True)
class Enrolment:
    """A new key of an authenticator, and how it takes it in (``otpauth:``)."""

    secret: str
    uri: str


def new_key(who: Principal) -> Enrolment:
    """Return a new key; nothing is kept of it before it is confirmed."""
    secret = pyotp.random_base32()
    uri = pyotp.TOTP(secret).provisioning_uri(name=who.account, issuer_name=ISSUER)
    return Enrolment(secret, uri)


def confirm_key(
    connection: Connection, who: Principal, secret: str, code: str, *, config: Settings
) -> bool:
    """Store a key, encrypted, if a code fits it; return whether it does.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    secret
        Key in base 32.
    code
        Six digits as typed.
    config
        Encrypts the key.

    Raises
    ------
    InputError
        If it is no such key.
    """
    if not SECRET.fullmatch(secret):
        raise InputError("login.no_secret")
    step = _step(secret, code)
    if step is None:
        return False
    kept = secrets.encrypt(config, secret, purpose=PURPOSE)
    stored_logins.store_authenticator(connection, who.id, kept, step)
    return True


def accept_code(
    connection: Connection, row: RowMapping | Mapping[str, Any], code: str, *, config: Settings
) -> bool:
    """Return whether a code is right and was not used before; it is used then.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    row
        ``id`` and ``totp_secret`` of the account.
    code
        Six digits as typed.
    config
        Decrypts the key.
    """
    if not row["totp_secret"]:
        return False
    secret = secrets.decrypt(config, row["totp_secret"], purpose=PURPOSE)
    step = _step(secret, code)
    if step is None:
        return False
    return stored_logins.use_step(connection, row["id"], step)


def _step(secret: str, code: str) -> int | None:
    """Return the step of time for which a code is right, None if it is for none near now."""
    typed = re.sub(r"\s", "", code)
    if not CODE.fullmatch(typed):
        return None
    now, totp = int(time.time()) // STEP_S, pyotp.TOTP(secret)
    near = range(now - WINDOW, now + WINDOW + 1)
    return next((s for s in near if pyotp.utils.strings_equal(totp.at(s * STEP_S), typed)), None)
