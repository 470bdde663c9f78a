"""Incidents are moved: by whom, from where, at which version; nothing is lost or done twice."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from geo.access import transaction
from geo.base.errors import (
    ConditionError,
    InputError,
    MoveRefusedError,
    NotFoundError,
    StaleError,
)
from geo.incidents import listing, moves
from geo.incidents.move_request import MoveRequest
from tests.incidents.moving_town import (
    EAST,
    START,
    WEST,
    ZONE,
    add,
    move,
    principal_of,
    value,
)

pytestmark = pytest.mark.postgis


def told(engine, who, incident):
    return listing.read_incident(engine, who, str(incident))


def test_an_incident_goes_through_its_life(service, owner, desk, unit, watch):
    one = add(owner, "M10", state="reported")
    move(service, desk, one, "accept")
    move(service, desk, one, "assign", unit="U2", notified="telephone", notified_post="值班员")
    watch.put(START + timedelta(minutes=10))
    move(service, unit, one, "acknowledge")
    move(service, unit, one, "arrive")
    move(service, unit, one, "start")
    move(service, unit, one, "finish", result="已修复")
    move(service, desk, one, "check")
    done = move(service, desk, one, "close", outcome="resolved")
    assert (done.state, done.version) == ("closed", 9)
    found = told(service, desk, one)
    names = ["accept", "assign", "acknowledge", "arrive", "start", "finish", "check", "close"]
    assert [each["move"] for each in found["moves"]] == names
    assert [each["version"] for each in found["moves"]] == list(range(2, 10))
    sent = found["dispatches"]
    assert [(d["unit_code"], d["state"], d["notified"]) for d in sent] == [
        ("U2", "done", "telephone")
    ]
    assert (found["on_time"], found["light"], found["outcome"]) == (True, None, "resolved")
    legal = ["supplement", "hear_satisfied", "hear_dissatisfied", "reopen"]
    assert found["legal"] == legal


def test_whoever_writes_down_for_the_unit_is_named_with_it(service, owner, desk):
    one = add(owner, "M11")
    move(service, desk, one, "assign", unit="U2")
    move(service, desk, one, "arrive")
    last = told(service, desk, one)["moves"][-1]
    assert (last["proxy_for"], last["unit_code"], last["account"]) == ("U2", "D0", "desk")


def test_an_illegal_move_names_the_legal_ones_and_writes_nothing(service, owner, desk):
    one = add(owner, "M12", state="reported")
    with pytest.raises(MoveRefusedError, match="Accept, Reject, Handle at once") as refused:
        move(service, desk, one, "close", outcome="resolved")
    assert refused.value.members["legal"][:3] == ["accept", "reject", "self_handle"]
    assert (value(owner, "state", one), value(owner, "version", one)) == ("reported", 1)
    assert told(service, desk, one)["moves"] == []


def test_of_two_dispatchers_at_once_one_learns_what_the_other_did(service, owner, desk):
    other = principal_of(owner, "other", "dispatcher", EAST, unit="D1")
    one = add(owner, "M13")
    move(service, desk, one, "assign", unit="U2", version=1)
    with pytest.raises(StaleError, match="Assign") as stale:
        move(service, other, one, "assign", unit="U3", version=1)
    assert stale.value.members["other"]["target_unit"] == "U2"
    assert value(owner, "unit_code", one) == "U2"
    with pytest.raises(ConditionError):
        moves.move_incident(service, other, one, MoveRequest("recall"), version=None, timezone=ZONE)


def test_the_same_client_id_once_more_makes_no_second_move(service, owner, desk):
    one, number = add(owner, "M14"), uuid4()
    first = move(service, desk, one, "assign", unit="U2", client_id=number)
    again = move(service, desk, one, "assign", unit="U2", client_id=number, version=1)
    assert (first.again, again.again, again.version) == (False, True, 2)
    with pytest.raises(InputError, match="belongs to another move"):
        move(service, desk, add(owner, "M15"), "assign", unit="U2", client_id=number)


def test_fields_that_lack_or_do_not_belong_are_named(service, owner, desk):
    one = add(owner, "M16")
    for fields, said in (
        ({}, "needs unit"),
        ({"unit": "U2", "outcome": "resolved"}, "has no outcome"),
        ({"unit": "none"}, "no unit with the code"),
        ({"unit": "U2", "notified": "pigeon"}, "telephone"),
    ):
        with pytest.raises(InputError, match=said):
            move(service, desk, one, "assign", **fields)
    with pytest.raises(InputError, match="no move “fly”"):
        move(service, desk, one, "fly")
    assert value(owner, "version", one) == 1


def test_another_jurisdiction_does_not_exist(service, owner):
    west = principal_of(owner, "west", "dispatcher", WEST)
    one = add(owner, "M17")
    with pytest.raises(NotFoundError):
        move(service, west, one, "assign", unit="U2")
    with pytest.raises(NotFoundError):
        told(service, west, one)
    codes = {
        i["code"]
        for i in listing.list_incidents(service, west, listing.IncidentFilter())["incidents"]
    }
    assert codes == {"M3"}


def test_a_unit_sees_what_it_was_sent_and_thirty_days_more(service, owner, desk, unit, watch):
    one = add(owner, "M18")
    with pytest.raises(NotFoundError):
        told(service, unit, one)
    move(service, desk, one, "assign", unit="U2")
    assert told(service, unit, one)["legal"][0] == "acknowledge"
    move(service, unit, one, "return", kind="duty", reason="不归我们")
    assert told(service, unit, one)["legal"] == []
    watch.put(START + timedelta(days=29))
    told(service, unit, one)
    watch.put(START + timedelta(days=31))
    with pytest.raises(NotFoundError):
        told(service, unit, one)


def test_a_proposal_is_overridden_with_a_reason_and_counts_against_the_table(service, owner, desk):
    one = add(owner, "M19", proposed="U2")
    with pytest.raises(InputError, match="give a reason"):
        move(service, desk, one, "assign", unit="U3")
    move(service, desk, one, "assign", unit="U3", reason="属供水")
    asked = (value(owner, "override_reason", one), value(owner, "wrong_dispatches", one))
    assert asked == ("属供水", 0)


def test_after_two_returns_the_district_decides_and_the_clock_never_stops(
    service, owner, desk, unit, chief
):
    water = principal_of(owner, "water", "responder", None, unit="U3")
    one = add(owner, "M20")
    due = value(owner, "due_at", one)
    move(service, desk, one, "assign", unit="U2")
    move(service, unit, one, "return", kind="duty", reason="不归我们")
    move(service, desk, one, "assign", unit="U3")
    move(service, water, one, "return", kind="duty", reason="也不归我们")
    with pytest.raises(MoveRefusedError, match="the district decides"):
        move(service, desk, one, "assign", unit="U2")
    with pytest.raises(MoveRefusedError, match="dispatchers of the district"):
        move(service, desk, one, "decide", unit="U3", basis="三定方案")
    move(service, chief, one, "decide", unit="U3", basis="三定方案", routing_row=True)
    assert (value(owner, "state", one), value(owner, "wrong_dispatches", one)) == ("assigned", 1)
    assert value(owner, "due_at", one) == due
    with owner.connect() as connection:
        duty = connection.execute(
            text("SELECT unit_code, category FROM govgrid.unit_duty WHERE decided_by = :id"),
            {"id": one},
        ).one()
    assert tuple(duty) == ("U3", "井盖")
    decided = told(service, chief, one)["moves"][-1]
    assert (decided["move"], decided["facts"]["basis"]) == ("decide", "三定方案")


def test_a_refused_return_leads_back_and_does_not_count(service, owner, desk, unit):
    one = add(owner, "M21")
    move(service, desk, one, "assign", unit="U2")
    move(service, unit, one, "acknowledge")
    move(service, unit, one, "return", kind="place", reason="地点不符")
    back = move(service, desk, one, "refuse_return", reason="地点属实")
    assert (back.state, value(owner, "returns", one)) == ("acknowledged", 0)
    assert value(owner, "unit_code", one) == "U2"
    assert told(service, unit, one)["dispatches"][0]["state"] == "acknowledged"


def test_a_hold_is_asked_for_approved_and_taken_out_of_the_clock(
    service, owner, desk, unit, chief, watch
):
    one = add(owner, "M22")
    move(service, desk, one, "assign", unit="U2")
    until = START + timedelta(days=10)
    watch.put(START + timedelta(minutes=10))
    move(service, unit, one, "request_hold", reason="待施工", until=until)
    watch.put(START + timedelta(minutes=30))
    with pytest.raises(MoveRefusedError):
        move(service, unit, one, "approve_hold")
    move(service, chief, one, "approve_hold")
    found = told(service, desk, one)
    assert (found["on_hold"], found["state"], found["light"]) == (True, "assigned", None)
    with pytest.raises(MoveRefusedError, match="on hold"):
        move(service, unit, one, "finish", result="x")
    watch.put(START + timedelta(minutes=90))
    move(service, desk, one, "resume")
    assert value(owner, "due_at", one) == START + timedelta(minutes=180)
    assert value(owner, "amber_at", one) == START + timedelta(minutes=156)


def test_an_approval_by_telephone_holds_at_once_and_is_signed_later(
    service, owner, desk, chief, watch
):
    one = add(owner, "M23")
    move(service, desk, one, "assign", unit="U2")
    move(service, desk, one, "request_extend", reason="雨", until=START + timedelta(hours=5))
    move(service, desk, one, "approve_extend", telephone_post="带班领导")
    assert value(owner, "due_at", one) == START + timedelta(hours=5)
    assert value(owner, "amber_at", one) == START + timedelta(hours=4)
    assert value(owner, "extensions", one) == 1
    approval = told(service, chief, one)["approvals"][0]
    assert (approval["by_telephone"], approval["decided_post"]) == (True, "带班领导")
    assert approval["sign_by"] == START + timedelta(hours=24)
    move(service, chief, one, "sign")
    assert told(service, chief, one)["approvals"][0]["signed_by"] == "chief"


def test_cancelling_is_approved_by_another(service, owner, desk, chief):
    one = add(owner, "M24", state="reported")
    move(service, desk, one, "request_cancel", reason="误报")
    move(service, chief, one, "refuse_cancel", reason="不是误报")
    move(service, desk, one, "request_cancel", reason="重复登记")
    assert move(service, chief, one, "approve_cancel").state == "cancelled"


def test_an_incident_is_referred_to_the_duty_desk_of_the_level(service, owner, chief):
    one = add(owner, "M25")
    down = move(service, chief, one, "refer_down", reason="网格可办")
    assert (down.state, value(owner, "unit_code", one), value(owner, "level", one)) == (
        *("assigned", "D0", "grid"),
    )
    with pytest.raises(InputError, match="last level"):
        move(service, chief, one, "refer_down", reason="x")
    with pytest.raises(InputError, match="no duty desk"):
        move(service, chief, one, "refer_up", reason="x")


def test_a_duplicate_leads_to_an_open_target_that_counts_its_reports(service, owner, desk):
    first, second, third = (add(owner, f"M3{n}") for n in range(3))
    move(service, desk, third, "mark_duplicate", target="M31")
    move(service, desk, second, "mark_duplicate", target=str(first))
    assert [value(owner, "reports", each) for each in (first, second)] == [3, 2]
    assert value(owner, "duplicate_of", third) == first  # no chain
    assert told(service, desk, first)["moves"][-1]["move"] == "merged"
    fourth = add(owner, "M34")
    with pytest.raises(InputError, match="closed or a duplicate"):
        move(service, desk, fourth, "mark_duplicate", target="M31")
    with pytest.raises(InputError, match="no duplicate of itself"):
        move(service, desk, fourth, "mark_duplicate", target="M34")


def test_what_is_reopened_has_a_new_clock_and_keeps_the_old_one(service, owner, desk, watch):
    one = add(owner, "M26", kind="c1")
    move(service, desk, one, "self_handle", result="已处置")
    watch.put(START + timedelta(hours=1))
    other = principal_of(owner, "checker", "operator", EAST, unit="D9")
    move(service, other, one, "check")
    move(service, other, one, "close", outcome="resolved")
    later = START + timedelta(days=2)
    watch.put(later)
    move(service, desk, one, "reopen", reason="又没了")
    assert value(owner, "due_at", one) == later + timedelta(hours=2)
    assert (value(owner, "reopened", one), value(owner, "first_done_at", one)) == (1, None)
    kept = told(service, desk, one)["moves"][-1]["facts"]
    assert kept["first_done_at"] == START.isoformat()
    assert datetime.fromisoformat(kept["due_at"]) == START + timedelta(hours=2)


def test_a_clock_that_starts_with_the_dispatch_has_no_limit_before(service, owner, desk, watch):
    one = add(owner, "M27", kind="c3")
    assert value(owner, "due_at", one) is None
    watch.put(START + timedelta(hours=3))
    move(service, desk, one, "assign", unit="U2")
    assert value(owner, "due_at", one) == START + timedelta(hours=4)


def test_each_move_is_audited_and_told(service, owner, desk):
    one = add(owner, "M28")
    move(service, desk, one, "assign", unit="U2", note="请尽快")
    with owner.connect() as connection:
        audited = connection.execute(
            text(
                "SELECT object, facts ->> 'move' FROM govgrid.audit WHERE action = 'incident.move'"
            )
        ).all()
        event = connection.execute(
            text(
                "SELECT code, kind, units, data ->> 'state' FROM govgrid.outbox"
                " ORDER BY id DESC LIMIT 1"
            )
        ).one()
    assert [tuple(row) for row in audited] == [("M28", "assign")]
    assert tuple(event) == ("M28", "moved", ["U2"], "assigned")


def test_the_list_is_cut_filtered_and_paged(service, owner, desk, watch):
    for n in range(5):
        add(owner, f"L{n}", at=START - timedelta(minutes=30 * n), state="reported")

    def codes(**asked):
        found = listing.list_incidents(
            service, desk, listing.IncidentFilter(category="井盖", **asked)
        )
        return [each["code"] for each in found["incidents"]], found["next"]

    page, following = codes(state=("reported",), since=START - timedelta(hours=3), limit=2)
    assert page == ["L0", "L1"]
    page, following = codes(
        state=("reported",), since=START - timedelta(hours=3), limit=2, next=following
    )
    assert page == ["L2", "L3"]
    assert codes(light=("red",))[0] == []
    watch.put(START + timedelta(minutes=70))
    assert codes(light=("red",))[0] == ["L2", "L3", "L4"]
    assert codes(light=("amber",))[0] == ["L1"]
    for wrong in ({"state": ("gone",)}, {"light": ("blue",)}, {"next": "x"}, {"limit": 0}):
        with pytest.raises(InputError):
            codes(**wrong)


def test_a_sensitive_incident_is_told_exactly_to_who_handles_it(service, owner, desk):
    planner = principal_of(owner, "planner", "planner")
    with owner.begin() as connection:
        connection.execute(text("UPDATE govgrid.category SET sensitive = true WHERE code = 'c2'"))
    one = add(owner, "M29", kind="c2")
    mine, theirs = told(service, desk, one), told(service, planner, one)
    assert (mine["title"], mine["lon"] is not None) == ("x", True)
    assert (theirs["title"], theirs["lon"], theirs["grid_code"]) == ("垃圾", None, None)


def test_nobody_writes_a_move_past_the_table(service, owner):
    viewer = principal_of(owner, "viewer", "planner", EAST)
    one = add(owner, "M40")
    with (
        pytest.raises(Exception, match="row-level security"),
        transaction.open_as(service, viewer) as connection,
    ):
        connection.execute(
            text(
                "INSERT INTO govgrid.incident_move (incident, version, move, to_state, account)"
                " VALUES (:id, 2, 'close', 'closed', 'x')"
            ),
            {"id": one},
        )
    with transaction.open_as(service, viewer) as connection:
        changed = connection.execute(
            text("UPDATE govgrid.incident SET state = 'closed' WHERE id = :id"), {"id": one}
        )
        assert changed.rowcount == 0
    assert value(owner, "state", one) == "accepted"
