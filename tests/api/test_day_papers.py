"""Papers of the day: order and notice with their halves, the short text, shifts handed over."""

import io
from datetime import UTC, datetime

import pikepdf
import pytest
from barcode import Code128
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.access import transaction
from geo.access.accounts.local_cli import acting_principal
from geo.base import clock
from geo.documents import code_bars
from geo.incidents.rules.dispatch_text import MOST, dispatch_text
from geo.incidents.store import shifts as stored
from tests.incident_town import B, X
from tests.signed_in import Visitors, account
from tests.toy_town import place

CHINESE = {"accept-language": "zh"}


@pytest.fixture
def watch(tmp_path):
    file = tmp_path / "clock"

    def put(moment):
        file.write_text(moment, encoding="utf-8")
        clock.follow(file)
        return file

    yield put
    clock.follow(None)


@pytest.fixture
def site(incident_town, settings, watch):
    file = watch("2026-09-30T21:42:00+08:00")
    with TestClient(create_app(settings.model_copy(update={"clock": file}))) as client:
        client.headers.update(CHINESE)
        visitors = Visitors(client, incident_town)
        with incident_town.begin() as connection:
            connection.execute(
                text("UPDATE govgrid.unit SET duty_post = '值班岗' WHERE code = 'D0'")
            )
        visitors.become(account(incident_town, "zhao", "dispatcher", B, unit="D0"))
        yield visitors


@pytest.fixture
def incident(site):
    lon, lat = place(*X)
    asked = {
        "category": "井盖缺失",
        "text": "井盖没了",
        "lon": lon,
        "lat": lat,
        "address": "一路口",
    }
    made = site.client.post("/api/incidents", json=asked).json()
    return made["id"]


def move(site, incident, name, **fields):
    path = f"/api/incidents/{incident}"
    version = site.client.get(path).json()["version"]
    body = {"move": name, **fields}
    answer = site.client.post(f"{path}/moves", json=body, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 201, answer.text
    return answer.json()


def pages_of(answer):
    assert answer.headers["content-type"] == "application/pdf", answer.text
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        return [[float(side) for side in page.mediabox] for page in pdf.pages]


@pytest.mark.postgis
def test_an_order_is_one_page_in_two_halves_and_is_printed_of_what_was_sent_only(site, incident):
    path = f"/api/incidents/{incident}"
    refused = site.client.get(f"{path}/order", params={"f": "pdf"})
    assert refused.status_code == 409
    move(site, incident, "accept")
    move(site, incident, "assign", unit="U2")
    (page,) = pages_of(site.client.get(f"{path}/order", params={"f": "pdf"}))
    assert page[2:] == pytest.approx([595, 842], abs=1)
    told = site.client.get(f"{path}/order").json()
    code = site.client.get(path).json()["code"]
    assert told["text"] == f"【{code}】一路口：井盖没了。9-30 23:42前办结。回电0556-5500000"
    assert told["length"] == len(told["text"]) <= MOST
    assert not any(f"K{n}" in told["text"] for n in range(1, 8))


@pytest.mark.postgis
def test_a_notice_is_printed_of_what_is_supervised_only(site, incident):
    path = f"/api/incidents/{incident}/supervision"
    move(site, incident, "accept")
    move(site, incident, "assign", unit="U2")
    assert site.client.get(path).status_code == 409
    move(site, incident, "supervise", reason="多次超期")
    move(site, incident, "urge")
    assert len(pages_of(site.client.get(path))) == 1


@pytest.mark.postgis
def test_a_shift_is_handed_over_with_what_is_open_and_then_taken_over(site, incident, watch):
    client = site.client
    watch("2026-09-30T21:50:00+08:00")
    now = client.get("/api/shifts/now").json()
    assert (now["now"]["counts"]["open"], now["now"]["counts"]["waiting"]) == (1, 1)
    assert now["shift"] is None
    for wrong in ({"post": " "}, {"post": "张三 13812345678"}):
        assert client.post("/api/shifts", json=wrong).status_code == 400
    first = client.post(
        "/api/shifts", json={"post": "值班岗一", "leader_post": "带班岗", "weather": "多云"}
    )
    assert first.status_code == 201
    shift = first.json()["id"]
    assert client.post("/api/shifts", json={"post": "值班岗二"}).status_code == 409
    move(site, incident, "accept")
    move(site, incident, "assign", unit="U2", notified="telephone", notified_post="值班岗")
    code = client.get(f"/api/incidents/{incident}").json()["code"]
    for asked in ({"reason": "incident", "incident": code}, {"reason": "patrol"}):
        assert client.post("/api/cameras/K1/access", json=asked).status_code == 201
    watch("2026-10-01T08:00:00+08:00")
    going = client.get(f"/api/shifts/{shift}").json()["at_end"]
    assert going["counts"] == {
        "open": 1, "overdue": 1, "unsigned": 1, "on_hold": 0, "emergencies": 0, "waiting": 0,
        "down": going["counts"]["down"],
    }  # fmt: skip
    assert going["done"] == {"taken": 0, "sent": 1, "closed": 0, "calls": 1, "viewings": 2}
    viewed = {
        (row["camera_code"], row["reason_kind"], row["incident_code"]) for row in going["viewings"]
    }
    assert viewed == {("K1", "incident", code), ("K1", "patrol", None)}
    assert {"holder", "account", "account_name"}.isdisjoint(going["viewings"][0])
    assert [row["overdue"] for row in going["first"]] == [True]
    ended = client.post(f"/api/shifts/{shift}/hand-over", json={"note": "井盖待修"})
    assert ended.json()["at_end"]["counts"]["overdue"] == 1
    assert client.post(f"/api/shifts/{shift}/hand-over", json={}).status_code == 409
    second = client.post("/api/shifts", json={"post": "值班岗二"}).json()
    assert second["taken_from"] == shift
    assert [each["post"] for each in client.get("/api/shifts").json()["shifts"]] == [
        "值班岗二",
        "值班岗一",
    ]
    assert len(pages_of(client.get(f"/api/shifts/{shift}", params={"f": "pdf"}))) == 1


@pytest.mark.postgis
def test_a_shift_of_another_desk_is_not_seen(site, incident_town):
    made = site.client.post("/api/shifts", json={"post": "值班岗一"}).json()["id"]
    asked = {"reason": "patrol"}
    assert site.client.post("/api/cameras/K1/access", json=asked).status_code == 201
    site.become(account(incident_town, "qian", "operator", B, unit="P1"))
    assert site.client.get("/api/shifts").json() == {"shifts": []}
    assert site.client.get(f"/api/shifts/{made}").status_code == 404
    assert site.client.post(f"/api/shifts/{made}/hand-over", json={}).status_code == 404
    ever = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    told = {}
    for name in ("qian", "zhao"):
        with transaction.open_as(
            incident_town, acting_principal(incident_town, name)
        ) as connection:
            told[name] = len(stored.viewings_during(connection, "D0", *ever))
    assert told == {"qian": 0, "zhao": 1}


def test_the_short_text_keeps_number_limit_and_telephone_however_long_the_rest_is():
    due = datetime(2026, 10, 8, 6, 30, tzinfo=UTC)
    told = dispatch_text(
        "20260930-0001",
        "龙狮桥乡前进社区某某路与某某大道交叉口东南角公交站台旁边的绿化带",
        "大量建筑垃圾堆放在人行道上并且占用了盲道影响行人通行请尽快清理",
        due,
        "0556-5500000",
        timezone="Asia/Shanghai",
        lang="zh",
    )
    assert len(told) == MOST
    assert told.startswith("【20260930-0001】龙狮桥")
    assert told.endswith("10-8 14:30前办结。回电0556-5500000")
    plain = dispatch_text("1", "路口", "井盖", None, None, timezone="Asia/Shanghai", lang="zh")
    assert plain == "【1】路口：井盖。"


def test_bars_are_those_of_code_128_and_other_letters_become_a_square():
    pattern = code_bars.bar_pattern("20260930-0001")
    assert pattern == Code128("20260930-0001").build()[0]
    # start, 13 figures in pairs where it pays, check sum, stop: each 11 modules, the stop 13
    assert pattern.startswith("11010011100")  # start code C, as numbers come in pairs
    assert pattern.endswith("1100011101011")
    assert (len(pattern) - 13) % 11 == 0
    drawn = code_bars.code_svg("20260930-0001")
    assert drawn.count("<rect") == pattern.replace("0", " ").split().__len__()
    assert "<rect" not in code_bars.code_svg("先锋〔2026〕12号")
    assert "&lt;" in code_bars.code_svg("a<b")
