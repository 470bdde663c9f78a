"""What every answer carries: the policy of the browser, no caching, nothing of the inside."""

import re

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.answers.downloads import content_disposition, file_response
from api.app import create_app
from api.server.shield import CLOSED
from api.session.identity import COOKIE, OPEN, list_routes, require_rules, rule_of
from geo.base.errors import InputError
from geo.base.settings import Settings
from geo.coverage import compute
from geo.files.writers.file_name import safe_name
from tests.signed_in import account, sign_in, signed_in

INSIDE = re.compile(
    r"Traceback|File \"|psycopg2|sqlalchemy|(?<!<)SELECT |INSERT |govgrid\.|pgdata|\.s\.PGSQL|/tmp/"
    r"|/home/|/usr/|rtsp://|site-packages",
    re.IGNORECASE,
)


@pytest.fixture
def app(town, settings):
    return create_app(settings)


@pytest.fixture
def client(app, town):
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as found:
        yield found


@pytest.fixture
def gone(tmp_path):
    """Return a client of a service whose database does not answer."""
    nowhere = f"postgresql://nobody@/nowhere?host={tmp_path}/socket"
    config = Settings(home=tmp_path, database_url=nowhere)
    with TestClient(create_app(config), raise_server_exceptions=False) as found:
        yield found


pytestmark = pytest.mark.postgis


def test_every_answer_carries_the_headers_of_defence(client, town):
    signed_in(client, town, "operator")
    for path in ("/", "/map", "/api/collections", "/api/locate", "/nowhere", "/livez"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        assert headers["cross-origin-resource-policy"] == "same-origin", path
        assert headers["x-frame-options"] in ("DENY", "SAMEORIGIN"), path
        assert "frame-ancestors" in headers["content-security-policy"], path
        assert "camera=()" in headers["permissions-policy"], path


def test_scripts_run_by_a_nonce_that_is_new_in_each_answer(client, town):
    signed_in(client, town, "operator")
    policies = [client.get("/").headers["content-security-policy"] for _ in range(2)]
    nonces = [re.search(r"script-src 'nonce-([\w-]{20,})'", policy)[1] for policy in policies]
    assert nonces[0] != nonces[1]
    for policy in policies:
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


def test_an_answer_that_is_no_page_may_do_nothing(client):
    for path in ("/api/collections", "/livez", "/nowhere", "/static/site.css"):
        assert client.get(path).headers["content-security-policy"] == CLOSED, path


def test_only_the_map_may_be_framed_and_only_by_ourselves(client, town):
    signed_in(client, town, "operator")
    headers = client.get("/map").headers
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in headers["content-security-policy"]
    assert client.get("/").headers["x-frame-options"] == "DENY"


def test_the_map_lets_run_only_scripts_whose_hash_it_names(client, town):
    signed_in(client, town, "operator")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', client.get("/map").text)[1]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "'sha256-" in scripts
    assert "unsafe-inline" not in scripts
    assert "unsafe-eval" not in scripts


def test_nothing_personal_is_kept_by_a_cache(client, town):
    signed_in(client, town, "operator")
    for path in ("/", "/map", "/api/collections/grids/items", "/api/locate?lon=117&lat=30"):
        assert "no-store" in client.get(path).headers["cache-control"], path
    assert client.get("/static/site.css").headers["cache-control"] == "no-cache"


def test_https_is_remembered_only_where_it_is_spoken(town, settings):
    trusting = settings.model_copy(update={"trusted_proxies": "127.0.0.1"})
    with TestClient(create_app(trusting), client=("127.0.0.1", 1)) as client:
        plain = client.get("/livez")
        secure = client.get("/livez", headers={"x-forwarded-proto": "https"})
    assert "strict-transport-security" not in plain.headers
    assert secure.headers["strict-transport-security"] == "max-age=31536000"


def test_a_mistake_of_the_program_shows_nothing_of_it_and_keeps_the_headers(app, town):
    router = APIRouter()

    @router.get("/mistake")
    def mistake():
        raise RuntimeError("SELECT secret FROM /home/govgrid rtsp://10.0.0.1/stream")

    app.include_router(router)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/mistake")
    assert answer.status_code == 500
    assert answer.json()["detail"] == "Internal Server Error"
    assert INSIDE.search(answer.text) is None
    assert answer.headers["content-security-policy"] == CLOSED


def test_a_database_that_does_not_answer_shows_nothing_of_itself(gone):
    gone.cookies.set(COOKIE, "any")
    for path in ("/readyz", "/api/locate?lon=117&lat=30", "/"):
        answer = gone.get(path)
        assert answer.status_code == 503, path
        assert "nowhere" not in answer.text
        assert "nobody" not in answer.text
        assert INSIDE.search(answer.text) is None, answer.text
        assert answer.headers["retry-after"]


def test_a_database_that_refuses_shows_nothing_of_itself(client, town):
    signed_in(client, town, "operator")
    with town.begin() as connection:
        connection.execute(text("ALTER TABLE govgrid.incident RENAME geom TO shape"))
    answer = client.get("/api/collections/incidents/items")
    assert answer.status_code == 500
    assert INSIDE.search(answer.text) is None, answer.text
    assert "geom" not in answer.text
    assert "column" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/api/locate?lon=x&lat=%00",
        "/api/locate?lon=117&lat=30&crs=EPSG:999999",
        "/api/locate?lon=117&lat=30&at=0000-00-00",
        "/api/incidents?since=0716-09-10T14:31:00.53%2B16:43",
        "/api/collections/cameras/items?limit=-999999999999999999999",
        "/api/collections/..%2f..%2fetc%2fpasswd/items",
        "/static/..%2f..%2f..%2fapp.py",
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/templates/pages/base.html",
    ],
)
def test_bad_values_show_nothing_of_the_inside(client, town, path):
    signed_in(client, town, "operator")
    answer = client.get(path)
    assert 400 <= answer.status_code < 500
    assert INSIDE.search(answer.text) is None, answer.text


def test_a_service_with_a_route_without_a_rule_does_not_start(app):
    router = APIRouter()

    @router.get("/forgotten")
    def forgotten():
        return 1

    app.include_router(router)
    with pytest.raises(TypeError, match="/forgotten"):
        require_rules(app)


def test_each_route_is_found_with_its_rule(app):
    rules = {str(route.path): rule_of(route) for route in list_routes(app)}
    assert rules["/livez"] is OPEN
    assert rules["/map"].action == "map"
    assert None not in rules.values()


def test_the_rate_of_an_account_holds_wherever_it_asks_from(town, settings):
    strict = settings.model_copy(update={"rate_per_minute_account": 2})
    made = account(town, "busy", "operator")
    app = create_app(strict)
    with TestClient(app) as first:
        clients = [first, TestClient(app, client=("10.0.0.9", 1))]
        for each in clients:
            sign_in(each, town, made)
        answers = [clients[n % 2].get("/api/collections").status_code for n in range(3)]
    assert answers == [200, 200, 429]


def test_a_stranger_learns_nothing_from_a_page_but_the_way_in(client):
    answer = client.get("/map", headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/map"
    assert client.get("/api/collections").status_code == 401


def test_a_session_in_the_address_is_worth_nothing(client, town):
    token = signed_in(client, town, "operator").cookies[COOKIE]
    assert client.get("/api/collections").status_code == 200
    client.cookies.clear()
    assert client.get("/api/collections", params={COOKIE: token}).status_code == 401


def test_a_page_of_another_site_cannot_push(client, town):
    signed_in(client, town, "administrator")
    answer = client.post(
        "/api/camera-status", json={"states": [{}]}, headers={"origin": "http://evil.example"}
    )
    assert answer.status_code == 403


def test_a_list_of_proxies_that_cannot_be_read_is_told_at_the_start(settings):
    wrong = settings.model_copy(update={"trusted_proxies": "beton"})
    with pytest.raises(InputError), TestClient(create_app(wrong)):
        pass


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("取证单.xlsx", "取证单.xlsx"),
        ("../../etc/passwd", "etc_passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ('a"; filename="b.exe', "a__ filename=_b.exe"),
        ("a\r\nSet-Cookie: x=1", "a__Set-Cookie_ x=1"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\x00b.csv", "a_b.csv"),
        ("CON.txt", "_CON.txt"),
        ("...", "download"),
        ("", "download"),
    ],
)
def test_a_name_of_a_file_is_safe_on_every_desk(name, safe):
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_ending():
    assert safe_name("长" * 500 + ".xlsx").endswith(".xlsx")
    assert len(safe_name("长" * 500 + ".xlsx")) <= 122


def test_the_header_of_a_file_is_plain_and_names_it_in_full_as_well():
    answer = file_response(b"x", "报告 1.pdf", "application/pdf")
    header = answer.headers["content-disposition"]
    assert (
        header == "attachment; filename=\"__ 1.pdf\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A%201.pdf"
    )
    assert content_disposition('x"y').isascii()
    assert answer.headers["cache-control"] == "no-store"


def test_coverage_of_the_toy_town_is_there_for_the_map(client, town):
    compute.compute(town)
    signed_in(client, town, "planner")
    assert "<script" in client.get("/map").text
