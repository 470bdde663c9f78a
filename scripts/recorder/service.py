"""The service: its routes as they describe themselves, and each asked as each role."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from . import documents
from .asks import ASKS, LAST, VALUES
from .home import Home
from .normal import Normal
from .people import People
from .question import Ask
from .texts import Texts

UNTOLD = frozenset({"date", "server"})
BY_CHANCE = frozenset({"content-length", "retry-after", "etag", "last-modified"})
# nothing that a slow machine would show otherwise: no rates, no end of a view or of a session
PATIENT = {
    **{f"GOVGRID_RATE_PER_MINUTE_{name}": "0" for name in ("ACCOUNT", "ADDRESS", "LOGIN")},
    "GOVGRID_REFERENCE_MINUTES": "60",
    "GOVGRID_SESSION_IDLE_MIN": "1440",
    "GOVGRID_REQUEST_TIMEOUT_S": "1200",
    "GOVGRID_STATEMENT_TIMEOUT_S": "1200",
}
NAMED = re.compile(r"{(\w+)(?::\w+)?}")
FILE = re.compile(r"filename[^;]*?(\.\w+)\"?(?:;|$)")


def service(home: Home, folder: Path) -> dict[str, Any]:
    """Return what the service shows, on a copy of the town; the settings are this process's."""
    address = home.copy("service")
    own = {"GOVGRID_DATABASE_URL": address, "GOVGRID_HOME": str(folder / "home"), **PATIENT}
    os.environ.update(own)
    try:
        return _asked(home, folder)
    finally:
        home.drop("service")


def _asked(home: Home, folder: Path) -> dict[str, Any]:
    from fastapi.testclient import TestClient

    from api.app import create_app

    people = People(folder, dict(os.environ))
    made = people.made()
    app = create_app(_settings())
    texts = Texts()
    normal = Normal(home.places(folder))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        asked = Service(client, normal, texts)
        people.enter(asked, made)
        for ask in (*ASKS, *_unasked(app), *LAST):
            asked.ask_all(ask, people.names)
    told = {"routes": _routes(app), "description": normal.value(app.openapi())}
    return {"found": {**told, "answers": asked.answers}, "texts": texts.found}


def _settings() -> Any:
    modules = [m for n, m in sorted(sys.modules.items()) if n.split(".")[0] in ("api", "geo")]
    return next(vars(m)["Settings"] for m in modules if "Settings" in vars(m))()


def _routes(app: Any) -> list[dict[str, Any]]:
    found = [
        {
            "path": str(each.path),
            "methods": sorted(getattr(each, "methods", None) or []),
            "name": each.name,
            "kind": type(getattr(each, "original_route", each)).__name__,
        }
        for each in _all(app)
    ]
    return sorted(found, key=lambda each: (each["path"], each["methods"]))


def _all(app: Any) -> list[Any]:
    try:
        from fastapi.routing import iter_route_contexts
    except ImportError:
        return list(app.routes)
    return list(iter_route_contexts(app.routes))


def _unasked(app: Any) -> list[Ask]:
    """Return a plain question for each route that the table does not ask."""
    asked = {(ask.method, ask.path) for ask in (*ASKS, *LAST)}
    return [
        Ask(method, route["path"])
        for route in _routes(app)
        for method in route["methods"]
        if method not in ("HEAD", "OPTIONS") and (method, route["path"]) not in asked
    ]


class Service:
    """The service as asked by several, each with what was given to it before."""

    def __init__(self, client: Any, normal: Normal, texts: Texts) -> None:
        self.client, self.normal, self.texts = client, normal, texts
        self.answers: dict[str, list[dict[str, Any]]] = {}
        self.cookies: dict[str, Any] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self._kept: dict[tuple[str, str], str] = {}

    def ask_all(self, ask: Ask, names: tuple[str, ...]) -> None:
        """Ask as each of those that it is for, and write the answers down."""
        for name in names:
            if ask.who in ("", name):
                self.ask(ask, name)

    def ask(self, ask: Ask, name: str) -> Any:
        """Ask as somebody, write the answer down and return it."""
        headers = {**self.headers.get(name, {}), **ask.headers}
        if not ask.token:
            headers.pop("x-csrf-token", None)
        self.client.cookies = self.cookies.get(name, {})
        path = NAMED.sub(lambda found: self._value(found[1], name), ask.path)
        sent = {"json": ask.json, "data": ask.form, "content": ask.raw}
        answer = self.client.request(
            ask.method,
            path,
            params=ask.query or None,
            headers=headers,
            **{way: what for way, what in sent.items() if what is not None},
        )
        self.cookies[name] = self.client.cookies
        if ask.keep and (found := re.search(ask.keep[1], answer.text)):
            self._kept[name, ask.keep[0]] = self._kept["", ask.keep[0]] = found[1]
        self.answers.setdefault(name, []).append(self._told(ask, answer))
        return answer

    def _value(self, named: str, name: str) -> str:
        for who in (name, ""):
            if (who, named) in self._kept:
                return self._kept[who, named]
        return VALUES.get(named, named)

    def _told(self, ask: Ask, answer: Any) -> dict[str, Any]:
        headers = {
            name: f"<{name}>" if name in BY_CHANCE else self.normal.text(value)
            for name, value in sorted(answer.headers.items())
            if name not in UNTOLD
        }
        return {
            "ask": ask.title,
            "status": answer.status_code,
            "headers": self.texts.kept([f"{n}: {v}" for n, v in headers.items()]),
            "body": self.texts.kept(self._body(answer)),
        }

    def _body(self, answer: Any) -> Any:
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind.endswith("json"):
            return {"json": self.normal.value(json.loads(answer.content or b"null"))}
        named = FILE.search(answer.headers.get("content-disposition", ""))
        ending = named[1] if named else ".html"
        if ending.endswith("json"):
            return self.normal.json_or_lines(answer.text)
        return documents.lines(answer.content, ending, self.normal)
