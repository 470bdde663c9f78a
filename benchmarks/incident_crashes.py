"""The database killed (kill -9) three times under writes: what was acknowledged is there once.

Part of the benchmark of incidents. A client that gets no answer, or 503, sends the same again, as
a console does: with the same ``client_id``.
"""

import http.client
import json
import os
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Engine, text

from geo.base.settings import Settings
from geo.store.cluster import cluster
from geo.store.cluster.location import find_place

KILLS: Final = 3
WRITERS: Final = 4
BETWEEN_S: Final = 2.0
PATIENCE_S: Final = 60.0
CREATED: Final = (200, 201)
COUNT: Final = text(
    "SELECT count(*) AS rows, count(DISTINCT client_id) AS ids FROM govgrid.incident"
    " WHERE client_id = ANY(CAST(:ids AS uuid[]))"
)


def killed_rows(
    address: tuple[str, int], headers: dict[str, str], spots: list[Any], config: Settings
) -> tuple[list[str], int]:
    """Kill the server three times under writes; return the acknowledged ids and the repeats."""
    stop = Event()
    with ThreadPoolExecutor(WRITERS) as pool:
        writers: list[Future[tuple[list[str], int]]] = [
            pool.submit(_write, address, headers, spots, stop) for _ in range(WRITERS)
        ]
        try:
            for _ in range(KILLS):
                time.sleep(BETWEEN_S)
                _kill(config)
            time.sleep(BETWEEN_S)
        finally:
            stop.set()
        told = [writer.result() for writer in writers]
    return [each for ids, _ in told for each in ids], sum(repeats for _, repeats in told)


def count_acknowledged(owner: Engine, ids: list[str]) -> tuple[int, int]:
    """Return how many rows the acknowledged incidents have, and how many of them are there."""
    owner.dispose()  # its connections ended with the server
    with owner.begin() as connection:
        found = connection.execute(COUNT, {"ids": ids}).one()
    return int(found.rows), int(found.ids)


def _write(
    address: tuple[str, int], headers: dict[str, str], spots: list[Any], stop: Event
) -> tuple[list[str], int]:
    kept: list[str] = []
    repeats, n = 0, 0
    while not stop.is_set():
        number = str(uuid4())
        lon, lat = spots[n % len(spots)]
        n += 1
        asked = {"category": "井盖缺失", "text": "井盖没了", "lon": lon, "lat": lat}
        body = json.dumps({**asked, "client_id": number})
        until = time.monotonic() + PATIENCE_S
        while True:
            status = _post(address, headers, body)
            if status in CREATED:
                kept.append(number)
                break
            repeats += 1
            if time.monotonic() > until:
                raise RuntimeError(f"no answer but {status} for {PATIENCE_S:g} s")
            time.sleep(0.05)
    return kept, repeats


def _post(address: tuple[str, int], headers: dict[str, str], body: str) -> int:
    client = http.client.HTTPConnection(*address, timeout=PATIENCE_S)
    try:
        client.request("POST", "/api/incidents", body, headers)
        answer = client.getresponse()
        answer.read()
    except OSError:
        return 0
    finally:
        client.close()
    return answer.status


def _kill(config: Settings) -> None:
    """Kill the server and start it again, as the supervisor does."""
    mark = find_place(config.home.absolute()).data / "postmaster.pid"
    os.kill(int(mark.read_text().split()[0]), signal.SIGKILL)
    until = time.monotonic() + PATIENCE_S
    while not cluster.revive_cluster(config.home):
        if time.monotonic() > until:
            raise RuntimeError("the server was not started again")
        time.sleep(0.1)
