"""Gate of the service: requests for our host, from our own pages, of ordinary length."""

from typing import Final
from urllib.parse import unquote_plus, urlsplit

from fastapi import Request
from starlette.exceptions import HTTPException

from api.answers.problems import request_language
from geo.base import marking
from geo.base.words import say

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
SIGNS_OF_LIFE: Final = frozenset({"/livez", "/readyz"})
URL_BYTES: Final = 8_000
HEAD_BYTES: Final = 16_000
HEAD_LINES: Final = 100


def hosts_of(written: str) -> frozenset[str]:
    """Return the names of a comma-separated list, in small letters; empty: any name is ours."""
    return frozenset(name.strip().lower() for name in written.split(",") if name.strip())


def admit(request: Request, hosts: frozenset[str]) -> None:
    """Raise for a request that no page and no program of this installation sends.

    Parameters
    ----------
    request
        Only address and headers are looked at.
    hosts
        Names of this service; empty accepts any.

    Raises
    ------
    HTTPException
        421 for another host's name, 403 for a change that another site's page asks for, 414 and
        431 for an address or a head that is too long.
    MarkedError
        If a text in them carries the marking of a state secret.
    """
    _require_lengths(request)
    if hosts and request.url.path not in SIGNS_OF_LIFE and not _named(request, hosts):
        raise refuse_and_close(request, 421, "limits.host")
    if request.method not in SAFE and _foreign(request):
        raise refuse_and_close(request, 403, "limits.origin")
    _require_unmarked(request)


def refuse_and_close(request: Request, status: int, key: str, **facts: object) -> HTTPException:
    """Return the error that refuses a request and closes its connection: more may be on its way.

    Parameters
    ----------
    request
        Says the language.
    status
        HTTP status.
    key
        Key of the catalogue.
    **facts
        Values of the fields of the text.
    """
    return HTTPException(
        status, say(key, request_language(request), **facts), {"Connection": "close"}
    )


def _require_lengths(request: Request) -> None:
    scope = request.scope
    url_bytes = len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"])
    if url_bytes > URL_BYTES:
        raise refuse_and_close(request, 414, "limits.long_url", most=URL_BYTES)
    lines = scope["headers"]
    head_bytes = sum(len(name) + len(value) for name, value in lines)
    if head_bytes > HEAD_BYTES or len(lines) > HEAD_LINES:
        raise refuse_and_close(request, 431, "limits.long_head", most=HEAD_BYTES)


def _require_unmarked(request: Request) -> None:
    """Refuse an address or a head that carries the marking of a state secret."""
    for text in (request.url.path, request.url.query, *request.headers.values()):
        if not text.isascii() or "%" in text:
            written = text.encode("latin-1", "ignore").decode("utf-8", "ignore")
            for each in (text, written, unquote_plus(text)):
                marking.require_unmarked(each, "text")


def _named(request: Request, hosts: frozenset[str]) -> bool:
    return (urlsplit(f"//{_host(request)}").hostname or "") in hosts


def _foreign(request: Request) -> bool:
    """Return whether a page of another site asks; programs send neither of these headers."""
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() != _host(request)
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _host(request: Request) -> str:
    return request.headers.get("host", "").lower()
