"""Changes of cameras: each real move and removal is noted, an undo leaves nothing behind."""

import pandas as pd
import pytest
from sqlalchemy import text

from geo.exchange.imports import runs as import_runs
from geo.store import db, frames
from geo.store.cluster import cluster
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis
WEST = "340802001001001"


def changes(engine):
    statement = (
        "SELECT camera_code, kind, import_run, ST_X(before) AS x0, ST_Y(before) AS y0,"
        " ST_X(after) AS x1, ST_Y(after) AS y1, name, legal_basis FROM govgrid.camera_change"
        " ORDER BY id"
    )
    with db.open_transaction(engine) as connection:
        return frames.read_frame(connection, statement).to_dict("records")


def run_sql(engine, statement, **parameters):
    with db.open_transaction(engine) as connection:
        connection.execute(text(statement), parameters)


def register(path, *rows, header="编码,名称,经度,纬度"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def lonlat(x, y):
    return ",".join(map(str, place(x, y)))


def test_a_camera_that_comes_is_no_change(town):
    assert changes(town) == []


def test_a_register_that_moves_a_camera_is_noted_with_both_places_and_the_run(town, tmp_path):
    path = register(tmp_path / "c.csv", f"K1,改名,{lonlat(3, 0)}", f"K2,朝向不详,{lonlat(1, 1)}")
    run = bring_in(town, "cameras", path).run
    (found,) = changes(town)
    assert (found["camera_code"], found["kind"], found["import_run"]) == ("K1", "moved", run)
    assert [found["x0"], found["y0"]] == place(1, 0)
    assert [found["x1"], found["y1"]] == place(3, 0)
    assert found["name"] == "朝东枪机"  # what it was called when it was moved


def test_the_same_register_once_more_is_no_change(town, tmp_path):
    path = register(tmp_path / "c.csv", f"K1,朝东枪机,{lonlat(3, 0)}")
    bring_in(town, "cameras", path)
    bring_in(town, "cameras", path)
    assert len(changes(town)) == 1


def test_a_position_verified_elsewhere_counts_as_a_correction_does(town, tmp_path):
    path = register(tmp_path / "p.csv", f"K3,{lonlat(7, 7)}", header="设备编码,经度,纬度")
    run = bring_in(town, "positions", path).run
    assert [(row["camera_code"], row["import_run"]) for row in changes(town)] == [("K3", run)]


def test_a_register_that_differs_from_a_verified_position_moves_nothing(town, tmp_path):
    survey = register(tmp_path / "p.csv", f"K3,{lonlat(7, 7)}", header="设备编码,经度,纬度")
    bring_in(town, "positions", survey)
    bring_in(town, "cameras", register(tmp_path / "c.csv", f"K3,背向枪机,{lonlat(2, 3)}"))
    assert len(changes(town)) == 1


def test_a_declared_removal_and_a_deleted_row_are_each_noted_once(town, tmp_path):
    header = "编码,名称,经度,纬度,设备状态,建设依据"
    row = f"K1,朝东枪机,{lonlat(1, 0)}"
    basis = register(tmp_path / "0.csv", f"{row},在用,第七条", header=header)
    bring_in(town, "cameras", basis)
    run = bring_in(
        town, "cameras", register(tmp_path / "1.csv", f"{row},拆除,第七条", header=header)
    ).run
    (found,) = changes(town)
    assert (found["kind"], found["import_run"], found["legal_basis"]) == ("removed", run, "第七条")
    assert [found["x0"], found["y0"], found["x1"]] == [*place(1, 0), None]
    run_sql(town, "DELETE FROM govgrid.camera WHERE code IN ('K1', 'K2')")
    assert [(r["camera_code"], r["kind"]) for r in changes(town)] == [
        ("K1", "removed"),
        ("K2", "removed"),
    ]
    assert pd.isna(changes(town)[1]["import_run"])


def test_a_camera_that_is_put_up_again_and_removed_again_is_removed_twice(town):
    for status in ("removed", "in_use", "removed", "removed"):
        run_sql(town, "UPDATE govgrid.camera SET status = :s WHERE code = 'K1'", s=status)
    assert [row["kind"] for row in changes(town)] == ["removed", "removed"]


def test_an_undo_takes_the_changes_of_its_run_and_writes_none(town, tmp_path):
    header = "编码,名称,经度,纬度,设备状态"
    moved = register(tmp_path / "1.csv", f"K1,甲,{lonlat(3, 0)},在用", header=header)
    other = register(
        tmp_path / "2.csv", f"K2,乙,{lonlat(3, 1)},在用", f"K3,丙,{lonlat(2, 0)},拆除",
        f"K77,新,{lonlat(5, 5)},在用", header=header,
    )  # fmt: skip
    bring_in(town, "cameras", moved)
    run = bring_in(town, "cameras", other).run
    assert [row["camera_code"] for row in changes(town)] == ["K1", "K2", "K3"]
    import_runs.undo_run(town, run, who=SYSTEM)
    assert [row["camera_code"] for row in changes(town)] == ["K1"]


def test_after_an_undo_a_move_is_noted_as_before(town, tmp_path):
    path = register(tmp_path / "c.csv", f"K1,甲,{lonlat(3, 0)}")
    import_runs.undo_run(town, bring_in(town, "cameras", path).run, who=SYSTEM)
    assert changes(town) == []
    run = bring_in(town, "cameras", path).run
    assert [row["import_run"] for row in changes(town)] == [run]


def test_a_trial_leaves_no_change(town, tmp_path):
    bring_in(town, "cameras", register(tmp_path / "c.csv", f"K1,甲,{lonlat(3, 0)}"), dry_run=True)
    assert changes(town) == []


def test_the_service_notes_states_of_cameras_without_a_right_to_note_changes(town, database_url):
    service = db.connect(database_url, role=cluster.SERVICE_ROLE)
    with service.begin() as connection:
        connection.execute(text("SELECT set_config('govgrid.granted', 'all', true)"))
        connection.execute(text("UPDATE govgrid.camera SET connection = 'offline'"))
    service.dispose()
    assert changes(town) == []


def test_the_fence_shows_a_change_where_it_was_or_is(town, database_url):
    west = "SELECT unit_id FROM govgrid.area_now WHERE code = :code"
    run_sql(
        town,
        "UPDATE govgrid.camera SET geom = ST_SetSRID(ST_MakePoint(:x, :y), 4326) WHERE code = 'K1'",
        **dict(zip("xy", place(-5, 0), strict=True)),
    )
    run_sql(
        town,
        "UPDATE govgrid.camera SET geom = ST_SetSRID(ST_MakePoint(:x, :y), 4326) WHERE code = 'K2'",
        **dict(zip("xy", place(5, 0), strict=True)),
    )
    with db.open_transaction(town) as connection:
        unit = connection.execute(text(west), {"code": WEST}).scalar_one()
    service = db.connect(database_url, role=cluster.SERVICE_ROLE)
    with service.begin() as connection:
        told = {"granted": str(unit)}
        connection.execute(text("SELECT set_config('govgrid.granted', :granted, true)"), told)
        codes = connection.execute(text("SELECT camera_code FROM govgrid.camera_change"))
        assert codes.scalars().all() == ["K1"]
    service.dispose()
