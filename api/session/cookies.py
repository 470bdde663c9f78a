"""Cookies of the service: HttpOnly, and Secure where the request came by TLS."""

import hmac
import re
import secrets
from datetime import timedelta
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from api.answers import render
from api.answers.forms import Form
from api.session import csrf
from api.session.identity import COOKIE
from geo.base.errors import ForbiddenError

# Lax, not strict: a link from the office's portal, or the way back from the identity provider, is
# to find the session. Lax comes along with such a visit only, and no visit changes anything: what
# does is a form with its token, see api.session.csrf.
SAME_SITE: Final = "lax"
LOGIN_COOKIE: Final = "govgrid_login"
LOGIN_PATH: Final = "/login"
LOGIN_BYTES: Final = 24
LOGIN_FORM: Final = re.compile(r"[\w-]{32}", re.ASCII)  # so many bytes in base64
LANGUAGE_LASTS: Final = timedelta(days=365)


def give_session(
    request: Request, response: Response, token: str, *, lasts: timedelta | None = None
) -> None:
    """Set the session cookie.

    Parameters
    ----------
    request
        Says whether the cookie is Secure.
    response
        Gets the cookie.
    token
        Token of the session.
    lasts
        Lifetime; None: until the browser is closed.
    """
    _give(request, response, COOKIE, token, lasts=lasts)


def take_session(request: Request, response: Response) -> None:
    """Delete the session cookie.

    Parameters
    ----------
    request
        Says whether the cookie is Secure.
    response
        Deletes the cookie.
    """
    _give(request, response, COOKIE, "", lasts=timedelta())


def give_language(request: Request, response: Response, lang: str) -> None:
    """Set the cookie with the language of pages.

    Parameters
    ----------
    request
        Says whether the cookie is Secure.
    response
        Gets the cookie.
    lang
        "zh" or "en".
    """
    _give(request, response, render.LANGUAGE_COOKIE, lang, lasts=LANGUAGE_LASTS)


def give_passing(
    request: Request, response: Response, name: str, value: str, *, path: str, lasts: timedelta
) -> None:
    """Set a short-lived cookie; a lifetime of zero deletes it.

    Parameters
    ----------
    request
        Says whether the cookie is Secure.
    response
        Gets the cookie.
    name, value
        Of the cookie.
    path
        Prefix of paths to which it is sent.
    lasts
        Lifetime.
    """
    _give(request, response, name, value, path=path, lasts=lasts)


def login_token(request: Request) -> str:
    """Return what the form of the log-in must bring along: it has no session yet to hold it."""
    held = request.cookies.get(LOGIN_COOKIE, "")
    return held if LOGIN_FORM.fullmatch(held) else secrets.token_urlsafe(LOGIN_BYTES)


def give_login_token(request: Request, response: Response, token: str) -> None:
    """Set the cookie of the log-in form's token: another site can forge the form, not the cookie.

    Parameters
    ----------
    request
        Says whether the cookie is Secure.
    response
        Gets the cookie.
    token
        The same as in the form.
    """
    _give(request, response, LOGIN_COOKIE, token, path=LOGIN_PATH)


def require_login_token(request: Request, sent: Form) -> None:
    """Raise unless a log-in comes from our own form.

    Parameters
    ----------
    request
        Its cookie holds the token.
    sent
        Form with the same token.

    Raises
    ------
    ForbiddenError
        If cookie and field differ, or there is no cookie.
    """
    held = request.cookies.get(LOGIN_COOKIE, "")
    token = sent.text(csrf.FIELD)
    if not held or not hmac.compare_digest(held.encode(), token.encode()):
        raise ForbiddenError("access.csrf")


def _give(
    request: Request,
    response: Response,
    name: str,
    value: str,
    *,
    path: str = "/",
    lasts: timedelta | None = None,
) -> None:
    response.set_cookie(
        name,
        value,
        path=path,
        max_age=None if lasts is None else int(lasts.total_seconds()),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite=SAME_SITE,
    )
