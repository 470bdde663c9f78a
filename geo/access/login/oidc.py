"""Log-in by the district's identity provider: OpenID Connect with code, PKCE, state and nonce."""

import hmac
import secrets as random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jwt import JWTClaimsRegistry
from sqlalchemy import Engine

from geo.access.audit import record as audit
from geo.access.login import identity_provider, login
from geo.access.login.identity_provider import PATIENCE_S, Provider
from geo.access.login.login import LoggedIn
from geo.access.principal import Principal
from geo.base import secrets
from geo.base.errors import StateError, UnknownReaderError
from geo.base.settings import Settings

PURPOSE: Final = "oidc"
JOURNEY_S: Final = 600
"""How long one may take at the provider."""
LEEWAY_S: Final = 60
MOST_TEXT: Final = 100
_SEALED_BY: Final = "HS256"


@dataclass(frozen=True)
class LoginRedirect:
    """Way of a browser to the provider: address to open, and sealed state for the return."""

    url: str
    sealed: str


def begin_login(config: Settings, *, redirect_uri: str, to: str) -> LoginRedirect:
    """Return the address of the provider, and the sealed state for the way back.

    Parameters
    ----------
    redirect_uri
        Address of govgrid to which the provider returns.
    to
        Page of govgrid to open after the log-in.

    Raises
    ------
    InputError
        If the settings cannot be used.
    StateError
        If no provider is set up, or it does not answer.
    """
    provider = identity_provider.find_provider(config)
    verifier, state, nonce = (random.token_urlsafe(48) for _ in range(3))
    with _client(config, provider, redirect_uri) as client:
        url, _ = client.create_authorization_url(
            provider.authorization_endpoint, state=state, code_verifier=verifier, nonce=nonce
        )
    kept = {"state": state, "nonce": nonce, "verifier": verifier, "to": to}
    claims = {**kept, "aud": PURPOSE, "exp": int(time.time()) + JOURNEY_S}
    return LoginRedirect(url, jwt.encode({"alg": _SEALED_BY}, claims, _key(config)))


def log_in(
    engine: Engine,
    sealed: str,
    answer: Mapping[str, str],
    *,
    config: Settings,
    redirect_uri: str,
    address: str = "",
    agent: str = "",
    certificate: str = "",
) -> tuple[LoggedIn, str]:
    """Log in whom the provider vouches for, and return where the journey shall end.

    Parameters
    ----------
    sealed
        What `begin` gave the browser.
    answer
        The provider's answer: ``code`` and ``state``, or ``error``.
    certificate
        What the proxy says of the client's certificate, "" for none.

    Raises
    ------
    UnknownReaderError
        If the answer belongs to no journey of this browser, the provider refuses, its token does
        not hold, or no account is bound to whom it names.
    StateError
        If the provider does not answer.
    """
    try:
        kept = _unsealed(config, sealed)
        subject = _subject(config, kept, answer, redirect_uri)
    except UnknownReaderError as error:
        _noted(engine, error, address)
        raise
    found = login.log_in_external(
        engine,
        config.oidc_issuer,
        subject,
        config=config,
        address=address,
        agent=agent,
        certificate=certificate,
    )
    return found, str(kept["to"])


def _subject(
    config: Settings, kept: Mapping[str, Any], answer: Mapping[str, str], redirect_uri: str
) -> str:
    """Return for whom the provider vouches in its answer."""
    provider = identity_provider.find_provider(config)
    if not hmac.compare_digest(answer.get("state", "").encode(), str(kept["state"]).encode()):
        raise UnknownReaderError("oidc.other_journey")
    if answer.get("iss", provider.issuer if not provider.names_itself else "") != provider.issuer:
        raise UnknownReaderError("oidc.bad_token", reason="iss")
    if "code" not in answer:
        raise UnknownReaderError("oidc.denied", reason=_short(answer.get("error", "no code")))
    token = _id_token(config, provider, answer["code"], str(kept["verifier"]), redirect_uri)
    return _vouched(config, provider, token, str(kept["nonce"]))


def _id_token(
    config: Settings, provider: Provider, code: str, verifier: str, redirect_uri: str
) -> str:
    """Return the identity token for a code, asked for at the provider's own endpoint."""
    try:
        with _client(config, provider, redirect_uri) as client:
            given = client.fetch_token(
                provider.token_endpoint,
                code=code,
                code_verifier=verifier,
                grant_type="authorization_code",
                allow_redirects=False,
            )
    except AuthlibBaseError as error:
        raise UnknownReaderError("oidc.denied", reason=_short(error.error)) from error
    except (requests.RequestException, OSError, ValueError) as error:
        reason, address = type(error).__name__, provider.token_endpoint
        raise StateError("oidc.unreachable", address=address, reason=reason) from error
    found = given.get("id_token")
    if not isinstance(found, str):
        raise UnknownReaderError("oidc.bad_token", reason="id_token")
    return found


def _vouched(config: Settings, provider: Provider, token: str, nonce: str) -> str:
    """Return the subject of an identity token that holds (OpenID Connect Core 1.0, §3.1.3.7)."""
    keys, allowed = (
        identity_provider.fetch_keys(config, provider),
        identity_provider.allowed_algorithms(config),
    )
    expected = JWTClaimsRegistry(
        leeway=LEEWAY_S,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": config.oidc_client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
        azp={"value": config.oidc_client_id},
    )
    try:
        claims = jwt.decode(token, keys, algorithms=allowed).claims
        expected.validate(claims)
    except (JoseError, ValueError) as error:
        reason = getattr(error, "error", "") or type(error).__name__
        raise UnknownReaderError("oidc.bad_token", reason=reason) from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if several and "azp" not in claims:
        raise UnknownReaderError("oidc.bad_token", reason="azp")
    return str(claims["sub"])


def _client(config: Settings, provider: Provider, redirect_uri: str) -> OAuth2Session:
    held = identity_provider.client_secret(config)
    return OAuth2Session(
        config.oidc_client_id,
        held,
        scope="openid",
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        token_endpoint_auth_method=provider.auth_method if held else "none",
        default_timeout=PATIENCE_S,
    )


def _key(config: Settings) -> OctKey:
    return OctKey.import_key(secrets.derive_key(config, PURPOSE))


def _unsealed(config: Settings, sealed: str) -> dict[str, Any]:
    expected = JWTClaimsRegistry(
        aud={"essential": True, "value": PURPOSE}, exp={"essential": True}, to={"essential": True}
    )
    try:
        claims = jwt.decode(sealed, _key(config), algorithms=[_SEALED_BY]).claims
        expected.validate(claims)
    except (JoseError, ValueError) as error:
        raise UnknownReaderError("oidc.other_journey") from error
    return claims


def _short(said: object) -> str:
    return audit.one_line(str(said))[:MOST_TEXT]


def _noted(engine: Engine, error: UnknownReaderError, address: str) -> None:
    """Write into the audit that somebody came back from the provider in vain, and why."""
    facts = {"by": PURPOSE, "reason": error.key, **error.facts}
    stranger = Principal("", address=address)
    audit.note_apart(engine, stranger, "login", outcome="refused", facts=facts)
