"""Pictures from a gateway: only pictures, only from there, not too large and not too late."""

import pytest

from geo.base.errors import StateError
from geo.base.settings import Settings
from geo.viewing import picture_source, snapshot, wvp_snapshot
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


@pytest.fixture
def wvp(gateway):
    def make(code, **more):
        told = {"snapshot_adapter": "wvp", "snapshot_url": gateway.at(""), **more}
        return picture_source.fetch_picture_of(Settings(**told), code)

    return make


def test_a_platform_takes_a_picture_anew_which_is_known_by_its_bytes(wvp, gateway):
    taken = wvp("K1", snapshot_device="34020000001110000001", snapshot_token="s3cret")
    assert (taken.content, taken.media_type, taken.fault) == (gateways.JPEG, "image/jpeg", "")
    (take, headers), (give, _) = gateway.asked[-2:]
    assert take == "/api/play/snap?deviceId=34020000001110000001&channelId=K1"
    assert give.startswith("/api/device/query/snap/34020000001110000001/K1?mark=2026-09-30")
    assert headers["access-token"] == "s3cret"
    assert wvp("K3").content == gateways.JPEG  # the bare name of the file, its own device
    assert "access-token" not in gateway.asked[-1][1]


def test_a_platform_that_takes_none_gives_no_earlier_picture(wvp, gateway):
    taken = wvp("K2")
    assert (taken.content, taken.fault) == (b"", "viewing.snapshot_failed")
    assert gateway.asked[-1][0].startswith("/api/play/snap")


@pytest.mark.parametrize("code", ["", ".", ".."])
def test_no_platform_is_asked_for_a_step_up(wvp, gateway, code):
    before = len(gateway.asked)
    assert wvp(code).fault == "viewing.snapshot_failed"
    assert len(gateway.asked) == before


def test_a_code_is_one_part_of_each_address_of_a_platform(wvp, gateway):
    assert wvp("340802/001?a=b").content
    take, give = (path for path, _ in gateway.asked[-2:])
    assert take.endswith("channelId=340802%2F001%3Fa%3Db")
    assert "/340802%2F001%3Fa%3Db?mark=" in give


@pytest.mark.parametrize("kind", ["silent", "elsewhere", "refused"])
def test_a_platform_is_not_followed_or_waited_for(gateway, kind):
    fault = "slow" if kind == "silent" else "failed"
    base = gateway.at(f"/{kind}")
    taken = wvp_snapshot.fetch_wvp_picture(base, "{code}", "K1", patience_s=0.4)
    assert (taken.content, taken.fault) == (b"", f"viewing.snapshot_{fault}")


@pytest.mark.parametrize(
    "base", ["", "rtsp://wvp", "http://wvp/{code}", "http://a:b@wvp", "http://wvp/?x=1", "/wvp"]
)
def test_an_address_that_is_no_platform_is_refused(base):
    with pytest.raises(StateError, match="SNAPSHOT_ADAPTER"):
        wvp_snapshot.fetch_wvp_picture(base, "{code}", "K1")
