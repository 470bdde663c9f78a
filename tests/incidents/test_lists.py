"""Lists of incidents under row-level security: who sees what, and what an index looks up."""

import pytest
from sqlalchemy import event, text

from geo.incidents import listing
from geo.incidents.listing import IncidentFilter
from tests.incidents.moving_town import START, add, principal_of
from tests.signed_in import SYSTEM

pytestmark = pytest.mark.postgis
OWN = "UPDATE govgrid.incident SET created_account = CAST(:id AS uuid) WHERE id = :incident"
SEND = "INSERT INTO govgrid.dispatch (incident_code, unit_code, state) VALUES (:code, 'U2', 'sent')"


@pytest.fixture
def plans(service):
    """Return the plans of lists that are asked for, without plans that read all rows."""
    found = []

    @event.listens_for(service, "before_cursor_execute")
    def explain(connection, cursor, statement, parameters, context, many):
        if "LIMIT" in statement and "govgrid.incident i" in statement:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}", parameters)
            found.append("\n".join(row[0] for row in cursor.fetchall()))

    return found


def codes(engine, who, **asked):
    found = listing.list_incidents(engine, who, IncidentFilter(**asked))
    return {each["code"] for each in found["incidents"] if each["code"].startswith("L")}


def test_who_reads_no_area_is_listed_what_its_unit_was_sent_to_and_what_it_took(
    service, owner, unit
):
    add(owner, "L1", x=4)
    took = add(owner, "L2", x=-4)
    add(owner, "L3", x=4)
    with owner.begin() as connection:
        connection.execute(text(SEND), {"code": "L1"})
        connection.execute(text(OWN), {"id": unit.id, "incident": took})
    assert codes(service, unit) == {"L1", "L2"}
    assert codes(service, unit, mine=True) == {"L2"}
    assert codes(service, unit, open=True, light=("green", "amber", "red")) == {"L1", "L2"}
    assert codes(owner, SYSTEM) == {"L1", "L2", "L3"}


def test_grants_of_two_kinds_tell_each_incident_as_its_own_place_allows(service, owner, desk):
    """Of the east `desk` handles all; of the west it is told nothing."""
    for code, x in (("L1", 4), ("L2", -4)):
        add(owner, code, x=x)
    with owner.begin() as connection:
        connection.execute(text("UPDATE govgrid.incident SET geom = NULL WHERE code = 'L1'"))
    add(owner, "L4", x=4)
    found = listing.list_incidents(service, desk, IncidentFilter())["incidents"]
    told = {each["code"]: bool(each["exact"]) for each in found if each["code"].startswith("L")}
    assert told == {"L1": False, "L4": True}
    planner = principal_of(owner, "planner", "planner")
    assert codes(service, planner) == {"L1", "L2", "L4"}


@pytest.mark.parametrize(
    ("reader", "asked", "indexes"),
    [
        ("chief", {"since": START}, ["incident_listed"]),
        ("chief", {"open": True}, ["incident_open_listed"]),
        ("chief", {"light": ("amber",)}, ["incident_open_due", "incident_done_amber"]),
        ("chief", {"category": "井盖", "since": START}, ["incident_category_listed"]),
        ("chief", {"mine": True}, ["incident_own_listed"]),
        ("desk", {"since": START}, ["incident_in_grid_listed", "dispatch_listed"]),
        ("desk", {"mine": True}, ["incident_own_listed"]),
        ("unit", {"since": START}, ["dispatch_listed", "incident_own_listed"]),
    ],
)
def test_conditions_are_looked_up_by_an_index_under_row_level_security(
    request, service, owner, plans, reader, asked, indexes
):
    who = request.getfixturevalue(reader)
    for number in range(30):
        add(owner, f"L{number}")
    codes(service, who, **asked)
    (plan,) = plans
    for index in indexes:
        assert index in plan, plan
        assert "Index Cond: " in plan.partition(index)[2].partition("Filter")[0] or asked.keys() & {
            "open"
        }, plan
