"""Requests as bytes: what no client writes is refused, as are heads and lines without an end."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn

import api.server.listening
from tests import PATIENCE_S

PLAIN = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = 400_000


class Echo:
    """Application that answers with the path and the body of a request, and keeps its headers."""

    def __init__(self):
        self.heads, self.held = [], asyncio.Event()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                assert (await receive())["type"] == f"lifespan.{kind}"
                await send({"type": f"lifespan.{kind}.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        self.heads.append(scope["headers"])
        if scope["path"] == "/held":
            await self.held.wait()
        text = b"<%s|%s>" % (scope["path"].encode(), body)
        sized = scope["path"] != "/endless"
        headers = [(b"content-length", b"%d" % len(text))] if sized else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text[:2], "more_body": True})
        await send({"type": "http.response.body", "body": text[2:]})


@pytest.fixture(scope="module")
def served():
    with serve() as found:
        yield found


@contextmanager
def serve():
    app = Echo()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        options = {**api.server.listening.OPTIONS, "log_config": None}
        server = uvicorn.Server(uvicorn.Config(app, **options))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield app, listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def spoken(port: int, *parts: bytes) -> bytes:
    """Send `parts` until the other side ends; return all that it said."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        try:
            for part in parts:
                line.sendall(part)
            return b"".join(iter(lambda: line.recv(65_536), b""))
        except ConnectionError:
            return b""


REFUSED = {
    "length and chunks": CHUNKED.replace(b"Transfer", b"Content-Length: 4\r\nTransfer"),
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\nab",
    "a length below nought": POST + b"Content-Length: -2\r\n\r\nab",
    "a length in a list": POST + b"Content-Length: 2, 2\r\n\r\nab",
    "a length too large to count": POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\nab",
    "chunks that are not the last coding": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n",
    "a coding that is like chunks": POST + b"Transfer-Encoding: xchunked\r\n\r\n",
    "a chunk whose size is no number": CHUNKED + b"zz\r\nab\r\n0\r\n\r\n",
    "a chunk longer than it says": CHUNKED + b"1\r\nabc\r\n0\r\n\r\n",
    "lines that end in LF alone": b"GET /a HTTP/1.1\nHost: x\n\n",
    "a space before the colon": b"GET /a HTTP/1.1\r\nHost : x\r\n\r\n",
    "a folded line": b"GET /a HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n",
    "a line without a name": b"GET /a HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
    "NUL in a value": b"GET /a HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n",
    "NUL in a name": b"GET /a HTTP/1.1\r\nHost: x\r\nX-\0: b\r\n\r\n",
    "NUL in the address": b"GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n",
    "CR alone in a value": b"GET /a HTTP/1.1\r\nHost: x\r\nX-A: b\rHost: y\r\n\r\n",
    "an address that is not ASCII": b"GET /\xe5 HTTP/1.1\r\nHost: x\r\n\r\n",
    "no host": b"GET /a HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "a version there is not": b"GET /a HTTP/7.3\r\nHost: x\r\n\r\n",
    "no version": b"GET /a\r\nHost: x\r\n\r\n",
    "a method there is not": b"FETCHED /a HTTP/1.1\r\nHost: x\r\n\r\n",
    "the beginning of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_client_writes_is_refused_and_nothing_behind_it_is_answered(served, name):
    said = spoken(served[1], REFUSED[name] + LAST)
    assert said.startswith(b"HTTP/1.1 400"), said
    assert b"/last" not in said


def test_requests_that_come_at_once_are_answered_in_their_order(served):
    sized = POST + b"Content-Length: 4\r\n\r\n</a>"
    said = spoken(served[1], PLAIN + sized + CHUNKED + b"2;x=y\r\nab\r\n0\r\n\r\n" + LAST)
    answered = [part.partition(b">")[0] for part in said.split(b"\r\n\r\n<")[1:]]
    assert answered == [b"/a|", b"/a|</a", b"/a|ab", b"/last|"]


@pytest.mark.parametrize(
    "piece",
    [
        PLAIN.replace(b"\r\n\r\n", b"\r\nX-A: ") + b"x" * LONG,
        b"GET /" + b"x" * LONG,
        CHUNKED + b"1;" + b"x" * LONG,
        CHUNKED + b"1\r\na\r\n0\r\nX-A: " + b"x" * LONG,
    ],
    ids=["head", "address", "extension", "trailer"],
)
def test_what_does_not_end_is_not_kept(served, piece):
    parts = [piece[n : n + 50_000] for n in range(0, LONG, 50_000)]
    assert b" 200 " not in spoken(served[1], *parts)


def test_lines_behind_a_body_are_no_headers(served):
    app, port = served
    behind = b"1\r\na\r\n0\r\nX-Forwarded-For: 10.0.0.1\r\nCookie: a\r\n\r\n"
    app.heads.clear()
    assert b"</a|a>" in spoken(port, CHUNKED + behind + LAST)
    assert [name for name, _ in app.heads[0]] == [b"host", b"transfer-encoding"]


def test_values_have_no_blanks_around_them(served):
    app, port = served
    app.heads.clear()
    spoken(port, LAST.replace(b"Host: x", b"HOST:\t x \t"))
    assert app.heads[0][0] == (b"host", b"x")


def test_what_follows_a_wish_for_another_protocol_is_not_read_as_a_request(served):
    wish = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    said = spoken(served[1], wish + PLAIN)
    assert said.count(b" 200 ") == 1
    assert b"connection: close" in said


@pytest.mark.parametrize("path", [b"/a", b"/endless"])
def test_a_client_of_old_gets_bytes_without_chunks_and_the_end_of_the_line(served, path):
    said = spoken(served[1], b"GET %s HTTP/1.0\r\n\r\n" % path)
    assert said.endswith(b"\r\n\r\n<%s|>" % path)
    assert b"chunked" not in said
    assert (b"content-length" in said) == (path == b"/a")


def test_a_client_of_today_gets_chunks_where_no_length_is_known(served):
    said = spoken(served[1], LAST.replace(b"/last", b"/endless"))
    assert said.endswith(b"\r\n\r\n2\r\n</\r\n9\r\nendless|>\r\n0\r\n\r\n"), said


def test_empty_lines_do_not_keep_a_connection(monkeypatch):
    monkeypatch.setattr(api.server.listening, "HEAD_PATIENCE_S", 0.3)
    with serve() as (_, port), socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(PATIENCE_S)
        line.sendall(PLAIN)
        said = b""
        while not said.endswith(b"</a|>"):
            said += line.recv(65_536)
        with pytest.raises(ConnectionError):
            send_empty_lines(line)


def send_empty_lines(line) -> None:
    """Send them until the connection is cut; each ends the wait for the next request to begin."""
    while True:
        line.sendall(b"\r\n")
        time.sleep(0.02)
