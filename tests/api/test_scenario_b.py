"""A day of a township's dispatcher, service side: many accounts, one clock, step by step."""

import pytest
from sqlalchemy import text

from tests.incident_day import DAY, serve_day
from tests.incident_town import C1, G1, G2
from tests.toy_town import place

pytestmark = pytest.mark.postgis


@pytest.fixture
def day(incident_town, settings, tmp_path):
    """Return the town of the scenarios with those who work in it."""
    with serve_day(incident_town, settings, tmp_path) as town:
        yield town


def test_a_day_of_a_dispatcher(day, engine):
    town = day
    # B1: only the own township; the board's order is by light, and what has no place is counted
    town.turn("2026-10-01T00:30")
    rubbish = town.create("district", "暴露垃圾", "垃圾", (30, 0))
    town.turn(f"{DAY}T08:30")
    foreign = town.create("district", "暴露垃圾", "垃圾", (70, 0))
    unplaced = {"category": "暴露垃圾", "text": "村口垃圾", "community_code": C1}
    assert town.ask("b", "POST", "/api/incidents", json=unplaced).status_code == 201
    assert town.ask("b", "GET", f"/api/incidents/{foreign['id']}").status_code == 404
    mine = town.ask("b", "GET", "/api/incidents", params={"open": "true"}).json()["incidents"]
    assert (len(mine), foreign["code"] in {row["code"] for row in mine}) == (2, False)
    without = town.ask("b", "GET", "/api/incidents", params={"unplaced": "true"}).json()
    assert [row["title"] for row in without["incidents"]] == ["村口垃圾"]
    # B2: taken and done at once, without an arrival
    done = town.move("b", rubbish, "self_handle", result="C2 已清理")
    assert done["state"] == "done"
    shown = town.show("b", rubbish)
    assert (shown["self_handled"], shown["on_time"], shown["level"]) == (True, True, "community")
    # B3: on the border both grids are named, and the same place is answered the same again
    noise = town.create("b", "噪声扰民", "夜间施工", (0, 0))
    assert (noise["status"], set(noise["candidates"])) == ("border", {G1, G2})
    again = town.create("b", "噪声扰民", "又响了", (0, 0.01))
    assert (again["grid_code"], again["candidates"]) == (noise["grid_code"], noise["candidates"])
    # B4: another unit than proposed, with a reason: against the table, not the dispatcher
    pile = town.create("b", "暴露垃圾", "水管边垃圾", (-5, 5))
    assert pile["unit_code"] == "U1"
    town.move("b", pile, "accept")
    assert town.try_move("b", pile, "assign", unit="U3").status_code == 400
    town.move("b", pile, "assign", unit="U3", reason="属供水管沟")
    assert town.show("b", pile)["moves"][-1]["facts"]["overridden"]["duty"] == "R1"
    assert town.show("b", pile)["wrong_dispatches"] == 0
    # B5: returned twice as not competent: the district decides, the clock never stopped
    waste = town.create("b", "暴露垃圾", "沟里垃圾", (-6, -6))
    due = waste["due_at"]
    town.move("b", waste, "accept")
    town.move("b", waste, "assign", unit="U1")
    town.move("U1", waste, "return", kind="duty", reason="不属市容")
    town.move("b", waste, "assign", unit="U3")
    town.move("U3", waste, "return", kind="duty", reason="不属供水")
    refused = town.try_move("b", waste, "assign", unit="U1")
    assert (refused.status_code, refused.json()["reason"]) == (409, "decision")
    town.move("district", waste, "decide", unit="U3", basis="三定方案", routing_row=True)
    shown = town.show("district", waste)
    assert (shown["wrong_dispatches"], shown["returns"], shown["unit_code"]) == (1, 2, "U3")
    assert shown["due_at"] == due
    # B6: the whistle
    whistle(town, engine)
    # B7: two dispatchers at once
    late = town.create("b", "井盖缺失", "井盖松动", (-8, 3))
    town.move("b", late, "accept")
    town.move("b", late, "assign", unit="U2")
    lost = town.try_move("other", late, "assign", version=2, unit="U2", note="请带护栏")
    assert (lost.status_code, lost.json()["other"]["target_unit"]) == (412, "U2")
    assert "派遣" in lost.json()["detail"]
    # B8: a hold counts from its approval, not from the asking
    until = "2026-10-20T08:30:00+08:00"
    town.move("U2", late, "request_hold", reason="待配件", until=until)
    town.turn(f"{DAY}T10:30")
    town.move("district", late, "approve_hold")
    shown = town.show("b", late)
    assert (shown["on_hold"], shown["light"]) == (True, None)
    town.turn("2026-10-20T08:30")
    back = town.show("b", late)
    assert (back["on_hold"], back["light"], back["due_at"]) == (
        *(False, "green", "2026-10-20T09:50:00+08:00"),
    )
    assert back["moves"][-1]["move"] == "resumed"
    # B9: a work order of 12345: its limit is the stricter one, it comes twice, people are asked
    hotline(town, engine)


def hotline(town, engine):
    """Take an order of the hotline twice, close it, and do it again for who is dissatisfied."""
    order = {"source": "12345", "source_ref": "AQ2026102000017"}
    limits = {
        "hotline_due": "2026-10-20T18:30:00+08:00",
        "hotline_return_by": "2026-10-20T10:30:00+08:00",
    }
    loud = town.create("b", "噪声扰民", "广场音响", (-9, 9), **order, **limits)
    assert (loud["due_at"], loud["light"]) == ("2026-10-20T18:30:00+08:00", "green")
    lon, lat = place(-9, 9)
    again = {"category": "噪声扰民", "text": "早上也响", "lon": lon, "lat": lat, **order}
    twice = [town.ask("b", "POST", "/api/incidents", json=again) for _ in range(2)]
    assert {(a.status_code, a.json()["code"]) for a in twice} == {(200, loud["code"])}
    shown = town.show("b", loud)
    assert [(m["move"], m["note"]) for m in shown["moves"][1:]] == [("supplement", "早上也响")]
    assert (shown["reports"], shown["hotline_number"]) == (2, "AQ2026102000017")
    town.turn("2026-10-20T10:06")
    with engine.connect() as connection:
        told = "SELECT count(*) FROM govgrid.notification WHERE kind = 'return'"
        assert connection.execute(text(told)).scalar_one() == 1
    town.move("b", loud, "self_handle", result="已劝离")
    wrong = town.try_move("b", loud, "close", outcome="resolved", satisfaction=6)
    assert wrong.status_code == 400
    town.move("b", loud, "close", outcome="resolved", satisfaction=4)
    assert town.show("b", loud)["satisfaction"] == 4
    heard = town.move("b", loud, "hear_dissatisfied", reason="当晚又响", satisfaction=1)
    shown = town.show("b", loud)
    assert (heard["state"], shown["reopened"], shown["heard"], shown["satisfaction"]) == (
        *("accepted", 1, "dissatisfied", 1),
    )
    assert shown["due_at"] > shown["hotline_due"] or shown["due_at"] == shown["hotline_due"]
    only = town.ask("b", "GET", "/api/incidents", params={"mine": "true", "limit": 1}).json()
    assert only["incidents"][0]["code"] == loud["code"]
    other = town.ask("other", "GET", "/api/incidents", params={"mine": "true"}).json()
    assert other["incidents"] == []


def whistle(town, engine):
    """B6: four units within 30 minutes; one late, one absent, one written down for."""
    town.turn(f"{DAY}T09:00")
    burst = town.create("b", "井盖缺失", "水管爆裂路面塌陷", (-4, 2))
    town.move("b", burst, "accept")
    units = [
        {"unit": "U2", "role": "lead", "notified": "system"},
        {"unit": "U3", "notified": "telephone"},
        {"unit": "U1", "notified": "sms"},
        {"unit": "P1", "notified": "telephone"},
    ]
    asked = {"whistle_kind": "enforcement", "within_minutes": 30, "units": units}
    village = town.try_move("village", burst, "whistle", **asked)
    assert (village.status_code, village.json()["reason"]) == (409, "whistle_level")
    assert "request_whistle" in village.json()["legal"]
    town.move("village", burst, "request_whistle", reason="社区叫不动")
    asked["place"] = "滨江路口"
    town.move("b", burst, "whistle", **asked)
    found = town.sheet("b", burst)
    assert (found["level"], found["report_by"]) == ("township", f"{DAY}T01:30:00Z")
    assert [(u["unit_code"], u["role"], u["notified"]) for u in found["units"]] == [
        ("U2", "lead", "system"),
        ("P1", "joint", "telephone"),
        ("U1", "joint", "sms"),
        ("U3", "joint", "telephone"),
    ]
    town.step("U1", burst, "U1", "answer", answer="coming", expected_at=f"{DAY}T09:35:00+08:00")
    town.turn(f"{DAY}T09:12")
    town.step("U2", burst, "U2", "report-in")
    town.turn(f"{DAY}T09:20")
    town.step("b", burst, "U3", "report-in", known_by="telephone", post="供水值班岗")
    town.turn(f"{DAY}T09:41")
    town.step("U1", burst, "U1", "report-in")
    town.turn(f"{DAY}T09:50")
    found = town.sheet("b", burst)
    assert (found["first_minutes"], found["first_unit"]) == (12, "U2")
    assert (found["came"], found["expected"], found["missing"]) == (3, 4, ["P1"])
    assert (found["late"], found["all_in_time"]) == (["U1"], False)
    rows = {row["unit_code"]: row for row in found["units"]}
    assert (rows["U3"]["reported_proxy"], rows["U3"]["reported_post"]) == (True, "供水值班岗")
    assert {"urge_unit", "supervise_unit"} <= set(rows["P1"]["steps"])
    with engine.connect() as connection:
        kinds = "SELECT to_unit FROM govgrid.notification WHERE kind = 'arrive' ORDER BY at"
        assert set(connection.execute(text(kinds)).scalars()) == {"U1", "P1"}
    shown = town.show("U3", burst)["whistles"][0]
    assert (shown["came"], shown["place"], shown["units"][3]["steps"]) == (
        *(3, "滨江路口", ["unit_done", "dispute"]),
    )
    town.step("b", burst, "P1", "urge-unit", notified="telephone")
    town.step("U2", burst, "U2", "unit-done", result="已抢修")
    assert town.show("b", burst)["state"] == "done"
    early = town.try_move("b", burst, "close", outcome="resolved")
    assert (early.status_code, early.json()["reason"]) == (409, "whistle")
    ratings = [{"unit": u, "present": u != "P1", "solved": u == "U2"} for u in rows]
    town.move("b", burst, "end_whistle", ratings=ratings)
    # who did not come disputes it, and the township looks at it
    said = {"reason": "9 点 25 分已到", "at": f"{DAY}T09:25:00+08:00"}
    town.step("P1", burst, "P1", "dispute", **said)
    town.step("b", burst, "P1", "settle", decision="rejected", reason="现场监控未见")
    assert town.move("b", burst, "close", outcome="resolved")["state"] == "closed"
    # the page of the month: the longest absent first
    month = town.ask("b", "GET", "/api/whistles/attendance", params={"month": "2026-10"}).json()
    assert [row["unit"] for row in month["rows"]] == ["P1", "U1", "U2", "U3"]
    assert month["rows"][0]["absent_since"] == f"{DAY}T01:00:00Z"
    shares = {rate["name"]: (rate["numerator"], rate["denominator"]) for rate in month["rates"]}
    assert shares == {"came": (3, 4), "in_time": (2, 4), "all_in_time": (0, 1), "paired": (0, 0)}
    foreign = town.ask("U1", "GET", "/api/whistles/attendance", params={"month": "2026-10"})
    assert foreign.status_code == 403
