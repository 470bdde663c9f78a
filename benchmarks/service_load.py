"""The service while something else goes on: writes, maps that are drawn, log-ins."""

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode

from rows import Row, row
from service_server import REASON, ask, sign_in
from sqlalchemy import Engine, text

from geo.access.principal import Grant, Principal
from geo.exchange.publish import map_content
from geo.exchange.publish.kept_frames import KeptFrames

CHEAP: Final = ["/api/collections/grids/items?limit=10"]
LOG_INS: Final = 100
EVERY_S: Final = 0.5
RAISE: Final = text(
    "UPDATE govgrid.camera SET mount_height_m = coalesce(mount_height_m, 4) + 0.001"
    " WHERE code = (SELECT code FROM govgrid.camera ORDER BY md5(code || :n) LIMIT 1)"
)
TOWNSHIPS: Final = text(
    "SELECT code FROM govgrid.area_now WHERE level = 'township' ORDER BY code LIMIT 4"
)
ZONE: Final = "Asia/Shanghai"


def sight_rows(
    address: tuple[str, int], headers: dict[str, str], at: list[str], owner: Engine
) -> list[Row]:
    """Return who sees a place: when nothing is written, and a camera twice a second."""
    paths = [f"/api/cameras/seeing?{each}&reason={REASON}" for each in at]
    began = time.perf_counter()
    ask(address, paths[:1], headers, connections=1, seconds=0.01, rounds=1)
    first = 1000 * (time.perf_counter() - began)
    ask(address, paths, headers, rounds=1)
    quiet = ask(address, paths, headers)
    with written(owner):
        busy = ask(address, paths, headers)
    return [
        row("who sees a place, the first of a process", first, "ms"),
        row("who sees a place", quiet["rate"], "answers/s"),
        row("who sees a place, p95", _answered(quiet, "p95"), "ms", goal=25.0),
        row("who sees a place, p99", _answered(quiet, "p99"), "ms", goal=8 * quiet["p50"]),
        row("who sees a place, a camera written twice a second, p95",
            _answered(busy, "p95"), "ms", goal=25.0),
    ]  # fmt: skip


def _answered(found: dict[str, float], name: str) -> float | None:
    return None if found["refused"] else found[name]


@contextmanager
def written(owner: Engine) -> Iterator[None]:
    """Write a camera twice a second meanwhile."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.wait(EVERY_S):
            number += 1
            with owner.begin() as connection:
                connection.execute(RAISE, {"n": str(number)})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def content_rows(service: Engine) -> list[Row]:
    """Return the time of the map's content for the first who asks, and for another's grants."""
    planner = Principal("bench", grants=(Grant("planner", depth="gaps"),))
    again = Principal("bench", grants=(Grant("operator", depth="gaps"),))
    kept = KeptFrames()
    times = [_timed(lambda who=who: _content(service, who, kept)) for who in (planner, again)]
    return [
        row("content of the map, the first of a process", times[0], "ms"),
        row("content of the map, for who asks first", times[1], "ms", goal=500.0),
    ]


def _content(service: Engine, who: Principal, kept: KeptFrames) -> None:
    map_content.read_content(service, who, lang="zh", timezone=ZONE, kept=kept)


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def crowd_rows(address: tuple[str, int], headers: dict[str, str], owner: Engine) -> list[Row]:
    """Return how long a cheap request takes beside four maps that are drawn and 100 log-ins."""
    with owner.begin() as connection:
        codes = list(connection.execute(TOWNSHIPS).scalars())
    readers = [sign_in(owner, f"bench{n}", "operator", code) for n, code in enumerate(codes)]
    idle = ask(address, CHEAP, headers, connections=1, rounds=1)
    with ThreadPoolExecutor(len(readers) + 8) as threads:
        works = [threads.submit(_map, address, each) for each in readers]
        works += [threads.submit(_log_in, address, n) for n in range(LOG_INS)]
        beside = ask(address, CHEAP, headers, connections=1, rounds=1)
        left = sum(not each.done() for each in works)
        for each in works:
            each.result()
    label = f"a cheap request beside 4 cold maps and {LOG_INS} log-ins ({left} not done yet)"
    return [
        row(f"{label}: median", beside["p50"], "ms", goal=5 * idle["p50"]),
        row(f"{label}: p95", beside["p95"], "ms"),
        row("the same request, idle: median", idle["p50"], "ms"),
    ]


def _map(address: tuple[str, int], headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection(*address, timeout=300)
    connection.request("GET", "/map", headers=headers)
    assert connection.getresponse().read()
    connection.close()


def _log_in(address: tuple[str, int], number: int) -> None:
    """Log in as somebody whom nobody knows: the password is held against a hash all the same."""
    connection = http.client.HTTPConnection(*address, timeout=300)
    connection.request("GET", "/login")
    page = connection.getresponse()
    cookie = (page.getheader("set-cookie") or "").partition(";")[0]
    found = re.search('name="csrf" value="([^"]+)"', page.read().decode())
    form = {"csrf": found[1] if found else "", "name": f"nobody{number}", "password": "not this"}
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    connection.request("POST", "/login", urlencode(form), kind)
    answer = connection.getresponse()
    answer.read()
    assert answer.status in {401, 403, 429}, answer.status
    connection.close()
