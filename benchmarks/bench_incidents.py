"""Incidents as they are taken over HTTP with 8 clients, kept through kill -9, listed by a million.

The demonstration's district, one web process, every check on, fsync on. A client sends one request
after the other; the peer writes the same rows by one statement and a COMMIT each, from as many
connections, in the same run. Then the server is killed three times under writes, and last lists
and details are read among 1,000,000 incidents (``GOVGRID_BENCH_INCIDENTS`` for another number, 0
for none).
"""

import http.client
import json
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import incident_crashes
import incident_lists
import numpy as np
import service_search
from rows import Row, row, run
from service_server import COMMAND, SECONDS, sign_in, web_process
from sqlalchemy import Engine, event, text

from api.session.csrf import HEADER
from api.session.identity import COOKIE
from geo.access import principal
from geo.access.accounts import sessions
from geo.areas.places import Places
from geo.base.errors import NotFoundError
from geo.base.settings import Settings
from geo.coverage.sight_memory import SightMemory
from geo.incidents import cameras, intake
from geo.incidents.book import IntakeBooks
from geo.incidents.desk import Desk
from geo.incidents.location import TypedPlace
from geo.incidents.report import Report
from geo.operations import database
from geo.store import db
from geo.store.cluster import cluster

CLIENTS: Final = 8
ASKED: Final = 100
"""Incidents whose cameras are asked for, by reader."""
CATEGORY: Final = "井盖缺失"
PLAIN: Final = text(
    "INSERT INTO govgrid.incident (title, category, source, reported_at, geom)"
    " VALUES ('井盖没了', '井盖缺失', 'other', now(), ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
)
Headers = dict[str, str]


def create(
    address: tuple[str, int], headers: Headers, spots: list[Any], seconds: float
) -> list[float]:
    """Send incidents one after the other; return how long each took, seconds."""
    client, took = http.client.HTTPConnection(*address, timeout=60), []
    until, n = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        lon, lat = spots[n % len(spots)]
        n += 1
        asked = {"category": CATEGORY, "text": "井盖没了", "lon": lon, "lat": lat}
        body = json.dumps({**asked, "client_id": str(uuid4())})
        began = time.monotonic()
        client.request("POST", "/api/incidents", body, headers)
        given = client.getresponse()
        told = given.read()
        if given.status != 201:
            raise RuntimeError(told.decode()[:300])
        took.append(time.monotonic() - began)
    return took


def plain(owner: Engine, spots: list[Any], seconds: float) -> list[float]:
    """Write the same rows by one statement and a COMMIT each; return how long each took."""
    took = []
    until, n = time.monotonic() + seconds, 0
    with owner.connect() as connection:
        while time.monotonic() < until:
            lon, lat = spots[n % len(spots)]
            n += 1
            began = time.monotonic()
            connection.execute(PLAIN, {"lon": lon, "lat": lat})
            connection.commit()
            took.append(time.monotonic() - began)
    return took


def side_by_side(work: Any) -> list[float]:
    """Return how long each piece of work of all clients took."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        return [each for took in pool.map(lambda _: work(), range(CLIENTS)) for each in took]


def keyed_rows(address: tuple[str, int], headers: Headers, spot: Any, owner: Engine) -> int:
    """Return how many incidents 16 posts at once with one key make."""
    number = str(uuid4())
    body = json.dumps(
        {"category": CATEGORY, "text": "一件", "lon": spot[0], "lat": spot[1], "client_id": number}
    )

    def post(_: int) -> int:
        client = http.client.HTTPConnection(*address, timeout=60)
        client.request("POST", "/api/incidents", body, headers)
        given = client.getresponse()
        given.read()
        return given.status

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(post, range(16)))
    asked = text("SELECT count(*) FROM govgrid.incident WHERE client_id = :number")
    with owner.begin() as connection:
        return int(connection.execute(asked, {"number": number}).scalar_one())


def statements_each(owner: Engine, config: Settings, spot: Any) -> int:
    """Return how many statements one incident takes once everything is in memory."""
    books = IntakeBooks(owner, Places(owner))
    system = principal.system_principal("os:bench")
    sight = SightMemory(owner, detail=config.detail_px_per_m)
    desk = Desk(owner, books, books.revisions(system), config, sight)
    given = Report(CATEGORY, "井盖没了", TypedPlace(*spot))
    intake.take_incident(desk, system, given)
    seen: list[str] = []
    event.listen(owner, "before_cursor_execute", lambda *told: seen.append(told[2]))
    intake.take_incident(desk, system, given)
    return len(seen)


def camera_rows(owner: Engine, config: Settings) -> list[Row]:
    """Return how long the cameras of incidents that were taken take, as recorded, by reader."""
    asked = text(
        "SELECT id FROM govgrid.incident WHERE client_id IS NOT NULL ORDER BY id LIMIT 1000"
    )
    with owner.begin() as connection:
        numbers = list(connection.execute(asked).scalars())
    service = db.connect(database.database_url(config), role=cluster.SERVICE_ROLE)
    rows = []
    try:
        for name, who in incident_lists.readers(owner).items():
            if who.unit_code is not None:
                continue  # no exact place is told to a unit that was not sent there
            desk = incident_lists.make_desk(service, who, config)
            times: list[float] = []
            for number in numbers:
                if len(times) > ASKED:
                    break
                try:
                    times += incident_lists.timed(
                        lambda d=desk, w=who, n=number: cameras.read_cameras(
                            service, w, n, config, view=d.view(w)
                        ),
                        1,
                    )
                except NotFoundError:  # in another township
                    continue
            if len(times) <= 1:
                continue
            p95 = float(np.quantile(times[1:], 0.95))  # the first one reads the scene
            title = f"cameras of an incident, {name}: p95 of {len(times) - 1}"
            rows.append(row(title, p95, "ms", goal=30.0))
    finally:
        service.dispose()
    return rows


def measured() -> list[Row]:
    """Return the rows, from a home of their own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home")
        home = [*COMMAND, "--home", str(config.home)]
        try:
            with database.open_database(config, pool_size=CLIENTS) as owner:
                service_search.bring_in(owner, Path(folder) / "files")
                return _measured(config, owner)
        finally:
            subprocess.run([*home, "db", "stop"], check=False, capture_output=True)


def _measured(config: Settings, owner: Engine) -> list[Row]:
    asked = text("SELECT ST_X(geom), ST_Y(geom) FROM govgrid.camera ORDER BY md5(code) LIMIT 200")
    with owner.begin() as connection:
        spots = [tuple(place) for place in connection.execute(asked)]
    headers = {**sign_in(owner, role="operator"), "Content-Type": "application/json"}
    token = headers["Cookie"].partition(f"{COOKIE}=")[2].partition(";")[0]
    headers[HEADER] = sessions.find_session(owner, token).csrf
    bare = side_by_side(lambda: plain(owner, spots, SECONDS))
    with web_process(config) as (address, _):
        create(address, headers, spots, 1.0)
        took = side_by_side(lambda: create(address, headers, spots, SECONDS))
        once = keyed_rows(address, headers, spots[0], owner)
        kept, repeats = incident_crashes.killed_rows(address, headers, spots, config)
    there, different = incident_crashes.count_acknowledged(owner, kept)
    rate, peer = len(took) / SECONDS, len(bare) / SECONDS
    p50, p99 = (1000 * float(np.quantile(took, q)) for q in (0.5, 0.99))
    name = f"create over HTTP, {CLIENTS} clients"
    return [
        row(
            name,
            rate,
            "1/s",
            peer="plain INSERT + COMMIT",
            peer_value=peer,
            goal_ratio=0.3,
            more_is_better=True,
        ),
        row(name, rate, "1/s", goal=150.0, more_is_better=True),
        row("create: p50", p50, "ms"),
        row("create: p99 over p50", p99 / p50, "", goal=10.0),
        row("statements per create", statements_each(owner, config, spots[0]), "", goal=8.0),
        row("rows of 16 posts at once with one key", once, "", goal=1.0),
        row(f"killed 3 times, {repeats} sent again: acknowledged", len(kept), ""),
        row("of these lost", len(kept) - different, "", goal=0.0),
        row("of these there twice", there - different, "", goal=0.0),
        *camera_rows(owner, config),
        *(incident_lists.measure_lists(owner, config) if incident_lists.SIZE else ()),
    ]


if __name__ == "__main__":
    run(measured, __doc__)
