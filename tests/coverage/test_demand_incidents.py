"""Past incidents enter the demand as a dated snapshot: the register itself changes no figure."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from geo.base.errors import InputError
from geo.coverage import compute
from geo.coverage import report as coverage_report
from geo.coverage.incremental import Live
from geo.coverage.store import demand_incidents, results
from geo.operations import checklist
from geo.store import db
from tests.signed_in import SYSTEM
from tests.toy_town import place

pytestmark = pytest.mark.postgis


def report_incident(engine, code, at, reported_at):
    """An incident at a place of the toy town, as a centre takes it."""
    lon, lat = place(*at)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.incident (code, title, reported_at, geom) VALUES"
                " (:code, '事项', :reported_at, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
            ),
            {"code": code, "reported_at": reported_at, "lon": lon, "lat": lat},
        )


def taken(engine):
    with engine.begin() as connection:
        rows = connection.execute(
            text("SELECT run, count(*), sum(weight) FROM govgrid.demand_incident GROUP BY run")
        )
        return [tuple(row) for row in rows]


def demand_m2(engine):
    report = coverage_report.read_report(engine, SYSTEM, by="grid", device_set="all")
    return sum(row["demand_m2"] for row in report["areas"] if row["certainty"] == "certain")


def test_incidents_count_as_a_run_took_them_and_later_ones_make_nothing_stale(town):
    now = datetime.now(UTC)
    report_incident(town, "OLD", (-15, 15), now - timedelta(days=500))
    first = compute.compute(town)
    # the three incidents of the toy town and not the old one
    assert [(run, count) for run, count, _ in taken(town)] == [(first.run.id, 3)]
    assert first.run.assumptions["incidents"] == 3
    assert now <= first.run.incidents_until <= datetime.now(UTC)
    before = demand_m2(town)

    report_incident(town, "NEW", (-5, 15), now)
    assert compute.compute(town).unchanged
    live = Live(town)
    assert (live.refresh().run, live.refresh().revision) == (first.run.id, 1)
    with db.open_transaction(town) as connection:
        assert not checklist.is_stale(connection, results.require_newest(connection))
    assert demand_m2(town) == before

    again = compute.compute(town, full=True)
    assert [(run, count) for run, count, _ in taken(town)] == [(again.run.id, 4)]
    assert again.run.incidents_until > first.run.incidents_until
    assert demand_m2(town) > before
    told = coverage_report.read_report(town, SYSTEM)["incidents_until"]
    assert datetime.fromisoformat(told) == again.run.incidents_until.replace(microsecond=0)

    # the setting alone makes a new run, and stays
    longer = compute.compute(town, incident_months=36)
    assert (longer.unchanged, longer.run.assumptions["incidents"]) == (False, 5)
    assert compute.compute(town).unchanged
    assert compute.compute(town, incident_months=0).run.assumptions["incidents"] == 0


def test_what_no_camera_could_see_and_what_was_ticked_weigh_more(town):
    now = datetime.now(UTC)
    for code in ("SEEN", "UNSEEN", "TICKED", "SECRET"):
        report_incident(town, code, (-15, 15), now)
    with town.begin() as connection:
        for statement in (
            "DELETE FROM govgrid.incident WHERE code NOT IN ('SEEN', 'UNSEEN', 'TICKED', 'SECRET')",
            "INSERT INTO govgrid.camera_answer (incident, no, geom, revision) SELECT id, n.no,"
            " geom, 1 FROM govgrid.incident CROSS JOIN (VALUES (1), (2)) AS n (no)"
            " WHERE code <> 'TICKED'",
            # the newest answer counts: of the unseen one the first had named a camera
            "INSERT INTO govgrid.incident_camera (incident, no, rank, camera_code, relation)"
            " SELECT a.incident, a.no, 1, 'K1', CASE WHEN i.code = 'SEEN' OR a.no = 1"
            " THEN 'possible' ELSE 'near' END FROM govgrid.camera_answer a"
            " JOIN govgrid.incident i ON i.id = a.incident",
            "UPDATE govgrid.incident SET unseen_demand = true WHERE code = 'TICKED'",
            "INSERT INTO govgrid.category (code, name, sensitive) VALUES ('S1', '私事', true)",
            "UPDATE govgrid.incident SET category = '私事' WHERE code = 'SECRET'",
        ):
            connection.execute(text(statement))
        snapshot = demand_incidents.take_snapshot(connection)
    assert sorted(snapshot.places["weight"]) == [1.0, 2.0, 3.0]
    done = compute.compute(town)
    assert taken(town) == [(done.run.id, 3, 6.0)]


def test_months_that_nobody_can_mean_are_refused(town):
    with pytest.raises(InputError, match="from 0 to 120"):
        compute.compute(town, incident_months=121)
