"""Streams of events: nothing is lost, nothing comes twice, and nobody is told what is not his."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.access.accounts import sessions
from geo.coverage import compute
from geo.exchange.imports import runs
from geo.store import db, outbox
from geo.store.outbox import Event
from tests import PATIENCE_S, ROOT
from tests.signed_in import SYSTEM, account, sign_in
from tests.toy_town import bring_in, place, rectangle, write_geojson

pytestmark = pytest.mark.postgis
EAST, WEST = "340802001001002", "340802001001001"
CLIENTS = 100
SERVE = """
import socket, sys
import uvicorn
from api.app import create_app
from api.server.listening import OPTIONS
from geo.base.settings import Settings
listening = socket.socket(fileno=int(sys.argv[1]))
# whoever waits for streams to end would wait for good
LONG = {**OPTIONS, "timeout_graceful_shutdown": None}
config = Settings(home=sys.argv[2], database_url=sys.argv[3], parallel_per_address=0)
uvicorn.Server(uvicorn.Config(create_app(config), log_level="warning", **LONG)).run([listening])
"""


class Service:
    """A process of the service on a port that it keeps when it is started again."""

    def __init__(self, database_url, home):
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._socket.getsockname()[1]
        self._given = [str(self._socket.fileno()), str(home), database_url]
        self.process = None

    def start(self):
        command = [sys.executable, "-c", SERVE, *self._given]
        self.process = subprocess.Popen(command, pass_fds=[self._socket.fileno()], cwd=ROOT)

    def answers(self):
        """Wait until requests are answered."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=PATIENCE_S):
            pass

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)

    def close(self):
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        self._socket.close()


@pytest.fixture
def service(seen_town, settings, tmp_path):
    found = Service(settings.database_url, tmp_path)
    found.start()
    yield found
    found.close()


class Heard:
    """What the clients say."""

    def __init__(self, lines):
        self._lines = lines

    def wait_for(self, said):
        """Wait until they say it."""
        while (line := self._lines.readline()) != f"{said}\n":
            assert line, f"the clients ended before {said!r}"

    def __call__(self):
        """Return what they got when all have ended."""
        while not (line := self._lines.readline()).startswith("["):
            assert line, "the clients ended without a word"
        return json.loads(line)


@contextmanager
def listening(service, tokens, tmp_path, last="last"):
    """Have clients listen in a process of their own; yield what they say."""
    file = tmp_path / "tokens"
    file.write_text("\n".join(tokens))
    command = [sys.executable, "-m", "tests.event_clients", str(service.port), str(file), last]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        heard = Heard(process.stdout)
        heard.wait_for("open")
        yield heard


def token_of(engine, made):
    with engine.begin() as connection:
        return sessions.begin_session(connection, made)


def tell(engine, *events):
    with db.open_transaction(engine) as connection:
        outbox.add_events(connection, events)


def change(code, kind="edited", at=None, **more):
    boxes = None if at is None else [(*at, *at)]
    return Event("poles", kind, code, boxes=boxes, data={"sent": time.time()}, **more)


def end_listener(engine):
    """End the connection on which the service waits for messages, as soon as there is one."""
    until = time.monotonic() + PATIENCE_S
    while True:
        with engine.begin() as connection:
            ended = connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    " AND (query LIKE 'SELECT%outbox%' OR query LIKE 'LISTEN%')"
                )
            )
            if ended.rowcount:
                return
        assert time.monotonic() < until
        time.sleep(0.01)


def codes(client):
    return [code for _, kind, code, _ in client["events"] if kind == "edited"]


def test_a_hundred_clients_lose_nothing_while_backends_are_killed(seen_town, service, tmp_path):
    token = token_of(seen_town, account(seen_town, "one", "operator"))
    with listening(service, [token] * 20 + tokens(seen_town, CLIENTS - 20), tmp_path) as result:
        for n in range(60):
            tell(seen_town, change(f"a{n}"), change(f"b{n}"))
            if n % 15 == 7:
                end_listener(seen_town)
            time.sleep(0.01)
        tell(seen_town, change("", "last"))
        found = result()
    assert len(found) == CLIENTS
    expected = [f"{letter}{n}" for n in range(60) for letter in "ab"]
    for client in found:
        assert client["status"] == 200
        assert client["came_back"] == 0
        assert codes(client) == expected


def tokens(engine, number):
    """Return sessions of accounts with several each, as one may not open any number of streams."""
    found = []
    for n in range(-(-number // 10)):
        made = account(engine, f"many{n}", "operator")
        found += [token_of(engine, made) for _ in range(10)]
    return found[:number]


def test_who_comes_back_after_a_restart_misses_nothing(seen_town, service, tmp_path):
    with listening(service, tokens(seen_town, 20), tmp_path) as result:
        for n in range(10):
            tell(seen_town, change(f"before{n}"))
        assert service.end() == -signal.SIGTERM
        for n in range(10):
            tell(seen_town, change(f"away{n}"))
        service.start()
        result.wait_for("open")
        for n in range(10):
            tell(seen_town, change(f"after{n}"))
        service.end(signal.SIGKILL)
        tell(seen_town, change("killed"))
        service.start()
        tell(seen_town, change("", "last"))
        found = result()
    expected = [f"{when}{n}" for when in ("before", "away", "after") for n in range(10)]
    for client in found:
        assert codes(client) == [*expected, "killed"]
        assert client["came_back"] >= 2
        positions = [position for position, *_ in client["events"]]
        assert len(set(positions)) == len(positions)


def test_the_service_ends_at_once_although_streams_are_open(seen_town, service, tmp_path):
    with listening(service, tokens(seen_town, 5), tmp_path) as result:
        assert service.end() == -signal.SIGTERM
        service.start()
        tell(seen_town, change("", "last"))
        assert all(client["came_back"] >= 1 for client in result())


def test_each_is_told_what_is_granted_to_it_and_no_more(seen_town, service, tmp_path):
    west, east = place(-4, 0), place(4, 0)
    made = {
        "west": account(seen_town, "west", "operator", WEST),
        "whole": account(seen_town, "whole", "operator"),
        "screen": account(seen_town, "screen", "display", kind="display"),
        "unit": account(seen_town, "unit", "responder", WEST, unit="U7"),
        "security": account(seen_town, "security", "security_administrator"),
    }
    given = [token_of(seen_town, each) for each in made.values()]
    with listening(service, given, tmp_path) as result:
        tell(
            seen_town,
            change("west", at=west),
            change("east", at=east),
            change("camera", at=west, owner_kind="skynet"),
            change("sent", at=east, units=["U7"]),
            change("moved", at=east),
            change("zone", action="restricted"),
            change("figures", action="figures"),
            change("", "last"),
        )
        found = dict(zip(made, result(), strict=True))
    assert codes(found["west"]) == ["west", "camera", "figures"]
    all_but_zones = ["west", "east", "camera", "sent", "moved", "figures"]
    assert codes(found["whole"]) == all_but_zones
    assert codes(found["screen"]) == [each for each in all_but_zones if each != "camera"]
    assert codes(found["unit"]) == ["west", "camera", "sent"]
    assert found["security"] == {"status": 403, "events": [], "came_back": 0}


def test_a_right_that_is_taken_ends_the_stream_before_the_next_event(seen_town, service, tmp_path):
    names = ("disabled", "ungranted", "moved", "ended", "stays")
    made = {name: account(seen_town, name, "operator", WEST) for name in names}
    given = {name: token_of(seen_town, each) for name, each in made.items()}
    with listening(service, list(given.values()), tmp_path) as result:
        tell(seen_town, change("first", at=place(-4, 0)))
        result.wait_for("all first")
        with seen_town.begin() as connection:
            for statement, name in (
                ("UPDATE govgrid.account SET disabled_at = now() WHERE id = :id", "disabled"),
                ("DELETE FROM govgrid.role_grant WHERE account = :id", "ungranted"),
                ("DELETE FROM govgrid.session WHERE account = :id", "ended"),
                (
                    "UPDATE govgrid.role_grant SET area_unit_id = (SELECT unit_id"
                    f" FROM govgrid.area_now WHERE code = '{EAST}') WHERE account = :id",
                    "moved",
                ),
            ):
                connection.execute(text(statement), {"id": made[name]})
        tell(seen_town, change("second", at=place(-4, 0)), change("", "last"))
        found = dict(zip(names, result(), strict=True))
    assert codes(found["stays"]) == ["first", "second"]
    assert codes(found["moved"]) == ["first"]
    for name, status in (("disabled", 401), ("ungranted", 403), ("ended", 401)):
        assert (codes(found[name]), found[name]["status"]) == (["first"], status), name


@pytest.fixture
def client(seen_town, settings):
    with TestClient(create_app(settings)) as found:
        yield sign_in(found, seen_town, account(seen_town, "one", "operator"))


def ask(client, after=None):
    params = {} if after is None else {"after": after}
    answer = client.get("/api/events", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def asked_until(client, after, number):
    """Ask until so many events are there: others work on the same server."""
    until = time.monotonic() + PATIENCE_S
    while len(found := ask(client, after)["events"]) < number:
        assert time.monotonic() < until, found
        time.sleep(0.02)
    return found


def test_a_program_asks_for_what_happened_since(seen_town, client):
    start = ask(client)
    assert (start["events"], start["reset"]) == ([], False)
    tell(seen_town, change("P1"), change("P2"))
    first, second = asked_until(client, start["position"], 2)
    assert (first["layer"], first["kind"], first["code"]) == ("poles", "edited", "P1")
    assert first["at"].endswith("+08:00")
    assert [each["code"] for each in ask(client, first["id"])["events"]] == ["P2"]
    assert ask(client, second["id"])["events"] == []


def test_a_position_that_is_not_kept_asks_to_read_everything_anew(seen_town, client):
    start = ask(client)["position"]
    tell(seen_town, change("P1"))
    now = asked_until(client, start, 1)[-1]["id"]
    for foreign in (f"{10**12}-1", "1-1"):
        answer = ask(client, foreign)
        assert (answer["reset"], answer["events"], answer["position"]) == (True, [], now)


def test_what_is_no_position_is_refused_with_a_sentence(client):
    answer = client.get("/api/events", headers={"last-event-id": "x", "accept-language": "en"})
    assert answer.status_code == 400
    assert "no position of an event" in answer.json()["detail"]


def kinds(found):
    return [(each["layer"], each["kind"], each["code"]) for each in found]


def test_states_imports_undos_and_computations_are_told(seen_town, client, tmp_path):
    made = account(seen_town, "admin", "administrator")
    sign_in(client, seen_town, made)
    at = ask(client)["position"]
    states = {"states": [{"code": "K1", "status": "offline"}, {"code": "K3", "status": "online"}]}
    assert client.post("/api/camera-status", json=states).status_code == 200
    pole = write_geojson(
        tmp_path / "p.geojson", [({"code": "P1"}, {"type": "Point", "coordinates": place(1, 1)})]
    )
    run = bring_in(seen_town, "poles", pole).run
    bring_in(seen_town, "poles", pole)  # changes nothing
    runs.undo_run(seen_town, run, who=SYSTEM)
    compute.compute(seen_town)
    found = asked_until(client, at, 4)
    switched = [each for each in kinds(found) if each[1] == "state"]
    assert ("cameras", "state", "K1") in switched
    assert kinds(found)[len(switched) :] == [
        ("poles", "imported", None),
        ("poles", "undone", None),
        ("coverage", "computed", None),
    ]
    assert found[len(switched)]["data"] == {"run": run}
    assert client.post("/api/camera-status", json=states).status_code == 200
    assert ask(client, found[-1]["id"])["events"] == []  # the same once more is no news


def test_an_import_of_restricted_zones_is_told_to_nobody_else(seen_town, client, tmp_path):
    at = ask(client)["position"]
    zone = write_geojson(
        tmp_path / "z.geojson", [({"code": "Z1", "name": "某单位"}, rectangle(0, 0, 1, 1))]
    )
    assert bring_in(seen_town, "restricted-zones", zone).change.inserted == 1
    tell(seen_town, change("P1"))
    assert [each["code"] for each in asked_until(client, at, 1)] == ["P1"]


def test_a_client_that_does_not_read_is_cut_off_and_the_others_are_not(
    seen_town, service, tmp_path
):
    token = token_of(seen_town, account(seen_town, "slow", "operator"))
    service.answers()
    with listening(service, tokens(seen_town, 2), tmp_path) as result, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", service.port))
        head = ["GET /api/events HTTP/1.1", "Host: x", "Accept: text/event-stream"]
        head += [f"Cookie: govgrid_session={token}", "", ""]
        slow.sendall("\r\n".join(head).encode())
        assert slow.recv(15) == b"HTTP/1.1 200 OK"
        long = "x" * 2000
        for n in range(250):
            tell(seen_town, *(change(f"{n}-{m}-{long}") for m in range(20)))
        tell(seen_town, change("", "last"))
        assert all(len(codes(client)) == 5000 for client in result())
        slow.settimeout(PATIENCE_S)
        got = 0
        with suppress(ConnectionError):
            while part := slow.recv(65536):
                got += len(part)
    assert got < 5000 * len(long)  # it ended, and what was not sent was thrown away
