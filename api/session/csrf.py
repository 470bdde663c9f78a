"""Protection against forged requests (CSRF): every change carries the token of its session."""

import hmac
from typing import Final

from fastapi import Request

from geo.base.errors import ForbiddenError

FIELD: Final = "csrf"
HEADER: Final = "x-csrf-token"
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


async def require_token(request: Request, expected: str) -> None:
    """Raise unless a request carries the token of its session, in a header or in its form.

    Parameters
    ----------
    request
        Request that changes something.
    expected
        Token of the session.

    Raises
    ------
    ForbiddenError
        If the token is missing or another.
    """
    sent = request.headers.get(HEADER)
    if sent is None and request.headers.get("content-type", "").startswith(FORMS):
        sent = str((await request.form()).get(FIELD, ""))
    if not hmac.compare_digest((sent or "").encode(), expected.encode()):
        raise ForbiddenError("access.csrf")
