"""A foreign basemap through the server: asked with the key, kept, and left alone when silent."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from geo.base.errors import InputError, NotFoundError, UnavailableError
from geo.exchange.basemap import KEPT_S, REST_S, Basemap
from tests.gateway import JPEG, png
from tests.signed_in import Visitors, account

KEY = "0123456789abcdef0123456789abcdef"


class Service(ThreadingHTTPServer):
    """Stands for the service of tiles; `answers` says what it does with the next questions."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[str] = []
        self.status, self.body, self.kind = 200, png(256, 256), "image/png"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.kind)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_) -> None:
        """Say nothing."""


@contextmanager
def served():
    service = Service()
    thread = threading.Thread(target=service.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        service.server_close()
        thread.join()


@pytest.fixture
def service():
    with served() as found:
        yield found


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_tile_is_asked_with_the_key_once_a_day(service, clock):
    basemap = Basemap(service.address, KEY, clock=clock)
    assert basemap.tile("vec", 14, 13_500, 6_700).content == service.body
    assert basemap.tile("vec", 14, 13_500, 6_700).media_type == "image/png"
    assert len(service.asked) == 1
    asked = urlsplit(service.asked[0])
    told = {name: value for name, (value,) in parse_qs(asked.query).items()}
    assert (asked.path, told["LAYER"], told["tk"]) == ("/vec_w/wmts", "vec", KEY)
    assert (told["TILEMATRIX"], told["TILEROW"], told["TILECOL"]) == ("14", "6700", "13500")
    clock.now = KEPT_S + 1
    basemap.tile("vec", 14, 13_500, 6_700)
    assert len(service.asked) == 2


def test_pictures_from_the_air_come_as_jpeg(service):
    service.body, service.kind = JPEG, "image/jpeg"
    found = Basemap(service.address, KEY).tile("img", 1, 0, 0)
    assert (found.content, found.media_type) == (JPEG, "image/jpeg")


@pytest.mark.parametrize(
    "asked",
    [("vec", 0, 0, 0), ("vec", 19, 0, 0), ("vec", 3, 8, 0), ("vec", 3, 0, -1), ("x", 3, 0, 0)],
)
def test_what_is_no_tile_is_asked_of_nobody(service, asked):
    with pytest.raises(NotFoundError):
        Basemap(service.address, KEY).tile(*asked)
    assert service.asked == []


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [(404, "image/png", b""), (302, "image/png", b""), (200, "text/html", b"<html>bad tk</html>")],
)
def test_what_is_no_picture_is_not_passed_on(service, status, kind, body):
    service.status, service.kind, service.body = status, kind, body
    basemap = Basemap(service.address, KEY)
    for _ in range(2):
        with pytest.raises(NotFoundError):
            basemap.tile("vec", 3, 1, 1)
    assert len(service.asked) == 2


def test_a_silent_service_is_left_alone_for_a_minute_and_its_address_told_to_nobody(clock):
    with served() as gone:
        address, port = gone.address, gone.server_port
    basemap = Basemap(address, KEY, clock=clock)
    with pytest.raises(UnavailableError) as error:
        basemap.tile("vec", 3, 1, 1)
    assert KEY not in error.value.text("zh") + str(error.value)
    assert str(port) not in error.value.text("en")
    clock.now = REST_S - 1
    with pytest.raises(UnavailableError):
        basemap.tile("vec", 3, 1, 1)
    clock.now = REST_S
    with served() as back:
        basemap = Basemap(back.address, KEY, clock=clock)
        assert basemap.tile("vec", 3, 1, 1).content == back.body


@pytest.mark.parametrize(
    "address", ["ftp://x", "x.example", "https://x/y", "https://a:b@x", "https://x?tk=1", "http://"]
)
def test_a_setting_that_leads_elsewhere_is_refused_at_the_start(address):
    with pytest.raises(InputError, match="GOVGRID_TIANDITU_ADDRESS"):
        Basemap(address, KEY)


@pytest.mark.postgis
class TestOverHttp:
    """Of the service."""

    def ask(self, town, settings, role, **given):
        app = create_app(settings.model_copy(update=given))
        with TestClient(app) as client:
            Visitors(client, town).become(account(town, role or "none", role))
            tile = client.get("/api/basemaps/tianditu/vec/14/6700/13500")
            return tile, client.get("/")

    def test_it_is_off_without_a_key_and_the_console_does_not_offer_it(self, town, settings):
        tile, page = self.ask(town, settings, "planner")
        assert tile.status_code == 404
        assert '"basemaps": []' in page.text

    def test_who_may_see_the_map_gets_tiles_and_nobody_the_key(self, town, settings, service):
        given = {"tianditu_key": secret(KEY), "tianditu_address": service.address}
        tile, page = self.ask(town, settings, "operator", **given)
        assert (tile.status_code, tile.content) == (200, service.body)
        assert tile.headers["cache-control"] == "private, max-age=86400"
        assert '"basemaps": ["tianditu"]' in page.text
        policy = page.headers["content-security-policy"]
        assert service.address not in policy
        assert "http" not in policy
        for told in (page.text, str(tile.headers), repr(settings.model_copy(update=given))):
            assert KEY not in told
        assert self.ask(town, settings, None, **given)[0].status_code == 403


def secret(text):
    from pydantic import SecretStr

    return SecretStr(text)
