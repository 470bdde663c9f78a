"""A city of a hundred districts: the demonstration's, beside itself ten by ten times."""

from typing import Final

from sqlalchemy import Connection, Engine, text

SIDE: Final = 10
UNITS: Final = 1_000_000
"""So far apart are the numbers of the units of two copies."""
WIDTH_DEG: Final = 0.25
"""East and north from one copy to the next: the district is smaller than that."""
COPIES: Final = (
    f"FROM {{table}} t CROSS JOIN generate_series(1, {SIDE * SIDE - 1}) AS n(n) ORDER BY n.n"
)
MOVED: Final = (
    f"ST_Translate(t.{{name}}, {WIDTH_DEG} * (n.n % {SIDE}), {WIDTH_DEG} * (n.n / {SIDE}))"
)
PATH: Final = (
    f"CAST((SELECT string_agg(CAST(CAST(label AS bigint) + n.n * {UNITS} AS text), '.' ORDER BY at)"
    " FROM unnest(string_to_array(CAST(t.path AS text), '.')) WITH ORDINALITY AS p(label, at))"
    " AS ltree)"
)
AREAS: Final = {
    "unit_id": f"t.unit_id + n.n * {UNITS}",
    "code": "t.code || '-' || n.n",
    "parent_unit_id": f"t.parent_unit_id + n.n * {UNITS}",
    "path": PATH,
    "geom": MOVED.format(name="geom"),
}
CAMERAS: Final = {
    "code": "t.code || '-' || n.n",
    "grid_code": "t.grid_code || '-' || n.n",
    "geom": MOVED.format(name="geom"),
    "coarse_geom": "NULL",
}
VIEWS: Final = {"camera_code": "t.camera_code || '-' || n.n"}


def grow(engine: Engine) -> None:
    """Put ninety-nine copies of areas, cameras and their views beside the district.

    Each table is analysed before the next, whose triggers join it.
    """
    for table, changed in (("area", AREAS), ("camera", CAMERAS), ("camera_view", VIEWS)):
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            _copy(connection, table, changed)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))


def _copy(connection: Connection, table: str, changed: dict[str, str]) -> None:
    asked = text(
        "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:table AS regclass) AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' AND attidentity = '' ORDER BY attnum"
    )
    found = connection.execute(asked, {"table": f"govgrid.{table}"}).scalars()
    columns = [name for name in found if changed.get(name) != "NULL"]
    values = ", ".join(changed.get(name, f"t.{name}") for name in columns)
    copies = COPIES.format(table=f"govgrid.{table}")
    connection.execute(
        text(f"INSERT INTO govgrid.{table} ({', '.join(columns)}) SELECT {values} {copies}")
    )
