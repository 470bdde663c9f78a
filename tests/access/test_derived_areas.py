"""Areas of cameras and areas they look into: derived with each write, as if from scratch."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from geo.store import db
from tests.toy_town import place

pytestmark = pytest.mark.postgis

STANDS = "SELECT area, camera_code FROM govgrid.camera_area ORDER BY 1, 2"
SEES = "SELECT area, camera_code, distance_m FROM govgrid.camera_sees_area ORDER BY 1, 2"
REBUILD = "SELECT govgrid.derive_camera_areas(NULL, NULL)"
GRANTED = (
    "SELECT * FROM govgrid.{}(CAST(:areas AS bigint[]), CAST(:classes AS text[]),"
    " CAST(:depths AS integer[]), CAST(:exacts AS boolean[])) ORDER BY code"
)
EVERYTHING, WEST, EAST = None, "340802001001001", "340802001001002"
GRANTS = (
    [(WEST, "skynet", 2, True)],
    [(EAST, "skynet", 4, False), (EAST, "social", 4, False), (EAST, "unknown", 4, False)],
    [(WEST, "skynet", 0, True), (EAST, "skynet", 1, False)],
    [(EVERYTHING, "social", 1, True), (WEST, "skynet", 3, True), (WEST, "unknown", 3, True)],
)
CODES = st.sampled_from(["K1", "K2", "K3", "K4", "N1", "N2"])
STEPS = st.integers(-30, 30)
POINT = "ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)"


def point(x, y):
    return dict(zip(("lon", "lat"), place(x, y), strict=True))


def moved(code, x, y):
    return f"UPDATE govgrid.camera SET geom = {POINT} WHERE code = :code", {
        "code": code,
        **point(x, y),
    }


def added(code, x, y):
    return (
        "INSERT INTO govgrid.camera (code, name, owner_kind, geom)"
        f" VALUES (:code, :code, 'social', {POINT}) ON CONFLICT DO NOTHING",
        {"code": code, **point(x, y)},
    )


def recoded(code, other, _):
    return (
        "UPDATE govgrid.camera SET code = :other WHERE code = :code"
        " AND NOT EXISTS (SELECT FROM govgrid.camera WHERE code = :other)",
        {"code": code, "other": f"N{abs(other) % 3}"},
    )


def reclassed(code, x, _):
    kind = (None, "skynet", "social")[x % 3]
    return "UPDATE govgrid.camera SET owner_kind = :kind WHERE code = :code", {
        "code": code,
        "kind": kind,
    }


def gone(code, *_):
    return "DELETE FROM govgrid.camera WHERE code = :code", {"code": code}


def seen(code, x, y):
    return (
        "INSERT INTO govgrid.viewshed (camera_code, view_no, detail, certainty, inputs_hash, geom)"
        " SELECT :code, 9, 20, 'possible', 'x', ST_Buffer(ST_Transform("
        f"{POINT}, value::text::integer), 80) FROM govgrid.setting WHERE key = 'metric_srid'"
        " ON CONFLICT (camera_code, view_no, detail, certainty) DO UPDATE SET geom = excluded.geom",
        {"code": code, **point(x, y)},
    )


def unseen(code, *_):
    return "DELETE FROM govgrid.viewshed WHERE camera_code = :code", {"code": code}


def shifted(code, x, y):
    return (
        "UPDATE govgrid.area SET geom = ST_Translate(geom, :dx, :dy) WHERE code = :area",
        {"area": WEST if code < "K3" else EAST, "dx": x * 1e-5, "dy": y * 1e-5},
    )


def all_gone(*_):
    return "TRUNCATE govgrid.viewshed", {}


EDITS = st.tuples(
    st.sampled_from(
        [moved, added, recoded, reclassed, gone, seen, seen, unseen, shifted, all_gone]
    ),
    CODES,
    STEPS,
    STEPS,
)


def rows(connection, statement, **values):
    return connection.execute(text(statement), values).all()


def granted(connection, function, grants):
    units = dict(rows(connection, "SELECT code, unit_id FROM govgrid.area_now"))
    areas, classes, depths, exacts = zip(*grants, strict=True)
    return rows(
        connection,
        GRANTED.format(function),
        areas=[units.get(code) for code in areas],
        classes=list(classes),
        depths=list(depths),
        exacts=list(exacts),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, min_size=1, max_size=4))
def test_what_is_derived_equals_what_is_made_anew_and_the_rule_by_geometry(seen_town, edits):
    with db.open_transaction(seen_town, keep=False) as connection:
        for edit, *facts in edits:
            connection.execute(*map_text(edit(*facts)))
        derived = rows(connection, STANDS), rows(connection, SEES)
        for grants in GRANTS:
            assert granted(connection, "granted_cameras", grants) == granted(
                connection, "granted_cameras_by_place", grants
            )
        connection.execute(text(REBUILD))
        assert (rows(connection, STANDS), rows(connection, SEES)) == derived


def map_text(edit):
    statement, values = edit
    return text(statement), values


def test_the_town_has_cameras_that_look_into_the_other_grid(seen_town):
    with db.open_transaction(seen_town) as connection:
        assert len(rows(connection, STANDS)) >= 4
        found = granted(connection, "granted_cameras", [(WEST, "skynet", 1, True)])
        assert {row.depth for row in found} == {None}
        assert {row.depth for row in granted(connection, "granted_cameras", GRANTS[1])} == {4}


def test_more_rows_than_are_looked_up_one_by_one_are_derived_alike(seen_town):
    with db.open_transaction(seen_town, keep=False) as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.camera (code, name, geom) SELECT 'M' || n, 'm',"
                " ST_SetSRID(ST_MakePoint(:lon + n * 1e-6, :lat), 4326)"
                " FROM generate_series(1, 2500) AS n"
            ),
            point(-12, 0),
        )
        derived = rows(connection, STANDS)
        assert len(derived) > 2000
        connection.execute(text(REBUILD))
        assert rows(connection, STANDS) == derived
        codes = rows(connection, "SELECT codes FROM govgrid.layer_write WHERE layer = 'camera'")
        assert codes == [(None,)]


def test_no_metric_system_no_sight(engine):
    with db.open_transaction(engine, keep=False) as connection:
        connection.execute(*map_text(added("K", 0, 0)))
        assert rows(connection, SEES) == []
