"""Address of the client behind proxies."""

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.server.proxy import NamedSocket, parse_address, trusted_hosts
from api.session.identity import address_of
from geo.base.errors import InputError


def believe(app: FastAPI, trusted: str) -> None:
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=trusted_hosts(trusted))
    app.add_middleware(NamedSocket)


def told(trusted: str, peer: str | None, **headers: str) -> tuple[str, str]:
    """Return address and scheme as the service takes them for a request of `peer`."""
    app = FastAPI(openapi_url=None)

    @app.get("/")
    def who(request: Request) -> list[str]:
        return [address_of(request), request.url.scheme]

    believe(app, trusted)
    client = TestClient(app, client=(peer, 1234) if peer is not None else None)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return tuple(client.get("/", headers=named).json())


def test_without_trusted_proxies_a_forwarded_address_is_ignored():
    headers = {"x_forwarded_for": "10.9.9.9", "x_forwarded_proto": "https"}
    assert told("", "127.0.0.1", **headers) == ("127.0.0.1", "http")


def test_a_stranger_cannot_forward():
    assert told("10.0.0.5", "10.0.0.6", x_forwarded_for="1.1.1.1") == ("10.0.0.6", "http")


def test_a_trusted_proxy_tells_address_and_scheme():
    headers = {"x_forwarded_for": "192.168.3.4", "x_forwarded_proto": "https"}
    assert told("10.0.0.5", "10.0.0.5", **headers) == ("192.168.3.4", "https")


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("6.6.6.6, 192.168.3.4", "192.168.3.4"),  # what the client invented stands left
        ("6.6.6.6, 192.168.3.4, 10.0.0.7", "192.168.3.4"),
        ("10.0.0.8, 10.0.0.7", "10.0.0.8"),  # all of them ours: the farthest
        ("192.168.3.4, nonsense", "nonsense"),  # nothing left of what is no address is believed
        ("nonsense, 10.0.0.7", "nonsense"),
        ("192.168.3.4:55123", "192.168.3.4"),
        ("[2001:db8::1]:55123", "2001:db8::1"),
        ("::ffff:192.168.3.4", "::ffff:192.168.3.4"),
        ("", "10.0.0.5"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_is_the_client(chain, client):
    assert told("10.0.0.0/24", "10.0.0.5", x_forwarded_for=chain)[0] == client


def test_several_headers_are_one_chain():
    app = FastAPI(openapi_url=None)

    @app.get("/")
    def who(request: Request) -> str:
        return address_of(request)

    believe(app, "10.0.0.0/24")
    client = TestClient(app, client=("10.0.0.5", 1))
    lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.168.3.4")]
    assert client.get("/", headers=lines).json() == "192.168.3.4"


def test_a_proxy_on_a_socket_of_this_machine_has_a_name():
    assert told("unix", "", x_forwarded_for="192.168.3.4")[0] == "192.168.3.4"
    assert told("10.0.0.5", "", x_forwarded_for="192.168.3.4")[0] == "unix"


def test_a_scheme_that_is_none_is_ignored():
    assert told("10.0.0.5", "10.0.0.5", x_forwarded_proto="javascript")[1] == "http"


def test_a_list_of_proxies_that_cannot_be_read_is_refused_in_plain_words():
    with pytest.raises(InputError) as caught:
        trusted_hosts("10.0.0.0/24, beton")
    assert "beton" in caught.value.text("zh")


@pytest.mark.parametrize("written", ["", "beton", "1.2.3", "1.2.3.4.5", "::g", "[", "1.2.3.4/24"])
def test_what_is_no_address_is_none(written):
    assert parse_address(written) is None
