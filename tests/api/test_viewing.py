"""The viewing register over HTTP: a row, then a reference; requests, pages and files."""

import io
import itertools
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.session.identity import COOKIE
from geo.access.accounts import sessions
from geo.access.roles import PERMISSIONS
from tests import gateway as gateways
from tests.signed_in import account, grant, sign_in, signed_in

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
CODES = ("K1", "K2", "K3", "K4", "K99", "K1%00", "..", "%2e%2e%2fK1", "K1%27%20OR%201=1--")
HOSTILE = "=cmd|' /C calc'!A0\r\n<script>alert(1)</script>{{7*7}}'; DROP TABLE govgrid.camera--"
PAGE = {"accept": "text/html"}


@pytest.fixture
def make(town, settings):
    """Return what starts a service with some settings, and a client of it."""
    started = []

    def start(**more):
        config = settings.model_copy(update=more)
        client = TestClient(
            create_app(config), raise_server_exceptions=False, follow_redirects=False
        )
        started.append(client.__enter__())
        return started[-1]

    yield start
    for client in started:
        client.__exit__(None, None, None)


@pytest.fixture
def client(make):
    return make()


@pytest.fixture
def person(client, town):
    """Return what gives a client of its own to a new account."""
    count = itertools.count()

    def sign(role, area=None, *, of=client, **more):
        name = f"{role}{next(count)}"
        return sign_in(TestClient(of.app, **QUIET), town, account(town, name, role, area, **more))

    return sign


QUIET = {"raise_server_exceptions": False, "follow_redirects": False}


def look(client, code="K1", **more):
    return client.post(f"/api/cameras/{code}/access", json={"reason": "patrol", **more})


def count(engine, table="access_register"):
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM govgrid.{table}")).scalar_one()


def audited(engine, action):
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT object, outcome, facts, note FROM govgrid.audit WHERE action = :action"),
            {"action": action},
        )
        return [dict(row) for row in found.mappings()]


# --- the act


def test_a_look_is_registered_and_gives_a_reference(person, town):
    who = person("operator", EAST)
    answer = look(who, incident="M1")
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"register", "reference", "url", "expires_at"}
    assert body["url"] == f"/viewer/{body['reference']}"
    ends = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=4.8) < ends <= timedelta(minutes=5)
    page = who.get(body["url"], headers=PAGE)
    assert page.status_code == 200
    for said in (
        "K1",
        "朝东枪机",
        "video patrol",
        "测试单位",
    ):
        assert said in page.text
    assert count(town) == 1
    (row,) = audited(town, "viewing.view")
    assert row["facts"]["register"] == body["register"]
    assert len(row["facts"]["sha256"]) == 64


def test_where_no_reference_can_be_signed_the_row_stands(person, town, settings):
    who = person("operator", EAST)
    settings.secrets.parent.mkdir(parents=True, exist_ok=True)
    settings.secrets.write_text("readable by everybody, and so refused\n")
    settings.secrets.chmod(0o644)
    answer = look(who)
    assert answer.status_code >= 400
    assert "viewer" not in answer.text
    assert count(town) == 1


def test_where_no_row_can_be_written_there_is_no_reference(person, town):
    who = person("operator", EAST)
    with town.begin() as connection:
        connection.execute(text("ALTER TABLE govgrid.access_register ADD CHECK (false) NOT VALID"))
    answer = look(who)
    assert answer.status_code >= 400
    assert "viewer" not in answer.text
    assert count(town) == 0
    assert audited(town, "viewing.view") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"reason": ""}, 400),
        ({"reason": "x", "act": "steal"}, 422),
        ({"reason": "x", "other": 1}, 422),
        ({"reason": "x" * 501}, 422),
        ({"reason": "x", "act": "retrieve"}, 400),
        ({"reason": "x", "act": "retrieve", "content": "21:00–21:40"}, 400),
        ({"reason": "x", "incident": "M3"}, 404),
        ({"reason": "x", "incident": "M99"}, 404),
        ({"reason": "x", "request": "00000000-0000-0000-0000-000000000000"}, 403),
        ({"reason": "x", "request": "1"}, 422),
    ],
)
def test_what_is_not_complete_is_not_registered(person, town, body, status):
    assert person("operator", EAST).post("/api/cameras/K1/access", json=body).status_code == status
    assert count(town) == 0


def test_a_stranger_registers_nothing(client, town):
    assert look(client).status_code == 401
    assert client.get("/cameras/K1/access", headers=PAGE).status_code == 303
    assert client.get("/viewer/x.y.z").status_code == 401
    assert count(town) == 0


def test_a_page_of_another_site_registers_nothing(person, town):
    who = person("operator", EAST)
    del who.headers["x-csrf-token"]
    assert look(who).status_code == 403
    assert who.post("/cameras/K1/access", data={"reason": "patrol"}).status_code == 403
    assert count(town) == 0


def test_the_same_key_leads_to_the_same_row(person, town):
    who = person("operator", EAST)
    asked = {"json": {"reason": "patrol"}, "headers": {"Idempotency-Key": "a-1"}}
    first, second = (who.post("/api/cameras/K1/access", **asked) for _ in range(2))
    assert first.json() == second.json()
    assert who.post("/api/cameras/K2/access", **asked).status_code == 409
    assert count(town) == 1


def test_a_code_that_holds_a_slash_is_a_code(person, town):
    with town.begin() as connection:
        connection.execute(text("UPDATE govgrid.camera SET code = '东/1号' WHERE code = 'K1'"))
    who = person("operator", EAST)
    answer = look(who, quote("东/1号", safe=""))
    assert answer.status_code == 201
    assert "东/1号" in who.get(answer.json()["url"]).text
    assert who.get(f"/cameras/{quote('东/1号', safe='')}/access").status_code == 200


# --- who may look where

GRANTED = {  # role, area, classes → what may be looked through
    ("operator", None, ("skynet", "social")): {"K1", "K2", "K3", "K4"},
    ("operator", EAST, ("skynet", "social")): {"K1", "K2", "K3", "K4"},
    ("operator", EAST, ("social",)): {"K2", "K4"},
    ("operator", WEST, ("skynet", "social")): set(),
    ("dispatcher", EAST, ("skynet",)): {"K1", "K3"},
    **{
        (role, None, ("skynet", "social")): set()
        for role, held in PERMISSIONS.items()
        if "view" not in held
    },
}


@pytest.mark.parametrize(("who", "seen"), GRANTED.items())
def test_every_role_looks_through_its_own_cameras_and_no_others(person, town, who, seen):
    role, area, classes = who
    one = person(role, area, classes=classes, depth="picture")
    opened = {code for code in CODES if look(one, code).status_code == 201}
    assert opened == seen
    assert count(town) == len(seen)


def test_a_refusal_offers_to_ask_and_is_audited(person, town):
    who = person("operator", WEST)
    known, unknown = look(who, "K1"), look(who, "K99")
    assert (known.status_code, unknown.status_code) == (403, 403)
    assert known.json()["detail"] == unknown.json()["detail"].replace("K99", "K1")
    assert "申请调取" in known.json()["detail"]
    rows = audited(town, "access")
    assert [row["outcome"] for row in rows] == ["refused", "refused"]
    assert rows[0]["facts"]["reason"] == "viewing.not_granted"
    page = who.get("/cameras/K1/access", headers=PAGE)
    other = who.get("/cameras/K99/access", headers=PAGE)
    assert (page.status_code, other.status_code) == (403, 403)
    assert "朝东枪机" not in page.text
    assert 'value="ask"' in page.text
    assert len(audited(town, "access")) == 4


# --- the viewer


def test_a_reference_dies_with_the_session_the_grant_and_its_time(person, client, town):
    who = person("operator", EAST)
    url = look(who).json()["url"]
    assert person("operator", EAST).get(url).status_code == 403
    assert person("operator").get(url).status_code == 403
    assert person("planner").get(url).status_code == 403
    with town.begin() as connection:
        connection.execute(text("ALTER TABLE govgrid.access_register DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE govgrid.access_register SET expires_at = now()"))
    over = who.get(url, headers=PAGE)
    assert over.status_code == 410
    assert 'href="/cameras/K1/access?"' in over.text
    assert who.get(f"{url}/snapshot").status_code == 410
    second = look(who).json()["url"]
    assert who.get(second).status_code == 200
    token = who.cookies[COOKIE]
    sessions.end_session(town, token)
    assert who.get(second).status_code == 401
    assert who.get(second, headers=PAGE).status_code == 303


def test_a_reference_dies_with_the_grant(person, town):
    who = person("operator", EAST)
    url = look(who).json()["url"]
    assert who.get(url).status_code == 200
    with town.begin() as connection:
        connection.execute(text("UPDATE govgrid.role_grant SET camera_classes = '{social}'"))
    assert who.get(url).status_code == 403
    assert who.get(f"{url}/snapshot").status_code == 403


def test_a_forged_reference_shows_nothing_and_is_audited(person, town):
    who = person("operator", EAST)
    head, body, sign = look(who).json()["reference"].split(".")
    for forged in (
        f"{head}.{body}.{sign[:-4]}AAAA",
        f"eyJhbGciOiJub25lIn0.{body}.",
        f"eyJhbGciOiJub25lIn0.{body}.{sign}",
        "x",
        "%00",
        "..%2f..",
        "%ff%fe",
    ):
        assert who.get(f"/viewer/{forged}").status_code in (403, 404), forged
    assert any(
        row["facts"]["reason"] == "viewing.reference_void" for row in audited(town, "access")
    )


def test_without_a_gateway_the_viewer_says_whom_to_ask(person, town):
    change = "UPDATE govgrid.camera SET management_unit = '区公安分局', duty_phone = '0556-5550110'"
    with town.begin() as connection:
        connection.execute(text(change))
    who = person("operator", EAST)
    url = look(who).json()["url"]
    page = who.get(f"{url}?lang=zh", headers=PAGE).text
    for said in (
        "没有接入视频流",
        "区公安分局",
        "tel:0556-5550110",
        "live picture",
    ):
        assert said in page
    assert "<img" not in page
    assert 'class="watermark"' in page
    assert who.get(f"{url}/snapshot").status_code == 404


def test_a_configured_gateway_gives_the_picture_and_never_its_address(make, person, town):
    with gateways.running() as gateway:
        client = make(snapshot_url=gateway.at("/jpeg/{code}?key=s3cret"))
        who = person("operator", EAST, of=client)
        answer = look(who)
        page = who.get(answer.json()["url"], headers=PAGE)
        picture = who.get(f"{answer.json()['url']}/snapshot")
        assert gateway.asked[-1][0] == "/jpeg/K1?key=s3cret"
    assert (picture.status_code, picture.content) == (200, gateways.JPEG)
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["cache-control"] == "no-store"
    assert "/snapshot" in page.text
    for told in (answer.text, page.text, str(picture.headers)):
        assert "s3cret" not in told
        assert str(gateway.server_port) not in told
    assert [row["outcome"] for row in audited(town, "viewing.picture")] == ["done"]


@pytest.mark.parametrize("kind", ["elsewhere", "page", "lying", "large", "refused", "broken"])
def test_a_gateway_that_fails_is_a_sentence_without_its_address(make, person, town, kind):
    with gateways.running() as gateway:
        client = make(snapshot_url=gateway.at(f"/{kind}/{{code}}"))
        who = person("operator", EAST, of=client)
        answer = who.get(f"{look(who).json()['url']}/snapshot")
    assert answer.status_code == 502
    assert "视频平台" in answer.json()["detail"]
    for told in ("127.0.0.1", "rtsp", "secret", str(gateway.server_port)):
        assert told not in answer.text
    assert [row["outcome"] for row in audited(town, "viewing.picture")] == ["failed"]


def test_a_gateway_that_is_set_wrong_is_a_sentence(make, person):
    who = person("operator", EAST, of=make(snapshot_url="rtsp://gateway/{code}"))
    answer = who.get(f"{look(who).json()['url']}/snapshot")
    assert answer.status_code == 409
    assert "rtsp" not in answer.text


# --- requests


def test_a_skynet_camera_goes_the_way_of_request_and_approval(make, person, town):
    client = make(skynet_approval=True)
    who, chief = person("operator", EAST, of=client), person("security_administrator", of=client)
    answer = look(who, "K1")
    assert answer.status_code == 202
    assert set(answer.json()) == {"request", "asked_at"}
    number = answer.json()["request"]
    assert count(town) == 0
    assert look(who, "K2").status_code == 201
    assert who.get("/api/access-requests").status_code == 403
    (waiting,) = chief.get("/api/access-requests").json()["requests"]
    assert waiting["id"] == number
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    url = f"/api/access-requests/{number}/decision"
    assert who.post(url, json={"decision": "approved", "until": until}).status_code == 403
    assert chief.post(url, json={"decision": "approved"}).status_code == 400
    assert chief.post(url, json={"decision": "approved", "until": until}).status_code == 200
    assert chief.post(url, json={"decision": "refused", "note": "x"}).status_code == 409
    seen = look(who, "K1", request=number)
    assert seen.status_code == 201
    assert who.get(seen.json()["url"]).status_code == 200
    rows = who.get("/api/access-register/mine").json()["rows"]
    assert [row["request"] for row in rows] == [number, None]
    assert look(person("operator", EAST, of=client), "K1", request=number).status_code == 403


def test_a_naive_time_is_one_of_the_district(person):
    who, chief = person("operator", WEST), person("security_administrator")
    asked = who.post("/api/cameras/K1/access-requests", json={"reason": "police"})
    assert asked.status_code == 202
    until = (datetime.now(UTC) + timedelta(hours=8 + 1)).replace(tzinfo=None)
    answer = chief.post(
        f"/api/access-requests/{asked.json()['request']}/decision",
        json={"decision": "approved", "until": until.isoformat()},
    )
    assert answer.status_code == 200
    assert datetime.fromisoformat(answer.json()["until"]) - datetime.now(UTC) < timedelta(hours=1.1)


def test_people_ask_and_decide_on_pages(person, town):
    who, chief = person("operator", WEST), person("security_administrator")
    token = who.headers.pop("x-csrf-token")
    filled = {"csrf": token, "do": "ask", "reason": "other", "remark": HOSTILE}
    sent = who.post("/cameras/K1/access", data=filled)
    assert (sent.status_code, sent.headers["location"]) == (303, "/requests/mine?asked=1")
    mine = who.get("/requests/mine?asked=1", headers=PAGE)
    assert "<script>alert" not in mine.text
    assert "{{7*7}}" in mine.text
    assert "朝东枪机" not in mine.text
    page = chief.get("/requests", headers=PAGE)
    assert "朝东枪机" in page.text
    assert "<script>alert" not in page.text
    number = chief.get("/api/access-requests").json()["requests"][0]["id"]
    url, token = f"/requests/{number}/decision", chief.headers.pop("x-csrf-token")
    assert chief.post(url, data={"decision": "approved", "hours": "4"}).status_code == 403
    for wrong in ("25", "-1", "x", ""):
        filled = {"csrf": token, "decision": "approved", "hours": wrong}
        assert chief.post(url, data=filled).status_code == 400, wrong
    done = chief.post(url, data={"csrf": token, "decision": "approved", "hours": "4"})
    assert (done.status_code, done.headers["location"]) == (303, "/requests")
    assert "/cameras/K1/access" in who.get("/requests/mine").text
    assert who.get("/cameras/K1/access", headers=PAGE).status_code == 200
    assert chief.get("/requests?decided=1").text.count("<section") == 1


def test_an_own_request_is_not_decided_on(client, town):
    made = account(town, "both", "operator", EAST)
    with town.begin() as connection:
        grant(connection, made, "security_administrator")
    who = sign_in(client, town, made)
    asked = who.post("/api/cameras/K1/access-requests", json={"reason": "police"})
    answer = who.post(
        f"/api/access-requests/{asked.json()['request']}/decision",
        json={"decision": "refused", "note": "x"},
    )
    assert answer.status_code == 403
    assert "/decision" not in who.get("/requests").text


# --- the register


def test_a_person_registers_by_a_form_and_lands_in_the_viewer(person, town):
    who = person("operator", EAST)
    page = who.get("/cameras/K1/access?incident=M1", headers=PAGE)
    assert page.status_code == 200
    assert 'value="M1"' in page.text
    token = who.headers.pop("x-csrf-token")
    filled = {
        "csrf": token,
        "reason": "incident",
        "remark": "井盖",
        "incident": "M1",
        "act": "view",
    }
    sent = who.post("/cameras/K1/access", data=filled)
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/viewer/ey")
    viewer = who.get(sent.headers["location"], headers=PAGE)
    assert "井盖" in viewer.text
    # the next camera of the incident brings its reason along
    assert "井盖" in who.get("/cameras/K2/access?incident=M1").text
    filled = {"csrf": token, "reason": "", "incident": "M1", "act": "view"}
    assert who.post("/cameras/K2/access", data=filled).status_code == 303
    assert count(town) == 2


def test_a_code_that_is_typed_leads_to_its_form(person):
    who = person("operator", EAST)
    assert 'action="/cameras"' in who.get("/register/mine", headers=PAGE).text
    assert who.get("/cameras?code= K1 ").headers["location"] == "/cameras/K1/access"
    assert who.get("/cameras?code=a/b%0A").headers["location"] == "/cameras/a%2Fb/access"
    assert who.get("/cameras?code=").headers["location"] == "/register/mine"
    assert person("planner").get("/cameras?code=K1").status_code == 403


def test_a_form_that_lacks_something_is_shown_again_with_what_was_typed(person, town):
    who = person("operator", EAST)
    token = who.headers.pop("x-csrf-token")
    filled = {"csrf": token, "reason": "police", "remark": "协查<b>", "act": "retrieve"}
    page = who.post("/cameras/K1/access", data=filled, headers=PAGE)
    assert page.status_code == 400
    assert "footage" in page.text
    assert 'value="协查&lt;b&gt;"' in page.text
    assert 'value="police" required accesskey="4" checked' in page.text
    assert 'value="retrieve" checked' in page.text
    assert count(town) == 0


def test_everybody_reads_his_own_rows_and_auditors_all(person):
    who, other, auditor = person("operator", EAST), person("operator", EAST), person("auditor")
    look(who, "K1")
    look(other, "K2")
    for one, code in ((who, "K1"), (other, "K2")):
        rows = one.get("/api/access-register/mine").json()["rows"]
        assert [row["camera_code"] for row in rows] == [code]
        assert one.get("/api/access-register").status_code == 403
        assert code in one.get("/register/mine").text
        assert one.get("/register").status_code == 403
    assert len(auditor.get("/api/access-register").json()["rows"]) == 2
    assert auditor.get("/api/access-register/mine").json()["rows"] == []
    assert person("auditor", WEST).get("/api/access-register").json()["rows"] == []


def test_the_register_is_paged(person):
    who, auditor = person("operator", EAST), person("auditor")
    for _ in range(3):
        look(who, "K1", incident="M1")
    first = auditor.get("/api/access-register?limit=2&camera=K1").json()
    assert len(first["rows"]) == 2
    rest = auditor.get(first["next"]).json()
    assert (len(rest["rows"]), rest["next"]) == (1, None)
    assert "before=" in auditor.get("/register?limit=2").text


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "act=steal",
        "before=1",
        "limit=0",
        "limit=a",
        "account=" + "x" * 201,
        "to=9999-99-99",
    ],
)
def test_a_wrong_question_is_a_sentence(person, query):
    assert person("auditor").get(f"/api/access-register?{query}").status_code == 400


@pytest.mark.parametrize("field", ["camera", "account", "unit", "incident"])
def test_hostile_filters_find_nothing(person, field):
    look(person("operator", EAST))
    auditor = person("auditor")
    for word in ("' OR 1=1--", "%00", "%25", "%ED%A0%80", "\\"):
        answer = auditor.get(f"/api/access-register?{field}={word}")
        assert answer.status_code == 200
        page = auditor.get(f"/register?{field}=%22%3E%3Cscript%3Ealert(1)</script>")
        assert "<script>alert" not in page.text


def test_a_hostile_reason_stays_text_everywhere(person, town):
    who, auditor = person("operator", EAST), person("auditor")
    answer = look(who, reason=HOSTILE)
    for one, path in (
        (who, answer.json()["url"]),
        (who, "/register/mine"),
        (auditor, "/register"),
        (auditor, "/register/report"),
    ):
        page = one.get(path, headers=PAGE)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert ">49<" not in page.text
    file = auditor.get("/register.xlsx?reason=x")
    sheet = openpyxl.load_workbook(io.BytesIO(file.content)).active
    values = [cell.value for cell in sheet[2]]
    assert any(str(value).startswith("'=cmd") for value in values)
    assert "f" not in {cell.data_type for cell in sheet[2]}
    (row,) = audited(town, "viewing.view")
    assert "\n" not in row["note"]
    assert count(town, "camera") == 4


def test_the_register_goes_out_with_a_reason_and_a_row(person, town):
    who, auditor = person("operator", EAST), person("auditor")
    look(who)
    for path in ("/register.xlsx", "/register/report.xlsx"):
        assert who.get(f"{path}?reason=x").status_code == 403
        assert auditor.get(path).status_code == 400
        answer = auditor.get(f"{path}?reason=季度检查")
        assert answer.status_code == 200
        assert answer.content[:2] == b"PK"
        assert "attachment" in answer.headers["content-disposition"]
    assert count(town, "export_register") == 2
    assert [row["note"] for row in audited(town, "export")] == ["季度检查", "季度检查"]


def test_a_month_is_reported_with_its_proof(person, town):
    who, auditor = person("operator", EAST), person("auditor")
    look(who)
    assert look(person("operator", WEST), "K1").status_code == 403
    found = auditor.get("/api/access-register/report").json()
    assert found["rows"] == 1
    assert found["proof"] == {"rows": 1, "whole": True, "defects": []}
    assert found["refused"] == [{"refusal": "viewing.not_granted", "count": 1}]
    page = auditor.get("/register/report?lang=zh")
    assert "全部一致" in page.text
    with town.begin() as connection:
        connection.execute(text("ALTER TABLE govgrid.access_register DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE govgrid.access_register SET holder = '他人'"))
    (defect,) = auditor.get("/api/access-register/report").json()["proof"]["defects"]
    assert defect["kind"] == "changed"
    assert "不一致" in auditor.get("/register/report?lang=zh").text
    assert auditor.get("/api/access-register/report?month=2026-13").status_code == 400
    assert auditor.get("/api/access-register/report?month=2020-01").json()["rows"] == 0


def test_no_answer_names_a_stream(client, town):
    signed_in(client, town, "operator", EAST)
    answer = look(client)
    for told in (answer.text, client.get(answer.json()["url"]).text):
        for word in ("rtsp", "rtmp", "stream_ref", "://"):
            assert word not in told.replace("http://www.w3.org", "")
