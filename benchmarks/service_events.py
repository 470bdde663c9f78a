"""Events of the service: edits as a second client hears them, and 500 clients that hear all.

Part of the benchmark of live work (`service_live.py`). The clients are those of the tests
(`tests/event_clients.py`), in a process of their own over real sockets.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rows import Row, row
from sqlalchemy import Engine, text

from geo.access import principal
from geo.access.accounts import accounts, grants, sessions
from geo.store import db, outbox
from geo.store.outbox import Event

ROOT: Final = Path(__file__).parents[1]
EDITS: Final = 40
MOVED: Final = (3e-5, 2e-5)
"""Degrees: about three metres and two."""
CLIENTS: Final = 500
OF_ACCOUNT: Final = 20
TOLD: Final = 40
TOLD_EVERY_S: Final = 0.25
PATIENCE_S: Final = 60.0
CODES: Final = (
    "SELECT code, ST_X(geom), ST_Y(geom) FROM govgrid.camera"
    " WHERE grid_code IS NOT NULL AND position_source = 'reported' AND connection = 'online'"
    " AND EXISTS (SELECT FROM govgrid.viewshed v WHERE v.camera_code = camera.code)"
    " ORDER BY md5(code) LIMIT :n"
)


class Listener:
    """A second client: what it is told, and when it came."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Cookie": f"govgrid_session={token}", "Accept": "text/event-stream"}
        asked = urllib.request.Request(f"{url}/api/events", headers=headers)
        self._answer = urllib.request.urlopen(asked, timeout=PATIENCE_S)
        self._told: Queue[tuple[dict[str, Any], float]] = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._answer:
            if line.startswith(b"data: "):
                self._told.put((json.loads(line[6:]), time.perf_counter()))

    def figures(self) -> tuple[float, bool]:
        """Return when figures were told next, and whether others are pending.

        Raises
        ------
        queue.Empty
            If it is not told within a minute.
        """
        while True:
            found, moment = self._told.get(timeout=PATIENCE_S)
            if (found.get("layer"), found.get("kind")) == ("coverage", "computed"):
                return moment, bool(found["data"].get("pending"))

    def moment_of(self, **wanted: str) -> float:
        """Return when it was told of this, of all that it was not asked for yet.

        Raises
        ------
        queue.Empty
            If it is not told within a minute.
        """
        while True:
            found, moment = self._told.get(timeout=PATIENCE_S)
            if wanted.items() <= found.items():
                return moment


def edit_rows(url: str, client: Any, engine: Engine) -> list[Row]:
    """Return the rows of one camera moved over HTTP: its answer, its event, the figures after it.

    Figures end where a second client hears of them, which is after their commit. They are counted
    from the request, and from the moment that the edit itself was heard of.

    Parameters
    ----------
    url
        Address of the service.
    client
        Of an account that may edit.
    engine
        Pool of the owner of the tables.
    """
    (token,) = tokens(engine, "hears", 1)
    listener, answered, heard, chosen, followed = Listener(url, token), [], [], [], []
    with engine.begin() as connection:
        places = connection.execute(text(CODES), {"n": EDITS}).all()
    for code, lon, lat in places:
        place = [lon + MOVED[0], lat + MOVED[1]]
        body = {"type": "Feature", "geometry": {"type": "Point", "coordinates": place}}
        began = time.perf_counter()
        client.ask("PATCH", f"/api/collections/cameras/items/{code}", body, {"If-Match": "*"})
        answered.append(time.perf_counter() - began)
        heard.append(listener.moment_of(kind="edited", code=code) - began)
        moment, pending = listener.figures()
        chosen.append(moment - began)
        followed.append((listener.figures()[0] if pending else moment) - began)
    after = np.array(heard)
    done = "a camera moved over HTTP"
    return [
        row(f"{done}, answered, p95", _p95_ms(answered), "ms"),
        row(f"{done}, told to a second client, p95", _p95_ms(heard), "ms", goal=250),
        row(f"{done}, chosen figures committed, p95", _p95_ms(chosen), "ms", goal=60),
        row(f"{done}, chosen figures committed, median", 1e3 * float(np.median(chosen)), "ms"),
        row(f"{done}, all figures committed, p95", _p95_ms(followed), "ms", goal=200),
        row(f"{done}, all figures committed, median", 1e3 * float(np.median(followed)), "ms"),
        row("the same after it was told, chosen figures, p95", _p95_ms(chosen - after), "ms"),
        row("the same after it was told, all figures, p95", _p95_ms(followed - after), "ms"),
    ]


def crowd_rows(url: str, engine: Engine) -> list[Row]:
    """Return the rows of many clients of the stream: how late events are, and how many are lost.

    Parameters
    ----------
    url
        Address of the service.
    engine
        Pool of the owner of the tables.
    """
    told = tokens(engine, "crowd", CLIENTS)
    with _listening(int(url.rsplit(":", 1)[1]), told) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "open\n":
            assert process.poll() is None
        for number in range(TOLD):
            kind = "last" if number == TOLD - 1 else "edited"
            event = Event("poles", kind, f"B{number}", data={"sent": time.time()})
            with db.open_transaction(engine) as connection:
                outbox.add_event(connection, event)
            time.sleep(TOLD_EVERY_S)
        lines = iter(process.stdout.readline, "")
        found = json.loads(next(line for line in lines if line.startswith("[")))
    late = [each[3] for client in found for each in client["events"] if each[3] is not None]
    lost = CLIENTS * TOLD - sum(len({each[2] for each in client["events"]}) for client in found)
    p99 = 1e3 * float(np.percentile(late, 99))
    return [
        row(f"events to {CLIENTS} clients, p99", p99, "ms", goal=100),
        row(f"events lost, of {CLIENTS * TOLD:,}", lost, "events", goal=0),
    ]


def tokens(engine: Engine, name: str, number: int) -> list[str]:
    """Return so many sessions, of as few accounts as may have them.

    Parameters
    ----------
    engine
        Pool of the owner of the tables.
    name
        Beginning of the names of the accounts.
    number
        How many.
    """
    system, found = principal.system_principal("os:bench"), list[str]()
    for account in range(-(-number // OF_ACCOUNT)):
        full = f"{name}.{time.time_ns()}.{account}"
        accounts.add_account(engine, system, full, holder="测试", unit_name="测试单位")
        grants.give_grant(engine, system, full, "planner", None, depth="gaps")
        with engine.begin() as connection:
            statement = text("SELECT id::text FROM govgrid.account WHERE name = :name")
            made = connection.execute(statement, {"name": full}).scalar_one()
            token = sessions.begin_session(connection, made, stage="full")
        found += [token] * min(OF_ACCOUNT, number - len(found))
    return found


@contextmanager
def _listening(port: int, told: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tokens"
        file.write_text("\n".join(told))
        command = [sys.executable, "-m", "tests.event_clients", str(port), str(file), "last"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            try:
                yield process
            finally:
                process.terminate()


def _p95_ms(seconds: Sequence[float] | NDArray[np.float64]) -> float:
    return 1e3 * float(np.percentile(seconds, 95))
