"""Errors over HTTP: one table from ours to a status, one shape (RFC 9457 problem+json)."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from api import render
from geo.errors import (
    ForbiddenError,
    GovgridError,
    InputError,
    LayerError,
    NotFoundError,
    StateError,
    StoreError,
    TooManyError,
    UnavailableError,
    UnknownReaderError,
)
from geo.services import audit
from geo.words import LANGUAGES, say

# The first class that fits decides, so the special ones stand first.
STATUSES: Mapping[type[GovgridError], HTTPStatus] = {
    UnknownReaderError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    TooManyError: HTTPStatus.TOO_MANY_REQUESTS,
    NotFoundError: HTTPStatus.NOT_FOUND,
    LayerError: HTTPStatus.NOT_FOUND,
    InputError: HTTPStatus.BAD_REQUEST,
    StateError: HTTPStatus.CONFLICT,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreError: HTTPStatus.INTERNAL_SERVER_ERROR,
    GovgridError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
RETRY_AFTER_S = "5"


def register(app: FastAPI) -> None:
    """Give `app` the handlers of every error; none of them shows a stack trace or SQL."""
    app.add_exception_handler(GovgridError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def language(request: Request) -> str:
    """Return the language a client asks for, Chinese if it asks for none of ours."""
    wanted = request.headers.get("accept-language", "")[:2].lower()
    return wanted if wanted in LANGUAGES else "zh"


def problem(status: int, detail: str, *, kind: str = "about:blank") -> JSONResponse:
    """Return one problem document."""
    body = {
        "type": kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    headers = {"Retry-After": RETRY_AFTER_S} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse(
        body, status_code=status, media_type="application/problem+json", headers=headers
    )


def _ours(request: Request, error: Exception) -> Response:
    if not isinstance(error, GovgridError):
        raise error
    status = next(s for kind, s in STATUSES.items() if isinstance(error, kind))
    if isinstance(error, ForbiddenError):
        _noted(request, error)
    if _wants_page(request):
        if isinstance(error, UnknownReaderError):
            return RedirectResponse(_way_in(request, error), HTTPStatus.SEE_OTHER)
        lang = render.language(request)
        title = say("nav.refused", lang)
        detail = error.text(lang)
        return render.page(request, "error.html", status=status, title=title, detail=detail)
    answer = problem(status, error.text(language(request)), kind=f"govgrid:{error.key}")
    if isinstance(error, TooManyError):
        answer.headers["Retry-After"] = str(error.facts.get("retry_after_s", RETRY_AFTER_S))
    return answer


def _wants_page(request: Request) -> bool:
    page = not request.url.path.startswith("/api")
    return page and "text/html" in request.headers.get("accept", "")


def _way_in(request: Request, error: GovgridError) -> str:
    """Return where a stranger goes: on with the log-in, or to its beginning and back."""
    if "to" in error.facts:
        return str(error.facts["to"])
    return f"/login?next={quote(request.url.path)}"


def _noted(request: Request, error: GovgridError) -> None:
    """Write the refusal into the audit: who tried what."""
    reader = getattr(request.state, "reader", None)
    if reader is not None:
        target = f"{request.method} {request.url.path}"
        facts = {"reason": error.key, **{k: str(v) for k, v in error.facts.items()}}
        engine = request.app.state.engine
        audit.note_apart(engine, reader, "access", target, outcome="refused", facts=facts)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    # The value itself stays out: it may be no JSON at all (1e999), and it is the client's anyway.
    said = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
    return problem(HTTPStatus.BAD_REQUEST, said)


def _http(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    return problem(error.status_code, str(error.detail))


def _unforeseen(_: Request, __: Exception) -> JSONResponse:
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.INTERNAL_SERVER_ERROR.phrase)
