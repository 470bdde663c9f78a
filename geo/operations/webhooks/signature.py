"""The signature of what is sent to a webhook: HMAC-SHA256 over the time and the body."""

import hashlib
import hmac
from typing import Final

TIMESTAMP: Final = "Govgrid-Timestamp"
SIGNATURE: Final = "Govgrid-Signature"
VERSION: Final = "v1"


def sign_body(secret: str, timestamp: int, body: bytes) -> str:
    """Return the header that a receiver holds against what it computes itself.

    A receiver refuses times that are some minutes off, so that nothing can be sent again later.

    Parameters
    ----------
    secret
        Of the webhook.
    timestamp
        Seconds since 1970, as the header of the time has them.
    body
        As sent.

    Examples
    --------
    >>> sign_body("key", 1, b"{}")[:11]
    'v1=1ba6b817'
    """
    signed = f"{timestamp}.".encode() + body
    return f"{VERSION}={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
