"""How often, how much at once, how long and how large one account and one address may ask."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address, ip_network
from typing import Any, Final, TypeVar

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException

from api.answers import problems
from api.server import gate
from api.server.proxy import parse_address
from api.server.shield import App, Message, Receive, Scope, Send, is_stream
from geo.base.errors import GovgridError, TooManyError, UnavailableError
from geo.base.settings import Settings
from geo.base.words import say

MEGABYTE: Final = 1_000_000
BODY_BYTES: Final = 2 * MEGABYTE
SHORT_BYTES: Final = 64_000
"""A body of which no more is left may as well be read to its end."""
LOGIN_BYTES: Final = 16_000
"""What the forms of the log-in may send: strangers fill them in."""
BODY_PATIENCE_S: Final = 30.0
"""How long a body of `BODY_BYTES` may take to come; a larger one that much longer."""
MOST_RUNNING: Final = 200
"""So many requests are answered at once by a process; more would wait for threads too long."""
MOST_NAMES: Final = 10_000
"""Accounts and addresses counted before those that fell silent are forgotten."""
FREE: Final = ("/static/", "/livez", "/readyz")
LOGIN: Final = "/login"
OURS: Final = "limit_bytes"
Route = TypeVar("Route", bound=Callable[..., Any])


def allow_body(limit_bytes: int) -> Callable[[Route], Route]:
    """Let a route take bodies larger than `BODY_BYTES`; stands directly above its function."""

    def marked(route: Route) -> Route:
        setattr(route, OURS, limit_bytes)
        return route

    return marked


class Rates:
    """Requests of the last minute, by account and by address, as this process has seen them."""

    def __init__(self, settings: Settings) -> None:
        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)
        most = {
            "account": settings.rate_per_minute_account,
            "address": settings.rate_per_minute_address,
            "login": settings.rate_per_minute_login,
        }
        self._most: dict[str, RateLimitItem] = {
            kind: RateLimitItemPerMinute(number) for kind, number in most.items() if number
        }

    def count(self, kind: str, who: str) -> None:
        """Count one request of `who` (kind account, address or login).

        Raises
        ------
        TooManyError
            If there were too many within a minute; it says when to come again.
        """
        limit = self._most.get(kind)
        if limit is None or self._window.hit(limit, kind, who):
            return
        self._forget_silent()
        wait_s = self._window.get_window_stats(limit, kind, who).reset_time - time.time()
        raise TooManyError(
            "limits.rate", most=limit.amount, retry_after_s=max(1, math.ceil(wait_s))
        )

    def _forget_silent(self) -> None:
        if len(self._storage.events) > MOST_NAMES:
            for name in [n for n, hits in self._storage.events.items() if not hits]:
                self._storage.events.pop(name, None)


class Body:
    """The body of a request as it comes: counted, and not waited for longer than is fair."""

    def __init__(self, request: Request, receive: Receive) -> None:
        self._request, self._receive = request, receive
        self._began: float | None = None
        self._bytes, self._whole = 0, False

    async def __call__(self) -> Message:
        """Return the next part.

        Raises
        ------
        HTTPException
            413 for more than the route takes, 408 where the rest does not come.
        """
        if self._whole:
            return await self._receive()
        most = self._most_bytes()
        stated = self._request.headers.get("content-length", "")
        if stated.isdecimal() and int(stated[:20]) > most:
            raise self._too_large(most)
        if self._began is None:  # what the service does before it asks is no delay of who sends
            self._began = time.monotonic()
        until = self._began + BODY_PATIENCE_S * max(1.0, most / BODY_BYTES)
        try:
            message = await asyncio.wait_for(self._receive(), until - time.monotonic())
        except TimeoutError:
            raise gate.refuse_and_close(self._request, 408, "limits.slow_body") from None
        self._bytes += len(message.get("body", b""))
        if self._bytes > most:
            raise self._too_large(most)
        self._whole = not message.get("more_body", False)
        return message

    @property
    def open_ended(self) -> bool:
        """Return whether much of the body may still arrive, so that it is not read."""
        if self._whole:
            return False
        stated = self._request.headers.get("content-length", "0")
        short = stated.isdecimal() and int(stated[:20]) <= SHORT_BYTES
        return not short or "transfer-encoding" in self._request.headers

    def _most_bytes(self) -> int:
        """Return what the route takes that was found for the request by now."""
        found: int = getattr(self._request.scope.get("endpoint"), OURS, BODY_BYTES)
        return found

    def _too_large(self, most: int) -> HTTPException:
        return gate.refuse_and_close(
            self._request, 413, "limits.large_body", most_mb=most / MEGABYTE
        )


class Answer:
    """The answer of a request: whether it has begun, and whether it came too late to be sent."""

    def __init__(self, send: Send, body: Body, streaming: Callable[[], None]) -> None:
        self._send, self._body, self._streaming = send, body, streaming
        self.begun = self.late = False

    async def __call__(self, message: Message) -> None:
        """Send a part of the answer, unless another one was given in its place.

        With an answer that does not wait for the body the connection ends, and the body with it.
        """
        if self.late:
            return
        if not self.begun and self._body.open_ended:
            kept = [each for each in message.get("headers", ()) if each[0] != b"connection"]
            message = {**message, "headers": [*kept, (b"connection", b"close")]}
        if not self.begun and is_stream(message):
            self._streaming()
        self.begun = True
        await self._send(message)


class Limits:
    """Lets in what is of ordinary size and number, and ends the wait for what takes too long."""

    def __init__(self, app: App, settings: Settings) -> None:
        self._app = app
        self._rates = Rates(settings)
        self._hosts = gate.hosts_of(settings.allowed_hosts)
        self._patience_s = settings.request_timeout_s
        self._most_parallel = settings.parallel_per_address
        self._running: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it before anything is read or looked up for it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        request.state.rates = self._rates
        who = neighbourhood(request.client.host if request.client else "")
        try:
            gate.admit(request, self._hosts)
            self._count(request, who)
        except (GovgridError, HTTPException) as error:
            await problems.error_response(request, error)(scope, receive, send)
            return
        await self._timely(request, who, receive, send)

    def _count(self, request: Request, who: str) -> None:
        if request.url.path.startswith(FREE):
            return
        self._rates.count("address", who)
        if request.method == "POST" and request.url.path.startswith(LOGIN):
            self._rates.count("login", who)
        if self._most_parallel and self._running[who] >= self._most_parallel:
            raise TooManyError("limits.parallel", most=self._most_parallel, retry_after_s=1)
        if self._running.total() >= MOST_RUNNING:
            raise UnavailableError("limits.full", most=MOST_RUNNING)

    async def _timely(self, request: Request, who: str, receive: Receive, send: Send) -> None:
        """Answer within the time limit; work that cannot be stopped counts until its end.

        A stream of events does not count once it has begun: streams have limits of their own.
        """
        incoming = Body(request, receive)
        over = _once(lambda: self._left(who))
        answer = Answer(send, incoming, over)
        work = asyncio.ensure_future(self._app(request.scope, incoming, answer))
        self._running[who] += 1
        work.add_done_callback(lambda _: over())
        try:
            await asyncio.wait({work}, timeout=self._patience_s)
        except asyncio.CancelledError:
            work.cancel()
            raise
        if work.done() or answer.begun:
            await work
            return
        answer.late = True
        work.add_done_callback(_seen)
        detail = say("limits.late", problems.request_language(request), seconds=self._patience_s)
        await problems.problem_document(503, detail)(request.scope, receive, send)

    def _left(self, who: str) -> None:
        self._running[who] -= 1
        if self._running[who] <= 0:
            del self._running[who]


def _once(work: Callable[[], None]) -> Callable[[], None]:
    """Return what does `work` when it is called first, and nothing later."""
    left = [work]

    def done() -> None:
        if left:
            left.pop()()

    return done


def neighbourhood(address: str) -> str:
    """Return whose requests count together: an address, or the /64 network of an IPv6 one."""
    found = parse_address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network(f"{found}/64", strict=False))
    return address if found is None else str(found)


def _seen(work: "asyncio.Future[None]") -> None:
    """Take note of how late work ended, so that nothing is said of it a second time."""
    if not work.cancelled():
        work.exception()
