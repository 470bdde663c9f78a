"""Taking incidents in the town of the scenarios."""

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from geo.access.principal import Grant, Principal
from geo.access.roles import DEFAULT_DEPTH
from geo.base import clock
from geo.base.errors import (
    ForbiddenError,
    InputError,
    PersonalDataError,
    ReusedKeyError,
)
from geo.incidents import answer, cameras, intake
from geo.incidents.answer import Shown
from geo.incidents.location import TypedPlace
from geo.incidents.report import Report
from tests.incident_town import C1, G1, G2, G3, G5, SHANGHAI, B, X, make_desk
from tests.signed_in import SYSTEM, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis


def at(written):
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(SHANGHAI))


@pytest.fixture
def hour(tmp_path):
    file = tmp_path / "clock"

    def turn(written):
        file.write_text(at(written).isoformat(), encoding="utf-8")

    turn("2026-09-30T21:40:00")
    clock.follow(file)
    yield turn
    clock.follow(None)


@pytest.fixture
def desk(incident_town, tmp_path, hour):
    return make_desk(incident_town, tmp_path)


def report(category="井盖缺失", words="路口井盖没了", x=X, **more):
    lon, lat = place(*x)
    accuracy_m = more.pop("accuracy_m", 0.0)
    return Report(category, words, TypedPlace(lon, lat, accuracy_m=accuracy_m), **more)


def told(desk, taken, who=SYSTEM):
    row = answer.read_answer(desk, who, taken.created.id)
    shown = Shown(taken.seen, taken.hints, taken)
    return answer.describe_incident(
        desk.book(who), row, shown, zone=SHANGHAI, lang="zh", now=clock.now()
    )


def take(desk, *given, who=SYSTEM, **more):
    return told(desk, intake.take_incident(desk, who, report(*given, **more)), who)


def test_one_step_gives_grid_unit_with_its_reason_and_a_number_of_the_day(desk):
    found = take(desk)
    assert (found["status"], found["grid_code"], found["candidates"]) == ("inside", G1, [G1])
    assert (found["community_code"], found["township_code"]) == (C1, B)
    assert (found["unit_code"], found["reason"]) == ("U2", "街道B × 道路设施")
    assert [each["unit_code"] for each in found["alternatives"]] == ["D0"]
    assert (found["code"], found["state"], found["version"]) == ("20260930-0001", "reported", 1)
    assert (found["due_at"], found["light"]) == ("2026-09-30T23:40:00+08:00", "green")


def test_working_hours_of_a_limit_go_round_the_holiday(desk, hour):
    hour("2026-10-01T00:30:00")
    found = take(make_desk(desk.engine, desk.config.home), "暴露垃圾", "垃圾", x=(30, 0))
    assert (found["due_at"], found["light"]) == ("2026-10-08T14:30:00+08:00", "green")


def test_the_cameras_come_with_it_in_the_order_in_which_they_help(desk):
    found = {line["code"]: line for line in take(desk)["cameras"]}
    assert list(found) == ["K1", "K7", "K6", "K2", "K5", "K3", "K4"]
    assert [line["relation"] for line in found.values()] == [
        *("sees", "sees", "sees", "possible", "near", "near", "near"),
    ]
    assert found["K1"]["position"] == "位于事发点西侧 20 米"
    assert found["K1"]["footage"] == "按登记天数推算，请于 10-30 21:40 前申请"
    assert found["K2"]["footage"] == "按登记天数推算，请于 10-15 21:40 前申请（低于 30 日）"
    assert found["K7"]["night"] == "无补光，夜间效果不详"
    assert found["K6"]["footage"] == "是否有录像须向管理单位核实"
    assert (found["K6"]["footage_until"], found["K6"]["footage_light"]) == (None, "amber")
    assert (found["K3"]["why"], found["K4"]["why"], found["K5"]["why"]) == (
        *("turned_away", "blocked", "indoor"),
    )
    assert found["K1"]["unit"] == "分局"
    assert found["K1"]["phone"] == "0556-5511111"


def test_a_place_at_the_border_names_both_grids_and_keeps_one_answer(desk):
    assert take(desk, x=(0.05, 0))["status"] == "border"
    found = take(desk, x=(0.05, 0))
    assert (found["grid_code"], found["candidates"]) == (G2, [G2, G1])
    assert "压线" in found["place_note"]


def test_a_place_outside_every_grid_is_given_to_nobody(desk):
    found = take(desk, x=(-30, 0))
    assert (found["status"], found["grid_code"], found["nearest_code"]) == ("outside", None, G1)
    assert (found["unit_code"], found["alternatives"]) == (None, [])
    assert "须人工确认" in found["place_note"]


def test_a_place_far_from_every_grid_is_a_mistake_and_nothing_is_written(desk):
    with pytest.raises(InputError, match="in no grid"):
        intake.take_incident(desk, SYSTEM, report(x=(-2000, 0)))
    with desk.engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM govgrid.incident")).scalar() == 0


def test_a_community_stands_for_a_place_that_nobody_knows(desk):
    given = Report("井盖缺失", "不知道在哪", TypedPlace(area_code=C1))
    found = told(desk, intake.take_incident(desk, SYSTEM, given))
    assert (found["status"], found["grid_code"], found["community_code"]) == ("missing", None, C1)
    assert (found["unit_code"], found["cameras"]) == ("U2", [])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"category": "外星人"}, "known ones: .*井盖缺失"),
        ({"source": "鸽子"}, "known ones: 网格上报"),
        ({"occurred_from": datetime(2026, 10, 2, tzinfo=ZoneInfo(SHANGHAI))}, "in the future"),
        ({"words": " "}, "one line"),
        ({"located_by": "stars"}, "known ones: map"),
        ({"accuracy_m": -1.0}, "accuracy"),
        ({"unit_code": "U9", "override_reason": "x"}, "There is no unit"),
        ({"unit_code": "U3"}, "Say why"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_legal_values(desk, wrong, said):
    with pytest.raises(InputError, match=said):
        intake.take_incident(desk, SYSTEM, report(**wrong))


def test_a_window_that_ends_before_it_begins_is_refused(desk):
    begin, end = at("2026-09-30T20:00:00"), at("2026-09-30T19:00:00")
    with pytest.raises(InputError, match="before it begins"):
        intake.take_incident(desk, SYSTEM, report(occurred_from=begin, occurred_to=end))


def test_over_a_window_the_share_online_is_told(desk):
    begin, end = at("2026-09-30T19:00:00"), at("2026-09-30T21:00:00")
    found = take(desk, occurred_from=begin, occurred_to=end)
    six = next(line for line in found["cameras"] if line["code"] == "K6")
    assert six["online_text"] == "在线 50 %，离线 20:00–21:00"
    assert six["footage_light"] == "amber"


def test_another_unit_needs_a_reason_and_the_row_that_was_not_followed_is_kept(desk):
    found = take(desk, unit_code="U3", override_reason="供水管道上的井盖")
    assert (found["unit_code"], found["proposed_unit_code"]) == ("U3", "U2")
    assert found["reason"] == "供水管道上的井盖"
    assert found["alternatives"][0]["duty"] == "R3"


def test_a_pole_with_a_unit_of_its_own_goes_before_every_duty(desk, tmp_path):
    with desk.engine.begin() as connection:
        lon, lat = place(1, 1)
        connection.execute(
            text(
                "INSERT INTO govgrid.pole (code, name, unit_code, geom) VALUES ('L7', '灯杆 L7',"
                " 'U3', ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
            ),
            {"lon": lon, "lat": lat},
        )
    found = take(make_desk(desk.engine, tmp_path), asset_code="L7")
    assert (found["unit_code"], found["reason"]) == ("U3", "L7 自有责任单位")


def test_earlier_ones_are_found_on_all_sides_of_the_borders_of_squares(desk):
    around = [take(desk, x=(x, y))["code"] for x, y in ((-1, -1), (1, -1), (-1, 1))]
    found = take(desk, x=(1, 1))["duplicates"]
    assert sorted(hint["code"] for hint in found) == around


def test_a_second_report_of_the_same_hole_is_hinted_at_and_not_merged(desk, hour):
    first = take(desk)
    hour("2026-10-01T01:10:00")
    found = take(desk, "井盖缺失", "又有人说井盖没了", x=(X[0] + 1, 0))
    assert found["duplicates"] == [
        {"code": first["code"], "distance_m": pytest.approx(9.6, abs=0.1), "age_days": 0.15}
    ]
    assert found["state"] == "reported"


def test_one_client_id_makes_one_incident(desk):
    number = uuid4()
    first = intake.take_incident(desk, SYSTEM, report(client_id=number))
    again = intake.take_incident(desk, SYSTEM, report(client_id=number))
    assert (again.created.id, again.created.again) == (first.created.id, True)
    with pytest.raises(ReusedKeyError):
        intake.take_incident(desk, SYSTEM, report(words="另一件事", client_id=number))


def test_an_emergency_says_first_whom_to_call(desk):
    found = take(desk, "燃气异味", "楼道有异味")
    assert next(iter(found)) == "notice"
    assert found["notice"] == "请先转 110/119/120/抢修"
    assert found["emergency"] is True


def everything_kept(engine):
    """Return all that the database holds, as one text."""
    with engine.begin() as connection:
        names = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'govgrid'")
        ).scalars()
        return "\n".join(
            str(row)
            for name in names
            for row in connection.execute(text(f"SELECT to_jsonb(t)::text FROM govgrid.{name} t"))
        )


def test_numbers_of_persons_are_refused_with_their_places_and_kept_nowhere(desk):
    with pytest.raises(PersonalDataError) as refused:
        intake.take_incident(desk, SYSTEM, report(words="联系人电话 138 7654 0019"))
    assert refused.value.spans == [{"field": "text", "start": 6, "end": 19, "kind": "mobile"}]
    assert "7654" not in str(refused.value) + repr(refused.value) + str(refused.value.facts)
    assert "0019" not in everything_kept(desk.engine)


def test_numbers_are_left_out_when_that_is_chosen(desk):
    found = take(desk, words="联系人电话 13812345678", redact=True)
    assert (found["text"], found["left_out"]) == ("联系人电话 〔号码已略〕", ["mobile"])
    assert "13812345678" not in everything_kept(desk.engine)


def test_who_states_that_it_is_no_number_of_a_person_is_audited(desk):
    assert take(desk, words="工单 13812345678", not_personal=True)["text"] == "工单 13812345678"
    with desk.engine.begin() as connection:
        facts = connection.execute(
            text("SELECT facts FROM govgrid.audit WHERE action = 'incident.create'")
        ).scalar_one()
    assert facts["not_personal"] == ["mobile"]


def test_lamp_posts_and_known_codes_pass(desk):
    take(desk, words="灯杆 13912345678 不亮")
    take(desk, words=f"在网格 {G1}")


def test_no_check_delays_an_emergency(desk):
    found = take(desk, "燃气异味", "楼道有异味，电话 13812345678")
    assert found["text"] == "楼道有异味，电话 〔号码已略〕"


def test_plates_and_surnames_are_told_and_kept(desk):
    found = take(desk, words="皖H12345 挡住井口，王先生来电")
    assert [each["text"] for each in found["named"]] == ["皖H12345", "王先生"]
    assert found["text"] == "皖H12345 挡住井口，王先生来电"


def principal_of(engine, role, area):
    made = account(engine, f"{role}.{area}", role, area)
    with engine.begin() as connection:
        unit = connection.execute(
            text("SELECT unit_id FROM govgrid.area_now WHERE code = :code"), {"code": area}
        ).scalar_one()
    return Principal(
        f"{role}.{area}", id=made, grants=(Grant(role, unit, area, depth=DEFAULT_DEPTH[role]),)
    )


def test_a_place_of_another_jurisdiction_is_refused(desk):
    operator = principal_of(desk.engine, "operator", B)
    assert take(desk, who=operator)["grid_code"] == G1
    assert take(desk, x=(30, 0), who=operator)["grid_code"] == G3
    with pytest.raises(ForbiddenError) as refused:
        intake.take_incident(desk, operator, report(x=(70, 0)))
    assert G5 not in str(refused.value)


def test_a_reporter_has_its_own_grid_and_no_cameras(desk):
    reporter = principal_of(desk.engine, "reporter", G1)
    found = take(desk, who=reporter)
    assert (found["grid_code"], found["cameras"]) == (G1, [])
    with pytest.raises(ForbiddenError):
        intake.take_incident(desk, reporter, report(x=(10, 0)))
    # what they may not see is recorded for those who may
    seen = cameras.read_cameras(desk.engine, SYSTEM, _id(desk, found["code"]), desk.config)[1]
    assert [line.code for line in seen.lines][:2] == ["K1", "K7"]


def _id(desk, code):
    with desk.engine.begin() as connection:
        return connection.execute(
            text("SELECT id FROM govgrid.incident WHERE code = :code"), {"code": code}
        ).scalar_one()


def test_the_cameras_stay_as_answered_and_those_that_changed_are_counted(desk):
    incident = _id(desk, take(desk)["code"])
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.camera SET retention_days = 7 WHERE code = 'K1'"))
    _, seen = cameras.read_cameras(desk.engine, SYSTEM, incident, desk.config)
    first = seen.lines[0]
    assert (first.code, seen.stale, seen.recorded) == ("K1", 1, True)
    assert first.footage_until == at("2026-10-30T21:40:00")
    _, now = cameras.read_cameras(desk.engine, SYSTEM, incident, desk.config, now=True)
    assert now.lines[0].footage_until == at("2026-09-30T21:40:00") + timedelta(days=7)


def test_what_is_not_granted_is_withheld_and_never_said_to_be_nothing(desk):
    social = principal_of(desk.engine, "operator", B)
    only = Principal(
        social.account,
        id=social.id,
        grants=(Grant("operator", social.grants[0].area, B, frozenset({"social"})),),
    )
    found = take(desk, who=only)
    assert {line["code"] for line in found["cameras"]} == {"K2", "K5"}
    assert (found["withheld"] > 0, found["none"]) == (True, None)
    _, recorded = cameras.read_cameras(desk.engine, only, _id(desk, found["code"]), desk.config)
    assert {line.code for line in recorded.lines} == {"K2", "K5"}
    assert recorded.withheld == found["withheld"]


def test_where_nobody_sees_the_nearest_and_why_is_a_full_answer(desk):
    found = take(desk, x=(15, 15))
    assert all(line["relation"] == "near" for line in found["cameras"])
    assert found["none"] == "无摄像机可见该处；最近的 K2 相距 207 米（超出有效距离）"
