"""Slow work has threads of its own and delays no other requests."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.server import lanes
from geo.base.settings import Settings
from tests import PATIENCE_S
from tests.api.test_limits import running
from tests.api.test_login import csrf_in
from tests.signed_in import signed_in
from tests.toy_town import place

pytestmark = pytest.mark.postgis

LON, LAT = place(4, 0)


@pytest.fixture
def client_of(seen_town, database_url, tmp_path):
    """Serve without limits by address, for many come from one here; return what makes clients."""
    settings = Settings(
        home=tmp_path, database_url=database_url, parallel_per_address=0, rate_per_minute_login=0
    )
    with running(create_app(settings)) as port:
        limits = httpx2.Limits(max_connections=200)
        made = []

        def client(role=None, area=None, **more):
            made.append(
                httpx2.Client(
                    base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=PATIENCE_S, **more
                )
            )
            return made[-1] if role is None else signed_in(made[-1], seen_town, role, area)

        yield client
        for each in made:
            each.close()


@contextmanager
def standing_still(engine, table):
    """Lock a table against reading and writing meanwhile."""
    with engine.connect() as connection, connection.begin() as running:
        connection.execute(text(f"LOCK TABLE govgrid.{table} IN ACCESS EXCLUSIVE MODE"))
        yield
        running.rollback()


def quick(client):
    assert client.get(f"/api/locate?lon={LON}&lat={LAT}").status_code == 200


def held_up(engine, table, works, other):
    """Start works that cannot go on, ask something quick, let them go on; return what they say."""
    with ThreadPoolExecutor(len(works)) as threads:
        with standing_still(engine, table):
            begun = [threads.submit(work) for work in works]
            for _ in range(5):
                quick(other)
            assert not any(each.done() for each in begun)
        return [each.result() for each in begun]


def test_four_cold_maps_hold_up_nobody(client_of, seen_town):
    west, east = "340802001001001", "340802001001002"
    readers = [client_of(role, area) for role in ("operator", "planner") for area in (west, east)]
    works = [lambda client=each: client.get("/map") for each in readers]
    answers = held_up(seen_town, "water", works, client_of("dispatcher"))
    assert [answer.status_code for answer in answers] == [200] * 4


def test_a_map_that_is_at_hand_does_not_wait_for_one_that_is_drawn(client_of, seen_town):
    warm, cold = client_of("administrator"), client_of("operator", "340802001001001")
    assert warm.get("/map").status_code == 200
    with ThreadPoolExecutor(1) as threads, standing_still(seen_town, "water"):
        begun = threads.submit(lambda: cold.get("/map"))
        assert warm.get("/map").status_code == 200
        assert not begun.done()


def test_a_hundred_log_ins_hold_up_nobody(client_of, seen_town):
    stranger = client_of(headers={"accept": "text/html"})
    form = {"csrf": csrf_in(stranger.get("/login")), "name": "nobody.here", "password": "x" * 12}
    works = [lambda: stranger.post("/login", data=form)] * 100
    answers = held_up(seen_town, "login_failure", works, client_of("dispatcher"))
    assert {answer.status_code for answer in answers} <= {401, 429}


def test_files_hold_up_nobody(client_of, seen_town):
    client = client_of("administrator")
    wanted = {"layer": "grids", "format": "csv", "reason": "test"}
    works = [lambda: client.post("/api/exports", json=wanted)] * 6
    answers = held_up(seen_town, "export_register", works, client_of("dispatcher"))
    assert [answer.status_code for answer in answers] == [200] * 6


def test_each_thread_has_a_connection(seen_town, settings):
    with TestClient(create_app(settings)) as client:
        assert client.app.state.engine.pool.size() == lanes.CONNECTIONS == 12
