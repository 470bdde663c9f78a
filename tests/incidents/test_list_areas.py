"""Lists look up what may be granted before the policy tests it: the same rows as by it alone."""

import itertools
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from geo.access import transaction
from geo.access.accounts.local_cli import acting_principal
from geo.incidents import listing
from geo.incidents.listing import IncidentFilter
from geo.incidents.store import listing as stored
from tests.incidents.moving_town import EAST, START, add, principal_of
from tests.signed_in import SYSTEM, grant
from tests.toy_town import place

pytestmark = pytest.mark.postgis
AREA = (
    "WITH made AS (INSERT INTO govgrid.area (code, level, name, valid, geom)"
    " VALUES (:code, :level, :code, CAST(:valid AS daterange),"
    " ST_Multi(ST_MakeEnvelope(:x0, :y0, :x1, :y1, 4326))) RETURNING unit_id)"
    " INSERT INTO govgrid.area_nesting (unit_id, valid, path)"
    " SELECT unit_id, CAST(:valid AS daterange), CAST(unit_id::text AS ltree) FROM made"
)
LAST = "2026-10-05"
REDRAWN = (
    "INSERT INTO govgrid.area (unit_id, code, level, name, valid, geom)"
    " SELECT unit_id, code, level, name, CAST(:valid AS daterange),"
    " ST_Translate(geom, -10e-4, 0) FROM govgrid.area WHERE code = 'TE'"
)
GREATER = (
    ("DD", "district", (-20, -20, 20, 20)),
    ("TW", "township", (-20, -20, 0, 20)),
    ("TE", "township", (0, -20, 20, 20)),
    ("CE", "community", (0, -20, 20, 0)),
)
BELOW = (
    "UPDATE govgrid.area_nesting n SET path = CAST(t.unit_id || '.' || c.unit_id ||"
    " CASE WHEN n.unit_id = c.unit_id THEN '' ELSE '.' || n.unit_id END AS ltree)"
    " FROM govgrid.area t, govgrid.area c WHERE t.code = 'TE' AND c.code = 'CE'"
    " AND n.unit_id IN (c.unit_id, (SELECT unit_id FROM govgrid.area WHERE code = :east))"
)
LOCATED = (
    "UPDATE govgrid.incident SET geom = NULL,"
    " area_unit_id = (SELECT unit_id FROM govgrid.area WHERE code = :area) WHERE code = :code"
)
SENT = (
    "INSERT INTO govgrid.dispatch (incident_code, unit_code, state, ended_at, lead)"
    " VALUES (:code, 'U2', :state, :ended, false)"
)
DISPATCHES = (
    *(("L2", "sent", None), ("L2", "sent", None), ("L9", "sent", None), ("L23", "done", None)),
    *(("L24", "returned", START), ("L25", "returned", START - timedelta(days=40))),
)
MARKED = (
    "UPDATE govgrid.incident SET due_at = CAST(:at AS timestamptz) + make_interval(hours => :due),"
    " amber_at = CAST(:at AS timestamptz) + make_interval(hours => :amber),"
    " done_at = CAST(:at AS timestamptz) + make_interval(hours => :done), on_hold = :hold"
    " WHERE code = :code"
)
STATES = ("accepted", "done", "closed", "assigned", "checked", "reported", "duplicate")
HOURS = (-2, 1, 3)
ASKED = (
    {},
    {"open": True},
    *({"light": lights} for lights in (("amber",), ("red",), ("green", "amber"))),
    *({"state": states} for states in (("done", "checked"), ("assigned", "closed"))),
    {"unplaced": True},
    {"mine": True},
    {"grid": EAST, "open": True},
    {"since": START - timedelta(days=3), "until": START - timedelta(days=1)},
)


@pytest.fixture
def greater(owner):
    """Return the town with areas above its grids, and incidents of all kinds among them."""
    with owner.begin() as connection:
        for code, level, corners in GREATER:
            (x0, y0), (x1, y1) = place(*corners[:2]), place(*corners[2:])
            told = {"code": code, "level": level, "x0": x0, "y0": y0, "x1": x1, "y1": y1}
            connection.execute(text(AREA), {**told, "valid": "(,)"})
        connection.execute(text(BELOW), {"east": EAST})
    for number, (x, day) in enumerate(itertools.product((-30, -15, 0, 4, 15), range(7))):
        state = STATES[number % len(STATES)]
        add(owner, f"L{number}", x=x, state=state, at=START - timedelta(days=day))
        _mark(owner, number)
    with owner.begin() as connection:
        for code, area in (("L1", EAST), ("L22", "CE"), ("L29", "TW"), ("L30", EAST)):
            connection.execute(text(LOCATED), {"code": code, "area": area})
        for code, state, ended in DISPATCHES:
            told = {"code": code, "state": state, "ended": ended}
            connection.execute(text(SENT), told)
    return owner


def _mark(owner, number):
    due, amber = HOURS[number % 3], HOURS[number % 3] - 1 - number % 4
    done = (number % 5) - 3
    told = {"at": START, "due": due, "amber": amber, "done": done, "hold": number % 11 == 0}
    with owner.begin() as connection:
        connection.execute(text(MARKED), {**told, "code": f"L{number}"})


@pytest.fixture
def readers(greater):
    """Return accounts with grants of each level, of two, of none, and with a unit."""
    made = {
        name: principal_of(greater, name, role, area, unit=unit)
        for name, role, area, unit in (
            ("district", "dispatcher", "DD", None),
            ("east", "dispatcher", "TE", None),
            ("unit-east", "dispatcher", "TE", "U2"),
            ("community", "planner", "CE", None),
            ("grid", "reporter", EAST, None),
            ("unit", "responder", None, "U2"),
            ("unit-west", "responder", "TW", "U2"),
            ("all", "dispatcher", None, "U2"),
        )
    }
    with greater.begin() as connection:
        grant(connection, made["grid"].id, "dispatcher", "TW")
        for code, name in (("L3", "unit"), ("L8", "grid"), ("L10", "east"), ("L1", "unit-west")):
            connection.execute(
                text("UPDATE govgrid.incident SET created_account = :id WHERE code = :code"),
                {"id": made[name].id, "code": code},
            )
    return [acting_principal(greater, name) for name in made]


def seen_rows(service, who):
    """Return what the policy and the rules of showing leave of all incidents, the newest first."""
    told = {**listing.seen_by(who), "now": START}
    statement = (
        f"SELECT {stored.COLUMNS}, i.created_account AS account{stored.FROM} WHERE {stored.SHOWN}"
        f" ORDER BY {stored.SHOWN_AT} DESC, i.id DESC"
    )
    with transaction.open_as(service, who) as connection:
        return [dict(row) for row in connection.execute(text(statement), told).mappings()]


def fits(row, who, asked):
    """Return whether a row that is seen is among those that are asked for."""
    still = row["state"] not in ("closed", "not_accepted", "duplicate", "cancelled")
    return (
        (still or not (asked.open or asked.light))
        and (not asked.light or row["light"] in asked.light)
        and (not asked.state or row["state"] in asked.state)
        and (not asked.unplaced or row["lon"] is None)
        and (not asked.mine or str(row["account"]) == who.id)
        and (asked.grid is None or row["grid_code"] == asked.grid)
        and (asked.since is None or asked.since <= row["shown_at"] < asked.until)
    )


def page_through(service, who, asked):
    """Return the codes of all pages of three rows."""
    found, after = [], None
    while True:
        page = listing.list_incidents(
            service, who, IncidentFilter(**vars(asked) | {"limit": 3, "next": after})
        )
        found += [each["code"] for each in page["incidents"]]
        after = page["next"]
        if after is None:
            return found


def require_same(service, readers):
    """Compare the lists of all readers with what each of them sees row by row."""
    numbers = set()
    for who in readers:
        rows = seen_rows(service, who)
        numbers.add(len(rows))
        for conditions in ASKED:
            asked = IncidentFilter(**conditions)
            wanted = [row["code"] for row in rows if fits(row, who, asked)]
            assert page_through(service, who, asked) == wanted, (who.account, conditions)
    return numbers


def test_each_reader_is_listed_what_the_policy_leaves_of_all_incidents(service, readers):
    assert len(require_same(service, readers)) > 4  # the readers see different ones


def test_lists_follow_areas_that_are_redrawn_move_on_with_the_day_and_are_deleted(
    service, owner, readers, watch
):
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.area SET valid = daterange(NULL, :day) WHERE code = 'TE'"),
            {"day": date.fromisoformat(LAST)},
        )
        connection.execute(text(REDRAWN), {"valid": f"[{LAST},)"})
    before = require_same(service, readers)
    watch.put(START + timedelta(days=30))
    assert require_same(service, readers) != before
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM govgrid.area WHERE code = 'CE'"))
        connection.execute(
            text("UPDATE govgrid.area_nesting SET path = CAST(unit_id::text AS ltree)")
        )
    require_same(service, readers)


def test_what_a_unit_was_sent_is_ordered_by_when_it_became_known_also_after_that_was_corrected(
    service, owner, unit
):
    for number in range(3):
        add(owner, f"L{number}", at=START - timedelta(days=number))
        with owner.begin() as connection:
            connection.execute(text(SENT), {"code": f"L{number}", "state": "sent", "ended": None})
    assert page_through(service, unit, IncidentFilter()) == ["L0", "L1", "L2"]
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.incident SET reported_at = :at WHERE code = 'L2'"),
            {"at": START + timedelta(hours=1)},
        )
    assert page_through(service, unit, IncidentFilter()) == ["L2", "L0", "L1"]
    for state, still in (("closed", ["L2", "L1"]), ("assigned", ["L2", "L0", "L1"])):
        with owner.begin() as connection:
            change = "UPDATE govgrid.incident SET state = :state WHERE code = 'L0'"
            connection.execute(text(change), {"state": state})
        assert page_through(service, unit, IncidentFilter(open=True)) == still
    assert page_through(service, SYSTEM, IncidentFilter(code="L2")) == ["L2"]
