"""A night shift at the district's centre, service side: one operator, one clock, step by step."""

import re
import time
from io import BytesIO
from uuid import UUID, uuid4

import pikepdf
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.session.csrf import HEADER
from api.session.identity import COOKIE
from geo.access.accounts import accounts
from geo.base import clock
from geo.incidents import alarms
from tests import PATIENCE_S
from tests.incident_town import B2, G1, G2, SHANGHAI, B, X
from tests.signed_in import SYSTEM, Visitors, account, grant, sign_in
from tests.toy_town import place

pytestmark = pytest.mark.postgis
CHINESE = {"accept-language": "zh"}


@pytest.fixture
def night(incident_town, settings, tmp_path):
    """Return the operator's client, and what turns the clock."""
    file = tmp_path / "clock"

    def turn(written):
        file.write_text(f"{written}:00+08:00", encoding="utf-8")
        clock.follow(file)
        alarms.fire_alarms(incident_town, timezone=SHANGHAI)

    turn("2026-09-30T21:40")
    with TestClient(create_app(settings.model_copy(update={"clock": file}))) as client:
        client.headers.update(CHINESE)
        Visitors(client, incident_town).become(account(incident_town, "wang", "operator"))
        yield client, turn
    clock.follow(None)


def create(client, category, words, x=X, **more):
    lon, lat = place(*x)
    asked = {"category": category, "text": words, "lon": lon, "lat": lat, **more}
    answer = client.post("/api/incidents", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


def move(client, incident, name, **fields):
    shown = client.get(f"/api/incidents/{incident['id']}").json()
    headers = {"If-Match": f'"{shown["version"]}"'}
    path = f"/api/incidents/{incident['id']}/moves"
    answer = client.post(path, json={"move": name, **fields}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def light(client, incident):
    return client.get(f"/api/incidents/{incident['id']}").json()["light"]


def take_over(client, engine, turn):
    """Have the day's post hand over and the night's post take over; return its shift."""
    people = Visitors(client, engine)
    mine = client.cookies[COOKIE], client.headers[HEADER]
    people.become(account(engine, "ma", "operator"))
    turn("2026-09-30T08:00")
    day = client.post("/api/shifts", json={"post": "白班岗"}).json()["id"]
    # one post does not take over before the other has handed over
    assert client.post("/api/shifts", json={"post": "夜班岗"}).status_code == 409
    turn("2026-09-30T19:55")
    ended = client.post(f"/api/shifts/{day}/hand-over", json={"note": "无遗留事项"})
    assert ended.json()["at_end"]["counts"]["open"] == 0
    people.become(None)
    client.cookies.set(COOKIE, mine[0])
    client.headers[HEADER] = mine[1]
    taken = client.post("/api/shifts", json={"post": "夜班岗", "leader_post": "带班岗"})
    assert taken.status_code == 201, taken.text
    night_shift = taken.json()
    assert night_shift["taken_from"] == day
    seen = client.get(f"/api/shifts/{day}").json()
    assert (seen["note"], seen["ended_by"], night_shift["begun_by"]) == ("无遗留事项", "ma", "wang")
    return night_shift["id"]


def hand_over(client, turn, shift):
    """Hand the night over and return what is kept with it: counts by hand, a log of one page."""
    turn("2026-10-01T07:50")
    done = client.post(f"/api/shifts/{shift}/hand-over", json={"note": "井盖催办"}).json()
    # the manhole, the gas and the second caller's are over; the first of them was not signed for
    counts = done["at_end"]["counts"]
    assert {name: counts[name] for name in ("open", "overdue", "unsigned", "emergencies")} == {
        "open": 6,
        "overdue": 3,
        "unsigned": 1,
        "emergencies": 1,
    }
    assert done["at_end"]["done"] == {"taken": 6, "sent": 1, "closed": 0, "calls": 1, "viewings": 2}
    paper = client.get(f"/api/shifts/{shift}", params={"f": "pdf"})
    assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
    with pikepdf.open(BytesIO(paper.content)) as pages:
        assert len(pages.pages) == 1


def test_a_night_shift(night, engine):
    client, turn = night
    # A1: the day hands over, the night takes over
    shift = take_over(client, engine, turn)
    turn("2026-09-30T21:40")
    # A5, A6: one save answers everything
    hole = create(client, "井盖缺失", "某路口井盖没了", source="12345", source_ref="2026093001")
    assert (hole["grid_code"], hole["unit_code"], hole["reason"]) == (
        *(G1, "U2", "街道B × 道路设施"),
    )
    assert (hole["due_at"], hole["light"]) == ("2026-09-30T23:40:00+08:00", "green")
    assert [line["code"] for line in hole["cameras"]][:4] == ["K1", "K7", "K6", "K2"]
    # A7: a number of a person
    lon, lat = place(*X)
    asked = {"category": "井盖缺失", "text": "找 13812345678", "lon": lon, "lat": lat}
    assert client.post("/api/incidents", json=asked).status_code == 422
    # A7b: an emergency is told first whom to call
    turn("2026-09-30T21:42")
    gas = create(client, "燃气异味", "楼道有异味", (1.5, 5))
    assert (next(iter(gas)), gas["notice"]) == ("notice", "请先转 110/119/120/抢修")
    move(client, gas, "hand_to_emergency", call="燃气抢修")
    told = client.get(f"/api/incidents/{gas['id']}/report").json()["text"]
    assert "21:42" in told.partition("已采取措施")[2]
    # A8: the pin moves over the border
    waste = create(client, "暴露垃圾", "一堆垃圾")
    lon, lat = place(X[0] + 2.15, 0)
    patched = client.patch(
        f"/api/incidents/{waste['id']}",
        json={"lon": lon, "lat": lat},
        headers={"If-Match": '"1"'},
    ).json()
    assert (patched["status"], patched["grid_code"], patched["candidates"]) == (
        *("border", G2, [G2, G1]),
    )
    # A9: the register has its row before anything is shown; the next camera needs no new reason
    for camera, reason in (("K1", "incident"), ("K2", "")):
        asked = {"reason": reason, "incident": hole["code"]}
        assert client.post(f"/api/cameras/{camera}/access", json=asked).status_code == 201
    with engine.begin() as connection:
        rows = connection.execute(
            text(
                "SELECT camera_code, reason_kind, incident_code, legal_basis"
                " FROM govgrid.access_register ORDER BY camera_code"
            )
        ).all()
    assert [(row.camera_code, row.reason_kind, row.incident_code) for row in rows] == [
        ("K1", "incident", hole["code"]),
        ("K2", "incident", hole["code"]),
    ]
    assert "第十六条" in rows[0].legal_basis
    # A10: sent to the proposed unit, told by telephone
    turn("2026-09-30T21:44")
    move(client, hole, "accept")
    sent = move(client, hole, "assign", unit="U2", notified="telephone", notified_post="值班室")
    assert sent["state"] == "assigned"
    # A11: not acknowledged after 20 minutes: told once
    turn("2026-09-30T22:10")
    turn("2026-09-30T22:11")
    with engine.begin() as connection:
        told = connection.execute(
            text(
                "SELECT count(*) FROM govgrid.notification WHERE incident = :id"
                " AND kind = 'acknowledge'"
            ),
            {"id": UUID(hole["id"])},
        ).scalar_one()
    assert told == 1
    alarms_told = {
        each["code"]: each["alarm"]
        for each in client.get("/api/incidents", params={"open": True}).json()["incidents"]
    }
    assert alarms_told == {hole["code"]: "acknowledge", gas["code"]: None, waste["code"]: None}
    # A13: amber at 80 %, red after the limit
    for at, expected in (
        ("23:15", "green"),
        ("23:16", "amber"),
        ("23:40", "amber"),
        ("23:41", "red"),
    ):
        turn(f"2026-09-30T{at}")
        assert light(client, hole) == expected, at
    # A14: four working hours go round the holiday
    turn("2026-10-01T00:30")
    rubbish = create(client, "暴露垃圾", "垃圾", (30, 0))
    assert (rubbish["due_at"], rubbish["light"]) == ("2026-10-08T14:30:00+08:00", "green")
    # A15: a second caller
    turn("2026-10-01T01:10")
    again = create(client, "井盖缺失", "又有人说井盖没了", (X[0] + 1, 0))
    assert [hint["code"] for hint in again["duplicates"]] == [hole["code"]]
    # A17: nobody sees it
    turn("2026-10-01T04:00")
    dark = create(client, "暴露垃圾", "垃圾", (15, 15))
    assert dark["none"] == "无摄像机可见该处；最近的 K2 相距 207 米（超出有效距离）"
    ticked = client.patch(
        f"/api/incidents/{dark['id']}", json={"unseen_demand": True}, headers={"If-Match": '"1"'}
    )
    assert ticked.status_code == 200
    # A19: the shift is closed with what is open, and its log is one page
    hand_over(client, turn, shift)


PASSWORD = "correct horse 网格 battery"


def in_form(client, path, **typed):
    """Send a form of a page with the token that stands in it."""
    token = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)[1]
    return client.post(path, data={"csrf": token, **typed}, follow_redirects=False)


def aged(engine, name, change):
    """Let the sessions of an account be older than they are."""
    statement = (
        f"UPDATE govgrid.session SET {change} WHERE account ="
        " (SELECT id FROM govgrid.account WHERE name = :name)"
    )
    with engine.begin() as connection:
        connection.execute(text(statement), {"name": name})


def is_told(client, after, code):
    """Return whether an event of a code comes after a position: the process reads it in time."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = client.get("/api/events", params={"after": after}).json()["events"]
        if code in {each["code"] for each in found}:
            return True
    return False


def test_the_first_hours_of_a_night_shift(night, engine):
    client, turn = night
    people = Visitors(client, engine)
    # A1: the first password is good for nothing but to be changed
    turn("2026-09-30T19:55")
    people.become(None)
    first = accounts.add_account(engine, SYSTEM, "zhou")
    asked = text("SELECT id::text FROM govgrid.account WHERE name = 'zhou'")
    with engine.begin() as connection:
        grant(connection, connection.execute(asked).scalar_one(), "operator", B)
    page = {"accept": "text/html"}
    client.headers.update(page)
    assert in_form(client, "/login", name="zhou", password=first).status_code == 303
    assert client.get("/api/incidents", headers={"accept": "*/*"}).status_code == 401
    typed = {"password_old": first, "password_new": PASSWORD, "password_again": PASSWORD}
    assert in_form(client, "/account/password", **typed).status_code == 303
    assert client.get("/api/incidents", headers={"accept": "*/*"}).json()["incidents"] == []
    client.headers.update({"accept": "*/*"})
    # A2: a wall stays while a person is logged out, and is told of no camera's place
    wall = account(engine, "wall", "display", kind="display")
    person = account(engine, "qian", "operator", B)
    for one, name, status in ((wall, "wall", 200), (person, "qian", 401)):
        people.become(one)
        aged(engine, name, "seen_at = now() - interval '40 minutes'")
        assert client.get("/api/collections").status_code == status, name
    people.become(wall)
    shown = client.get("/api/collections/cameras/items")
    lon, lat = place(-4.18, 0)  # of K1
    assert f"{lon:.5f}" not in shown.text or f"{lat:.5f}" not in shown.text
    # A3: a camera stops: it is told to who listens, and its state is another
    turn("2026-09-30T20:00")
    people.become(account(engine, "admin", "administrator"))
    after = client.get("/api/events").json()["position"]
    message = {
        "states": [{"code": "K3", "status": "offline", "since": "2026-09-30T20:00:00+08:00"}]
    }
    assert client.post("/api/camera-status", json=message).status_code == 200
    assert is_told(client, after, "K3")
    lon, lat = place(*X)
    seeing = client.get("/api/cameras/seeing", params={"lon": lon, "lat": lat}).json()["cameras"]
    assert {line["code"]: line["online"] for line in seeing}["K3"] is False


def test_typing_a_place_in_the_night(night, engine):
    client, turn = night
    # A4: the number of a lamp post, said with its kind; coordinates are not needed
    turn("2026-09-30T21:38")
    lon, lat = place(1, 1)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.pole (code, name, geom) VALUES ('L77', '人民路灯杆',"
                " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
            ),
            {"lon": lon, "lat": lat},
        )
    for typed in ("L77", "rmldg", "人民路"):
        found = client.get("/api/search", params={"q": typed}).json()["results"]
        assert ("pole", "L77") in {(each["kind"], each.get("code")) for each in found}, typed
    at = next(each for each in found if each["kind"] == "pole")
    hole = create(
        client, "井盖缺失", "灯杆旁井盖没了", (1, 1), located_by="code", located_code="L77"
    )
    assert (round(at["lon"], 6), round(at["lat"], 6)) == (
        round(hole["lon"], 6),
        round(hole["lat"], 6),
    )
    # A12: sent again after the line was down; what was missed comes
    after = client.get("/api/events").json()["position"]
    number = str(uuid4())
    sent = create(client, "暴露垃圾", "一堆垃圾", client_id=number)
    lon, lat = place(*X)
    again = client.post(
        "/api/incidents",
        json={
            "category": "暴露垃圾",
            "text": "一堆垃圾",
            "lon": lon,
            "lat": lat,
            "client_id": number,
        },
    )
    assert (again.status_code, again.json()["id"]) == (200, sent["id"])
    assert is_told(client, after, sent["code"])
    # A16: coordinates that may be of another system are asked about
    turn("2026-10-01T03:00")
    typed = client.get("/api/search", params={"q": "117.0554,30.5095"}).json()["coordinates"]
    assert (typed["lon"], typed["lat"]) == (117.0554, 30.5095)
    assert 500 < typed["apart_m"] < 650
    assert "火星坐标" in typed["question"]
    # A18: the session is over while something is typed; after the log-in it is sent once
    aged(engine, "wang", "expires_at = now() - interval '1 second'")
    lost = {"category": "井盖缺失", "text": "又一处", "lon": lon, "lat": lat}
    lost["client_id"] = str(uuid4())
    assert client.post("/api/incidents", json=lost).status_code == 401
    with engine.begin() as connection:
        asked = text("SELECT id::text FROM govgrid.account WHERE name = 'wang'")
        who = connection.execute(asked).scalar_one()
    sign_in(client, engine, who)
    assert client.post("/api/incidents", json=lost).status_code == 201
    # A9: a camera of elsewhere is refused, asking for its footage is offered, all is audited
    Visitors(client, engine).become(account(engine, "sun", "operator", B2))
    refused = client.post("/api/cameras/K1/access", json={"reason": "incident"})
    assert (refused.status_code, "申请调取" in refused.json()["detail"]) == (403, True)
    asked = text(
        "SELECT outcome, facts ->> 'reason' AS reason FROM govgrid.audit"
        " WHERE account = 'sun' AND action = 'access'"
    )
    with engine.begin() as connection:
        rows = [tuple(row) for row in connection.execute(asked)]
    assert rows == [("refused", "viewing.not_granted")]
