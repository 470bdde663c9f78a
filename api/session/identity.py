"""Identity of a request, and the rule of every route: the permission that it requires."""

from functools import partial
from typing import Final

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from api.session import csrf
from geo.access import principal
from geo.access.accounts.identities import Identity
from geo.access.principal import Principal
from geo.base.errors import ForbiddenError, UnknownReaderError

COOKIE: Final = "govgrid_session"
CERTIFICATE: Final = "client_certificate"
"""Where the state of a request says what a trusted proxy states about the client's certificate."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
STAGES: Final = {"totp": "/login/code", "enrol": "/account/totp", "change": "/account/password"}
"""Where a session that owes something is sent."""


class Rule:
    """Permission that a route requires; a dependency whose value is the principal.

    Parameters
    ----------
    *actions
        Some of ``geo.access.roles.ACTIONS``, one of which is needed; none: any account.
    stages
        Stages of the log-in in which the route may be asked.
    visitors
        Whether it is answered while visitors look at the screen (参观模式).
    """

    def __init__(
        self, *actions: str, stages: tuple[str, ...] = ("full",), visitors: bool = False
    ) -> None:
        self.actions, self.stages, self.visitors = actions, stages, visitors

    @property
    def action(self) -> str | None:
        """The permission as one word, several joined by ``|``; None: any account."""
        return "|".join(self.actions) or None

    async def __call__(self, request: Request) -> Principal:
        """Return who asks, with those grants only that permit one of the actions.

        Raises
        ------
        UnknownReaderError
            If nobody is logged in, or the log-in is not complete.
        ForbiddenError
            If the reader may not do this, or a form does not carry the session's token.
        """
        reader = await self._reader(request)
        if not self.actions:
            return reader
        if not any(reader.may(action) for action in self.actions):
            reader.require(self.actions[0])
        return reader.cut(*self.actions)

    async def _reader(self, request: Request) -> Principal:
        identity = await find_identity(request)
        reader, session = identity.reader, identity.session
        request.state.reader = reader
        if session is not None:
            request.state.session = session
        request.state.rates.count("account", reader.account)
        if session is None:
            return reader
        if session.stage not in self.stages:
            raise UnknownReaderError("access.unfinished", to=STAGES[session.stage])
        if session.reader.visitors and not self.visitors:
            raise ForbiddenError("access.visitors")
        if request.method not in SAFE:
            await csrf.require_token(request, session.csrf)
        return session.reader


class Open(Rule):
    """The rule of a route that strangers may ask: the log-in, the signs of life."""

    async def __call__(self, request: Request) -> Principal:  # noqa: ARG002 - a rule has this form
        """Return nobody."""
        return principal.NOBODY


OPEN: Final = Open()


def list_routes(app: FastAPI) -> list[RouteContext]:
    """Return every route that answers, those of included routers as well, files apart."""
    found = iter_route_contexts(app.routes)
    return [route for route in found if isinstance(route.original_route, APIRoute)]


def rule_of(route: RouteContext) -> Rule | None:
    """Return the rule of a route; None if it has none."""
    return find_rule(route.dependant)


def find_rule(dependant: Dependant) -> Rule | None:
    """Return the rule among what a route depends on; None if there is none."""
    waiting = list(dependant.dependencies)
    while waiting:
        each = waiting.pop()
        if isinstance(each.call, Rule):
            return each.call
        waiting += each.dependencies
    return None


def require_rules(app: FastAPI) -> None:
    """Refuse to start with a route that everybody could ask because its rule was forgotten.

    Raises
    ------
    TypeError
        With the paths: a mistake in the program.
    """
    bare = [str(route.path) for route in list_routes(app) if rule_of(route) is None]
    if bare:
        raise TypeError(f"routes without a rule: {', '.join(bare)}")


def address_of(request: Request) -> str:
    """Return the network address of the client, as far as trusted proxies report it."""
    return request.client.host if request.client else ""


def certificate_of(request: Request) -> str:
    """Return what a trusted proxy said of the client's certificate, "" for nothing."""
    return str(getattr(request.state, CERTIFICATE, ""))


def _bearer(request: Request) -> str | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


async def find_identity(request: Request) -> Identity:
    """Return the identity of a request, valid at revisions read after the request came.

    Raises
    ------
    UnknownReaderError
        If nobody is logged in.
    """
    found = await kept_identity(request)
    if found is None:
        token, key = token_of(request)
        if not token:
            raise UnknownReaderError("access.unknown")
        held, now = request.app.state.identities, request.state.revisions
        read = partial(held.read, token, address_of(request), now, key=key)
        found = await to_thread.run_sync(read)
    if found is None:
        raise UnknownReaderError("access.unknown")
    return found


async def kept_identity(request: Request) -> Identity | None:
    """Return the identity of a request if cached at the present revisions; they are kept with it.

    A request that was handed on is not checked a second time.
    """
    token, key = token_of(request)
    if not token:
        return None
    if not hasattr(request.state, "revisions"):
        request.state.revisions = await request.app.state.revisions.current()
    held = request.app.state.identities
    found: Identity | None = held.find(token, address_of(request), request.state.revisions)
    return None if found is None or (found.session is None) != key else found


def token_of(request: Request) -> tuple[str, bool]:
    """Return the token of a request, "" if there is none, and whether it is a key."""
    key = _bearer(request)
    return (request.cookies.get(COOKIE, ""), False) if key is None else (key, True)
