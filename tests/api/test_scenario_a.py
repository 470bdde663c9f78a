"""A night shift at the district's centre, service side: one operator, one clock, step by step."""

from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.base import clock
from geo.incidents import alarms
from tests.incident_town import G1, G2, SHANGHAI, X
from tests.signed_in import Visitors, account
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


def test_a_night_shift(night, engine):
    client, turn = night
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
