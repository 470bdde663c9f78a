"""Live work of the service: cameras tried and edited, events, jobs, killed processes come back.

Part of the benchmark of the service; `scripts/bench live` measures it alone, and
``service_live.py HOME`` on a home with the demonstration, which it changes.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Final

import numpy as np
import service_events
from rows import Row, row, run
from sqlalchemy import Engine, text

from geo.access import principal
from geo.access.accounts import accounts, grants, sessions
from geo.base.settings import Settings
from geo.coverage import compute
from geo.operations import database
from geo.store.cluster import cluster

COMMAND: Final = [sys.executable, "-c", "from geo.cli import main; main()"]
TRIALS: Final = 60
JOBS: Final = 20
SEED: Final = 340802
FILE: Final = (
    "编码,名称,建设类别,摄像机类型,监视方位,有效距离,状态,经度,纬度\n"
    "N1,新增枪机,天网,固定枪机,90,60,在线,117.05,30.52\n"
).encode()
PATIENCE_S: Final = 300.0


class Client:
    """An account of the whole district with all that live work needs, over HTTP."""

    def __init__(self, url: str, engine: Engine) -> None:
        system = principal.system_principal("os:bench")
        name = f"live.{os.getpid()}"
        accounts.add_account(engine, system, name, holder="测试", unit_name="测试单位")
        grants.give_grant(engine, system, name, "administrator", None, depth="gaps")
        with engine.begin() as connection:
            statement = text("SELECT id FROM govgrid.account WHERE name = :name")
            number = connection.execute(statement, {"name": name}).scalar_one()
            token = sessions.begin_session(connection, str(number), stage="full")
        found = sessions.find_session(engine, token)
        assert found is not None
        self._url = url
        self._headers = {"Cookie": f"govgrid_session={token}", "X-CSRF-Token": found.csrf}

    def ask(
        self, method: str, path: str, body: object = None, more: Mapping[str, str] | None = None
    ) -> Any:
        """Return the answer to a request; bytes go as they are, all else as JSON."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        headers = {**self._headers, "Content-Type": kind, **(more or {})}
        asked = urllib.request.Request(self._url + path, raw, headers, method=method)
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            return json.load(answer)


@contextmanager
def served(config: Settings) -> Iterator[tuple[str, int]]:
    """Run ``govgrid serve``; give its address and the number of its process."""
    command = [*COMMAND, "--home", str(config.home), "--lang", "en", "serve", "--port", "0"]
    limits = {f"GOVGRID_RATE_PER_MINUTE_{kind}": "0" for kind in ("ACCOUNT", "ADDRESS")}
    bulk = {"GOVGRID_BULK_ROWS": "1000000000", "GOVGRID_PARALLEL_PER_ADDRESS": "0"}
    environment = {**os.environ, **limits, **bulk}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            found = next(filter(None, (re.search(r"http://\S+:\d+", x) for x in process.stderr)))
            # the log of requests would fill the pipe, and then the service would wait for a reader
            Thread(target=deque, args=(process.stderr, 0), daemon=True).start()
            yield found[0], process.pid
        finally:
            process.terminate()


def until(holds: Callable[[], bool]) -> float:
    """Return the seconds until it held."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > PATIENCE_S:
            raise TimeoutError
        time.sleep(0.05)
    return time.monotonic() - began


def readiness(url: str) -> dict[str, Any]:
    """Return what the service says of itself; nothing where it does not answer."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except OSError:
        return {}


def process_of(parent: int, role: str) -> int:
    """Return the number of the process of a role; 0 while there is none."""
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        if Path(f"/proc/{child}/comm").read_text().strip() == f"govgrid-{role}":
            return int(child)
    return 0


def resident_mb(number: int) -> float:
    """Return the largest resident size of a process so far."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{number}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def tried_ms(client: Client, engine: Engine) -> list[float]:
    """Return how long trying a camera takes, at places beside cameras."""
    statement = "SELECT ST_X(geom), ST_Y(geom) FROM govgrid.camera WHERE grid_code IS NOT NULL"
    with engine.begin() as connection:
        places = connection.execute(text(f"{statement} ORDER BY md5(code) LIMIT :n"), {"n": TRIALS})
        rng, found = np.random.default_rng(SEED), list[float]()
        for lon, lat in places:
            asked = {"lon": lon + 2e-4, "lat": lat + 2e-4, "range_m": 100, "hfov_deg": 80}
            asked["heading_deg"] = float(rng.uniform(0, 360))
            began = time.perf_counter()
            client.ask("POST", "/api/what-if", asked)
            found.append(1e3 * (time.perf_counter() - began))
    return found


def previewed_ms(client: Client) -> list[float]:
    """Return how long a preview of a small file takes, from asking to its end."""
    job = client.ask("POST", "/api/imports?layer=cameras&name=k.csv", FILE)
    path, found = f"/api/imports/{job['id']}", []
    for _ in range(JOBS):
        began = time.perf_counter()
        client.ask("POST", f"{path}/preview", {"crs": "wgs84"})
        until(lambda: client.ask("GET", path)["state"] not in ("waiting", "running"))
        found.append(1e3 * (time.perf_counter() - began))
    return found


def live_rows(config: Settings, engine: Engine) -> list[Row]:
    """Return the rows of live work, on a home that holds a district; it is computed first.

    Parameters
    ----------
    config
        Say the home.
    engine
        Pool of the owner of its tables.
    """
    compute.compute(engine)
    with served(config) as (url, parent):
        warm_s = until(lambda: readiness(url).get("engine") == "ready")
        client = Client(url, engine)
        what_if, jobs = tried_ms(client, engine), previewed_ms(client)
        events = service_events.edit_rows(url, client, engine)
        events += service_events.crowd_rows(url, engine)
        memory = resident_mb(process_of(parent, "engine"))
        back = {role: _back_s(url, parent, role) for role in ("web", "worker", "engine")}
        back["database"] = _database_back_s(config, url)
    return [
        row("engine warm (s)", warm_s, "s", goal=20),
        row("engine, largest resident size (MB)", memory, "MB", goal=1000),
        row("a camera tried over HTTP, p95 (ms)", _p95(what_if), "ms", goal=120),
        row("a small file previewed as a job, p95 (ms)", _p95(jobs), "ms"),
        *events,
        *(
            row(f"killed, back: {name} (s)", seconds, "s", goal=10)
            for name, seconds in back.items()
        ),
    ]


def _back_s(url: str, parent: int, role: str) -> float:
    """Return after how many seconds a killed process was there again and the service ready."""
    killed = process_of(parent, role)
    os.kill(killed, signal.SIGKILL)
    answers = ("ready", "warming", "idle")

    def back() -> bool:
        other = process_of(parent, role) not in (0, killed)
        return other and readiness(url).get("engine") in answers

    return until(back)


def _database_back_s(config: Settings, url: str) -> float:
    data = cluster.cluster_folder(config.home) / "pgdata"
    killed = int((data / "postmaster.pid").read_text().split()[0])
    os.kill(killed, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{killed}").exists())
    return until(lambda: readiness(url).get("status") == "ready")


def _p95(values: list[float]) -> float:
    return float(np.percentile(values, 95))


def measured(home: Path) -> list[Row]:
    """Return the rows for a home."""
    config = Settings(home=home)
    with database.open_database(config) as engine:
        return live_rows(config, engine)


if __name__ == "__main__":
    where = Path(sys.argv.pop(1)).absolute()
    run(lambda: measured(where), __doc__)
