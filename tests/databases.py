"""Databases of tests: made once, and after each test put back to how they were made.

Copying a database takes half a second, putting back the tables that a test wrote to a few
hundredths. A test that changed more than rows (a table, a policy, a function) leaves a database
that is thrown away.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, make_url, text

from geo.store import db
from geo.store.cluster import cluster

HOME = "home"

# Tables and sequences of the product are kept beside it, in a schema that it knows nothing of.
_KEEP = """
CREATE SCHEMA kept;
DO $$ DECLARE each record; BEGIN
    FOR each IN SELECT quote_ident(relname) AS name FROM pg_class
        WHERE relnamespace = 'govgrid'::regnamespace AND relkind = 'r'
    LOOP
        EXECUTE 'CREATE TABLE kept.' || each.name || ' AS TABLE govgrid.' || each.name;
    END LOOP;
END $$;
CREATE TABLE kept."0 sequences" AS SELECT quote_ident(sequencename) AS name, last_value, start_value
FROM pg_sequences WHERE schemaname = 'govgrid';
"""
_COLUMNS = text(
    "SELECT quote_ident(relname), string_agg(quote_ident(attname), ', ' ORDER BY attnum)"
    " FROM pg_class c JOIN pg_attribute ON attrelid = c.oid"
    " WHERE relnamespace = 'govgrid'::regnamespace AND relkind = 'r'"
    " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' GROUP BY relname"
)
# The server counts the rows that were written; a table that was emptied is another file.
_STATE = text(
    "SELECT quote_ident(relname), relfilenode, pg_stat_get_tuples_inserted(oid)"
    " + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid)"
    " FROM pg_class WHERE relnamespace = 'govgrid'::regnamespace AND relkind = 'r'"
)
# Else a session tells its counts a second later; one that ends tells them at once.
_TELL_COUNTS = text("SELECT pg_stat_force_next_flush()")
# Triggers and foreign keys rest meanwhile: the rows fit together as they did before.
_NO_TRIGGERS = text("SET LOCAL session_replication_role = replica")
_PUT_BACK = (
    "DELETE FROM govgrid.{0};"
    " INSERT INTO govgrid.{0} ({1}) OVERRIDING SYSTEM VALUE SELECT {1} FROM kept.{0}"
)
# What a worker left waiting, or its heartbeat, would be found by the worker of another test.
_EMPTY_QUEUE = "".join(
    f"DELETE FROM govgrid_queue.procrastinate_{name};"
    for name in ("events", "periodic_defers", "jobs", "workers")
)
_SEQUENCES = text(
    "SELECT setval('govgrid.' || name, coalesce(k.last_value, k.start_value),"
    ' k.last_value IS NOT NULL) FROM kept."0 sequences" k JOIN pg_sequences s'
    " ON schemaname = 'govgrid' AND quote_ident(sequencename) = name"
    " WHERE s.last_value IS DISTINCT FROM k.last_value"
)
_STRUCTURE = text(
    "SELECT md5(concat_ws('|',"
    " (SELECT string_agg(concat_ws(' ', relname, relkind, relrowsecurity, relforcerowsecurity,"
    "   relowner, relacl), ';' ORDER BY relname) FROM pg_class c"
    "   WHERE relnamespace = 'govgrid'::regnamespace),"
    " (SELECT string_agg(concat_ws(' ', attrelid::regclass, attname, atttypid, attnotnull, attacl),"
    "   ';' ORDER BY attrelid, attnum) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
    "   WHERE relnamespace = 'govgrid'::regnamespace AND attnum > 0),"
    " (SELECT string_agg(conname || convalidated, ';' ORDER BY oid) FROM pg_constraint),"
    " (SELECT string_agg(concat_ws(' ', tgname, tgenabled, tgfoid), ';' ORDER BY oid)"
    "   FROM pg_trigger WHERE NOT tgisinternal),"
    " (SELECT string_agg(concat_ws(' ', polname, polrelid, polqual, polwithcheck), ';'"
    "   ORDER BY oid) FROM pg_policy),"
    " (SELECT string_agg(concat_ws(' ', proname, md5(prosrc), prosecdef, proacl), ';' ORDER BY oid)"
    "   FROM pg_proc WHERE pronamespace = 'govgrid'::regnamespace),"
    " (SELECT string_agg(nspname || coalesce(nspacl::text, ''), ';' ORDER BY oid)"
    "   FROM pg_namespace WHERE nspname !~ '^pg_'),"
    " (SELECT string_agg(extname || extversion, ';' ORDER BY oid) FROM pg_extension),"
    " (SELECT string_agg(s::text, ';') FROM pg_db_role_setting s JOIN pg_database d"
    "   ON d.oid = s.setdatabase WHERE datname = current_database())))"
)
# Whether anything of that may have changed: quicker told, and right where it says no.
_STAMP = text(
    "SELECT concat_ws('|', "
    + ", ".join(
        f"(SELECT concat(count(*), ' ', max(xmin::text::bigint)) FROM {catalog})"
        for catalog in (
            "pg_class WHERE relnamespace = 'govgrid'::regnamespace",
            "pg_attribute",
            "pg_constraint",
            "pg_trigger",
            "pg_policy",
            "pg_proc WHERE pronamespace = 'govgrid'::regnamespace",
            "pg_namespace",
            "pg_extension",
            "pg_db_role_setting",
        )
    )
    + ")"
)
_OTHERS = text(
    "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Standing:
    """One database that a worker gives to test after test."""

    def __init__(self, server: str, name: str, template: str) -> None:
        self.server, self.name, self.template = server, name, template
        self.address = address(server, name)
        self.engine = db.connect(self.address)
        self.structure: str | None = None

    def ready(self) -> None:
        """Make the database anew where it is not as it was."""
        if self.structure is None:
            self.engine.dispose()
            recreate(self.server, self.name, self.template)
            with self.engine.begin() as connection:
                connection.exec_driver_sql(_KEEP)
                self.structure = connection.execute(_STRUCTURE).scalar_one()
                self.stamp = connection.execute(_STAMP).scalar_one()
                self.columns = dict(connection.execute(_COLUMNS).all())
            self.state = self._state()

    def put_back(self) -> None:
        """Put back the rows that changed; a database of another structure is thrown away."""
        if self.engine.pool.checkedout():
            self.engine.dispose()  # whoever still works with a connection keeps it from all others
        with self.engine.connect() as connection:
            at_once = connection.execution_options(isolation_level="AUTOCOMMIT")
            at_once.exec_driver_sql("DISCARD ALL")
            connection.execute(_OTHERS)
            connection.execute(_TELL_COUNTS)
        now = self._state()
        changed = [name for name in self.columns if now.get(name) != self.state[name]]
        with self.engine.begin() as connection:
            if self._is_intact(connection):
                self._put_back(connection, changed)
            else:
                self.structure = None
        if changed:
            self.state = self._state()

    def drop(self) -> None:
        """Drop the database."""
        self.engine.dispose()
        drop(self.server, self.name)

    def _is_intact(self, connection: Connection) -> bool:
        stamp = connection.execute(_STAMP).scalar_one()
        if stamp != self.stamp:
            if connection.execute(_STRUCTURE).scalar_one() != self.structure:
                return False
            self.stamp = stamp
        return True

    def _put_back(self, connection: Connection, changed: Iterable[str]) -> None:
        connection.execute(_NO_TRIGGERS)
        for name in changed:
            connection.exec_driver_sql(_PUT_BACK.format(name, self.columns[name]))
        connection.exec_driver_sql(_EMPTY_QUEUE)
        connection.execute(_SEQUENCES)
        connection.execute(_TELL_COUNTS)

    def _state(self) -> dict[str, object]:
        """Return by table what is another once a row of it was written or deleted."""
        with self.engine.connect() as connection:
            return {name: told for name, *told in connection.execute(_STATE)}


def address(server: str, name: str) -> str:
    """Return the address of a database on the server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def recreate(server: str, name: str, template: str | None = None) -> None:
    """Make a database anew, empty or as a copy."""
    drop(server, name)
    # copying files is twice as quick as writing them through the log, where nothing is at stake
    copied = f" TEMPLATE {template} STRATEGY file_copy" if template else ""
    do(server, f"CREATE DATABASE {name}{copied}")


def serve(folder: Path) -> str:
    """Return the address of a superuser on the server of a folder; the first worker starts it."""
    done = folder / "served"
    with _alone(folder, HOME):
        url = cluster.start_cluster(folder / HOME).admin_url("postgres")
        if not done.exists():
            # nobody minds if these data are lost
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                do(url, f"ALTER SYSTEM SET {setting} = off")
            # else each new connection loads it anew
            do(url, "ALTER SYSTEM SET shared_preload_libraries = 'postgis-3'")
            cluster.stop_cluster(folder / HOME)
            url = cluster.start_cluster(folder / HOME).admin_url("postgres")
            done.touch()
    return url


def made(
    server: str, folder: Path, kind: str, like: str | None, fill: Callable[[Engine], object]
) -> str:
    """Return the name of a database to be copied; the first worker makes it, others wait."""
    name, done = _template(folder, kind), folder / f"{kind}.made"
    with _alone(folder, kind):
        if not done.exists():
            recreate(server, name, like)
            engine = db.connect(address(server, name))
            fill(engine)
            engine.dispose()  # nobody may be connected to what is copied
            done.touch()
    return name


@contextmanager
def _alone(folder: Path, what: str) -> Iterator[None]:
    """Do something while no other worker does it."""
    with (folder / f"{what}.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield


def clear(folder: Path, given: str | None) -> None:
    """End what a run started: the server, or its databases on a given one."""
    if given:
        for done in folder.glob("*.made"):
            drop(given, _template(folder, done.stem))
    else:
        cluster.stop_cluster(folder / HOME)
    shutil.rmtree(folder)


def _template(folder: Path, kind: str) -> str:
    return f"govgrid_{kind}_{folder.name.rpartition('-')[2].lower()}"


def drop(server: str, name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    do(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def do(server: str, statement: str) -> None:
    """Run one statement outside of any transaction."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
