"""The table of moves: role × move × state, and the guards beside it, as the design states them."""

from datetime import UTC, datetime, timedelta

import pytest

from geo.access.roles import PERMISSIONS
from geo.base.words import load_catalogue
from geo.incidents.rules import guards, lifecycle
from geo.incidents.rules.guards import Actor, Situation
from geo.incidents.rules.lifecycle import MOVES, STATES, find_refusal
from scripts import lifecycle as lifecycle_page

NOW = datetime(2026, 10, 8, 1, tzinfo=UTC)
OPEN = "draft reported accepted assigned acknowledged arrived in_progress done checked returned"
OVER = "not_accepted closed duplicate cancelled"
UNIT = "assigned acknowledged arrived in_progress"
WAY = f"accepted {UNIT} returned"
LIVE = OPEN.replace("draft ", "")

# Written by hand from the design: from where, to where, which roles. A responder is of the unit in
# charge; whoever is not "responder" writes its moves down for it.
DESK = "operator dispatcher supervisor"
SEND = "dispatcher supervisor"
BY_UNIT = f"{DESK} responder"
TABLE = {
    "submit": ("draft", "reported", f"{DESK} reporter"),
    "accept": ("reported", "accepted", DESK),
    "reject": ("reported", "not_accepted", DESK),
    "assign": ("accepted returned", "assigned", DESK),
    "recall": ("assigned", "accepted", DESK),
    "acknowledge": ("assigned", "acknowledged", BY_UNIT),
    "arrive": ("assigned acknowledged", "arrived", BY_UNIT),
    "start": ("assigned acknowledged arrived", "in_progress", BY_UNIT),
    "finish": (UNIT, "done", BY_UNIT),
    "self_handle": ("reported accepted", "done", DESK),
    "check": ("done", "checked", f"{DESK} reporter"),
    "send_back": ("done checked", "in_progress", f"{DESK} reporter"),
    "close": ("done checked", "closed", DESK),
    "return": (UNIT, "returned", BY_UNIT),
    "refuse_return": ("returned", "before", SEND),
    "decide": ("returned", "assigned", SEND),
    "request_hold": (WAY, None, BY_UNIT),
    "approve_hold": (WAY, None, "supervisor"),
    "refuse_hold": (WAY, None, "supervisor"),
    "request_extend": (WAY, None, BY_UNIT),
    "approve_extend": (WAY, None, "supervisor"),
    "refuse_extend": (WAY, None, "supervisor"),
    "request_cancel": (LIVE, None, BY_UNIT),
    "approve_cancel": (LIVE, "cancelled", "supervisor"),
    "refuse_cancel": (LIVE, None, "supervisor"),
    "sign": (f"{OPEN} {OVER}", None, "supervisor"),
    "resume": (WAY, None, BY_UNIT),
    "refer_up": (WAY, "assigned", SEND),
    "refer_down": (WAY, "assigned", SEND),
    "mark_duplicate": (LIVE, "duplicate", SEND),
    "reopen": (OVER, "accepted", SEND),
    "supervise": (LIVE, None, SEND),
    "register_order": (LIVE, None, DESK),
    "supplement": (f"{LIVE} not_accepted closed duplicate", None, f"{DESK} reporter"),
    "hear_satisfied": ("closed", None, DESK),
    "hear_dissatisfied": ("closed", "accepted", DESK),
    "request_whistle": (WAY, None, DESK),
    "refuse_whistle": (WAY, None, SEND),
    "whistle": (WAY, "assigned", SEND),
    "call_off_whistle": (UNIT, "accepted", SEND),
    "add_units": (f"{UNIT} done", None, SEND),
    "end_whistle": (LIVE, None, SEND),
    "urge": (UNIT, None, f"{DESK}"),
    "hand_to_emergency": (LIVE, None, f"{DESK} reporter"),
}
ALL_KINDS = dict.fromkeys(("hold", "extend", "cancel", "whistle"), "somebody")


def situation(move: str, state: str, **more) -> Situation:
    """Return a situation in which nothing but state and right can speak against a move."""
    asking = move.startswith("request_")
    return Situation(
        state,
        on_hold=move == "resume",
        returns=guards.DECISION_AFTER if move == "decide" else 0,
        emergency=True,
        unit="U1",
        sent_by="me",
        pending={} if asking else ALL_KINDS,
        unsigned={"hold": "somebody"},
        whistle="township" if move in {"add_units", "call_off_whistle", "end_whistle"} else "",
        **more,
    )


def actor(role: str, **more) -> Actor:
    unit = "U1" if role == "responder" else "D0"
    return Actor("me", PERMISSIONS[role], **{"unit": unit, "level": "district", **more})


def refusal(move, at, who, now=NOW):
    return find_refusal(MOVES[move], at, who, now)


def test_the_table_has_the_moves_of_the_design():
    assert set(MOVES) == set(TABLE)
    for name, (sources, target, _) in TABLE.items():
        assert MOVES[name].sources == set(sources.split()), name
        assert MOVES[name].target == target, name


@pytest.mark.parametrize("role", PERMISSIONS)
@pytest.mark.parametrize("name", MOVES)
def test_each_role_moves_from_each_state_as_the_design_says(role, name):
    sources, _, roles = TABLE[name]
    for state in STATES:
        found = refusal(name, situation(name, state), actor(role))
        if state not in sources.split():
            assert found == "state", state
        elif role not in roles.split():
            assert found == "right", state
        else:
            assert found is None, (state, found)


def test_a_responder_moves_the_incidents_of_its_own_unit_alone():
    other = Actor("me", PERMISSIONS["responder"], unit="U2")
    for name in ("acknowledge", "arrive", "start", "finish", "return", "request_hold"):
        assert refusal(name, situation(name, "assigned"), other) == "right"


def test_whoever_is_not_of_the_unit_writes_down_for_it():
    at = situation("arrive", "assigned")
    assert lifecycle.is_proxy(MOVES["arrive"], at, actor("dispatcher"))
    assert not lifecycle.is_proxy(MOVES["arrive"], at, actor("responder"))
    assert not lifecycle.is_proxy(MOVES["accept"], at, actor("dispatcher"))


def test_a_held_incident_rests_but_for_what_ends_or_settles_it():
    rests = [name for name in MOVES if not MOVES[name].held]
    for name in rests:
        state = TABLE[name][0].split()[0]
        at = Situation(state, on_hold=True, unit="U1")
        assert refusal(name, at, actor("supervisor")) == "hold", name
    assert set(MOVES) - set(rests) == {
        *("request_cancel", "approve_cancel", "refuse_cancel", "sign", "resume"),
        *("mark_duplicate", "supervise", "urge", "hand_to_emergency"),
        *("call_off_whistle", "end_whistle", "register_order", "supplement"),
    }


def test_only_who_sent_takes_back_and_only_before_it_is_acknowledged():
    sent = Situation("assigned", unit="U1", sent_by="other", sent_unit="D1")
    assert refusal("recall", sent, actor("operator")) == "sender"
    assert refusal("recall", sent, actor("operator", unit="D1")) is None
    assert refusal("recall", Situation("acknowledged"), actor("operator")) == "state"


def test_a_unit_returns_within_its_window():
    at = Situation("assigned", unit="U1", return_until=NOW)
    assert refusal("return", at, actor("responder")) is None
    assert refusal("return", at, actor("responder"), NOW + timedelta(seconds=1)) == "window"


def test_after_the_second_return_the_district_decides():
    once, twice = Situation("returned", returns=1), Situation("returned", returns=2)
    assert refusal("assign", once, actor("dispatcher")) is None
    assert refusal("decide", once, actor("dispatcher")) == "returned_once"
    assert refusal("assign", twice, actor("dispatcher")) == "decision"
    assert refusal("decide", twice, actor("dispatcher", level="township")) == "district"
    assert refusal("decide", twice, actor("dispatcher")) is None


def test_nobody_checks_the_own_work():
    at = Situation("done", done_by="D0")
    assert refusal("check", at, actor("operator")) == "own_work"
    assert refusal("send_back", at, actor("operator")) == "own_work"
    assert refusal("check", at, actor("operator", unit="D1")) is None


def test_what_needs_a_check_is_not_closed_before_it():
    assert refusal("close", Situation("done", needs_check=True), actor("operator")) == "check"
    assert refusal("close", Situation("checked", needs_check=True), actor("operator")) is None


def test_nobody_approves_what_he_asked_for_but_what_another_said_by_telephone():
    at = Situation("in_progress", pending={"hold": "me"})
    assert refusal("approve_hold", at, actor("supervisor")) == "asker"
    assert refusal("approve_hold", at, actor("supervisor", telephone=True)) is None
    assert refusal("approve_hold", at, actor("operator")) == "right"
    assert refusal("approve_hold", at, actor("operator", telephone=True)) is None
    assert refusal("approve_extend", at, actor("supervisor")) == "not_asked"
    assert refusal("request_hold", at, actor("operator")) == "asked"


def test_what_was_approved_by_telephone_is_signed_by_another_than_its_asker():
    assert refusal("sign", Situation("done"), actor("supervisor")) == "nothing_to_sign"
    own = Situation("done", unsigned={"hold": "me"})
    assert refusal("sign", own, actor("supervisor")) == "asker"


def test_a_whistle_belongs_to_its_level_and_is_asked_for_below_it():
    at, village = Situation("accepted"), actor("dispatcher", level="community")
    assert refusal("whistle", at, village) == "whistle_level"
    assert refusal("request_whistle", at, village) is None
    assert refusal("whistle", at, actor("dispatcher", level="township")) is None
    low = Situation("accepted", whistle_from="community")
    assert refusal("whistle", low, village) is None
    assert refusal("whistle", low, actor("dispatcher", level=None)) == "whistle_level"


def test_while_a_whistle_is_open_nothing_leads_past_it():
    for name in ("whistle", "request_whistle", "recall", "return", "refer_up", "mark_duplicate"):
        at = Situation("assigned", unit="U1", sent_by="me", whistle="township")
        assert refusal(name, at, actor("dispatcher")) == "whistle", name
    done = Situation("done", whistle="district", pending={"cancel": "somebody"})
    assert refusal("close", done, actor("operator")) == "whistle"
    assert refusal("approve_cancel", done, actor("supervisor")) == "whistle"
    assert refusal("end_whistle", done, actor("dispatcher")) is None
    assert refusal("end_whistle", done, actor("dispatcher", level="township")) == "whistle_level"
    assert refusal("add_units", done, actor("dispatcher")) is None
    assert refusal("add_units", done, actor("dispatcher", level="township")) == "whistle_level"
    assert refusal("add_units", Situation("done"), actor("dispatcher")) == "no_whistle"
    assert refusal("end_whistle", Situation("done"), actor("dispatcher")) == "no_whistle"


def test_a_whistle_is_called_off_until_somebody_has_reported_in():
    at = Situation("assigned", whistle="township", whistle_in=1)
    assert refusal("call_off_whistle", at, actor("dispatcher")) == "reported_in"


def test_legal_moves_are_those_that_are_not_refused():
    at = Situation("reported")
    assert lifecycle.legal_moves(at, actor("operator"), NOW) == (
        *("accept", "reject", "self_handle", "register_order", "supplement", "request_cancel"),
    )
    assert lifecycle.legal_moves(at, actor("planner"), NOW) == ()


def test_every_state_is_reached_and_every_open_one_is_left():
    reached = {"draft", "reported"} | {m.target for m in MOVES.values()} - {None, "before"}
    assert reached == set(STATES)
    left = {state for m in MOVES.values() if m.target for state in m.sources}
    assert left == set(STATES)


def test_each_move_state_and_refusal_has_its_word():
    words = load_catalogue()
    assert all(f"lifecycle.move.{name}" in words for name in (*MOVES, *lifecycle.RECORDED))
    assert all(f"map.state.{state}" in words for state in STATES)
    fields = {field for m in MOVES.values() for field in m.fields}
    assert all(f"lifecycle.field.{name}" in words for name in fields)


def test_the_page_of_the_moves_is_drawn_from_the_rules():
    assert lifecycle_page.PAGE.read_text("utf-8") == lifecycle_page.drawn(), (
        "run scripts/draw-lifecycle"
    )
