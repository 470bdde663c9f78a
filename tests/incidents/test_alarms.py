"""Lights and alarms: each once, at its moment, told to those whom it concerns."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from geo.incidents import alarms, calendars
from geo.incidents.rules.limits import compute_due
from geo.incidents.rules.working_time import Limit
from tests.incidents.moving_town import START, SYSTEM, ZONE, add, move, value
from tests.toy_town import bring_in

pytestmark = pytest.mark.postgis


def fired(engine):
    """Fire what is due and return what was told, the newest last."""
    alarms.fire_alarms(engine, timezone=ZONE)
    with engine.connect() as connection:
        told = "SELECT code, data ->> 'alarm' FROM govgrid.outbox WHERE kind = 'alarm' ORDER BY id"
        return [tuple(row) for row in connection.execute(text(told))]


def test_an_unacknowledged_dispatch_is_announced_once(owner, watch):
    one = add(owner, "A1")
    move(owner, SYSTEM, one, "assign", unit="U2")
    watch.put(START + timedelta(minutes=19, seconds=59))
    assert fired(owner) == []
    watch.put(START + timedelta(minutes=20))
    assert fired(owner) == [("A1", "acknowledge")]
    assert fired(owner) == [("A1", "acknowledge")]


def test_the_lights_turn_at_their_moments(owner, watch):
    one = add(owner, "A2")
    move(owner, SYSTEM, one, "assign", unit="U2")
    move(owner, SYSTEM, one, "start")
    watch.put(START + timedelta(minutes=96))
    assert fired(owner) == [("A2", "amber")]
    watch.put(START + timedelta(hours=2))
    assert fired(owner) == [("A2", "amber")]
    watch.put(START + timedelta(hours=2, seconds=1))
    assert fired(owner) == [("A2", "amber"), ("A2", "red")]


def test_what_is_done_or_on_hold_is_not_announced(owner, watch):
    one = add(owner, "A3")
    move(owner, SYSTEM, one, "assign", unit="U2")
    move(owner, SYSTEM, one, "finish", result="x")
    watch.put(START + timedelta(days=1))
    assert fired(owner) == []


def test_a_hold_ends_by_itself_at_the_moment_it_was_approved_until(owner, watch):
    one = add(owner, "A4")
    until = START + timedelta(hours=10)
    move(owner, SYSTEM, one, "request_hold", reason="雨", until=until)
    move(owner, SYSTEM, one, "approve_hold", telephone_post="带班领导")
    assert value(owner, "on_hold", one)
    watch.put(until + timedelta(minutes=3))  # the worker came late
    assert ("A4", "hold_ends") in fired(owner)
    assert not value(owner, "on_hold", one)
    assert value(owner, "due_at", one) == until + timedelta(hours=2)
    with owner.connect() as connection:
        last = text("SELECT move FROM govgrid.incident_move WHERE incident = :id ORDER BY id DESC")
        assert connection.execute(last, {"id": one}).scalars().first() == "resumed"


def test_an_approval_by_telephone_that_nobody_signs_is_announced(owner, watch):
    one = add(owner, "A5")
    move(owner, SYSTEM, one, "request_hold", reason="雨", until=START + timedelta(days=9))
    move(owner, SYSTEM, one, "approve_hold", telephone_post="带班领导")
    watch.put(START + timedelta(hours=24))
    assert fired(owner) == [("A5", "sign")]


def test_an_extension_lets_both_lights_turn_once_more(owner, watch):
    one = add(owner, "A6")
    move(owner, SYSTEM, one, "assign", unit="U2")
    move(owner, SYSTEM, one, "start")
    watch.put(START + timedelta(minutes=100))
    assert fired(owner) == [("A6", "amber")]
    move(owner, SYSTEM, one, "request_extend", reason="难", until=START + timedelta(hours=4))
    move(owner, SYSTEM, one, "approve_extend", telephone_post="带班领导")
    watch.put(START + timedelta(minutes=192))
    assert fired(owner) == [("A6", "amber"), ("A6", "amber")]


def test_imported_days_off_make_a_provisional_limit_certain_with_a_move(owner, watch, tmp_path):
    at = START.replace(year=2026, month=12, day=31)
    watch.put(at)
    one = add(owner, "A7", kind="c2", at=at)
    with owner.begin() as connection:
        calendar = calendars.read_calendar(connection, ZONE)
        first = compute_due(calendar, Limit(4, "working_hours"), at)
        assert first.provisional
        connection.execute(
            text(
                "UPDATE govgrid.incident SET due_at = :due_at, amber_at = :amber_at,"
                " due_provisional = true WHERE id = :id"
            ),
            {"due_at": first.due_at, "amber_at": first.amber_at, "id": one},
        )
    with owner.begin() as connection:
        assert alarms.recompute_provisional(connection, timezone=ZONE) == 0  # no notice yet
    file = tmp_path / "calendar.csv"
    file.write_text("日期,类型,名称\n2027-01-01,休息,元旦\n", encoding="utf-8")
    bring_in(owner, "calendar", file)
    assert not value(owner, "due_provisional", one)
    assert value(owner, "due_at", one) > first.due_at


def test_a_unit_has_its_own_hours_where_it_states_them(owner):
    day = date(2026, 10, 9)
    with owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.working_hours (unit_code, weekday, starts, ends, valid)"
                " VALUES ('U2', 5, '00:00', '12:00', '[2026-10-01,)')"
            )
        )
        own = calendars.read_calendar(connection, ZONE, "U2")
        site = calendars.read_calendar(connection, ZONE, "U3")
    assert own.ordinary_minutes(day) == 720
    assert site.ordinary_minutes(day) == 420
    assert own.stretches(date(2026, 10, 8)) == []
