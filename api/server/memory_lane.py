"""Requests answered from memory, before the router and without a thread.

Whatever is not at hand, is written otherwise, or is to be refused goes the ordinary way: the route
of the same path answers it, by the same rule.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request

from api.server.shield import App, Receive, Scope, Send
from api.session import identity
from geo.access.principal import Principal
from geo.base.errors import GovgridError

Parts = Mapping[str, str]
METHOD: Final = "GET"
OK: Final = 200
_PART: Final = re.compile(r"\{(\w+)(:path)?\}")


@dataclass(frozen=True)
class AtHand:
    """An answer in full, its media type, further headers and status."""

    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


Find = Callable[[Request, Principal, Parts], AtHand | None]
"""Finds an answer in memory by the request (its state holds the present revisions of all layers),
who asks, and the parts of path and query. None: it is not at hand."""


@dataclass(frozen=True)
class _Entry:
    pattern: re.Pattern[str]
    find: Find
    action: str
    route: Any
    visitors: bool


class MemoryLane:
    """Middleware that answers from memory, each path under the rule of its route.

    Parameters
    ----------
    finders
        By the path of a route, what finds its answers.
    """

    def __init__(self, app: App, finders: Mapping[str, Find]) -> None:
        self._app, self._finders = app, finders
        self._entries: tuple[_Entry, ...] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request from memory, or hand it on."""
        found = None
        if scope["type"] == "http" and scope["method"] == METHOD:
            try:
                found = await self._found(scope)
            except GovgridError:
                found = None  # the route says why
        if found is None:
            await self._app(scope, receive, send)
            return
        head = [
            (b"content-type", found.media_type.encode()),
            (b"content-length", str(len(found.body)).encode()),
        ]
        head = [*head, *((name.encode(), value.encode()) for name, value in found.headers.items())]
        if found.status != OK:
            head = head[2:]
        start = {"type": "http.response.start", "status": found.status, "headers": head}
        await send(start)
        await send({"type": "http.response.body", "body": found.body})

    async def _found(self, scope: Scope) -> AtHand | None:
        if self._entries is None:
            self._entries = _entries(scope["app"], self._finders)
        for entry in self._entries:
            match = entry.pattern.fullmatch(scope["path"])
            if match is not None:
                return await self._answered(scope, entry, match.groupdict())
        return None

    async def _answered(self, scope: Scope, entry: _Entry, parts: Parts) -> AtHand | None:
        query = _query(scope["query_string"])
        if query is None:
            return None
        request = Request(scope)
        kept = await identity.kept_identity(request)
        if kept is None or (kept.session is not None and kept.session.stage != "full"):
            return None
        reader = kept.may(entry.action)
        if reader is None or (reader.visitors and not entry.visitors):
            return None
        found = entry.find(request, reader, {**query, **parts})
        if found is not None:
            request.state.rates.count("account", reader.account)
            request.state.reader = reader
            scope["route"] = entry.route
        return found


def _entries(app: FastAPI, finders: Mapping[str, Find]) -> tuple[_Entry, ...]:
    routes = {
        str(each.path): each for each in identity.list_routes(app) if METHOD in (each.methods or ())
    }
    found = []
    for path, find in finders.items():
        rule = identity.rule_of(routes[path])
        if rule is None or rule.action is None or rule.stages != ("full",):
            raise TypeError(f"{path} has no rule by which it can be answered from memory")
        pattern = re.compile(_PART.sub(_group, path))
        found.append(_Entry(pattern, find, rule.action, routes[path].original_route, rule.visitors))
    return tuple(found)


def _group(part: re.Match[str]) -> str:
    return f"(?P<{part[1]}>{'.+' if part[2] else '[^/]+'})"


def _query(written: bytes) -> dict[str, str] | None:
    """Return the parameters; None where one is given twice or is no text."""
    if not written:
        return {}
    if b"%00" in written:
        return None
    try:
        pairs = parse_qsl(
            written.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except ValueError:
        return None
    found = dict(pairs)
    return found if len(found) == len(pairs) else None
