"""An account that may write everything, over HTTP, and its requests until they are acknowledged."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Engine, text

from api.session.csrf import HEADER
from api.session.identity import COOKIE
from geo.access import principal
from geo.access.accounts import accounts, grants, sessions

ROLES: Final = ("operator", "dispatcher", "administrator")
AGAIN: Final = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request is sent again, as a client that was told to come later."""
PAUSE_S: Final = 0.05
PATIENCE_S: Final = 60.0
Answer = tuple[int, Mapping[str, str], Any]


class RefusedError(Exception):
    """A write was refused for good, which none of the campaign should be."""


def sign_in(owner: Engine, name: str) -> dict[str, str]:
    """Return the headers of a session of a new account with all roles that write.

    Parameters
    ----------
    owner
        Pool of the owner of the tables.
    name
        Of the account.
    """
    system = principal.system_principal("os:faults")
    accounts.add_account(owner, system, name, holder="演练", unit_name="演练单位")
    for role in ROLES:
        grants.give_grant(owner, system, name, role, None, depth="picture")
    with owner.begin() as connection:
        asked = text("SELECT id FROM govgrid.account WHERE name = :name")
        number = str(connection.execute(asked, {"name": name}).scalar_one())
        token = sessions.begin_session(connection, number, stage="full")
    found = sessions.find_session(owner, token)
    if found is None:
        raise RefusedError("the session is not there")
    return {"Cookie": f"{COOKIE}={token}", HEADER: found.csrf}


class Session:
    """Requests of one writer, one after the other.

    Attributes
    ----------
    statuses
        How often each status was answered; 0 counts connections that broke.
    """

    def __init__(self, url: str, headers: Mapping[str, str], ended: Event) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._headers, self._ended = dict(headers), ended
        self._client: http.client.HTTPConnection | None = None
        self.statuses: Counter[int] = Counter()

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Return status, headers and body of one answer; OSError where the connection broke."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        kind = "octet-stream" if isinstance(body, bytes) else "json"
        sent = {**self._headers, "Content-Type": f"application/{kind}", **headers}
        if self._client is None:
            self._client = http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE_S)
        try:
            self._client.request(method, path, raw, sent)
            given = self._client.getresponse()
            told = given.read()
        except (OSError, http.client.HTTPException) as error:
            self._client.close()
            self._client = None
            raise ConnectionError(str(error)) from error
        return given.status, dict(given.headers), _as_json(told)

    def insist(self, method: str, path: str, body: object = None, **headers: str) -> Any:  # noqa: ANN401 - JSON
        """Send the same request until it is acknowledged; return its answer.

        Raises
        ------
        RefusedError
            If it is refused for good.
        InterruptedError
            If the campaign ended before.
        """
        return self.repeat(lambda: self.ask(method, path, body, **headers))

    def repeat(self, request: Callable[[], Answer]) -> Any:  # noqa: ANN401 - JSON
        """Do a request again until it is acknowledged; see :meth:`insist`."""
        while not self._ended.is_set():
            try:
                status, _, told = request()
            except ConnectionError:
                status, told = 0, None
            self.statuses[status] += 1
            if 200 <= status < 300:
                return told
            if status and status not in AGAIN:
                raise RefusedError(f"{status}: {json.dumps(told, ensure_ascii=False)[:300]}")
            time.sleep(PAUSE_S)
        raise InterruptedError


def _as_json(told: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(told) if told else None
    except ValueError:
        return told.decode(errors="replace")[:300]
