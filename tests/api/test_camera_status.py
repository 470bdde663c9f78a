"""States of cameras pushed over HTTP: taken row by row, refused as a whole only for their form."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.routes.data import camera_status
from api.session.identity import COOKIE
from geo.coverage import compute
from geo.coverage import report as coverage_report
from geo.store import db, frames
from tests.signed_in import SYSTEM, signed_in

pytestmark = pytest.mark.postgis

EVENING = "2026-09-30T21:40:00+08:00"
EAST = "340802001001002"


@pytest.fixture
def client(town, settings):
    with TestClient(create_app(settings)) as found:
        yield signed_in(found, town, "administrator")


@pytest.fixture
def push(client):
    def send(*states, lang="en"):
        body = {"states": list(states)}
        answer = client.post("/api/camera-status", json=body, headers={"accept-language": lang})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


@pytest.fixture
def refused(client, town):
    """Send a body that is refused as a whole; return the problem, and see that nothing changed."""

    def send(body, *, kind="application/json"):
        headers = {"content-type": kind, "accept-language": "en"}
        answer = client.post("/api/camera-status", content=body, headers=headers)
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "detail"}
        assert states(town) == []
        return answer

    return send


def rows_of(engine, statement):
    with db.open_transaction(engine) as connection:
        return frames.read_frame(connection, statement)


def states(engine):
    found = rows_of(engine, "SELECT camera_code, status FROM govgrid.camera_status ORDER BY 1")
    return found.to_numpy().tolist()


def connections(engine):
    found = rows_of(engine, "SELECT code, connection FROM govgrid.camera ORDER BY code")
    return dict(zip(found["code"], found["connection"], strict=True))


def counts(answer):
    return tuple(answer[name] for name in ("read", "inserted", "updated", "unchanged"))


def test_a_time_that_clocks_skipped_is_taken_and_named(push, town):
    answer = push({"code": "K1", "status": "OFF", "since": "1990-04-15T02:30:00"})
    assert counts(answer) == (1, 1, 0, 0)
    assert [(f["row"], f["code"]) for f in answer["findings"]] == [(1, "DATE_AMBIGUOUS")]
    assert answer["findings"][0]["suggested"] == "1990-04-15 03:30:00+09:00"
    assert states(town) == [["K1", "offline"]]


def test_states_are_taken_by_the_words_of_platforms(push, town):
    answer = push(
        {"code": "K1", "status": "OFF", "since": EVENING},
        {"code": "K2", "status": "ON", "since": EVENING},
        {"code": "K3", "status": "离线", "since": "2026-09-30 21:40"},
        {"code": "K4", "status": "unknown"},
    )
    assert answer == {
        "read": 4,
        "inserted": 4,
        "updated": 0,
        "unchanged": 0,
        "quarantined": 0,
        "findings": [],
        "amended": None,
    }
    assert connections(town) == {"K1": "offline", "K2": "online", "K3": "offline", "K4": "unknown"}
    since = rows_of(town, "SELECT since FROM govgrid.camera_status WHERE camera_code = 'K3'")
    assert since["since"].iloc[0].isoformat() == "2026-09-30T13:40:00+00:00"


def test_the_same_message_twice_changes_nothing(push, town):
    message = (
        {"code": "K1", "status": "offline", "since": EVENING},
        {"code": "K2", "status": "offline"},
    )
    assert counts(push(*message)) == (2, 2, 0, 0)
    assert counts(push(*message)) == (2, 0, 0, 2)
    assert len(states(town)) == 2


def test_an_unknown_camera_is_quarantined_and_the_others_are_taken(push, town):
    answer = push({"code": "K9", "status": "ON"}, {"code": "K1", "status": "OFF", "since": EVENING})
    assert (counts(answer), answer["quarantined"]) == ((2, 1, 0, 0), 1)
    (finding,) = answer["findings"]
    advice = finding.pop("advice")
    assert finding == {
        "row": 1,
        "column": "code",
        "code": "CODE_UNKNOWN",
        "severity": "error",
        "value": "K9",
        "suggested": "",
    }
    assert advice.strip()
    assert states(town) == [["K1", "offline"]]


def test_advice_comes_in_the_language_that_is_asked_for(push):
    zh, en = (
        push({"code": "K9", "status": "ON"}, lang=lang)["findings"][0]["advice"]
        for lang in ("zh", "en")
    )
    assert zh != en


@pytest.mark.parametrize(
    ("state", "code", "column"),
    [
        ({"code": "K1", "status": "ON", "since": "2099-01-01 00:00"}, "DATE_FUTURE", "since"),
        ({"code": "K1", "status": "ON", "since": "昨天"}, "DATE_TEXT", "since"),
        ({"code": "K1", "status": "ON", "since": 1790000000}, "DATE_TEXT", "since"),
        ({"code": "K1", "status": "half"}, "VALUE_CHOICE", "status"),
        ({"code": "K1", "status": True}, "VALUE_CHOICE", "status"),
        ({"code": "K1"}, "VALUE_REQUIRED", "status"),
        ({"status": "ON"}, "VALUE_REQUIRED", "code"),
        ({"code": 34080200001320000001, "status": "ON"}, "CODE_AS_NUMBER", "code"),
    ],
)
def test_a_row_that_cannot_be_used_comes_back_with_its_cell(push, town, state, code, column):
    answer = push({"code": "K2", "status": "ON", "since": EVENING}, state)
    assert answer["quarantined"] == 1
    errors = [f for f in answer["findings"] if f["severity"] == "error"]
    assert [(f["row"], f["column"], f["code"]) for f in errors] == [(2, column, code)]
    assert states(town) == [["K2", "online"]]


def test_clocks_may_differ_a_little_but_half_an_hour_is_the_future(push, town):
    now = datetime.now(UTC)
    soon, later = ((now + timedelta(minutes=m)).isoformat(timespec="seconds") for m in (3, 30))
    answer = push(
        {"code": "K1", "status": "OFF", "since": soon},
        {"code": "K2", "status": "ON", "since": later},
    )
    assert [(f["row"], f["code"]) for f in answer["findings"]] == [(2, "DATE_FUTURE")]
    assert states(town) == [["K1", "offline"]]


def test_a_message_with_nothing_usable_is_answered_all_the_same(push, town):
    answer = push({"code": None, "status": None}, {"code": "", "status": ""})
    assert (counts(answer), answer["quarantined"]) == ((2, 0, 0, 0), 2)
    assert states(town) == []


@pytest.mark.parametrize("code", ["K1\x00", "K1'; DROP TABLE x", "é" * 5000, "=1+1", "\u202eK1"])
def test_an_odd_code_is_quarantined_and_no_crash(push, town, code):
    answer = push({"code": code, "status": "ON"})
    assert answer["quarantined"] == 1 or states(town) == [["K1", "online"]]


@pytest.mark.parametrize("body", [b"", b"{", b"states=1", b'{"states": [\xff]}', b'"\\ud800"'])
def test_what_is_no_json_is_refused(refused, body):
    answer = refused(body)
    assert answer.status_code in (400, 422)
    assert answer.status_code == 400 or body.startswith(b'"')


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"states": []},
        {"states": {}},
        {"states": [1]},
        {"states": None},
        [{"code": "K1", "status": "ON"}],
        {"code": "K1", "status": "ON"},
        {"states": [{"code": "K1", "status": "ON", "password": "x"}]},
        {"states": [{"code": ["K1"], "status": "ON"}]},
        {"states": [{"code": "K1", "status": "ON"}], "token": "x"},
    ],
)
def test_another_form_is_refused_with_the_form_expected(refused, body):
    answer = refused(json.dumps(body))
    assert answer.status_code == 422
    assert '"states"' in answer.json()["detail"]


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity"])
def test_numbers_that_are_none_are_refused_and_no_crash(refused, number):
    body = f'{{"states": [{{"code": "K1", "status": "ON", "since": {number}}}]}}'
    assert refused(body).status_code in (400, 422)


def test_ten_thousand_states_are_taken_and_one_more_is_refused(refused, push):
    state = {"code": "K9", "status": "ON", "since": EVENING}
    many = [state | {"code": f"X{n}"} for n in range(camera_status.MOST_STATES)]
    answer = refused(json.dumps({"states": [*many, state]}))
    assert answer.status_code == 413
    assert "10,000" in answer.json()["detail"]
    assert push(*many)["quarantined"] == camera_status.MOST_STATES


def test_a_message_of_more_than_two_megabytes_is_refused(refused):
    state = {"code": "K" * 2_000_000, "status": "ON"}
    answer = refused(json.dumps({"states": [state]}))
    assert answer.status_code == 413
    assert "2 MB" in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_a_page_of_another_origin_cannot_push(refused, kind):
    body = json.dumps({"states": [{"code": "K1", "status": "OFF"}]})
    assert refused(body, kind=kind).status_code == 415


def test_the_platform_is_asked_to_come_again_while_an_import_runs(refused, town, monkeypatch):
    monkeypatch.setattr(camera_status, "PATIENCE_S", 0.2)
    body = json.dumps({"states": [{"code": "K1", "status": "OFF"}]})
    with db.open_transaction(town) as connection:
        db.take_turn(connection, db.IMPORTING)
        answer = refused(body)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"


def test_figures_follow_with_the_next_computation(push, town):
    compute.compute(town)

    def online_m2():
        found = coverage_report.read_report(
            town, SYSTEM, area=EAST, device_set="online", certainty="certain"
        )
        return found["areas"][0]["covered_demand_m2"]

    before = online_m2()
    assert push({"code": "K1", "status": "OFF", "since": EVENING})["amended"] is None
    assert online_m2() == before
    compute.compute(town)
    assert online_m2() < before


def test_without_tables_the_push_says_so(empty_url, settings):
    bare = settings.model_copy(update={"database_url": empty_url})
    with TestClient(create_app(bare)) as client:
        client.cookies.set(COOKIE, "any")
        body = {"states": [{"code": "K1", "status": "ON"}]}
        answer = client.post("/api/camera-status", json=body)
    assert answer.status_code == 500
    assert "migrate" in answer.json()["detail"]


def test_the_form_stands_in_the_description_of_the_service(client):
    described = client.get("/api/api").json()
    asked = described["paths"]["/api/camera-status"]["post"]["requestBody"]
    forms = described["components"]["schemas"]
    message = forms[_name_of(asked["content"]["application/json"]["schema"])]
    states = message["properties"]["states"]
    assert states["maxItems"] == camera_status.MOST_STATES
    assert set(forms[_name_of(states["items"])]["properties"]) == {"code", "status", "since"}


def _name_of(schema):
    return schema["$ref"].rpartition("/")[2]


def test_the_web_process_starts_without_what_computes_draws_and_reads_files():
    late = (
        *("numba", "pandas", "geopandas", "folium", "pyarrow", "pyogrio", "openpyxl", "ezdxf"),
        *("geo.coverage.incremental", "geo.coverage.measure.state"),
    )
    code = f"import sys, api.app; print([m for m in {late} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_pushed_states_are_part_of_no_import(push, town):
    push({"code": "K1", "status": "OFF", "since": EVENING})
    with db.open_transaction(town) as connection:
        run = connection.execute(text("SELECT import_run FROM govgrid.camera_status")).scalar_one()
    assert run is None
