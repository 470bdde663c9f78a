"""What is noted of requests: ids, log lines without anything that was sent, counters, readiness."""

import io
import json
import logging
import re

import pytest
from fastapi import APIRouter, Depends
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import text

from api.app import create_app
from api.server import logs
from api.session.identity import OPEN
from geo.access.audit import seal
from geo.base.errors import InputError
from geo.base.settings import read_settings
from tests.signed_in import signed_in
from tests.toy_town import place

pytestmark = pytest.mark.postgis
TOKEN = "a-token-of-some-length"
LON, LAT = place(4, 0)


@pytest.fixture
def log():
    """Return the lines that the service logs."""
    root, stream = logging.getLogger(), io.StringIO()
    requests = logging.getLogger(logs.REQUESTS)
    before = root.handlers[:], root.level, requests.level
    logs.configure_logs("debug", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    requests.setLevel(before[2])


@pytest.fixture
def app(seen_town, settings):
    return create_app(settings.model_copy(update={"metrics_token": SecretStr(TOKEN)}))


@pytest.fixture
def client(app):
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as found:
        yield found


def figures(client, token=TOKEN):
    answer = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
    found = re.findall(r"^(\w+(?:{.*?})?) (\S+)$", answer.text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def test_the_id_of_an_answer_is_that_of_its_line(client, seen_town, log):
    signed_in(client, seen_town, "operator")
    answer = client.get("/api/collections", headers={"x-request-id": "of-the-client"})
    (line,) = log()
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["event"], line["method"], line["status"]) == ("request", "GET", 200)
    assert (line["route"], line["account"]) == ("/api/collections", "operator.all")
    assert (line["bytes"], line["level"]) == (int(answer.headers["content-length"]), "info")
    assert line["ms"] >= 0
    again = client.get("/api/collections").headers["x-request-id"]
    assert again != answer.headers["x-request-id"]


def test_no_line_holds_what_was_sent(client, seen_town, log):
    signed_in(client, seen_town, "operator")
    client.get("/api/cameras/seeing", params={"lon": LON, "lat": LAT, "reason": "秘密的事由"})
    client.get("/api/locate", params={"lon": "一一七", "lat": LAT})
    client.post("/api/cameras/K1/access", json={"reason": "patrol", "content": "找人"})
    client.post("/login", data={"name": "li", "password": "correct horse"})
    client.get("/viewer/secret.reference.token")
    client.get("/no-such-page/with-words", headers={"authorization": "Bearer gg_key"})
    told = json.dumps(log(), ensure_ascii=False)
    assert len(log()) == 6
    cookie = next(iter(client.cookies.values()), "none")
    for sent in (str(LON), str(LAT), "秘密", "一一七", "找人", "correct", "reference.token", "K1"):
        assert sent not in told, sent
    for sent in ("with-words", "gg_key", cookie):
        assert sent not in told, sent


def test_a_mistake_of_the_program_is_told_by_its_lines_and_without_its_message(app, log):
    router = APIRouter(dependencies=[Depends(OPEN)])

    @router.get("/mistake")
    def mistake() -> None:
        logging.getLogger("geo.somewhere").error('invalid input: "13800000000" (row %s)', 7)
        raise ValueError("a password: hunter22")

    app.include_router(router)
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/mistake").status_code == 500
    told = json.dumps(log(), ensure_ascii=False)
    assert "hunter22" not in told
    assert "13800000000" not in told
    library, request = log()
    assert library["event"].startswith("invalid input")
    assert (request["level"], request["status"]) == ("error", 500)
    assert library["request_id"] == request["request_id"]


def test_an_exception_that_a_library_logs_keeps_class_and_lines(log):
    try:
        int("hunter22")
    except ValueError:
        logging.getLogger("a.library").exception("Exception in a library")
    (line,) = log()
    assert line["error"] == "ValueError"
    assert "test_an_exception_that_a_library_logs" in line["lines"][0]
    assert "hunter22" not in json.dumps(line)


def test_signs_of_life_are_told_only_where_somebody_looks_for_them(client, log):
    client.get("/livez")
    assert [line["level"] for line in log()] == ["debug"]


def test_metrics_count_by_the_pattern_of_a_route(client, seen_town):
    signed_in(client, seen_town, "operator")
    for layer in ("grids", "cameras", "beton"):
        client.get(f"/api/collections/{layer}/items")
    client.get("/nobody/knows/this")
    client.request("BREW", "/api/collections")
    found = figures(client)
    route = 'route="/api/collections/{layer}/items"'
    assert found[f'govgrid_requests_total{{method="GET",{route},status="200"}}'] == 2
    assert found[f'govgrid_requests_total{{method="GET",{route},status="404"}}'] == 1
    assert found[f"govgrid_request_seconds_count{{{route}}}"] == 3
    assert found['govgrid_requests_total{method="GET",route="none",status="404"}'] == 1
    assert any('method="other"' in name for name in found)
    assert found["govgrid_requests_running"] == 1  # this question
    assert found['govgrid_lane_busy{lane="drawing"}'] == 0
    assert found["govgrid_connections_used"] == 2  # of revisions and of events
    told = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text
    assert not re.search("beton|knows|BREW|operator", told)


def test_metrics_are_for_who_brings_their_token(client, settings, town):
    assert client.get("/metrics").status_code == 401
    wrong = client.get("/metrics", headers={"authorization": "Bearer another"})
    assert (wrong.status_code, wrong.headers["content-type"]) == (401, "application/problem+json")
    signed_in(client, town, "administrator")
    assert client.get("/metrics").status_code == 401
    with TestClient(create_app(settings)) as without:
        asked = without.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert asked.status_code == 404


def test_a_short_token_is_refused_when_the_service_starts(monkeypatch):
    monkeypatch.setenv("GOVGRID_METRICS_TOKEN", "short")
    with pytest.raises(InputError, match="GOVGRID_METRICS_TOKEN") as refused:
        read_settings()
    assert "short" not in str(refused.value)


def test_readiness_tells_whether_somebody_seals_the_audit(client, seen_town):
    seal.seal_rows(seen_town)
    fresh = client.get("/readyz").json()
    assert (fresh["status"], fresh["worker"]) == ("ready", "ok")
    with seen_town.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.audit (at, account, action, object, outcome, note_sha256)"
                " VALUES (clock_timestamp() - interval '2 minutes', 'li', 'x', 'y', 'done', '')"
            )
        )
    late = client.get("/readyz")
    assert (late.status_code, late.json()["worker"]) == (200, "behind")
    named = {"status", "revision", "worker", "engine", "snapshot_age_s", "backup", "warnings"}
    assert set(late.json()) == named | {"processes"}


def test_readiness_tells_how_old_the_layers_in_memory_are(client, seen_town):
    signed_in(client, seen_town, "operator")
    assert client.get("/readyz").json()["snapshot_age_s"] is None
    client.get("/api/collections/cameras/items")
    assert client.get("/readyz").json()["snapshot_age_s"] >= 0


def test_answers_are_compressed_but_no_page_and_nothing_small(client, seen_town):
    signed_in(client, seen_town, "operator")
    whole = client.get("/api/collections/cameras/items", headers={"accept-encoding": "identity"})
    packed = client.get("/api/collections/cameras/items", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == whole.json()
    assert int(packed.headers["content-length"]) < len(whole.content) / 2
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert "content-encoding" not in whole.headers
    page = client.get("/account", headers={"accept-encoding": "gzip"})
    assert page.headers["content-type"].startswith("text/html")
    assert "content-encoding" not in page.headers
    assert "content-encoding" not in client.get("/livez").headers
