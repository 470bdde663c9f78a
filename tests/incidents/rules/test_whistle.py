"""Steps of the units of a whistle, who came, and attendance over several whistles."""

from datetime import UTC, datetime, timedelta

import pytest

from geo.access.roles import PERMISSIONS
from geo.base.words import load_catalogue
from geo.incidents.rules.attendance import Sheet, WhistledUnit, count_attendance, count_by_unit
from geo.incidents.rules.whistle import (
    STEPS,
    CalledState,
    find_step_refusal,
    is_step_proxy,
    legal_steps,
)

NINE = datetime(2026, 10, 8, 1, tzinfo=UTC)  # 09:00 in the district
HALF_PAST = NINE + timedelta(minutes=30)


def at(minutes):
    return NINE + timedelta(minutes=minutes)


def sheet(*called, days=0):
    later = timedelta(days=days)
    units = tuple(
        WhistledUnit(unit, role, None if minutes is None else at(minutes) + later)
        for unit, role, minutes in called
    )
    return Sheet(NINE + later, HALF_PAST + later, units)


BURST = sheet(
    ("U2", "lead", 12), ("U3", "joint", 20), ("U1", "joint", 41), ("P1", "joint", None),
    ("Z9", "paired", None),
)  # fmt: skip


def test_who_came_first_how_many_came_and_who_is_missing():
    found = count_attendance(BURST.called, NINE, HALF_PAST, at(50))
    assert (found.first_unit, found.first_minutes) == ("U2", 12)
    assert (found.came, found.expected, found.in_time) == (3, 4, 2)
    assert (found.missing, found.late) == (("P1",), ("U1",))
    assert (found.all_in_at, found.all_in_time) == (None, False)
    assert (found.paired_came, found.paired_expected) == (0, 1)


def test_whether_all_came_together_is_open_until_the_time_is_over():
    assert count_attendance(BURST.called, NINE, HALF_PAST, HALF_PAST).all_in_time is None
    in_time = sheet(("U2", "lead", 12), ("U3", "joint", 30), ("Z9", "paired", None))
    found = count_attendance(in_time.called, NINE, HALF_PAST, at(31))
    assert (found.all_in_at, found.all_in_time, found.late) == (HALF_PAST, True, ())
    late = sheet(("U2", "lead", 12), ("U3", "joint", 31))
    assert count_attendance(late.called, NINE, HALF_PAST, at(40)).all_in_time is False
    nobody = count_attendance((), NINE, HALF_PAST, at(50))
    assert (nobody.first_minutes, nobody.all_in_at, nobody.all_in_time) == (None, None, False)


def test_units_are_counted_over_whistles_the_longest_absent_first():
    second = sheet(("P1", "lead", None), ("U2", "joint", 5), ("U1", "paired", 9), days=1)
    third = sheet(("P1", "lead", None), ("U3", "joint", None), days=2)
    rows = count_by_unit([third, BURST, second], at(5000))
    assert [(r.unit, r.absent_since) for r in rows] == [
        ("P1", NINE),
        ("Z9", NINE),
        ("U3", third.blown_at),
        ("U1", None),
        ("U2", None),
    ]
    by_unit = {row.unit: row for row in rows}
    two, one = by_unit["U2"], by_unit["U1"]
    assert (two.expected, two.came, two.in_time, two.first, two.all_in_time) == (2, 2, 2, 2, 0)
    assert (one.expected, one.came, one.in_time, one.paired_expected, one.paired_came) == (
        *(1, 1, 0, 1, 1),
    )
    together = sheet(("U2", "lead", 3), ("U3", "joint", 4), days=3)
    assert {r.unit: r.all_in_time for r in count_by_unit([together], at(9000))} == {
        "U2": 1,
        "U3": 1,
    }


def steps(state, role, *, unit="U9", **more):
    told = {"state": state, "unit": "U1", **more}
    return legal_steps(CalledState(**told), PERMISSIONS[role], unit)


@pytest.mark.parametrize(
    ("state", "mine", "desk"),
    [
        (
            "sent",
            "answer sign_for report_in unit_done",
            "answer sign_for report_in unit_done urge_unit",
        ),
        ("acknowledged", "answer report_in unit_done", "answer report_in unit_done urge_unit"),
        ("reported_in", "unit_done", "unit_done"),
        ("done", "", ""),
    ],
)
def test_steps_by_state_of_the_unit_itself_and_of_who_writes_them_down(state, mine, desk):
    assert steps(state, "responder", unit="U1") == tuple(mine.split())
    assert steps(state, "responder") == ()
    assert set(steps(state, "operator")) == {*desk.split(), "notify_unit"}
    more = set() if state == "done" else {"supervise_unit"}
    assert set(steps(state, "dispatcher")) == {*desk.split(), "notify_unit", *more}
    assert steps(state, "planner") == ()


def test_a_unit_disputes_what_another_wrote_down_and_that_it_did_not_come():
    assert "dispute" in steps("reported_in", "responder", unit="U1", proxy=True)
    assert "dispute" in steps("sent", "responder", unit="U1", overdue=True, over=True)
    assert "dispute" not in steps("sent", "dispatcher", overdue=True)
    assert steps("reported_in", "responder", unit="U1") == ("unit_done",)
    open_ = {"proxy": True, "disputed": True}
    assert "settle" in steps("reported_in", "dispatcher", over=True, **open_)
    assert steps("done", "responder", unit="U1", **open_) == ()
    assert "settle" not in steps("reported_in", "dispatcher", proxy=True)


def test_after_the_end_and_on_hold_nobody_reports_in():
    for more, why in (({"over": True}, "over"), ({"on_hold": True}, "hold")):
        at_ = CalledState("sent", "U1", **more)
        held = frozenset({"respond"})
        assert find_step_refusal(STEPS["report_in"], at_, held, "U1") == why
    urged = find_step_refusal(
        STEPS["urge_unit"], CalledState("sent", "U1", on_hold=True), frozenset({"assign"}), "D0"
    )
    assert urged is None


def test_who_is_not_of_the_unit_writes_down_for_it():
    sent = CalledState("sent", "U1")
    own = frozenset({"respond"})
    assert not is_step_proxy(STEPS["report_in"], sent, own, "U1")
    assert is_step_proxy(STEPS["report_in"], sent, frozenset({"assign"}), "D0")
    assert not is_step_proxy(STEPS["urge_unit"], sent, frozenset({"assign"}), "D0")


def test_each_step_state_and_refusal_has_its_word():
    known = load_catalogue()
    refusals = ("state", "over", "hold", "right", "disputed", "nothing_to_dispute", "not_disputed")
    keys = [f"lifecycle.move.{name}" for name in STEPS]
    keys += [f"whistle.refused.{why}" for why in refusals]
    keys += [f"whistle.state.{s}" for s in ("sent", "acknowledged", "reported_in", "done")]
    assert [key for key in keys if key not in known] == []
