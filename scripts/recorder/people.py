"""Clients: a stranger, an account without any role, one of each role, and a program's key."""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from . import process
from .question import Ask, get
from .scenes import ROLES
from .town import WEST

ANONYMOUS, NOBODY, WESTERN, PROGRAM = "anonymous", "nobody", "west", "program"
ACCOUNTS: Final = (NOBODY, *ROLES, WESTERN)
PASSWORD: Final = "violett-Kran-Suppe-77"
SHOWN: Final = re.compile(r"只显示这一次）：(\S+)")
LOGIN, NEW, TOTP, OWN = "/login", "/account/password", "/account/totp", "/account"


class People:
    """The accounts of a recording: made by commands, logged in as people do."""

    names = (ANONYMOUS, *ACCOUNTS, PROGRAM)

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._folder, self._env = folder, env

    def made(self) -> dict[str, str]:
        """Make the accounts and return what each logs in with."""
        found = {}
        for name in ACCOUNTS:
            words = ["--kind", "display" if name == "display" else "person"]
            words += ["--holder", "测试员", "--unit-name", "测试单位"]
            words += ["--role", name] if name in ROLES else []
            found[name] = self._run("user", "add", name, *words)
        self._run("user", "grant", WESTERN, "operator", "--area", WEST)
        self._run("user", "grant", WESTERN, "dispatcher", "--area", WEST)
        self._run("user", "add", "target", "--holder", "靶")
        self._run("user", "add", "robot", "--kind", "service", "--role", "administrator")
        scopes = [word for each in ("map", "import", "export") for word in ("--scope", each)]
        return found | {PROGRAM: self._run("key", "add", "push", "--account", "robot", *scopes)}

    def enter(self, service: Any, made: dict[str, str]) -> None:
        """Log everybody in, and write the answers on the way down."""
        service.headers[PROGRAM] = {"authorization": f"Bearer {made.pop(PROGRAM)}"}
        for name, password in made.items():
            _log_in(service, name, "wrong", "a wrong password")
            _log_in(service, name, password, "the first password")
            _onward(service, name, password)
            page = service.ask(get(OWN), name)
            if page.status_code != HTTPStatus.OK:
                raise RuntimeError(f"{name} could not log in: {page.text[:500]}")
            service.headers[name] = {"x-csrf-token": _hidden(page.text, "csrf")}

    def _run(self, *words: str) -> str:
        done = process.govgrid(words, folder=self._folder, env=self._env)
        if done.code:
            raise RuntimeError(f"{words}: {done.err}")
        shown = SHOWN.search(done.err)
        return shown[1] if shown else ""


def _log_in(service: Any, name: str, password: str, said: str) -> None:
    page = service.ask(get(LOGIN), name)
    sent = {"csrf": _hidden(page.text, "csrf"), "name": name, "password": password}
    service.ask(Ask("POST", LOGIN, form=sent, said=f"POST {LOGIN} {said}"), name)


def _onward(service: Any, name: str, password: str) -> None:
    """Do what a first log-in is asked for: a new password, then an authenticator where needed."""
    import pyotp

    page, new = service.ask(get(NEW), name), PASSWORD
    words = {"password_old": password, "password_new": new, "password_again": new}
    sent = {"csrf": _hidden(page.text, "csrf"), **words}
    answer = service.ask(Ask("POST", NEW, form=sent, said=f"POST {NEW} a new one"), name)
    if answer.headers.get("location", "").startswith(TOTP):
        page = service.ask(get(TOTP), name)
        secret = _hidden(page.text, "secret")
        sent = {"csrf": _hidden(page.text, "csrf"), "secret": secret}
        sent["code"] = pyotp.TOTP(secret).now()
        service.ask(Ask("POST", TOTP, form=sent, said=f"POST {TOTP} the right code"), name)


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    return found[1] if found else ""
