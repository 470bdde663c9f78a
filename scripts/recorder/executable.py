"""The installed program itself: ``.venv/bin/govgrid``, its exit codes, and the service it runs."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

from .home import Home
from .normal import Normal
from .process import Done
from .texts import Texts

CALLS = (
    (),
    ("--version",),
    ("nonsense",),
    ("locate", "200", "30"),
    ("--lang", "en", "locate", "200", "30"),
    ("db", "status", "--json"),
    ("user", "list"),
)
PATHS = ("/livez", "/readyz", "/", "/login", "/static/site.css", "/nowhere", "/api/audit")
PATIENCE_S = 300.0
PAUSE_S = 0.1


def executable(home: Home, folder: Path) -> dict[str, Any]:
    """Return what the program shows as a process of its own, on a copy of the town."""
    address, texts = home.copy("executable"), Texts()
    env = home.environment(GOVGRID_DATABASE_URL=address, GOVGRID_HOME=str(folder / "home"))
    normal = Normal({address: "<database>", **home.places(folder)})

    def told(call: str, done: Done) -> dict[str, Any]:
        out, err = (texts.kept(normal.json_or_lines(each)) for each in (done.out, done.err))
        return {"call": call, "code": done.code, "stdout": out, "stderr": err}

    try:
        found = [told(" ".join(("govgrid", *w)), _run(w, folder, env)) for w in CALLS]
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            words = ("serve", "--port", str(taken.getsockname()[1]))
            found.append(told("govgrid serve on a port that is taken", _run(words, folder, env)))
        found.append(told("govgrid worker, then SIGTERM", _stopped(("worker",), folder, env)))
        served, answers = _served(folder, env)
        found.append({**told("govgrid serve, then SIGINT", served), "answers": answers})
        return {"found": found, "texts": texts.found}
    finally:
        home.drop("executable")


def _program() -> str:
    return str(Path(os.environ["RECORDED"]) / ".venv" / "bin" / "govgrid")


def _run(words: tuple[str, ...], folder: Path, env: dict[str, str]) -> Done:
    return _ended(_begun(words, folder, env))


def _begun(words: tuple[str, ...], folder: Path, env: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [_program(), *words],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def _ended(running: "subprocess.Popen[str]") -> Done:
    try:
        out, err = running.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        running.kill()
        out, err = running.communicate()
    return Done(running.returncode, out, err)


def _stopped(words: tuple[str, ...], folder: Path, env: dict[str, str]) -> Done:
    """Return how a program ends that is told to, after its first line."""
    running = _begun(words, folder, env)
    first = running.stderr.readline() if running.stderr else ""
    running.send_signal(signal.SIGTERM)
    done = _ended(running)
    return Done(done.code, done.out, first + done.err)


def _served(folder: Path, env: dict[str, str]) -> tuple[Done, dict[str, Any]]:
    """Return how the service ended, and what it answered before."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    running = _begun(("serve", "--port", str(port)), folder, env)
    try:
        _wait_for(running, port)
        answers = {path: _asked(port, path) for path in PATHS}
    finally:
        running.send_signal(signal.SIGINT)
        done = _ended(running)
    return done, answers


def _wait_for(running: "subprocess.Popen[str]", port: int) -> None:
    ends = time.monotonic() + PATIENCE_S
    while running.poll() is None and time.monotonic() < ends:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5).close()
        except OSError:
            time.sleep(PAUSE_S)
        else:
            return


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: it is an answer."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return nothing to go on to."""


def _asked(port: int, path: str) -> dict[str, Any]:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"accept": "text/html"}
    )
    try:
        answer = urllib.request.build_opener(_Stay).open(asked, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    except OSError as error:
        return {"refused": type(error).__name__}
    with closing(answer):
        return {"status": answer.status, "headers": sorted({n.lower() for n in answer.headers})}
