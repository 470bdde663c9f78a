"""A home with the demonstration's district, served as an administrator serves it."""

import os
import re
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Final

import service_live
import service_search
from sqlalchemy import Engine, text

from geo.base.settings import Settings
from geo.operations import database
from geo.store.cluster import cluster
from scripts.fault_campaign.session import Session, sign_in
from scripts.fault_campaign.writers import Acknowledged, Place, Writer, writers_of

COMMAND: Final = [sys.executable, "-c", "from geo.cli import main; main()"]
LIMITS: Final = {
    **{f"GOVGRID_RATE_PER_MINUTE_{kind}": "0" for kind in ("ACCOUNT", "ADDRESS", "LOGIN")},
    "GOVGRID_PARALLEL_PER_ADDRESS": "0",
    "GOVGRID_BULK_ROWS": "1000000000",
}
"""Every client of a campaign comes from one address: limits by address are off."""
PLACES: Final = text(
    "SELECT ST_X(geom), ST_Y(geom), code FROM govgrid.camera WHERE owner_kind = 'skynet'"
    " ORDER BY md5(code) LIMIT 50"
)
WORKERS: Final = 2
CLIENTS: Final = {"incidents": 3, "moves": 2, "camera states": 1, "viewings": 1, "imports": 1}


@dataclass(frozen=True)
class Site:
    """A home, its owner's pool, and what writers need."""

    config: Settings
    owner: Engine
    places: tuple[Place, ...]
    cameras: tuple[str, ...]
    headers: Mapping[str, str]

    @property
    def postmaster(self) -> int:
        """The number of the process of the home's database server."""
        data = cluster.cluster_folder(self.config.home) / "pgdata"
        return int((data / "postmaster.pid").read_text().split()[0])

    def audit_holds(self) -> str:
        """Return what ``govgrid audit verify`` says."""
        command = [*COMMAND, "--home", str(self.config.home), "--lang", "en", "audit", "verify"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return f"{done.stdout}{done.stderr}".strip().splitlines()[-1]


@contextmanager
def make_site() -> Iterator[Site]:
    """Build a home in a temporary folder; its database ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home")
        try:
            with database.open_database(config) as owner:
                service_search.bring_in(owner, Path(folder) / "files")
                with owner.begin() as connection:
                    rows = connection.execute(PLACES).all()
                places = tuple((lon, lat) for lon, lat, _ in rows)
                cameras = tuple(code for _, _, code in rows)
                yield Site(config, owner, places, cameras, sign_in(owner, "faults"))
        finally:
            command = [*COMMAND, "--home", str(config.home), "db", "stop"]
            subprocess.run(command, check=False, capture_output=True)


@contextmanager
def serve(site: Site, environment: Mapping[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """Run ``govgrid serve`` with two web workers; give its address and the supervisor's number.

    Parameters
    ----------
    site
        What is served.
    environment
        Variables beside those of this process.
    """
    command = [*COMMAND, "--home", str(site.config.home), "--lang", "en", "serve", "--port", "0"]
    given = {**os.environ, **LIMITS, **(environment or {})}
    with subprocess.Popen(
        [*command, "--workers", str(WORKERS)], stderr=subprocess.PIPE, text=True, env=given
    ) as process:
        try:
            lines, said = process.stderr or (), list[str]()
            url = _address_of(lines, said)
            if url is None:
                raise RuntimeError("".join(said) or "the service ended and said nothing")
            Thread(target=_drain, args=(lines,), daemon=True).start()
            service_live.until(lambda: service_live.readiness(url).get("status") == "ready")
            yield url, process.pid
        finally:
            process.terminate()


def _drain(lines: Iterable[str]) -> None:
    """Read the log of requests: a pipe that is full would make the service wait."""
    with suppress(ValueError):  # closed at the end
        deque(lines, 0)


def _address_of(lines: Iterable[str], said: list[str]) -> str | None:
    for line in lines:
        said.append(line)
        found = re.search(r"http://\S+:\d+", line)
        if found is not None:
            return found[0]
    return None


@contextmanager
def load(site: Site, url: str) -> Iterator[tuple[Acknowledged, list[Writer]]]:
    """Have all kinds written until the block ends; writers end with what they are at."""
    kinds, ended = writers_of(site.places, site.cameras), Event()
    told = Acknowledged(list(kinds))
    writers = [
        Writer(kind, kinds[kind], Session(url, site.headers, ended), told, ended)
        for kind, count in CLIENTS.items()
        for _ in range(count)
    ]
    for each in writers:
        each.start()
    try:
        yield told, writers
    finally:
        ended.set()
        for each in writers:
            each.join()
