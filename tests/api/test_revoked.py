"""A right that was taken is gone at the next request, in every process."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.session.freshness import SharedReads
from geo.access.accounts import sessions
from geo.base import clock
from tests import PATIENCE_S
from tests.signed_in import account, sign_in

pytestmark = pytest.mark.postgis

SERVE = """
import socket, sys
import uvicorn
from api.app import create_app
from api.server.listening import OPTIONS
from geo.base.settings import Settings
listening = socket.socket(fileno=int(sys.argv[1]))
config = Settings(home=sys.argv[2], database_url=sys.argv[3], rate_per_minute_account=0)
uvicorn.Server(uvicorn.Config(create_app(config), log_level="warning", **OPTIONS)).run([listening])
"""
ASKED = "/api/collections"


@pytest.fixture
def processes(seen_town, settings, tmp_path):
    """Return the addresses of two processes of the service on one database."""
    found, running = [], []
    for _ in range(2):
        listening = socket.create_server(("127.0.0.1", 0))
        number = listening.fileno()
        command = [sys.executable, "-c", SERVE, str(number), str(tmp_path), settings.database_url]
        running.append(subprocess.Popen(command, pass_fds=[number]))
        found.append(f"http://127.0.0.1:{listening.getsockname()[1]}")
        listening.close()
    for address in found:
        _wait(address)
    yield found
    for process in running:
        process.terminate()
        process.wait(PATIENCE_S)


def _wait(address):
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return status(address + "/livez")
        except OSError:
            assert time.monotonic() < until, "the process does not answer"
            time.sleep(0.1)


def status(address, **headers):
    try:
        asked = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def begun(engine, made):
    with engine.begin() as connection:
        return sessions.begin_session(connection, made)


def do(engine, statement, **values):
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def statuses(processes, token):
    return [status(each + ASKED, Cookie=f"govgrid_session={token}") for each in processes]


def test_a_disabled_account_is_refused_at_the_next_request_in_each_process(processes, seen_town):
    for n in range(5):
        made = account(seen_town, f"goes{n}", "operator")
        token = begun(seen_town, made)
        assert statuses(processes, token) == statuses(processes, token) == [200, 200]
        do(seen_town, "UPDATE govgrid.account SET disabled_at = now() WHERE id = :id", id=made)
        assert statuses(processes, token) == [401, 401]


def test_whatever_decides_is_read_anew(seen_town, settings):
    made = account(seen_town, "one", "operator")
    with TestClient(create_app(settings)) as client:
        sign_in(client, seen_town, made)
        assert client.get(ASKED).status_code == 200
        do(seen_town, "UPDATE govgrid.role_grant SET role = 'auditor'")
        assert client.get(ASKED).status_code == 403
        do(seen_town, "UPDATE govgrid.role_grant SET role = 'operator'")
        assert client.get(ASKED).status_code == 200
        do(seen_town, "UPDATE govgrid.role_grant SET until = govgrid.today() - 1")
        assert client.get(ASKED).status_code == 403
        do(seen_town, "UPDATE govgrid.role_grant SET until = NULL")
        assert client.get(ASKED).status_code == 200
        do(seen_town, "DELETE FROM govgrid.session")
        assert client.get(ASKED).status_code == 401


def test_a_grant_ends_with_its_day(seen_town, settings, tmp_path):
    file = tmp_path / "clock"
    file.write_text("2026-03-01T23:59:50+08:00")
    made = account(seen_town, "one", "operator")
    do(seen_town, "UPDATE govgrid.role_grant SET until = '2026-03-01'")
    try:
        with TestClient(create_app(settings.model_copy(update={"clock": file}))) as client:
            sign_in(client, seen_town, made)
            assert client.get(ASKED).status_code == 200
            file.write_text("2026-03-02T00:00:01+08:00")
            assert client.get(ASKED).status_code == 403
    finally:
        clock.follow(None)


def test_a_session_that_is_used_stays_and_one_that_is_not_ends(seen_town, settings):
    made = account(seen_town, "one", "operator")
    with TestClient(create_app(settings)) as client:
        sign_in(client, seen_town, made)
        assert client.get(ASKED).status_code == 200
        for kept in client.app.state.identities._kept.values():
            object.__setattr__(kept, "until", 0.0)
        do(seen_town, "UPDATE govgrid.session SET seen_at = now() - interval '10 minutes'")
        assert client.get(ASKED).status_code == 200
        for kept in client.app.state.identities._kept.values():
            object.__setattr__(kept, "until", 0.0)
        do(seen_town, "UPDATE govgrid.session SET seen_at = now() - interval '31 minutes'")
        assert client.get(ASKED).status_code == 401


def test_the_service_answers_again_after_its_connections_broke(seen_town, settings):
    with TestClient(create_app(settings)) as client:
        sign_in(client, seen_town, account(seen_town, "one", "operator"))
        assert client.get(ASKED).status_code == 200
        do(
            seen_town,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        assert client.get(ASKED).status_code == 200


def test_who_asks_during_a_read_gets_the_next_one():
    began = []

    def read():
        began.append(time.monotonic())
        time.sleep(0.02)
        return len(began)

    async def ask(reads, number):
        await asyncio.sleep(0.005 * number)
        asked = time.monotonic()
        got = await reads.current()
        return began[got - 1] >= asked

    async def all_ask():
        reads = SharedReads(read)
        return await asyncio.gather(*(ask(reads, n) for n in range(40)))

    assert asyncio.run(all_ask()) == [True] * 40
    assert len(began) < 40


def test_an_error_of_a_read_reaches_all_who_wait_and_nobody_later():
    failing = [True]

    def read():
        time.sleep(0.01)
        if failing:
            failing.clear()
            raise ValueError("no")
        return "yes"

    async def ask():
        reads = SharedReads(read)
        first = await asyncio.gather(reads.current(), return_exceptions=True)
        return [*first, await reads.current()]

    first, second = asyncio.run(ask())
    assert isinstance(first, ValueError)
    assert second == "yes"


def test_who_asks_from_another_loop_is_answered_though_a_read_is_under_way():
    begun, go = threading.Event(), threading.Event()

    def read():
        begun.set()
        assert go.wait(PATIENCE_S)
        return threading.current_thread().name

    async def ask_and_let_go(reads):
        asked = asyncio.ensure_future(reads.current())
        await asyncio.sleep(0)  # it is asked now
        go.set()
        return await asyncio.wait_for(asked, PATIENCE_S)

    async def ask(elsewhere):
        reads = SharedReads(read)
        own = asyncio.ensure_future(reads.current())
        await asyncio.to_thread(begun.wait, PATIENCE_S)
        other = await asyncio.to_thread(asyncio.run, elsewhere(reads))
        return [await own, other]

    first, second = asyncio.run(ask(ask_and_let_go))
    assert first == second
    assert first.startswith("govgrid-revisions")
