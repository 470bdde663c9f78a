"""Identity provider of the installation: its endpoints and keys, fetched or from files."""

import json
import stat
import time
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from geo.base.errors import InputError, StateError
from geo.base.settings import Settings

WELL_KNOWN: Final = "/.well-known/openid-configuration"
PATIENCE_S: Final = 10.0
MOST_BYTES: Final = 1_000_000
KEPT_S: Final = 300
ALGORITHMS: Final = frozenset({"RS256", "ES256"})
"""Signatures that can be allowed: those whose key the provider alone holds."""

SIGNING: Final = frozenset({"RSA", "EC"})


@dataclass(frozen=True)
class Provider:
    """What its discovery document says of a provider, as far as a log-in needs it.

    `auth_method` is how its token endpoint wants to know us; `names_itself` whether its answers
    carry ``iss`` (RFC 9207).
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    auth_method: str
    names_itself: bool


def set_up(config: Settings) -> bool:
    """Return whether this installation has an identity provider."""
    return bool(config.oidc_issuer and config.oidc_client_id)


def find_provider(config: Settings) -> Provider:
    """Return the provider: as a file describes it, else as it describes itself.

    Raises
    ------
    InputError
        If the settings or the document cannot be used.
    StateError
        If no provider is set up, or it does not answer.
    """
    if not set_up(config):
        raise StateError("oidc.not_set_up")
    _require_encrypted(config.oidc_issuer)
    if config.oidc_discovery_file is not None:
        said = _of_file(config.oidc_discovery_file)
    else:
        said = _discovered(config.oidc_issuer, int(time.monotonic() // KEPT_S))
    return _read(said, config)


def fetch_keys(config: Settings, of: Provider) -> KeySet:
    """Return the signing keys of the provider, from a file or fetched each time.

    Parameters
    ----------
    config
        Names the file with the keys, if there is one.
    of
        Provider, whose ``jwks_uri`` is used without a file.

    Raises
    ------
    InputError
        If there is no usable key.
    StateError
        If the provider does not answer.
    """
    file = config.oidc_jwks_file
    said = _of_file(file) if file is not None else _fetched(_require_encrypted(of.jwks_uri))
    listed = said.get("keys")
    signing = [
        each
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and each.get("kty") in SIGNING and each.get("use") != "enc"
    ]
    try:
        return KeySet.import_key_set({"keys": signing})
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise InputError("oidc.no_keys") from error


def allowed_algorithms(config: Settings) -> list[str]:
    """Return the allowed algorithms of signatures.

    Raises
    ------
    InputError
        If the setting names another than RS256 and ES256: with ``none`` or a shared key anybody
        could sign.
    """
    named = [name.strip() for name in config.oidc_algorithms.split(",") if name.strip()]
    if not named or not ALGORITHMS.issuperset(named):
        raise InputError("oidc.bad_algorithms", found=config.oidc_algorithms)
    return named


def client_secret(config: Settings) -> str | None:
    """Return the secret that the provider gave us; None if it gave none.

    Raises
    ------
    InputError
        If its file cannot be read, or can be read by others.
    """
    file = config.oidc_client_secret_file
    if file is None:
        held = config.oidc_client_secret
        return held.get_secret_value() if held is not None else None
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise InputError("oidc.open_secret", file=file)
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("oidc.no_file", file=file) from error


def _read(said: dict[str, Any], config: Settings) -> Provider:
    """Return what a document says, if it is that of the provider that is set up."""
    if said.get("issuer") != config.oidc_issuer:
        raise InputError("oidc.other_issuer", found=said.get("issuer"), wanted=config.oidc_issuer)
    methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    basic = "client_secret_basic" in methods or "client_secret_post" not in methods
    return Provider(
        issuer=config.oidc_issuer,
        authorization_endpoint=_require_encrypted(said.get("authorization_endpoint")),
        token_endpoint=_require_encrypted(said.get("token_endpoint")),
        jwks_uri=str(said.get("jwks_uri", "")),
        auth_method="client_secret_basic" if basic else "client_secret_post",
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _require_encrypted(address: object) -> str:
    """Return an address of the provider, if nobody on the way to it can listen or meddle.

    Raises
    ------
    InputError
        If it is none of https; on this machine itself http will do.
    """
    found = urlsplit(address) if isinstance(address, str) else urlsplit("")
    local = found.scheme == "http" and _on_this_machine(found.hostname or "")
    if not found.netloc or not (found.scheme == "https" or local):
        raise InputError("oidc.not_https", found=address)
    return str(address)


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@lru_cache(maxsize=4)
def _discovered(issuer: str, _: int) -> dict[str, Any]:
    """Return the document of an issuer; asked again when the number of the minutes changes."""
    return _fetched(issuer.rstrip("/") + WELL_KNOWN)


def _fetched(address: str) -> dict[str, Any]:
    try:
        with requests.get(
            address, timeout=PATIENCE_S, allow_redirects=False, stream=True
        ) as answer:
            if answer.status_code != requests.codes.ok:
                raise StateError("oidc.unreachable", address=address, reason=answer.status_code)
            body = answer.raw.read(MOST_BYTES + 1, decode_content=True)
    except (requests.RequestException, OSError) as error:
        reason = type(error).__name__
        raise StateError("oidc.unreachable", address=address, reason=reason) from error
    return _object(body, address)


def _of_file(file: Path) -> dict[str, Any]:
    try:
        return _object(file.read_bytes(), file)
    except OSError as error:
        raise InputError("oidc.no_file", file=file) from error


def _object(body: bytes, where: object) -> dict[str, Any]:
    try:
        found = json.loads(body) if len(body) <= MOST_BYTES else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError("oidc.no_json", where=where)
    return found
