"""A whistle: several units, each with a state of its own; who came, in whose words, how judged."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from geo.base.errors import (
    ConditionError,
    InputError,
    MoveRefusedError,
    NotFoundError,
    PersonalDataError,
    StaleError,
)
from geo.incidents import alarms, listing, moves, unit_steps, whistle_attendance, whistles
from geo.incidents.move_request import MoveRequest
from geo.incidents.rules.whistle import CalledUnit, Rating
from geo.incidents.statistics_query import StatisticsQuery
from geo.incidents.step_request import StepRequest
from tests.incidents.moving_town import EAST, START, WEST, ZONE, add, move, newest, value
from tests.incidents.moving_town import principal_of as principal

pytestmark = pytest.mark.postgis
BURST = (
    CalledUnit("U2", "lead", "system"),
    CalledUnit("U3", "joint", "sms"),
    CalledUnit("D0", "joint"),
)


def minutes(number):
    return START + timedelta(minutes=number)


def blow(engine, who, incident, units=BURST, level="grid", **more):
    told = {"whistle_kind": "enforcement", "within_minutes": 30, **more}
    asked = MoveRequest("whistle", units=units, **told)
    version = newest(engine, who, incident)
    given = {"version": version, "timezone": ZONE, "lang": "en", "whistle_level": level}
    return moves.move_incident(engine, who, incident, asked, **given)


def end(engine, who, incident, *ratings):
    asked = MoveRequest("end_whistle", ratings=tuple(Rating(*each) for each in ratings))
    version = newest(engine, who, incident)
    given = {"version": version, "timezone": ZONE, "lang": "en", "whistle_level": "grid"}
    return moves.move_incident(engine, who, incident, asked, **given)


def attendance(engine, who, **asked):
    """Return who came, of whom, as the use case counts it."""
    given = {"timezone": ZONE, "month_starts": 1, "lang": "en"}
    return whistle_attendance.count_attendance_of_period(
        engine, who, StatisticsQuery(**asked), **given
    )


def sheet(engine, who, incident):
    return whistles.read_whistles(engine, who, str(incident))[-1]


def sent_to(engine, who, incident, unit):
    rows = sheet(engine, who, incident).units
    return next(row for row in rows if row.unit_code == unit)


def step(engine, who, incident, unit, name, *, version=None, seer=None, **fields):
    row = sent_to(engine, seer or who, incident, unit)
    seen = row.version if version is None else version
    return unit_steps.take_step(
        engine,
        who,
        row.dispatch,
        StepRequest(name, **fields),
        version=seen,
        timezone=ZONE,
        lang="en",
    )


@pytest.fixture
def pairing(owner):
    pair = text("INSERT INTO govgrid.pairing (code, area_code, unit_code) VALUES ('a', :a, 'Z9')")
    with owner.begin() as connection:
        connection.execute(text("INSERT INTO govgrid.unit (code, name) VALUES ('Z9', '区直单位')"))
        connection.execute(pair, {"a": EAST})
    return owner


def test_a_whistle_calls_several_units_and_says_who_came(
    service, owner, pairing, desk, unit, watch
):
    water = principal(owner, "water", "responder", None, unit="U3")
    one = add(owner, "W1")
    blown = blow(service, desk, one, place="东街口")
    assert (blown.state, value(owner, "unit_code", one)) == ("assigned", "U2")
    # each unit sees it, wherever it lies, and nobody else's steps are its own
    rows = {u.unit_code: u for u in sheet(service, water, one).units}
    assert {u: rows[u].role for u in rows} == {
        **{"U2": "lead", "U3": "joint", "D0": "joint", "Z9": "paired"},
    }
    assert (rows["U3"].notified, rows["U3"].steps) == (
        *("sms", ["answer", "sign_for", "report_in", "unit_done"]),
    )
    assert rows["U2"].steps == []
    step(service, water, one, "U3", "answer", answer="coming", expected_at=minutes(40))
    watch.put(minutes(12))
    step(service, unit, one, "U2", "report-in")
    assert (value(owner, "state", one), value(owner, "arrived_at", one)) == ("arrived", minutes(12))
    told = {"known_by": "telephone", "post": "值班员", "at": minutes(11)}
    step(service, desk, one, "Z9", "report_in", **told)
    watch.put(minutes(41))
    step(service, water, one, "U3", "report_in")
    found = sheet(service, desk, one)
    assert (found.first_unit, found.first_minutes) == ("U2", 12)
    assert (found.came, found.expected, found.in_time) == (2, 3, 1)
    assert (found.missing, found.late, found.all_in_time) == (("D0",), ("U3",), False)
    assert (found.paired_came, found.paired_expected, found.place) == (1, 1, "东街口")
    paired = sent_to(service, desk, one, "Z9")
    assert (paired.reported_proxy, paired.known_by, paired.reported_post) == (
        *(True, "telephone", "值班员"),
    )
    step(service, unit, one, "U2", "unit_done", result="已抢修")
    assert (value(owner, "state", one), value(owner, "result", one)) == ("done", "已抢修")
    judged = (("U2", True, True), ("U3", True, False), ("D0", False, False))
    with pytest.raises(InputError, match="these lack: D0"):
        end(service, desk, one, *judged[:2])
    with pytest.raises(InputError, match="not called by the whistle: P1"):
        end(service, desk, one, *judged, ("P1", True, True))
    end(service, desk, one, *judged)
    over = sheet(service, desk, one)
    assert (over.state, over.ended_at) == ("ended", minutes(41))
    assert {u.unit_code: (u.rated_present, u.rated_solved) for u in over.units} == {
        **{u: (present, solved) for u, present, solved in judged},
        "Z9": (None, None),
    }
    history = listing.read_moves(service, desk, str(one))
    assert [m["move"] for m in history] == [
        *("whistle", "answer", "report_in", "report_in", "report_in", "unit_done", "end_whistle"),
    ]
    assert [m["proxy_for"] for m in history][3] == "Z9"
    assert [m["version"] for m in history] == list(range(2, 9))


def test_who_is_called_again_takes_over_from_who_was_sent_before(service, owner, desk, unit):
    one = add(owner, "W2")
    move(service, desk, one, "assign", unit="U3")
    blow(service, desk, one)
    states = [(d["unit_code"], d["state"], d["lead"]) for d in told(service, desk, one)]
    assert states[0] == ("U3", "recalled", True)
    assert ("U2", "sent", True) in states
    with pytest.raises(MoveRefusedError, match="its whistle is still open"):
        move(service, unit, one, "return", kind="duty", reason="不归我们")
    with pytest.raises(MoveRefusedError, match="its whistle is still open"):
        blow(service, desk, one)


def told(engine, who, incident):
    return listing.read_dispatches(engine, who, str(incident))


def test_a_whistle_is_called_off_before_anybody_came(service, owner, desk, watch):
    one = add(owner, "W3")
    blow(service, desk, one)
    move(service, desk, one, "call_off_whistle", reason="已自行解决")
    assert (value(owner, "state", one), value(owner, "unit_code", one)) == ("accepted", None)
    assert {d["state"] for d in told(service, desk, one)} == {"recalled"}
    assert sheet(service, desk, one).state == "called_off"
    watch.put(minutes(60))
    month = attendance(service, desk, month="2026-09")
    assert (month.whistles, month.rows) == (0, [])


def test_a_whistle_that_cannot_be_is_refused_and_nothing_is_written(service, owner, desk):
    one = add(owner, "W4")
    for more, said in (
        ({"units": (CalledUnit("U2"),)}, "exactly one lead"),
        ({"units": (*BURST, CalledUnit("U2"))}, "named twice"),
        ({"units": (*BURST, CalledUnit("nobody"))}, "no unit with the code"),
        ({"units": (CalledUnit("U2", "captain"),)}, "lead, joint"),
        ({"within_minutes": None}, "one of report_at"),
        ({"report_at": minutes(5)}, "one of report_at"),
        ({"within_minutes": 0}, "1 to 10080"),
        ({"within_minutes": None, "report_at": minutes(-5)}, "is past"),
        ({"whistle_kind": "party"}, "enforcement"),
    ):
        with pytest.raises(InputError, match=said):
            blow(service, desk, one, **more)
    with pytest.raises(PersonalDataError):
        blow(service, desk, one, place="找 13812345678")
    with pytest.raises(MoveRefusedError, match="township or above"):
        blow(service, desk, one, level="township")
    assert (value(owner, "version", one), told(service, desk, one)) == (1, [])


def test_a_community_asks_for_a_whistle_and_the_level_above_grants_or_refuses_it(
    service, owner, desk, chief, watch
):
    one = add(owner, "W5")
    move(service, desk, one, "request_whistle", reason="需多部门联合")
    with pytest.raises(MoveRefusedError, match="waiting for approval"):
        move(service, desk, one, "request_whistle", reason="再问一次")
    asked = whistles.list_whistles(service, chief).asked
    assert [(a.code, a.reason) for a in asked] == [("W5", "需多部门联合")]
    move(service, chief, one, "refuse_whistle", reason="请先自行协调")
    watch.put(minutes(5))
    move(service, desk, one, "request_whistle", reason="协调未果")
    blow(service, chief, one, level="township")
    found = whistles.list_whistles(service, chief)
    assert (found.asked, [w.code for w in found.whistles]) == ([], ["W5"])
    assert found.whistles[0].level == "district"
    two = add(owner, "W5b")
    move(service, desk, two, "request_whistle", reason="同上")
    move(service, desk, two, "mark_duplicate", target="W5")
    assert whistles.list_whistles(service, chief).asked == []
    approvals = listing.read_incident(service, chief, str(one))["approvals"]
    assert [(a["kind"], a["state"]) for a in approvals] == [
        ("whistle", "refused"),
        ("whistle", "approved"),
    ]
    with pytest.raises(MoveRefusedError, match="township or above"):
        end(service, desk, one, *((u, True, True) for u in ("U2", "U3", "D0")))


def test_what_was_written_down_for_a_unit_can_be_disputed_and_is_settled(
    service, owner, desk, chief, unit, watch
):
    one = add(owner, "W6")
    blow(service, desk, one)
    watch.put(minutes(20))
    with pytest.raises(InputError, match="say how it is known"):
        step(service, desk, one, "U2", "report_in")
    with pytest.raises(InputError, match="is done itself does so now"):
        step(service, unit, one, "U2", "report_in", at=minutes(5))
    for wrong in (minutes(-1), minutes(21)):
        with pytest.raises(InputError, match="must lie between"):
            step(service, desk, one, "U2", "report_in", known_by="on_site", at=wrong)
    step(service, desk, one, "U2", "report_in", known_by="on_site", at=minutes(19))
    with pytest.raises(MoveRefusedError, match="not permitted"):
        step(service, desk, one, "U2", "dispute", reason="x")
    step(service, unit, one, "U2", "dispute", reason="10 分钟就到了", at=minutes(10))
    step(service, chief, one, "U2", "settle", decision="upheld")
    found = sheet(service, desk, one)
    assert found.first_minutes == 10
    assert found.units[0].reported_proxy is False
    # absent, says the register: the unit says when it came
    water = principal(owner, "water", "responder", None, unit="U3")
    with pytest.raises(MoveRefusedError, match="only what another wrote down"):
        step(service, water, one, "U3", "dispute", reason="到了")
    watch.put(minutes(50))
    with pytest.raises(InputError, match="registered as absent"):
        step(service, water, one, "U3", "dispute", reason="到了")
    step(service, water, one, "U3", "dispute", reason="到了", at=minutes(25))
    step(service, chief, one, "U3", "settle", decision="rejected", reason="现场未见")
    assert sheet(service, desk, one).missing == ("D0", "U3")
    facts = listing.read_moves(service, desk, str(one))[-1]["facts"]
    assert facts == {"unit": "U3", "decision": "rejected"}


def test_who_is_late_is_told_of_once_urged_and_supervised(service, owner, desk, chief, watch):
    one = add(owner, "W7")
    blow(service, desk, one)
    step(service, desk, one, "U2", "report_in", known_by="telephone")
    watch.put(minutes(31))
    for _ in range(2):
        alarms.fire_alarms(owner, timezone=ZONE)
    with owner.connect() as connection:
        asked = "SELECT kind, to_unit FROM govgrid.notification WHERE kind = 'arrive' ORDER BY 2"
        assert [tuple(row) for row in connection.execute(text(asked))] == [
            ("arrive", "D0"),
            ("arrive", "U3"),
        ]
    for _ in range(2):
        step(service, desk, one, "U3", "urge-unit", notified="telephone", notified_post="调度")
    step(service, chief, one, "U3", "supervise_unit", reason="逾时未到")
    row = sent_to(service, desk, one, "U3")
    assert (row.urged, row.notified, row.notified_post) == (2, "telephone", "调度")
    assert (row.supervised_at, value(owner, "supervised", one)) == (minutes(31), True)


def test_a_step_needs_the_version_that_was_seen_and_is_made_once(service, owner, desk, unit):
    one, number = add(owner, "W8"), uuid4()
    blow(service, desk, one)
    first = step(service, unit, one, "U2", "report_in", client_id=number)
    again = step(service, unit, one, "U2", "report_in", client_id=number, version=1)
    assert (first.again, again.again, again.version) == (False, True, first.version)
    with pytest.raises(StaleError):
        step(service, unit, one, "U2", "unit_done", result="x", version=1)
    row = sent_to(service, unit, one, "U2")
    with pytest.raises(ConditionError):
        unit_steps.take_step(
            service,
            unit,
            row.dispatch,
            StepRequest("unit_done", result="x"),
            version=None,
            timezone=ZONE,
        )
    with pytest.raises(InputError, match="there are answer, sign-for, report-in"):
        step(service, unit, one, "U2", "fly")
    with pytest.raises(InputError, match="needs result"):
        step(service, unit, one, "U2", "unit_done")
    with pytest.raises(InputError, match="needs reason"):
        step(service, desk, one, "U3", "answer", answer="unable")
    with pytest.raises(PersonalDataError):
        step(service, unit, one, "U2", "unit_done", result="找 13812345678")
    assert value(owner, "version", one) == 3


def test_another_jurisdiction_knows_of_no_whistle(service, owner, desk):
    west = principal(owner, "west", "dispatcher", WEST)
    one = add(owner, "W9")
    blow(service, desk, one)
    with pytest.raises(NotFoundError):
        sheet(service, west, one)
    with pytest.raises(NotFoundError):
        step(service, west, one, "U2", "report_in", seer=desk, known_by="on_site")
    assert whistles.list_whistles(service, west).whistles == []
    with pytest.raises(NotFoundError):
        unit_steps.take_step(
            service, desk, UUID(int=1), StepRequest("settle", decision="upheld"),
            version=1, timezone=ZONE,
        )  # fmt: skip


def call_more(engine, who, incident, *units, level="grid", **more):
    asked = MoveRequest("add_units", units=units, **more)
    given = {"version": newest(engine, who, incident), "timezone": ZONE, "lang": "en"}
    return moves.move_incident(engine, who, incident, asked, **given, whistle_level=level)


def test_units_that_are_added_to_a_whistle_have_a_time_of_their_own(
    service, owner, pairing, desk, chief, unit, watch
):
    one = add(owner, "WC")
    with pytest.raises(MoveRefusedError, match="not possible now"):
        call_more(service, desk, one, CalledUnit("U3"))
    blow(service, desk, one, BURST[:1])
    step(service, unit, one, "U2", "report_in")
    watch.put(minutes(40))
    for units, more, said in (
        ((CalledUnit("U3"),), {}, "time of the whistle"),
        ((CalledUnit("U3", "lead"),), {"within_minutes": 9}, "has its lead"),
        ((CalledUnit("U2"),), {"within_minutes": 9}, "called by the whistle already: U2"),
        ((CalledUnit("Z9"),), {"within_minutes": 9}, "called by the whistle already: Z9"),
        ((CalledUnit("nobody"),), {"within_minutes": 9}, "no unit with the code"),
        ((CalledUnit("U3"),), {"within_minutes": 9, "report_at": minutes(50)}, "one of report_at"),
        ((CalledUnit("U3"),), {"within_minutes": 9, "place": "x"}, "place"),
    ):
        with pytest.raises(InputError, match=said):
            call_more(service, desk, one, *units, **more)
    added = call_more(service, desk, one, CalledUnit("U3", notified="telephone"), within_minutes=20)
    assert (added.state, value(owner, "unit_code", one)) == ("arrived", "U2")
    found = sheet(service, desk, one)
    rows = {u.unit_code: u for u in found.units}
    assert (rows["U2"].report_by, rows["U3"].report_by) == (minutes(30), minutes(60))
    assert (rows["U3"].dispatched_at, rows["U3"].role) == (minutes(40), "joint")
    assert rows["U3"].notified == "telephone"
    # the whistle's own time is long over: who was added is neither late nor missing for a month
    assert (found.expected, found.came, found.late, found.all_in_time) == (2, 1, (), None)
    assert attendance(service, desk, month="2026-09").whistles == 0
    water = principal(owner, "water", "responder", None, unit="U3")
    with pytest.raises(MoveRefusedError, match="only what another wrote down"):
        step(service, water, one, "U3", "dispute", reason="到了", at=minutes(40))
    watch.put(minutes(59))
    step(service, water, one, "U3", "report_in")
    assert sheet(service, desk, one).all_in_time is True
    call_more(service, desk, one, CalledUnit("D0"), report_at=minutes(70))
    watch.put(minutes(71))
    found = sheet(service, desk, one)
    assert (found.missing, found.all_in_time) == (("D0",), False)
    month = {row.unit: row for row in attendance(service, desk, month="2026-09").rows}
    assert (month["U3"].in_time, month["D0"].absent_since) == (1, minutes(59))
    with pytest.raises(InputError, match="these lack: D0, U3"):
        end(service, desk, one, ("U2", True, True))
    history = [m for m in listing.read_moves(service, desk, str(one)) if m["move"] == "add_units"]
    assert [m["facts"]["units"] for m in history] == [["U3"], ["D0"]]
    alarms.fire_alarms(owner, timezone=ZONE)
    asked = "SELECT to_unit FROM govgrid.notification WHERE kind = 'arrive' ORDER BY 1"
    with owner.connect() as connection:
        assert list(connection.execute(text(asked)).scalars()) == ["D0", "Z9"]


def test_only_who_reaches_the_level_of_a_whistle_adds_units_to_it(service, owner, desk, chief):
    west = principal(owner, "west", "dispatcher", WEST)
    one = add(owner, "WD")
    blow(service, chief, one, BURST[:1], level="township")
    assert "add_units" not in listing.read_incident(service, desk, str(one))["legal"]
    with pytest.raises(MoveRefusedError, match="township or above"):
        call_more(service, desk, one, CalledUnit("U3"), within_minutes=5)
    with pytest.raises(NotFoundError):
        call_more(service, west, one, CalledUnit("U3"), within_minutes=5)
    water = principal(owner, "water", "responder", None, unit="U3")
    with pytest.raises(NotFoundError):
        sheet(service, water, one)
    call_more(service, chief, one, CalledUnit("U3"), level="township")
    assert sheet(service, water, one).units[-1].report_by == minutes(30)


def test_attendance_of_a_month_by_unit(service, owner, pairing, desk, watch):
    one, two = add(owner, "WA"), add(owner, "WB")
    blow(service, desk, one)
    watch.put(minutes(1))
    blow(service, desk, two, BURST[:2])
    for incident, unit_code in ((one, "U2"), (two, "U2"), (two, "U3")):
        step(service, desk, incident, unit_code, "report_in", known_by="telephone")
    none = attendance(service, desk, month="2026-09")
    assert none.whistles == 0  # their time is not over
    watch.put(minutes(32))
    found = attendance(service, desk, month="2026-09")
    rows = {r.unit: r for r in found.rows}
    assert [r.unit for r in found.rows] == ["D0", "Z9", "U2", "U3"]
    two, three = rows["U2"], rows["U3"]
    assert (two.expected, two.came, two.first, two.all_in_time) == (2, 2, 2, 1)
    assert (three.expected, three.came, three.first, three.all_in_time) == (2, 1, 0, 1)
    assert (rows["Z9"].expected, rows["Z9"].paired_expected) == (0, 2)
    assert [(r.name, r.numerator, r.denominator) for r in found.rates] == [
        ("came", 3, 5),
        ("in_time", 3, 5),
        ("all_in_time", 1, 2),
        ("paired", 0, 2),
    ]
    (month,) = found.months
    assert (month.month, month.whistles, month.rows) == ("2026-09", 2, found.rows)
    other = attendance(service, desk, month="2026-08")
    assert (other.whistles, other.rates[0].share, other.months) == (0, None, [])
    for wrong in ({"month": "Sept"}, {"area": "none"}):
        with pytest.raises(InputError):
            attendance(service, desk, **wrong)
