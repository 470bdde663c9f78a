"""SQL stands in the stores; a store writes the tables of its room and reads others by views."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
MIGRATIONS = ROOT / "geo/store/migrations/sql"
OWNED = {
    "store": (
        "revision setting layer_revision layer_write layer_change outbox idempotency_key"
        " import_run import_finding import_quarantine import_change"
    ),
    "access": (
        "account role_grant session api_key login_code login_failure bulk_read audit audit_anchor"
        " export_register exact_answer camera_area camera_sees_area"
    ),
    "areas": "area area_nesting area_succession",
    "coverage": "coverage_run viewshed area_coverage gap demand_incident coverage_engine",
    "cameras": "camera camera_view camera_status camera_change filing filed_camera consent permit",
    "viewing": "access_request access_register",
    "operations": "job destruction webhook webhook_delivery",
    "incidents": (
        "incident incident_day incident_move dispatch approval notification clock_event"
        " whistle hotline_order camera_answer incident_camera attachment incident_source"
        " incident_reason incident_result incident_grade unit unit_duty pairing category calendar"
        " working_hours incident_tally tally_change statistics_scope statistics_issue"
        " statistics_issue_count shift_log tally_clock area_count"
    ),
    "exchange": (
        "building road water farmland place entrance address pole centre privacy_zone"
        " restricted_zone import_mapping letter_reading search_text"
    ),
}
OWNER = {table: room for room, tables in OWNED.items() for table in tables.split()}
NAMED = re.compile(r"(?<!')\bgovgrid\.(\w+)")  # quoted it is a setting of the session
WRITTEN = re.compile(
    r"\b(?:INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|COPY)\s+(?:ONLY\s+)?govgrid\.(\w+)"
)
STATEMENT = re.compile(
    r"\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH \w+ AS|SET LOCAL|SET TRANSACTION|CREATE"
    r"|DROP) "
)
WRITERS = {"upsert_rows", "merge_rows", "copy_in"}
APART = {
    "geo/files/readers/drivers.py": "asks a GeoPackage, which is a SQLite file",
    "geo/files/readers/marked_parts.py": "asks a GeoPackage",
    "geo/files/writers/gpkg_notes.py": "writes into a GeoPackage",
}
"""Modules with SQL that is not the database's."""
FOREIGN = {
    "geo/store/holding.py": "asks databases of every age, whose views may not be made yet",
}
"""Stores that read tables of other rooms, and why."""

OUTSIDE = {
    "geo/access/predicates.py": "clauses of every query that cut it to who asks",
}
"""Modules outside of stores with SQL, and why."""


class Statement(NamedTuple):
    """A text with SQL: where it stands, and the names in the schema that it uses."""

    module: str
    line: int
    text: str

    @property
    def room(self) -> str:
        """The room of the store that it stands in, "" if in none."""
        parts = self.module.split("/")
        if parts[:2] == ["geo", "store"]:
            return "store"
        return parts[1] if "store" in parts[2:-1] else ""


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Return the texts of a module without docstrings; `{}` stands for formatted values."""
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inside or id(node) in said:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
            yield node.lineno, "".join(map(str, parts))


def modules() -> Iterator[tuple[str, ast.Module]]:
    for root in ("geo", "api", "maps"):
        for file in sorted((ROOT / root).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            if "/migrations/" not in name and name not in APART:
                yield name, ast.parse(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def trees():
    return dict(modules())


@pytest.fixture(scope="module")
def tables():
    """Return the names of all tables that the migrations make."""
    return set(re.findall(r"CREATE (?:UNLOGGED )?TABLE govgrid\.(\w+)", schema())) | {"revision"}


@pytest.fixture(scope="module")
def statements(trees):
    named = set(re.findall(r"govgrid\.(\w+)", schema()))
    return [
        Statement(name, line, said)
        for name, tree in trees.items()
        for line, said in texts(tree)
        if STATEMENT.match(said) or (" " in said and named & set(NAMED.findall(said)))
    ]


def schema():
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(MIGRATIONS.iterdir()))


def test_every_table_belongs_to_one_room(tables):
    listed = " ".join(OWNED.values()).split()
    assert sorted(listed) == sorted(OWNER)
    assert set(listed) == tables


def test_sql_stands_in_stores(statements):
    outside = {each.module for each in statements if not each.room}
    assert outside == set(OUTSIDE)


def test_statements_are_made_in_stores(trees):
    made = {
        name
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy"
        if "text" in {each.name for each in node.names} and not Statement(name, 0, "").room
    }
    assert made == set(OUTSIDE)


def test_a_store_writes_the_tables_of_its_room(statements):
    foreign = [
        f"{each.module}:{each.line} {table}"
        for each in statements
        for table in WRITTEN.findall(each.text)
        if each.room and OWNER.get(table) != each.room
    ]
    assert foreign == []


def test_rows_are_brought_in_by_the_store_of_their_room(trees):
    foreign = []
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                table = node.args[1] if node.func.attr in WRITERS and len(node.args) > 1 else None
                if isinstance(table, ast.Constant) and table.value in OWNER:
                    owner = OWNER[table.value]
                    if Statement(name, 0, "").room != owner:
                        foreign.append(name)
    assert sorted(set(foreign)) == []


def test_tables_of_other_rooms_are_read_by_views(statements, tables):
    foreign = sorted(
        {
            f"{each.module} {name}"
            for each in statements
            for name in NAMED.findall(each.text)
            if each.room and name in tables and OWNER[name] != each.room
            if each.module not in FOREIGN
        }
    )
    assert foreign == []


def test_every_exception_is_needed(statements, tables):
    needed = {
        each.module
        for each in statements
        for name in NAMED.findall(each.text)
        if name in tables and OWNER[name] != each.room
    }
    assert set(FOREIGN) <= needed
    assert all((ROOT / name).is_file() for name in APART)
