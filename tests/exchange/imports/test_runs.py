"""Runs: undone to the last row, mended row by row, declared once, held where they mislead."""

import json
from dataclasses import fields

import pandas as pd
import pytest

from geo.access import principal
from geo.base.chinese_shifts import wgs84_to_gcj02
from geo.base.errors import NotFoundError, StateError
from geo.base.words import load_catalogue
from geo.exchange.imports import declarations
from geo.exchange.imports import runs as import_runs
from geo.exchange.imports.options import ImportOptions
from geo.store import db, frames
from geo.store.import_runs import ImportRun
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, place, rectangle, write_geojson

pytestmark = pytest.mark.postgis
# everything that an import may touch; not what only says when it did
STATE = {
    "area": "SELECT unit_id, code, level, name, parent_given, CAST(valid AS text) AS valid,"
    " ST_AsText(geom) AS g, attributes FROM govgrid.area ORDER BY unit_id, valid",
    "area_now": "SELECT code, level, parent_unit_id, path FROM govgrid.area_now ORDER BY 1, 2",
    "camera": "SELECT *, ST_AsText(geom) AS g FROM govgrid.camera ORDER BY code",
    "camera_view": "SELECT * FROM govgrid.camera_view ORDER BY camera_code, no",
    "camera_status": "SELECT * FROM govgrid.camera_status ORDER BY camera_code, since",
    "unit": "SELECT * FROM govgrid.unit ORDER BY code",
    "incident": "SELECT *, ST_AsText(geom) AS g FROM govgrid.incident ORDER BY code",
}


def rows_of(engine, statement, **parameters):
    with db.open_transaction(engine) as connection:
        return frames.read_frame(connection, statement, parameters)


def state(engine):
    return {
        name: rows_of(engine, statement).astype(str).to_dict("records")
        for name, statement in STATE.items()
    }


def register(path, *rows, header="编码,名称,经度,纬度,监视方位"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def lonlat(x, y):
    return ",".join(map(str, place(x, y)))


def undone(engine, run):
    return import_runs.undo_run(engine, run, who=principal.system_principal("test"))


def test_an_undone_import_leaves_everything_as_it_was(town, tmp_path):
    before = state(town)
    path = register(
        tmp_path / "c.csv",
        f"K1,改名,{lonlat(1, 1)},180;270",
        f"K2,朝向不详,{lonlat(1, 1)},45",
        f"K77,新,{lonlat(5, 5)},0",
    )
    run = bring_in(town, "cameras", path).run
    assert state(town) != before
    done = undone(town, run)
    assert (done.removed, done.restored) == (3, 3)  # K77, its view, K1's second; K1, its view, K2's
    assert state(town) == before


def test_states_of_cameras_and_surveys_can_be_undone_too(town, tmp_path):
    before = state(town)
    states = register(tmp_path / "s.csv", "K1,离线,2026-09-30 20:00", header="编码,状态,时间")
    batch = register(tmp_path / "h.csv", "K2,33", header="设备编码,监视方位")
    places = register(tmp_path / "p.csv", f"K3,{lonlat(7, 7)}", header="设备编码,经度,纬度")
    runs = [
        bring_in(town, layer, path).run
        for layer, path in (("camera-status", states), ("headings", batch), ("positions", places))
    ]
    assert state(town) != before
    for run in reversed(runs):
        undone(town, run)
    assert state(town) == before


def test_an_undone_version_of_an_area_leaves_the_old_one_open(town, tmp_path):
    before = state(town)
    moved = write_geojson(
        tmp_path / "moved.geojson",
        [
            ({"code": "340802001001001", "name": "西格"}, rectangle(-20, -20, 2, 20)),
            ({"code": "340802001001009", "name": "新格"}, rectangle(30, -20, 40, 20)),
        ],
    )
    run = bring_in(town, "areas", moved, valid_from=pd.Timestamp("2026-10-01").date()).run
    assert len(state(town)["area"]) > len(before["area"])
    grids = rows_of(town, "SELECT code, grid_code FROM govgrid.camera ORDER BY code")
    assert grids["grid_code"].tolist()[:2] == ["340802001001001"] * 2
    undone(town, run)
    assert state(town) == before
    grids = rows_of(town, "SELECT code, grid_code FROM govgrid.camera ORDER BY code")
    assert set(grids["grid_code"]) == {"340802001001002"}


def test_the_same_file_after_an_undo_is_new_again(town, tmp_path):
    path = register(tmp_path / "c.csv", f"K77,新,{lonlat(5, 5)},0")
    first = bring_in(town, "cameras", path)
    undone(town, first.run)
    again = bring_in(town, "cameras", path)
    assert again.change == first.change
    assert again.run > first.run


def test_what_a_later_import_built_upon_is_undone_after_it(town, tmp_path):
    one = bring_in(town, "cameras", register(tmp_path / "1.csv", f"K77,一,{lonlat(5, 5)},0"))
    two = bring_in(town, "cameras", register(tmp_path / "2.csv", f"K77,二,{lonlat(5, 5)},0"))
    before = state(town)
    with pytest.raises(StateError, match=rf"undo import {two.run} first"):
        undone(town, one.run)
    assert state(town) == before
    undone(town, two.run)
    undone(town, one.run)
    assert "K77" not in {row["code"] for row in state(town)["camera"]}


def test_an_import_is_undone_once(town, tmp_path):
    run = bring_in(town, "cameras", register(tmp_path / "1.csv", f"K77,一,{lonlat(5, 5)},0")).run
    undone(town, run)
    with pytest.raises(StateError, match="undone already"):
        undone(town, run)
    with pytest.raises(NotFoundError, match="no import 4711"):
        undone(town, 4711)


def test_rows_not_taken_wait_with_their_cells_but_for_persons(town, tmp_path):
    path = register(
        tmp_path / "c.csv",
        f"K77,好,{lonlat(5, 5)},0,张三,13812345678",
        "K78,零,0,0,0,李四,13912345678",
        header="编码,名称,经度,纬度,监视方位,联系人,备注",
    )
    run = bring_in(town, "cameras", path).run
    kept = rows_of(town, "SELECT row, cells FROM govgrid.import_quarantine WHERE import_run = :r",
                   r=run)  # fmt: skip
    assert kept["row"].tolist() == [3]
    assert kept["cells"][0] == {
        "编码": "K78", "名称": "零", "经度": "0", "纬度": "0", "监视方位": "0",
    }  # fmt: skip


def test_a_dry_run_keeps_no_rows_back(town, tmp_path):
    path = register(tmp_path / "c.csv", "K78,零,0,0,0")
    report = bring_in(town, "cameras", path, dry_run=True)
    assert (report.quarantined, report.run) == (1, None)
    assert rows_of(town, "SELECT FROM govgrid.import_quarantine").empty


def test_mended_rows_go_in_and_no_longer_wait(town, tmp_path):
    path = register(tmp_path / "c.csv", "K78,零,0,0,0", "K79,空,,,0", f"K77,好,{lonlat(5, 5)},0")
    run = bring_in(town, "cameras", path).run
    out = tmp_path / "mend.csv"
    assert import_runs.write_quarantine(town, run, out, who=SYSTEM, lang="zh") == 2
    table = pd.read_csv(out, dtype=str, keep_default_na=False)
    assert table["原文件行号"].tolist() == ["2", "3"]
    assert "坐标为 0,0" in table["说明"][0]
    table.loc[0, ["经度", "纬度"]] = [str(part) for part in place(6, 6)]
    table.to_csv(out, index=False)
    report = bring_in(town, "cameras", out, retry_of=run)
    assert (report.change.inserted, report.quarantined, report.solved) == (1, 1, 1)
    open_ = rows_of(town, "SELECT row FROM govgrid.import_quarantine"
                    " WHERE import_run = :r AND solved_by IS NULL", r=run)  # fmt: skip
    assert open_["row"].tolist() == [3]
    newest = import_runs.newest_runs(town)
    assert newest.set_index("run").loc[run, "open"] == 1
    stored = rows_of(town, "SELECT attributes FROM govgrid.camera WHERE code = 'K78'")
    assert stored["attributes"][0] == {}
    undone(town, report.run)
    assert import_runs.newest_runs(town).set_index("run").loc[run, "open"] == 2


def test_nothing_waits_where_all_was_taken(town, tmp_path):
    run = bring_in(town, "cameras", register(tmp_path / "c.csv", f"K77,好,{lonlat(5, 5)},0")).run
    with pytest.raises(StateError, match="waits"):
        import_runs.write_quarantine(town, run, tmp_path / "out.xlsx", who=SYSTEM, lang="en")


def test_geometry_that_was_not_taken_comes_back_as_text(engine, tmp_path):
    bow = {"type": "LineString", "coordinates": [place(0, 0), place(1, 1)]}
    path = write_geojson(tmp_path / "b.geojson", [({"code": "B1"}, bow)])
    run = bring_in(engine, "buildings", path).run
    cells = rows_of(engine, "SELECT cells FROM govgrid.import_quarantine")["cells"][0]
    assert cells["wkt"].startswith("LINESTRING")
    assert (
        import_runs.write_quarantine(engine, run, tmp_path / "out.xlsx", who=SYSTEM, lang="zh") == 1
    )


def test_a_run_shows_all_that_was_found(town, tmp_path):
    run = bring_in(town, "cameras", register(tmp_path / "c.csv", "K78,零,0,0,0")).run
    report = import_runs.show_run(town, run, who=SYSTEM)
    assert (report.run.layer, report.run.state, report.run.read) == ("cameras", "done", 1)
    assert [f.code for f in report.findings] == ["ZERO_COORDINATES"]
    assert "0,0" in report.findings[0].advice("en")


def test_every_column_of_a_run_has_a_word():
    known = load_catalogue()
    assert {f"import.column.{field.name}" for field in fields(ImportRun)} <= set(known)


def test_a_source_is_declared_once(town, tmp_path):
    header = "号,叫法,东经度,北纬度"
    mapping = {"code": "号", "name": "叫法", "lon": "东经度", "lat": "北纬度"}
    first = register(tmp_path / "1.csv", f"K77,一,{lonlat(5, 5)}", header=header)
    report = bring_in(town, "cameras", first, mapping=mapping, remember="公安台账")
    assert report.change.inserted == 1
    second = register(tmp_path / "2.csv", f"K78,二,{lonlat(6, 6)}", header=header)
    report = bring_in(town, "cameras", second, crs=None, source="公安台账")
    assert report.change.inserted == 1
    saved = declarations.list_sources(town, who=SYSTEM)
    assert saved["source"].tolist() == ["公安台账"]
    assert saved["options"][0] == {"crs": "wgs84", "mapping": mapping}
    declarations.forget_source(town, "cameras", "公安台账", who=SYSTEM)
    with pytest.raises(NotFoundError, match="No source called"):
        bring_in(town, "cameras", second, crs=None, source="公安台账")


def test_what_is_said_now_goes_before_what_was_saved():
    declared = {"crs": "gcj02", "mapping": {"code": "号", "name": "名"}}
    said = declarations.fill_options(ImportOptions(crs="wgs84", mapping={"name": "称"}), declared)
    assert (said.crs, said.mapping) == ("wgs84", {"code": "号", "name": "称"})


def test_a_dry_run_saves_no_source(town, tmp_path):
    path = register(tmp_path / "1.csv", f"K77,一,{lonlat(5, 5)},0")
    bring_in(town, "cameras", path, remember="甲", dry_run=True)
    assert declarations.list_sources(town, who=SYSTEM).empty


def shifted(path, count=60):
    """Cameras on the toy town's grids, as a phone map would give them."""
    lines = []
    for k in range(count):
        lon, lat = place(-19 + 38 * k / count, (k % 7) - 3)
        east, north = wgs84_to_gcj02(lon, lat)
        lines.append(f"G{k},点{k},{float(east):.7f},{float(north):.7f},0")
    return register(path, *lines)


def test_a_file_in_another_system_than_declared_is_held_with_the_evidence(town, tmp_path):
    path = shifted(tmp_path / "gcj.csv")
    before = state(town)
    report = bring_in(town, "cameras", path, crs="wgs84")
    assert (report.exit_code, report.refused) == (2, True)
    assert (report.held["declared"], report.held["suggested"]) == ("wgs84", "gcj02")
    district = next(e for e in report.held["evidence"] if e["measure"] == "district")
    assert (district["declared_share"], district["suggested_share"]) == (0, 1)
    assert state(town) == before
    kept = import_runs.show_run(town, report.run, who=SYSTEM).run
    assert (kept.state, kept.held["suggested"]) == ("held", "gcj02")
    with pytest.raises(StateError, match="held and wrote nothing"):
        undone(town, report.run)
    right = bring_in(town, "cameras", path, crs="gcj02")
    assert (right.held, right.change.inserted) == (None, 60)


def test_who_is_certain_is_believed(town, tmp_path):
    report = bring_in(town, "cameras", shifted(tmp_path / "g.csv"), crs="wgs84", certain=True)
    assert (report.held, report.change.inserted) == (None, 60)


def test_a_trial_of_a_doubtful_file_leaves_no_run(town, tmp_path):
    report = bring_in(town, "cameras", shifted(tmp_path / "g.csv"), crs="wgs84", dry_run=True)
    assert report.held is not None
    assert import_runs.newest_runs(town)["state"].tolist() == ["done"] * 7


def test_reasons_of_a_held_file_are_values_of_json(town, tmp_path):
    report = bring_in(town, "cameras", shifted(tmp_path / "g.csv"), crs="wgs84")
    assert json.loads(json.dumps(report.held)) == report.held
    found = rows_of(town, "SELECT FROM govgrid.import_finding WHERE import_run = :r", r=report.run)
    assert found.empty
