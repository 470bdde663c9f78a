"""Retention: what is over its time is destroyed and registered, and nothing before."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo.access.audit import seal, verify
from geo.access.audit.chain import Head
from geo.access.store import expired_records
from geo.base import clock
from geo.base.errors import ForbiddenError, InputError, StateError
from geo.base.settings import read_settings
from geo.exchange.imports import runs
from geo.operations import retention, worker
from geo.operations.worker import DUTIES
from geo.store import db, outbox
from geo.store.cluster import cluster
from geo.store.outbox import Event
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


def test_events_go_after_their_days_and_the_newest_never(engine, settings):
    with db.open_transaction(engine) as connection:
        for days in (31, 29, 2):
            outbox.add_event(connection, Event("poles", f"{days} days"))
            connection.execute(
                text(
                    "UPDATE govgrid.outbox SET at = at - make_interval(days => :d) WHERE kind = :k"
                ),
                {"d": days, "k": f"{days} days"},
            )
    duties = [duty for duty in DUTIES if duty.name == "events"]
    for days, kept in ((30, ["29 days", "2 days"]), (1, ["2 days"])):
        config = settings.model_copy(update={"event_days": days})
        worker.run_duties(engine, config, stop=None, once=True, duties=duties)
        with engine.connect() as connection:
            asked = text("SELECT kind FROM govgrid.outbox ORDER BY xact, id")
            assert connection.execute(asked).scalars().all() == kept
    with pytest.raises(InputError, match="GOVGRID_EVENT_DAYS"):
        read_settings(event_days=0)


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


OLD = "govgrid.now() - make_interval(days => :days)"
VIEWED = text(
    "INSERT INTO govgrid.access_register (at, account, account_name, holder, unit_name,"
    " camera_code, camera_name, act, reason_kind, reason, content, legal_basis, incident_code,"
    " place, expires_at)"
    f" VALUES ({OLD}, :account, 'op', '甲', '社区', 'K1', '东', 'view', 'other', '核实',"
    f" '实时', '第20条', :incident, ST_SetSRID(ST_MakePoint(117, 30), 4326), {OLD})"
)
ASKED = text(
    "INSERT INTO govgrid.access_request (asked_at, account, account_name, holder, unit_name,"
    " camera_code, act, reason_kind, reason, content, legal_basis, decision, decided_at,"
    f" decided_by) VALUES ({OLD}, :account, 'op', '甲', '社区', 'K1', 'view', 'other', :reason,"
    f" '实时', '第20条', :decision, CASE WHEN CAST(:decision AS text) IS NOT NULL THEN {OLD} END,"
    " CASE WHEN CAST(:decision AS text) IS NOT NULL THEN 'ap' END)"
)
NOTED = text(
    "INSERT INTO govgrid.audit (at, account, action, note, note_sha256)"
    f" VALUES ({OLD}, 'op', 'login', '', sha256(''))"
)
YEAR = {"audit_days": 365, "register_days": 365}


def write(engine, statement, *rows):
    with engine.begin() as connection:
        for row in rows:
            connection.execute(statement, row)


def ask(engine, statement):
    with engine.connect() as connection:
        return connection.execute(text(statement)).scalars().all()


def test_old_viewings_go_but_for_what_something_open_cites(town, settings):
    who = account(town, "op", "operator")
    given = {"account": who, "incident": None}
    open_, closed = ask(town, "SELECT code FROM govgrid.incident ORDER BY code")[:2]
    write(
        town,
        text("UPDATE govgrid.incident SET closed_at = govgrid.now() WHERE code = :code"),
        {"code": closed},
    )
    write(
        town,
        VIEWED,
        given | {"days": 366, "incident": closed},
        given | {"days": 366, "incident": open_},
        given | {"days": 364},
    )
    write(
        town,
        ASKED,
        given | {"days": 366, "reason": "批了", "decision": "refused"},
        given | {"days": 366, "reason": "没人批", "decision": None},
    )
    entries = retention.destroy_registers(town, settings.model_copy(update=YEAR))
    assert [(each.kind, each.number) for each in entries] == [("viewings", 1), ("requests", 1)]
    assert ask(town, "SELECT incident_code FROM govgrid.access_register ORDER BY at") == [
        open_,
        None,
    ]
    assert ask(town, "SELECT reason FROM govgrid.access_request") == ["没人批"]
    assert retention.destroy_registers(town, settings.model_copy(update=YEAR)) == []


def test_the_chain_goes_on_from_the_last_row_that_was_destroyed(town, settings):
    config = settings.model_copy(update=YEAR)
    with town.begin() as connection:  # what building the town has noted comes after the old rows
        connection.execute(text("ALTER TABLE govgrid.audit DISABLE TRIGGER USER"))
        connection.execute(text("DELETE FROM govgrid.audit"))
        connection.execute(text("ALTER TABLE govgrid.audit ENABLE TRIGGER USER"))
    write(town, NOTED, *({"days": days} for days in (400, 380, 366, 364, 1)))
    seal.seal_rows(town)
    numbers = ask(town, "SELECT seal_no FROM govgrid.audit ORDER BY seal_no")
    assert retention.destroy_audit(town, config).number == 3
    assert retention.destroy_audit(town, config) is None
    assert ask(town, "SELECT seal_no FROM govgrid.audit WHERE seal_no IS NOT NULL") == numbers[3:]
    seal.seal_rows(town)
    heads = [Head(2, b"x" * 32, "2020-01-01")]
    walk = verify.verify_chain(town, SYSTEM, expected=heads).walk
    assert (walk.whole, walk.destroyed, walk.rows) == (True, 3, 6)
    too_young = [Head(2, b"x" * 32, str(clock.now().date()))]
    assert not verify.verify_chain(town, SYSTEM, expected=too_young).walk.whole


def test_the_audit_is_kept_as_long_as_a_viewing_that_it_proves(town, settings):
    config = settings.model_copy(update={"audit_days": 365, "register_days": 1_000})
    write(town, VIEWED, {"account": account(town, "op", "operator"), "days": 500, "incident": None})
    write(town, NOTED, {"days": 400})
    seal.seal_rows(town)
    assert retention.destroy_audit(town, config) is None


@pytest.mark.parametrize("days", [179, 400])
def test_no_record_is_deleted_by_hand_and_none_of_180_days_at_all(town, days):
    write(
        town, VIEWED, {"account": account(town, "op", "operator"), "days": days, "incident": None}
    )
    write(town, NOTED, {"days": days})
    seal.seal_rows(town)
    for name in ("access_register", "audit"):
        with town.begin() as connection:
            if days < 180:
                expired_records.allow_destruction(connection)
            with pytest.raises(DBAPIError, match="only grows"), connection.begin_nested():
                connection.execute(text(f"DELETE FROM govgrid.{name}"))
