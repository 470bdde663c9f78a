"""Errors over HTTP: one table from ours to a status, one shape (RFC 9457 problem+json)."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from geo.errors import (
    GovgridError,
    InputError,
    LayerError,
    NotFoundError,
    StateError,
    StoreError,
    UnavailableError,
)
from geo.words import LANGUAGES

# The first class that fits decides, so the special ones stand first.
STATUSES: Mapping[type[GovgridError], HTTPStatus] = {
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
    headers = {"Retry-After": RETRY_AFTER_S} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse(
        body, status_code=status, media_type="application/problem+json", headers=headers
    )


def _ours(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, GovgridError):
        raise error
    status = next(s for kind, s in STATUSES.items() if isinstance(error, kind))
    return problem(status, error.text(language(request)), kind=f"govgrid:{error.key}")


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
