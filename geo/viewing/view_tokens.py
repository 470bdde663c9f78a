"""View tokens: signed, valid for some minutes, for one account and one camera."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from geo.base import secrets
from geo.base.errors import ForbiddenError
from geo.base.settings import Settings

PURPOSE: Final = "viewer"
_ALGORITHM: Final = "HS256"


@dataclass(frozen=True)
class Reference:
    """What a reference says: which row of the register, whose, which camera, until when."""

    register: UUID
    account: str
    camera: str
    expires_at: datetime


def sign_token(reference: Reference, config: Settings) -> str:
    """Return a view token as text, signed with the key of the installation (JWT).

    Parameters
    ----------
    reference
        Row of the register, account, camera and end of validity.
    config
        Says where the key of the installation is.
    """
    claims = {
        "aud": PURPOSE,
        "jti": str(reference.register),
        "sub": reference.account,
        "camera": reference.camera,
        "exp": int(reference.expires_at.timestamp()),
    }
    return jwt.encode({"alg": _ALGORITHM, "typ": "JWT"}, claims, _key(config))


def read_token(written: str, config: Settings) -> Reference:
    """Return the content of a view token, also after its end of validity.

    Parameters
    ----------
    written
        Token.
    config
        Says where the key of the installation is.

    Raises
    ------
    ForbiddenError
        If it was not signed here, or is no token.
    """
    try:
        claims = jwt.decode(written, _key(config), algorithms=[_ALGORITHM]).claims
        return _reference(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ForbiddenError("viewing.reference_void") from error


def _reference(claims: dict[str, Any]) -> Reference:
    if claims["aud"] != PURPOSE:
        raise ValueError(claims["aud"])
    ends = datetime.fromtimestamp(claims["exp"], UTC)
    return Reference(UUID(claims["jti"]), claims["sub"], claims["camera"], ends)


def _key(config: Settings) -> OctKey:
    return OctKey.import_key(secrets.derive_key(config, PURPOSE))
