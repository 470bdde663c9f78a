"""Pictures from a gateway: only pictures, only from there, not too large and not too late."""

import pytest

from geo.base.errors import StateError
from geo.viewing import snapshot
from tests import gateway as gateways

CODE = "340802/001 东?#&%"


@pytest.fixture(scope="module")
def gateway():
    with gateways.running() as found:
        yield found


@pytest.fixture
def fetch(gateway):
    def make(kind, code="K1", **more):
        return snapshot.fetch_picture(gateway.at(f"/{kind}/{{code}}"), code, **more)

    return make


@pytest.mark.parametrize(
    ("kind", "media_type", "content"),
    [
        ("jpeg", "image/jpeg", gateways.JPEG),
        ("png", "image/png", gateways.png()),
        ("parts", "image/jpeg", gateways.JPEG),
    ],
)
def test_a_picture_is_passed_on(fetch, kind, media_type, content):
    taken = fetch(kind)
    assert (taken.content, taken.media_type, taken.fault) == (content, media_type, "")


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("elsewhere", "failed"),
        ("refused", "failed"),
        ("broken", "failed"),
        ("page", "kind"),
        ("lying", "kind"),
        ("swapped", "kind"),
        ("packed", "kind"),
        ("large", "large"),
        ("endless", "large"),
    ],
)
def test_what_is_no_picture_is_not_passed_on(fetch, kind, fault):
    taken = fetch(kind)
    assert (taken.content, taken.fault) == (b"", f"viewing.snapshot_{fault}")


@pytest.mark.parametrize("kind", ["silent", "dripping"])
def test_a_slow_gateway_is_not_waited_for(fetch, kind):
    # waited for, the one would end without an answer and the other with too few bytes
    assert fetch(kind, patience_s=0.4).fault == "viewing.snapshot_slow"


def test_nothing_is_followed(fetch, gateway):
    fetch("elsewhere")
    assert "/jpeg/secret" not in [path for path, _ in gateway.asked]


def test_a_code_stays_one_part_of_the_path(fetch, gateway):
    assert fetch("jpeg", CODE).content
    path, headers = gateway.asked[-1]
    assert path == "/jpeg/340802%2F001%20%E4%B8%9C%3F%23%26%25"
    assert "Authorization" not in headers
    assert "Cookie" not in headers


@pytest.mark.parametrize("code", ["", ".", ".."])
def test_a_code_that_is_a_step_up_is_not_asked_for(fetch, gateway, code):
    before = len(gateway.asked)
    assert fetch("jpeg", code).fault == "viewing.snapshot_failed"
    assert len(gateway.asked) == before


def test_a_gateway_that_is_not_there_is_a_failure(gateway):
    with gateways.running() as gone:
        address = gone.at("/jpeg/{code}")
    assert snapshot.fetch_picture(address, "K1").fault == "viewing.snapshot_failed"


def test_passwords_and_proxies_of_the_machine_are_not_used(fetch, gateway, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert fetch("jpeg").content
    assert "Authorization" not in gateway.asked[-1][1]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "rtsp://gateway/{code}",
        "file:///{code}",
        "/snap/{code}",
        "http://gateway/snap",
        "http://{code}/snap",
        "http://{code}@gateway/snap",
        "http://gateway/{code}/{code}",
        "http://gateway/snap#{code}",
        "https:///{code}",
    ],
)
def test_a_setting_that_could_lead_elsewhere_is_refused(template):
    with pytest.raises(StateError, match="SNAPSHOT_URL"):
        snapshot.fetch_picture(template, "K1")
