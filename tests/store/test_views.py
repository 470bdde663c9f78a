"""Views between rooms show what their tables show to who asks, by the same indexes."""

import pytest
from sqlalchemy import text

from geo.access import principal, transaction
from geo.store import db
from geo.store.cluster import cluster

pytestmark = pytest.mark.postgis

HERE = "ST_MakeEnvelope(117, 30, 117.1, 30.1, 4326)"


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (f"sight_obstacle WHERE ST_Intersects(geom, {HERE})", "building_geom"),
        (f"demand_road WHERE ST_Intersects(geom, {HERE})", "road_geom"),
        ("sight_camera WHERE code = 'K1'", "camera_pkey"),
        ("sight_camera WHERE code = 'K1'", "camera_view_pkey"),
        ("camera_contact WHERE code = 'K1'", "camera_pkey"),
        ("camera_state WHERE camera_code = 'K1'", "camera_status_pkey"),
        ("incident_place WHERE code = 'M1'", "incident_code"),
        # of the few rows of a toy town that of the unit or that of the incident
        ("dispatched_unit WHERE incident_code = 'M1' AND unit_code = 'U1'", "using dispatch_"),
    ],
)
def test_a_view_is_read_by_the_index_of_its_table(town, asked, index):
    with db.open_transaction(town) as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = connection.execute(text(f"EXPLAIN SELECT * FROM govgrid.{asked}")).scalars()
        assert index in "\n".join(plan)


def test_of_a_view_of_several_tables_only_the_one_asked_for_is_read(town):
    statement = "EXPLAIN SELECT * FROM govgrid.excluded_ground WHERE kind = 'farmland'"
    with db.open_transaction(town) as connection:
        plan = "\n".join(connection.execute(text(statement)).scalars())
    assert "farmland" in plan
    assert "water" not in plan
    assert "privacy_zone" not in plan


def test_every_view_of_the_service_but_two_that_tell_nothing_of_rows_works_as_who_asks(engine):
    """Areas are known to everybody; of the queue, which nobody reads, a heartbeat is told."""
    views = text(
        "SELECT relname FROM pg_class WHERE relnamespace = 'govgrid'::regnamespace"
        " AND relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)"
        " AND (has_table_privilege('govgrid_web', oid, 'SELECT')"
        " OR has_table_privilege('govgrid_read', oid, 'SELECT')) ORDER BY relname"
    )
    with db.open_transaction(engine) as connection:
        assert list(connection.execute(views).scalars()) == [
            "area_now",
            "worker_heartbeat",
        ]


@pytest.mark.parametrize(
    "view", ["camera_contact", "camera_state", "sight_camera", "incident_place"]
)
def test_row_level_security_holds_behind_a_view(town, database_url, view):
    count = text(f"SELECT count(*) FROM govgrid.{view}")
    with db.open_transaction(town) as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.camera_status VALUES ('K1', 'online', now())"
                " ON CONFLICT DO NOTHING"
            )
        )
        assert connection.execute(count).scalar_one() > 0
    service = db.connect(database_url, role=cluster.SERVICE_ROLE)
    with transaction.open_as(service, principal.NOBODY) as connection:
        assert connection.execute(count).scalar_one() == 0
    service.dispose()
