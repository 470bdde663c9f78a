"""How much may be asked: rates, sizes, lengths, times; refused before anything is looked up."""

import asyncio
import http.client
import socket
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.testclient import TestClient

import api.server.limits
import api.server.listening
from api.answers import problems
from api.server.limits import Limits, Rates, allow_body, neighbourhood
from api.server.shield import Shield
from geo.base.errors import TooManyError
from geo.base.settings import Settings
from tests import PATIENCE_S

SMALL = 10_000


def service(**more: object) -> FastAPI:
    """Return a service of a few routes behind the limits, without a database."""
    config = Settings(lang="en", **more)
    app = FastAPI(openapi_url=None)
    app.state.settings, app.state.held = config, threading.Event()
    problems.add_error_handlers(app)

    @app.get("/static/x")
    @app.get("/livez")
    @app.get("/")
    async def quick() -> str:
        return "here"

    @app.post("/login")
    async def login() -> str:
        return "in"

    @app.post("/take")
    async def take(request: Request) -> int:
        return len(await request.body())

    @app.post("/more")
    @allow_body(2 * api.server.limits.BODY_BYTES)
    async def more_than_usual(request: Request) -> int:
        return len(await request.body())

    @app.post("/form")
    async def form(name: str = Form()) -> str:
        return name

    @app.get("/slow")
    def slow() -> str:
        time.sleep(0.6)
        return "late"

    @app.get("/held")
    def held() -> bool:
        return app.state.held.wait(PATIENCE_S)

    app.add_middleware(Limits, settings=config)
    app.add_middleware(Shield)
    return app


@contextmanager
def running(app: FastAPI):
    """Serve `app` on a free port as ``govgrid serve`` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(app, port=port, log_level="critical", **api.server.listening.OPTIONS)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield port
    finally:
        server.should_exit = True
        thread.join()


def spoken(port: int, *parts: bytes, wait_s: float = 0.0) -> bytes:
    """Send `parts` with a pause between them; return all that comes until the other side ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        try:
            for part in parts:
                line.sendall(part)
                time.sleep(wait_s)
            return b"".join(iter(lambda: line.recv(65_536), b""))
        except ConnectionError:
            return b""


def endless(port: int, head: bytes, most: int = 200_000_000) -> int:
    """Send a body that does not end; return how many bytes of it went before the line was cut."""
    piece = b"x" * 65_536
    framed = b"%x\r\n%s\r\n" % (len(piece), piece) if b"chunked" in head else piece
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        line.sendall(head)
        for sent in range(0, most, len(piece)):
            try:
                line.sendall(framed)
            except ConnectionError:
                return sent
    return most


def drip(port: int, *parts: bytes) -> None:
    """Send `parts` one after the other with a pause after each."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        for part in parts:
            line.sendall(part)
            time.sleep(0.1)


def test_too_many_requests_of_one_address_are_told_when_to_come_again():
    client = TestClient(service(rate_per_minute_address=3))
    assert [client.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = client.get("/")
    assert answer.headers["content-type"] == "application/problem+json"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_addresses_are_counted_apart():
    app = service(rate_per_minute_address=1)
    first, second = (TestClient(app, client=(f"10.0.0.{n}", 1)) for n in (1, 2))
    assert [c.get("/").status_code for c in (first, first, second)] == [200, 429, 200]


def test_accounts_are_counted_apart():
    rates = Rates(Settings(rate_per_minute_account=2))
    for _ in range(2):
        rates.count("account", "a")
    rates.count("account", "b")
    with pytest.raises(TooManyError) as caught:
        rates.count("account", "a")
    assert caught.value.facts["most"] == 2


def test_a_rate_of_nought_is_no_limit():
    client = TestClient(service(rate_per_minute_address=0))
    assert {client.get("/").status_code for _ in range(50)} == {200}


def test_a_wall_that_asks_every_second_stays_within_the_rate():
    rates = Rates(Settings())
    assert [rates.count("account", "wall") for _ in range(60 * 4)] == [None] * 240


def test_signs_of_life_and_static_files_are_not_counted():
    client = TestClient(service(rate_per_minute_address=1))
    paths = ["/livez", "/static/x"] * 5
    assert {client.get(path).status_code for path in paths} == {200}


def test_logging_in_has_a_rate_of_its_own():
    client = TestClient(service(rate_per_minute_login=2))
    assert [client.post("/login").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/").status_code == 200


def test_addresses_that_fell_silent_are_forgotten(monkeypatch):
    monkeypatch.setattr(api.server.limits, "MOST_NAMES", 10)
    rates = Rates(Settings(rate_per_minute_address=1))
    rates.count("address", "kept")
    rates._storage.events.update({f"silent {n}": [] for n in range(50)})
    with pytest.raises(TooManyError):
        rates.count("address", "kept")
    assert len(rates._storage.events) == 1


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("testclient", "testclient"),
    ],
)
def test_addresses_of_one_network_count_together_in_ipv6(written, counted):
    assert neighbourhood(written) == counted


def test_a_body_as_large_as_the_limit_is_taken_and_a_byte_more_is_not():
    client = TestClient(service())
    most = api.server.limits.BODY_BYTES
    assert client.post("/take", content=b"x" * most).json() == most
    answer = client.post("/take", content=b"x" * (most + 1))
    assert answer.status_code == 413
    assert "2 MB" in answer.json()["detail"]


def test_a_body_in_chunks_is_counted_as_it_comes():
    chunks = (b"x" * 100_000 for _ in range(21))
    assert TestClient(service()).post("/take", content=chunks).status_code == 413


def test_a_form_is_limited_as_well():
    answer = TestClient(service()).post("/form", data={"name": "x" * api.server.limits.BODY_BYTES})
    assert answer.status_code == 413


def test_only_a_route_that_says_so_takes_more():
    client, more = TestClient(service()), b"x" * (api.server.limits.BODY_BYTES + 1)
    assert client.post("/more", content=more).json() == len(more)
    assert client.post("/more", content=more * 2).status_code == 413


def test_a_length_that_is_a_lie_does_not_help():
    with running(service()) as port:
        head = b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n"
        answer = spoken(port, head, b"x" * 1000)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("path", ["/login", "/nowhere", "/take"])
@pytest.mark.parametrize("told", [b"Content-Length: 999999999", b"Transfer-Encoding: chunked"])
def test_a_body_that_nobody_reads_ends_with_the_answer(path, told):
    with running(service()) as port:
        head = b"POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (path.encode(), told)
        assert endless(port, head) < 50_000_000


def test_a_short_body_that_nobody_reads_keeps_the_connection():
    with running(service()) as port:
        head = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nxx"
        assert b"connection: close" not in spoken(port, head).lower()


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(api.server.limits, "BODY_PATIENCE_S", 0.3)
    with running(service()) as port:
        head = b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
        answer = spoken(port, head, b"x")
    assert answer.startswith(b"HTTP/1.1 408")


def test_a_head_that_comes_byte_by_byte_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(api.server.listening, "HEAD_PATIENCE_S", 0.5)
    with running(service()) as port, pytest.raises(ConnectionError):
        drip(port, b"GET / HTTP/1.1\r\n", *[b"x"] * 600)


def test_a_connection_on_which_nothing_is_asked_is_ended(monkeypatch):
    monkeypatch.setattr(api.server.listening, "HEAD_PATIENCE_S", 0.3)
    with running(service()) as port:
        assert spoken(port) == b""


def test_a_connection_in_use_is_not_ended(monkeypatch):
    monkeypatch.setattr(api.server.listening, "HEAD_PATIENCE_S", 0.4)
    with running(service()) as port:
        line = http.client.HTTPConnection("127.0.0.1", port)
        line.connect()
        kept = line.sock
        for path in ("/slow", "/", "/slow"):
            line.request("GET", path)
            assert line.getresponse().read() in (b'"here"', b'"late"')
        assert line.sock is kept
        line.close()


def test_nothing_is_told_of_the_program():
    with running(service()) as port:
        answer = spoken(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"200" in answer
    assert b"server:" not in answer.lower()


def test_what_a_program_of_this_machine_forwards_is_not_believed():
    app = service(rate_per_minute_address=1)
    with running(app) as port:
        head = (
            "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.{}\r\nConnection: close\r\n\r\n"
        )
        answers = [spoken(port, head.format(n).encode())[:12] for n in (1, 2)]
    assert answers == [b"HTTP/1.1 200", b"HTTP/1.1 429"]


def test_work_that_takes_too_long_is_not_waited_for_and_counts_until_its_end():
    app = service(request_timeout_s=0.1, parallel_per_address=1)
    with TestClient(app) as client:
        answer = client.get("/held")
        assert answer.status_code == 503
        assert "0.1" in answer.json()["detail"]
        assert client.get("/").status_code == 429
        app.state.held.set()
        while client.get("/").status_code != 200:  # until the work has noticed
            time.sleep(0.05)


def three_at_once(app):
    async def asked():
        from httpx2 import ASGITransport, AsyncClient

        async with AsyncClient(transport=ASGITransport(app), base_url="http://x") as client:
            return await asyncio.gather(*[client.get("/slow") for _ in range(3)])

    return sorted(asyncio.run(asked()), key=lambda answer: answer.status_code)


def test_only_so_many_requests_of_one_address_run_at_once():
    answers = three_at_once(service(parallel_per_address=2))
    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_only_so_many_requests_run_at_once_and_others_are_told_when_to_come_again(monkeypatch):
    monkeypatch.setattr(api.server.limits, "MOST_RUNNING", 2)
    answers = three_at_once(service(parallel_per_address=0))
    assert [answer.status_code for answer in answers] == [200, 200, 503]
    assert answers[-1].headers["Retry-After"]
    assert "2" in answers[-1].json()["detail"]


def test_a_long_address_and_a_long_head_are_refused():
    client = TestClient(service())
    assert client.get("/?q=" + "x" * 9_000).status_code == 414
    assert client.get("/", headers={"x-long": "x" * 17_000}).status_code == 431
    assert client.get("/", headers={f"x-{n}": "x" for n in range(120)}).status_code == 431


def test_only_names_of_this_installation_are_answered_where_they_are_set():
    client = TestClient(service(allowed_hosts="zz.example.cn, 10.0.0.5"))
    for host, status in [
        ("zz.example.cn", 200),
        ("ZZ.example.cn:8443", 200),
        ("10.0.0.5:8000", 200),
        ("evil.example", 421),
        ("zz.example.cn.evil.example", 421),
        ("zz.example.cn@evil.example", 421),
        ("", 421),
    ]:
        assert client.get("/", headers={"host": host}).status_code == status, host
    assert client.get("/livez", headers={"host": "evil.example"}).status_code == 200


def test_any_name_is_answered_where_none_is_set():
    assert TestClient(service()).get("/", headers={"host": "anything"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://testserver"}, 200),
        ({"origin": "https://testserver"}, 200),  # TLS ends at the proxy
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({"origin": "http://testserver:81"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
def test_a_change_that_another_sites_page_asks_for_is_refused(headers, status):
    client = TestClient(service())
    assert client.post("/login", headers=headers).status_code == status
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND"])
def test_methods_that_a_route_does_not_know_are_refused_with_those_it_knows(method):
    answer = TestClient(service()).request(method, "/take")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


def test_a_body_that_is_asked_for_late_is_not_late(monkeypatch):
    """Where an answer is a file, the body is read when that is made: it may have taken minutes."""
    now = 1000.0
    monkeypatch.setattr(api.server.limits, "time", SimpleNamespace(monotonic=lambda: now))
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": []})

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    body = api.server.limits.Body(request, receive)
    now += 1000
    assert asyncio.run(body())["body"] == b""
