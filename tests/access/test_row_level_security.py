"""Row-level security: what the service's role may touch, whatever a query forgets."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo.store import db
from geo.store.cluster import cluster
from tests.signed_in import account

pytestmark = pytest.mark.postgis

# Ground and figures: cut by predicates in each query, see geo/access/principal.py. A table that is
# in neither list nor under row-level security makes the test fail: decide where it belongs.
OPEN_TABLES = {
    "letter_reading",
    *("revision", "setting", "import_run", "coverage_run", "area_coverage", "gap", "calendar"),
    *("area", "area_nesting", "area_succession", "building", "road", "water", "farmland"),
    *("place", "entrance", "address", "pole", "privacy_zone", "restricted_zone", "centre"),
    *("unit", "unit_duty", "pairing", "category", "dispatch"),
    *("filing", "filed_camera", "consent", "permit", "layer_revision", "layer_write"),
    *("incident_source", "incident_reason", "incident_result", "incident_grade", "working_hours"),
    *("layer_change", "coverage_engine", "statistics_issue", "statistics_scope"),
    "area_count",
}
HOLD_THEIR_POLICY = {
    *("enqueue_job", "dequeue_job", "count_facts", "count_tallied", "viewings_of_desk"),
}
HOLD_THEIR_POLICY |= {"count_called", "count_hours"}
"""Functions that ask the session themselves, as a policy would; figures go by recorded areas."""
ROLES = (cluster.SERVICE_ROLE, cluster.READING_ROLE)


@pytest.fixture
def service(town, database_url):
    """Return a pool that works as the role of the service."""
    found = db.connect(database_url, role=cluster.SERVICE_ROLE)
    yield found
    found.dispose()


def values(engine, query, **told):
    with engine.begin() as connection:
        return list(connection.execute(text(query), told).scalars())


@pytest.mark.parametrize("role", ROLES)
def test_every_table_that_the_service_reads_is_fenced_or_known_to_be_open(engine, role):
    found = values(
        engine,
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'govgrid' AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity"
        " AND has_any_column_privilege(:role, c.oid, 'SELECT')",
        role=role,
    )
    assert set(found) - OPEN_TABLES == set()


def test_no_view_shows_what_the_fence_hides(engine):
    views = values(
        engine,
        "SELECT DISTINCT v.relname FROM pg_rewrite r JOIN pg_class v ON v.oid = r.ev_class"
        " JOIN pg_depend d ON d.objid = r.oid JOIN pg_class t ON t.oid = d.refobjid"
        " WHERE t.relrowsecurity AND v.relkind IN ('v', 'm')"
        " AND NOT coalesce(v.reloptions::text LIKE '%security_invoker=true%', false)",
    )
    assert views == []


@pytest.mark.parametrize("role", ROLES)
def test_no_function_that_can_be_called_works_with_the_rights_of_the_owner(engine, role):
    definers = values(
        engine,
        "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = 'govgrid' AND p.prosecdef AND p.prorettype <> 'trigger'::regtype"
        " AND has_function_privilege(:role, p.oid, 'EXECUTE')",
        role=role,
    )
    assert set(definers) - HOLD_THEIR_POLICY == set()


def test_jobs_of_others_are_not_queued_or_taken_out_by_the_functions_of_the_queue(service, town):
    owner, other = account(town, "owner", "planner"), account(town, "other", "planner")
    with town.begin() as connection:
        insert = (
            "INSERT INTO govgrid.job (kind, account, account_name)"
            " VALUES ('coverage', :owner, 'owner') RETURNING id"
        )
        job = connection.execute(text(insert), {"owner": owner}).scalar_one()
    for who, then in ((other, "uploaded"), (owner, "waiting")):
        with service.begin() as connection:
            setting = text("SELECT set_config('govgrid.account', :account, true)")
            connection.execute(setting, {"account": str(who)})
            connection.execute(text("SELECT govgrid.enqueue_job(:job, NULL)"), {"job": job})
        assert values(town, "SELECT state FROM govgrid.job") == [then]
    for who, then in ((other, "waiting"), (owner, "cancelled")):
        with service.begin() as connection:
            setting = text("SELECT set_config('govgrid.account', :account, true)")
            connection.execute(setting, {"account": str(who)})
            connection.execute(text("SELECT govgrid.dequeue_job(:job)"), {"job": job})
        assert values(town, "SELECT state FROM govgrid.job") == [then]


def test_functions_with_the_rights_of_the_owner_name_the_schemas_that_they_search(engine):
    searching = values(
        engine,
        "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = 'govgrid' AND p.prosecdef"
        " AND NOT coalesce(p.proconfig::text LIKE '%search_path=%pg_temp%', false)",
    )
    assert searching == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_of_the_service_owns_nothing_and_passes_no_fence(engine, role):
    strong = values(
        engine,
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication"
        " OR rolinherit FROM pg_roles WHERE rolname = :role",
        role=role,
    )
    owned = values(
        engine,
        "SELECT relname FROM pg_class WHERE relowner = CAST(CAST(:role AS text) AS regrole)",
        role=role,
    )
    assert strong == [False]
    assert owned == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE SCHEMA own",
        "CREATE TABLE govgrid.own (a integer)",
        "CREATE FUNCTION govgrid.own() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE public.own (a integer)",
        "ALTER TABLE govgrid.camera DISABLE ROW LEVEL SECURITY",
        "DROP POLICY granted ON govgrid.camera",
        "DELETE FROM govgrid.building",
        "DELETE FROM govgrid.import_run",
        "SELECT * FROM govgrid.import_quarantine",
        "UPDATE govgrid.audit SET account = 'x'",
        "TRUNCATE govgrid.audit",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY govgrid.area TO PROGRAM 'id'",
        "COPY govgrid.area TO '/tmp/area'",
        "SET session_replication_role = replica",
        "SET LOCAL row_security = off; SELECT * FROM govgrid.camera",
    ],
)
def test_the_service_is_refused_by_the_database(service, statement):
    with pytest.raises(DBAPIError), service.begin() as connection:
        connection.execute(text(statement))


def test_cameras_are_deleted_only_by_who_may_bring_in_files_and_within_grants(service):
    settings = text(
        "SELECT set_config('govgrid.granted', :granted, true),"
        " set_config('govgrid.actions', :actions, true)"
    )
    for granted, actions, gone in (("", "import", 0), ("all", "map", 0), ("all", "import", 1)):
        with service.begin() as connection:
            connection.execute(settings, {"granted": granted, "actions": actions})
            done = connection.execute(text("DELETE FROM govgrid.camera WHERE code = 'K1'"))
            assert done.rowcount == gone, (granted, actions)


@pytest.mark.parametrize("table", ["account", "session", "api_key", "audit", "access_register"])
def test_who_draws_cannot_read_what_is_personal(service, table):
    with service.connect() as connection:
        connection.execute(text(f"SET LOCAL ROLE {cluster.READING_ROLE}"))
        with pytest.raises(DBAPIError):
            connection.execute(text(f"SELECT * FROM govgrid.{table}"))


def test_a_table_of_the_session_shadows_nothing(service):
    with service.begin() as connection:
        connection.execute(text("CREATE TEMP TABLE camera (code text)"))
        connection.execute(text("CREATE TEMP TABLE area (unit_id bigint, valid daterange)"))
        connection.execute(text("SET LOCAL search_path = pg_temp, public"))
        assert connection.execute(text("SELECT count(*) FROM govgrid.camera")).scalar_one() == 0


def test_a_function_of_the_session_shadows_nothing(service):
    with service.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION pg_temp.st_intersects(geometry, geometry) RETURNS boolean"
                " LANGUAGE sql AS 'SELECT true'"
            )
        )
        connection.execute(text("SET LOCAL search_path = pg_temp, public"))
        connection.execute(text("SELECT set_config('govgrid.granted', '-1', true)"))
        assert connection.execute(text("SELECT count(*) FROM govgrid.camera")).scalar_one() == 0


def test_what_a_transaction_told_is_gone_with_it(service):
    with service.begin() as connection:
        connection.execute(text("SELECT set_config('govgrid.granted', 'all', true)"))
        assert connection.execute(text("SELECT count(*) FROM govgrid.camera")).scalar_one() == 4
    with service.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM govgrid.camera")).scalar_one() == 0


def done(service, account, actions, statement, **asked):
    """Do what an account (uuid) asks that may do `actions`; return how many rows it changed."""
    with service.begin() as connection:
        connection.execute(
            text(
                "SELECT set_config('govgrid.account', :account, true),"
                " set_config('govgrid.actions', :actions, true)"
            ),
            {"account": account, "actions": ",".join(actions)},
        )
        return connection.execute(text(statement), asked).rowcount


GIVE = (
    "INSERT INTO govgrid.role_grant (account, role, depth, granted_by)"
    " VALUES (:to, 'auditor', 'count', 'x')"
)


@pytest.mark.parametrize("actions", [(), ("accounts",), ("login",), ("grants",)])
def test_nobody_gives_himself_a_role(town, service, actions):
    own = account(town, "li", "security_administrator")
    with pytest.raises(DBAPIError):
        done(service, own, actions, GIVE, to=own)


@pytest.mark.parametrize("actions", [(), ("accounts",), ("login",)])
def test_only_who_may_grant_grants(town, service, actions):
    own, other = account(town, "li", None), account(town, "wang", None)
    with pytest.raises(DBAPIError):
        done(service, own, actions, GIVE, to=other)
    assert done(service, own, ("grants",), GIVE, to=other) == 1


def test_who_only_grants_changes_no_account_and_nobody_changes_its_name(town, service):
    own = account(town, "li", None)
    account(town, "wang", None)
    change = "UPDATE govgrid.account SET password_hash = 'x' WHERE name = 'wang'"
    assert done(service, own, ("grants",), change) == 0
    with pytest.raises(DBAPIError):
        done(service, own, ("accounts",), "UPDATE govgrid.account SET name = 'root'")


def test_codes_of_cards_are_used_at_the_log_in_and_made_by_who_manages_accounts(town, service):
    own = account(town, "li", None)
    with town.begin() as connection:
        connection.execute(
            text("INSERT INTO govgrid.login_code VALUES (:own, 1, 'x')"), {"own": own}
        )
    use = "UPDATE govgrid.login_code SET used_at = now()"
    forge = "UPDATE govgrid.login_code SET hmac = 'y'"
    gone = "DELETE FROM govgrid.login_code"
    make = "INSERT INTO govgrid.login_code VALUES (:own, 2, 'x')"
    for actions in ((), ("grants",), ("accounts",)):
        assert done(service, own, actions, use) == 0
    for actions in ((), ("login",)):
        assert done(service, own, actions, gone) == 0
        with pytest.raises(DBAPIError):
            done(service, own, actions, make, own=own)
    with pytest.raises(DBAPIError):
        done(service, own, ("login", "accounts"), forge)
    assert done(service, own, ("login",), use) == 1
    assert done(service, own, ("accounts",), make, own=own) == 1
    assert done(service, own, ("accounts",), gone) == 2


def test_a_removed_camera_is_known_to_who_knew_it(town, service):
    with town.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.camera_change (camera_code, name, kind, before)"
                " VALUES ('gone', '旧', 'removed', ST_SetSRID(ST_MakePoint(0, 0), 4326))"
            )
        )
    count = text("SELECT count(*) FROM govgrid.camera_change")
    for granted, seen in (("", 0), ("-1", 0), ("all", 1)):
        with service.begin() as connection:
            connection.execute(
                text("SELECT set_config('govgrid.granted', :granted, true)"), {"granted": granted}
            )
            assert connection.execute(count).scalar_one() == seen
