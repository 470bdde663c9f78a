"""A web process of the service on the loopback, and what is asked of it by `service_client.py`."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Engine, text

from geo.access import principal
from geo.access.accounts import accounts, grants, sessions
from geo.base.settings import Settings

HERE: Final = Path(__file__).parent
COMMAND: Final = [sys.executable, "-c", "from geo.cli import main; main()"]
SERVE: Final = """
import socket, sys
import uvicorn
from api.app import create_app
from api.server.listening import OPTIONS
from geo.base.settings import Settings
listening = socket.socket(fileno=int(sys.argv[1]))
if sys.argv[3:] == ["fresh"]:  # no tile is kept but the one before
    from geo.exchange import tiles
    tiles.MOST_BYTES = 0
most = {f"rate_per_minute_{kind}": 0 for kind in ("account", "address", "login")}
config = Settings(home=sys.argv[2], parallel_per_address=0, **most)
uvicorn.Server(uvicorn.Config(create_app(config), log_level="warning", **OPTIONS)).run([listening])
"""
CONNECTIONS: Final = 8
SECONDS: Final = float(os.environ.get("GOVGRID_BENCH_SECONDS", "3"))
ROUNDS: Final = 2
REASON: Final = quote("基准测试")
Measured = dict[str, float]


def ask(
    address: tuple[str, int],
    paths: list[str],
    headers: dict[str, str],
    *,
    connections: int = CONNECTIONS,
    seconds: float = SECONDS,
    rounds: int = ROUNDS,
) -> Measured:
    """Return what the client measured: of the rounds that with most answers."""
    asked = {
        "host": address[0],
        "port": address[1],
        "paths": paths,
        "headers": headers,
        "connections": connections,
        "seconds": seconds,
    }
    command = [sys.executable, str(HERE / "service_client.py")]
    told = [
        subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
        for _ in range(rounds)
    ]
    return max((json.loads(each.stdout) for each in told), key=lambda found: found["rate"])


@contextmanager
def web_process(config: Settings, *more: str) -> Iterator[Any]:
    """Run a web process of the service; `more` is "fresh" for one that keeps no tiles."""
    command = [sys.executable, "-c", SERVE, "{fd}", str(config.home), *more]
    with listening_process(command, {}) as (address, process):
        wait_until_answered(address, "/livez")
        yield address, process


@contextmanager
def listening_process(command: list[str], environment: dict[str, str]) -> Iterator[Any]:
    """Run a server on a socket of the loopback whose number is its first argument."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        number = listening.fileno()
        filled = [part.replace("{fd}", str(number)) for part in command]
        process = subprocess.Popen(filled, pass_fds=[number], env={**os.environ, **environment})
    try:
        yield address, process
    finally:
        process.terminate()
        process.wait(30)


def wait_until_answered(address: tuple[str, int], path: str) -> None:
    """Return as soon as a server answers, whatever it says."""
    until = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(f"http://{address[0]}:{address[1]}{path}", timeout=60)
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


def sign_in(
    engine: Engine, name: str = "bench", role: str = "planner", area: str | None = None
) -> dict[str, str]:
    """Return the headers of a session of a new account: of a planner of the whole district."""
    system = principal.system_principal("os:bench")
    accounts.add_account(engine, system, name, holder="测试", unit_name="测试单位")
    grants.give_grant(engine, system, name, role, area, depth="gaps")
    with engine.begin() as connection:
        number = connection.execute(
            text("SELECT id FROM govgrid.account WHERE name = :name"), {"name": name}
        ).scalar_one()
        token = sessions.begin_session(connection, str(number), stage="full")
    return {"Cookie": f"govgrid_session={token}"}


def memory_mb(process: "subprocess.Popen[bytes]") -> float:
    """Return the memory of a process that is its own (Pss), in MB."""
    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
