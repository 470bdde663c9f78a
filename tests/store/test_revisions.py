"""Revisions of layers: one more with each transaction that writes, and not before it ends."""

import threading

import pytest
from sqlalchemy import text

from geo.access import transaction
from geo.access.accounts import sessions
from geo.store import db, revisions
from geo.store.cluster import cluster
from tests import PATIENCE_S
from tests.signed_in import SYSTEM, account

pytestmark = pytest.mark.postgis

ADD = "INSERT INTO govgrid.pole (code, geom) VALUES ('{}', ST_SetSRID(ST_MakePoint(117, 30), 4326))"


def now(engine):
    with db.open_transaction(engine) as connection:
        return dict(revisions.read_revisions(connection))


def written(engine, *statements):
    """Run statements in one transaction; return by how much each layer's revision grew."""
    before = now(engine)
    with db.open_transaction(engine) as connection:
        for each in statements:
            connection.execute(text(each))
    return {layer: n - before[layer] for layer, n in now(engine).items() if n != before[layer]}


def test_a_transaction_counts_once_for_each_layer_it_writes_to(engine):
    add = ADD.format
    setting = "INSERT INTO govgrid.setting VALUES ('x', '1')"
    assert written(engine, add("a"), add("b"), setting) == {"pole": 1, "setting": 1}
    assert written(engine, "UPDATE govgrid.pole SET geom = geom WHERE code = 'a'") == {"pole": 1}
    assert written(engine, "DELETE FROM govgrid.pole WHERE code = 'b'") == {"pole": 1}
    assert written(engine, "TRUNCATE govgrid.pole") == {"pole": 1}


def test_what_writes_no_row_counts_nothing(engine):
    assert written(engine, "UPDATE govgrid.pole SET geom = geom") == {}
    assert written(engine, "SELECT count(*) FROM govgrid.pole") == {}


def test_tables_of_one_thing_are_one_layer(town):
    view = "UPDATE govgrid.camera_view SET hfov_deg = 90 WHERE camera_code = 'K1'"
    camera = "UPDATE govgrid.camera SET name = 'K' WHERE code = 'K1'"
    assert written(town, view) == {"camera": 1}
    assert written(town, camera, view) == {"camera": 1}


def test_what_is_taken_back_was_never_counted(engine):
    before = now(engine)
    with db.open_transaction(engine, keep=False) as connection:
        connection.execute(text(ADD.format("a")))
    with db.open_transaction(engine) as connection:
        half = connection.begin_nested()
        connection.execute(text(ADD.format("a")))
        half.rollback()
    assert now(engine) == before


def test_a_revision_is_seen_with_its_rows_and_not_before(engine):
    before = now(engine)
    with engine.connect() as writing, writing.begin():
        writing.execute(text(ADD.format("a")))
        assert now(engine) == before
        # nobody who writes to the same layer waits for the end of the other
        assert written(engine, ADD.format("b")) == {"pole": 1}
    assert now(engine)["pole"] == before["pole"] + 2


def test_transactions_that_write_in_other_orders_do_not_wait_for_each_other(database_url):
    engine = db.connect(database_url, pool_size=4)
    both = [ADD, "INSERT INTO govgrid.setting VALUES ('{}', '1')"]
    ready, failed = threading.Barrier(4), []

    def write(number, statements):
        with db.open_transaction(engine) as connection:
            for each in statements:
                connection.execute(text(each.format(f"n{number}")))
            ready.wait(PATIENCE_S)

    def attempt(number):
        try:
            write(number, both if number % 2 else both[::-1])
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(4)]
    before = now(engine)
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    assert now(engine)["pole"] == before["pole"] + 4
    engine.dispose()


def test_the_role_of_the_service_counts_as_well(town, database_url):
    service = db.connect(database_url, role=cluster.SERVICE_ROLE)
    push = "UPDATE govgrid.camera SET connection = 'unknown' WHERE code = 'K1'"
    before = now(service)
    with transaction.open_as(service, SYSTEM) as connection:
        connection.execute(text(push))
    assert now(service)["camera"] == before["camera"] + 1
    service.dispose()


def test_every_table_of_a_layer_that_is_read_has_a_revision(engine):
    """A table is either of a layer, or of one of these that no page of the map is made of."""
    apart = {
        *("revision", "layer_revision", "layer_write", "layer_change", "audit", "bulk_read"),
        *("login_failure", "camera_area", "camera_sees_area"),
        *("account", "role_grant", "session", "api_key", "login_code", "exact_answer"),
        *("access_request", "access_register", "export_register", "camera_change"),
        *("import_run", "import_finding", "import_quarantine", "import_mapping", "import_change"),
        *("letter_reading", "search_text"),  # derived: rows change with those of their layers
        "idempotency_key",
        "outbox",  # tells of changes itself
        # written together with their incident, which has a new version then
        *("incident_day", "incident_move", "approval", "notification", "clock_event", "whistle"),
        "hotline_order",
        *("camera_answer", "incident_camera", "attachment"),
        *("incident_tally", "tally_change", "tally_clock"),  # derived from incidents
        *("statistics_scope", "statistics_issue", "statistics_issue_count"),  # on no map
        "area_count",  # on no map
        "shift_log",  # on no map
        "job",  # tells of itself
        *("webhook", "webhook_delivery"),  # on no map
        "destruction",
        "audit_anchor",
        "coverage_engine",  # counts engines
        "demand_incident",  # only computing reads it; written together with its run
    }
    with db.open_transaction(engine) as connection:
        tables = connection.execute(
            text(
                "SELECT c.relname, count(t.oid) FROM pg_class c LEFT JOIN pg_trigger t"
                " ON t.tgrelid = c.oid AND t.tgname LIKE 'revise_%'"
                " WHERE c.relnamespace = 'govgrid'::regnamespace AND c.relkind = 'r' GROUP BY 1"
            )
        ).all()
    assert {name for name, triggers in tables if triggers != 4} - apart == set()


def changes(engine, layer):
    with db.open_transaction(engine) as connection:
        statement = "SELECT revision, codes FROM govgrid.layer_change WHERE layer = :layer"
        found = connection.execute(text(f"{statement} ORDER BY revision"), {"layer": layer})
        return [(row.revision, row.codes and sorted(set(row.codes))) for row in found]


def test_each_revision_says_which_rows_it_changed(town):
    before = now(town)["camera"]
    written(
        town,
        "UPDATE govgrid.camera_view SET hfov_deg = 90 WHERE camera_code = 'K1'",
        "UPDATE govgrid.camera SET code = 'N3' WHERE code = 'K3'",
    )
    written(town, "UPDATE govgrid.camera SET name = 'x' WHERE code = 'none'")
    written(town, "DELETE FROM govgrid.camera WHERE code = 'K2'")
    written(town, "TRUNCATE govgrid.camera CASCADE")
    assert changes(town, "camera")[-3:] == [
        (before + 1, ["K1", "K3", "N3"]),
        (before + 2, ["K2"]),
        (before + 3, None),
    ]
    assert changes(town, "area")[-1][1] is None


def test_old_changes_are_forgotten(engine):
    for n in range(3):
        written(engine, ADD.format(n))
    with db.open_transaction(engine) as connection:
        connection.execute(
            text("UPDATE govgrid.layer_revision SET revision = 900 WHERE layer = 'pole'")
        )
    written(engine, ADD.format("z"))
    assert changes(engine, "pole") == [(901, ["z"])]


def test_what_decides_over_access_counts_and_nothing_else(seen_town):
    made = account(seen_town, "one", "operator")
    with seen_town.begin() as connection:
        sessions.begin_session(connection, made)
    held = f"WHERE account = '{made}'"
    counts = {"access": 1}
    account_is = f"UPDATE govgrid.account SET {{}} WHERE id = '{made}'"
    assert written(seen_town, account_is.format("disabled_at = now()")) == counts
    assert written(seen_town, account_is.format("unit_code = 'U'")) == counts
    assert written(seen_town, account_is.format("last_login_at = now(), totp_step = 9")) == {}
    assert written(seen_town, f"UPDATE govgrid.session SET seen_at = now() {held}") == {}
    assert written(seen_town, f"UPDATE govgrid.session SET expires_at = now() {held}") == counts
    assert written(seen_town, f"UPDATE govgrid.role_grant SET depth = 'count' {held}") == counts
    assert written(seen_town, f"DELETE FROM govgrid.role_grant {held}") == counts
    assert written(seen_town, f"DELETE FROM govgrid.account WHERE id = '{made}'") == counts
