"""Retention: what is over its time is destroyed and registered, and nothing before."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo.base.errors import ForbiddenError, StateError
from geo.exchange.imports import runs
from geo.operations import retention, worker
from geo.operations.worker import DUTIES
from geo.store import db
from geo.store.cluster import cluster
from tests.command_line import alone, commands
from tests.signed_in import SYSTEM, account

pytestmark = pytest.mark.postgis

AGE = text("UPDATE govgrid.import_run SET at = govgrid.now() - make_interval(days => :days)")


def age(engine, days, layer=""):
    more = text(AGE.text + (" WHERE layer = :layer" if layer else ""))
    with engine.begin() as connection:
        connection.execute(more, {"days": days, "layer": layer})


def changes(engine):
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM govgrid.import_change")).scalar_one()


def run_of(engine, layer):
    asked = text("SELECT id FROM govgrid.import_run WHERE layer = :layer")
    with engine.connect() as connection:
        return connection.execute(asked, {"layer": layer}).scalar_one()


def test_undo_data_go_after_their_days_and_the_register_says_so(town, settings, monkeypatch, capfd):
    before = changes(town)
    age(town, 89)
    assert retention.destroy_undo_data(town, settings) is None
    assert changes(town) == before
    age(town, 91, "cameras")
    gone = retention.destroy_undo_data(town, settings)
    assert gone.number == before - changes(town) > 0
    assert (gone.kind, gone.kept_days, gone.oldest) == ("undo", 90, gone.newest)
    assert retention.destroy_undo_data(town, settings) is None
    with pytest.raises(StateError, match="cannot be undone any more"):
        runs.undo_run(town, run_of(town, "cameras"), who=SYSTEM)
    assert runs.undo_run(town, run_of(town, "incidents"), who=SYSTEM).removed == 3
    with town.connect() as connection:
        kept = connection.execute(text("SELECT count(*) FROM govgrid.camera")).scalar_one()
        asked = "SELECT facts FROM govgrid.audit WHERE action = 'retention.destroy'"
        assert connection.execute(text(asked)).scalars().all() == [
            {"number": gone.number, "kept_days": 90}
        ]
    assert kept == 4, "only what an undo needs went"

    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_HOME", str(settings.home))
    monkeypatch.setenv("GOVGRID_DATABASE_URL", settings.database_url)
    run = commands(monkeypatch, capfd)
    (row,) = json.loads(run("register", "destroyed", "--json").out)["rows"]
    assert (row["kind"], row["number"], row["kept_days"]) == ("undo", gone.number, 90)
    assert "用于撤销" in run("--lang", "zh", "register", "destroyed").out


def test_the_register_only_grows_and_is_read_by_who_may(town, settings, database_url):
    age(town, 91)
    assert (
        retention.destroy_undo_data(town, settings).number
        == retention.read_destructions(town, SYSTEM, limit=5)[0].number
    )
    for statement in ("DELETE FROM", "TRUNCATE"):
        with pytest.raises(DBAPIError, match="only grows"), town.begin() as connection:
            connection.execute(text(f"{statement} govgrid.destruction"))
    from geo.access.accounts.local_cli import acting_principal

    service = db.connect(database_url, role=cluster.SERVICE_ROLE)
    for name, role in (("au", "auditor"), ("op", "operator")):
        account(town, name, role)
    seen = retention.read_destructions(service, acting_principal(town, "au"), limit=5)
    assert len(seen) == 1
    with pytest.raises(ForbiddenError):
        retention.read_destructions(service, acting_principal(town, "op"), limit=5)
    with service.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM govgrid.destruction")).scalar_one()
    assert count == 0
    service.dispose()


def test_the_worker_does_it(town, settings):
    age(town, 91)
    failed = worker.run_duties(
        town, settings, stop=None, once=True, duties=[d for d in DUTIES if d.name == "retention"]
    )
    assert failed == ()
    assert changes(town) == 0
