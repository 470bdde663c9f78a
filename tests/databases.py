"""Databases of tests: made once, and after each test put back to how they were made.

Copying a database takes half a second, putting its rows back a few hundredths. A test that changed
more than rows (a table, a policy, a function) leaves a database that is thrown away.
"""

from collections.abc import Callable

from sqlalchemy import Engine, create_engine, make_url, text

from geo.store import db

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
# Triggers and foreign keys rest meanwhile: the rows fit together as they did before.
_PUT_BACK = """
SET session_replication_role = replica;
DO $$ DECLARE each record; columns text; BEGIN
    FOR each IN SELECT oid, quote_ident(relname) AS name FROM pg_class
        WHERE relnamespace = 'govgrid'::regnamespace AND relkind = 'r'
    LOOP
        EXECUTE 'DELETE FROM govgrid.' || each.name;
        SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
        WHERE attrelid = each.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
        EXECUTE 'INSERT INTO govgrid.' || each.name || ' (' || columns || ')'
            ' OVERRIDING SYSTEM VALUE SELECT ' || columns || ' FROM kept.' || each.name;
    END LOOP;
END $$;
SELECT setval('govgrid.' || name, coalesce(last_value, start_value), last_value IS NOT NULL)
FROM kept."0 sequences";
"""
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
_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Standing:
    """One database that a worker gives to test after test."""

    def __init__(self, server: str, name: str, template: str) -> None:
        self.server, self.name, self.template = server, name, template
        self.structure: str | None = None

    @property
    def address(self) -> str:
        """Where it is found, as a superuser."""
        return address(self.server, self.name)

    def ready(self) -> str:
        """Return the address of the database, made where there is none as it should be."""
        if self.structure is None:
            recreate(self.server, self.name, self.template)
            engine = create_engine(self.address, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql(_KEEP)
                self.structure = connection.execute(_STRUCTURE).scalar_one()
            engine.dispose()
        return self.address

    def put_back(self) -> None:
        """Put everything back; a database that is no longer the same is thrown away."""
        engine = create_engine(self.address)
        try:
            if not self._same(engine):
                self.structure = None
        finally:
            engine.dispose()

    def _same(self, engine: Engine) -> bool:
        with engine.begin() as connection:
            connection.execute(_OTHERS)
            if connection.execute(_STRUCTURE).scalar_one() != self.structure:
                return False
            connection.exec_driver_sql(_PUT_BACK)
            return True


def address(server: str, name: str) -> str:
    """Return the address of a database on the server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def recreate(server: str, name: str, template: str | None = None) -> None:
    """Make a database anew, empty or as a copy."""
    drop(server, name)
    # copying files is twice as quick as writing them through the log, where nothing is at stake
    copied = f" TEMPLATE {template} STRATEGY file_copy" if template else ""
    do(server, f"CREATE DATABASE {name}{copied}")


def filled(server: str, name: str, like: str | None, fill: Callable[[Engine], object]) -> None:
    """Make a database anew, and let nobody stay connected to it: it is there to be copied."""
    recreate(server, name, like)
    engine = db.connect(address(server, name))
    fill(engine)
    engine.dispose()


def drop(server: str, name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    do(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def do(server: str, statement: str) -> None:
    """Run one statement outside of any transaction."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
