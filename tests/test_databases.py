"""The databases of tests: each test finds the one that the test before it found."""

import pytest
from sqlalchemy import text

from tests.conftest import WORKER
from tests.databases import Standing

pytestmark = pytest.mark.postgis

CHANGES = {
    "inserted": "INSERT INTO govgrid.setting VALUES ('a', '1')",
    "updated": "UPDATE govgrid.camera SET name = name || '!' WHERE code = 'K1'",
    "deleted": "DELETE FROM govgrid.incident WHERE code = 'M1'",
    "emptied": "TRUNCATE govgrid.camera CASCADE",
    "numbered": "SELECT nextval('govgrid.audit_id_seq')",
}
"""Changes of rows, each of another kind."""
BUILT = {
    "table": "CREATE TABLE govgrid.more (n integer)",
    "column": "ALTER TABLE govgrid.setting ADD more text",
    "right": "REVOKE SELECT ON govgrid.setting FROM govgrid_read",
    "fence": "ALTER TABLE govgrid.camera DISABLE ROW LEVEL SECURITY",
}


@pytest.fixture
def standing(server, town_template):
    made = Standing(server, f"govgrid_test_put_back{WORKER}", town_template)
    made.ready()
    yield made
    made.drop()


def held(standing):
    """Return all rows and numbers of the database."""
    with standing.engine.connect() as connection:
        all_of = "SELECT coalesce(string_agg(t::text, ';' ORDER BY t::text), '') FROM govgrid."
        rows = [connection.execute(text(f"{all_of}{n} t")).scalar_one() for n in standing.columns]
        numbers = connection.execute(
            text("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'govgrid'")
        )
        return rows, dict(numbers.all())


def test_whatever_rows_a_test_changes_are_put_back(standing):
    before = held(standing)
    for kind, change in CHANGES.items():
        with standing.engine.begin() as connection:
            connection.execute(text(change))
        assert held(standing) != before, kind
        standing.put_back()
        assert held(standing) == before, kind
        assert standing.structure is not None, kind


def test_rows_are_put_back_whichever_session_wrote_them(standing):
    before = held(standing)
    for turn in range(4):
        with standing.engine.connect() as one, standing.engine.connect() as other:
            writing = (one, other)[turn % 2]
            writing.execute(text("INSERT INTO govgrid.setting VALUES ('a', '1')"))
            writing.commit()
        standing.put_back()
        assert held(standing) == before, turn


@pytest.mark.parametrize("change", BUILT.values(), ids=BUILT)
def test_a_database_of_another_structure_is_made_anew(standing, change):
    before = held(standing)
    with standing.engine.begin() as connection:
        connection.execute(text(change))
    standing.put_back()
    assert standing.structure is None
    standing.ready()
    assert held(standing) == before
