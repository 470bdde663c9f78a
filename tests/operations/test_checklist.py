"""The start-up checklist on the toy town: what is loaded, missing, stale, and what comes next."""

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import text

from geo.base.errors import InputError
from geo.base.words import LANGUAGES, load_catalogue, say
from geo.cameras import status as camera_status
from geo.cameras.law import completeness
from geo.cameras.rules import completeness as figures
from geo.coverage import compute
from geo.operations import checklist, checklist_report
from geo.operations.checklist_steps import STEPS
from geo.store import db, statements
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, rectangle, write_geojson

pytestmark = pytest.mark.postgis

ZONE = "Asia/Shanghai"
EAST, WEST = "340802001001002", "340802001001001"
COMPUTE = "govgrid coverage compute"


def told(engine, lang="en"):
    status = checklist.setup_status(engine, timezone=ZONE)
    return checklist_report.as_json_values(status, lang, timezone=ZONE)


def layer(found, name):
    (row,) = [row for row in found["layers"] if row["layer"] == name]
    return row


def commands(found):
    return [step["command"] for step in found["next"]]


def change(engine, statement, **values):
    with db.open_transaction(engine) as connection:
        return connection.execute(text(statement), values)


def run_row(engine, **values):
    """Write a run of an import; return its number."""
    row = {"layer": "cameras", "source": "k.csv", "file_sha256": "a", "held": None, **values}
    names = ", ".join(row)
    with db.open_transaction(engine) as connection:
        return connection.execute(
            text(
                f"INSERT INTO govgrid.import_run ({names}, by_whom, read, inserted, updated,"
                f" unchanged, quarantined) VALUES ({', '.join(':' + name for name in row)},"
                " 'test', 3, 2, 0, 0, 1) RETURNING id"
            ),
            {**row, "held": None if row["held"] is None else statements.to_json(row["held"])},
        ).scalar_one()


def test_an_empty_database_starts_with_its_areas(engine):
    found = told(engine)
    assert all(row["rows"] == 0 for row in found["layers"])
    assert [row["layer"] for row in found["layers"]][:6] == [
        *("district", "townships", "communities", "grids"),
        *("buildings", "roads"),
    ]
    assert commands(found)[:4] == [
        f"govgrid import areas FILE --level {level} --crs wgs84"
        for level in ("district", "township", "community", "grid")
    ]
    assert COMPUTE not in commands(found)
    assert found["coverage"]["state"] == "never"
    assert found["completeness"]["share"] is None
    assert found["quarantine"] == {"open": 0, "runs": []}
    assert found["partition"] == {"areas": 0, "district_made": False, "defects": {}}


def test_what_is_missing_says_what_does_not_work_without_it(engine):
    found = told(engine, "zh")
    effects = {row["layer"]: row["missing_effect"] for row in found["layers"]}
    assert "未计遮挡" in effects["buildings"]
    assert "无法定位归属" in effects["grids"]
    assert "派遣建议" in effects["units"]
    assert "派遣建议" in effects["duties"]
    assert "无应覆盖面" in effects["roads"]
    assert "办理时限" in effects["categories"]
    assert all(effects.values())


def test_what_is_loaded_is_told_with_its_rows_and_last_import(town):
    found = told(town)
    grids = layer(found, "grids")
    assert (grids["rows"], grids["state"], grids["missing_effect"]) == (2, "loaded", None)
    assert grids["needed_for"] == ["locate", "coverage", "dispatch"]
    last = grids["last_import"]
    assert (last["source"], last["by_whom"]) == ("grids.geojson", "test")
    assert last["at"].endswith("+08:00")
    assert layer(found, "cameras")["rows"] == 4
    assert layer(found, "places")["state"] == "missing"
    assert layer(found, "water")["state"] == "later"
    assert layer(found, "townships")["last_import"] is None


def test_a_district_made_of_the_outline_is_none_that_was_given(town):
    found = told(town)
    assert found["partition"]["district_made"]
    assert (layer(found, "district")["rows"], layer(found, "district")["state"]) == (0, "later")


def test_cameras_without_a_heading_are_counted(town):
    row = layer(told(town), "headings")
    assert (row["rows"], row["of"], row["state"]) == (3, 4, "partial")
    assert "1 camera" in row["missing_effect"]
    change(town, "UPDATE govgrid.camera SET form = 'panoramic' WHERE code = 'K2'")
    row = layer(told(town), "headings")
    assert (row["rows"], row["of"], row["state"], row["missing_effect"]) == (3, 3, "loaded", None)


def test_headings_wait_for_cameras_and_are_no_step_of_their_own(engine):
    found = told(engine)
    row = layer(found, "headings")
    assert (row["state"], row["missing_effect"]) == ("later", "cameras come first")
    assert not any("survey" in command for command in commands(found))


def test_verified_positions_are_counted(town):
    change(town, "UPDATE govgrid.camera SET position_source = 'verified' WHERE code = 'K1'")
    row = layer(told(town), "positions")
    assert (row["rows"], row["of"], row["state"]) == (1, 4, "later")


def test_the_computation_is_the_next_step_until_it_is_done(town):
    assert COMPUTE in commands(told(town))
    run = compute.compute(town).run.id
    found = told(town)
    assert (found["coverage"]["state"], found["coverage"]["run"]) == ("current", run)
    assert COMPUTE not in commands(found)
    assert "govgrid survey list --out headings.xlsx" in commands(found)


def test_an_import_after_the_computation_makes_it_stale_and_both_dates_are_told(town, tmp_path):
    compute.compute(town)
    slab = write_geojson(tmp_path / "new.geojson", [({"height": 9}, rectangle(3, -1, 4, 1))])
    bring_in(town, "buildings", slab)
    found = told(town)
    assert found["coverage"]["state"] == "stale"
    newest = found["coverage"]["newest_import"]
    assert (newest["layer"], newest["source"]) == ("buildings", "new.geojson")
    assert newest["changed_at"] >= found["coverage"]["computed_at"]
    (line,) = [r["text"] for r in found["remarks"] if "Coverage" in r["text"]]
    assert line.count("20") >= 2
    assert "buildings" in line
    assert COMPUTE in commands(found)
    compute.compute(town)
    assert told(town)["coverage"]["state"] == "current"


def test_an_import_that_figures_do_not_depend_on_leaves_them_current(town, tmp_path):
    compute.compute(town)
    places = tmp_path / "u.csv"
    places.write_text("编码,名称\nU7,环卫所\n", encoding="utf-8")
    bring_in(town, "units", places)
    assert told(town)["coverage"]["state"] == "current"


def test_a_pushed_state_makes_figures_stale_without_any_import(town):
    compute.compute(town)
    states = [{"code": "K1", "status": "offline", "since": "2026-09-30T21:40:00+08:00"}]
    camera_status.receive_states(town, SYSTEM, states, timezone=ZONE)
    found = told(town)
    assert found["coverage"]["state"] == "stale"
    assert COMPUTE in commands(found)
    assert layer(found, "camera-status")["rows"] == 1


def test_reported_numbers_stand_beside_registered_ones(town):
    change(
        town,
        "UPDATE govgrid.area SET attributes = attributes || :facts WHERE level = 'district'",
        facts=statements.to_json({"reported_skynet": 9}),
    )
    rows = {row["owner_kind"]: row for row in told(town)["cameras"]}
    assert (rows["skynet"]["reported"], rows["skynet"]["registered"]) == (9, 2)
    assert (rows["social"]["reported"], rows["social"]["registered"]) == (None, 2)


def test_rows_that_wait_to_be_mended_are_the_first_thing_to_do(town):
    run = run_row(town)
    change(
        town,
        "INSERT INTO govgrid.import_quarantine VALUES (:run, 3, '{}', NULL), (:run, 4, '{}', :run)",
        run=run,
    )
    found = told(town)
    assert found["quarantine"]["open"] == 1
    assert found["quarantine"]["runs"] == [
        {"run": run, "layer": "cameras", "source": "k.csv", "rows": 1}
    ]
    assert commands(found)[0] == f"govgrid import quarantine {run} mend.xlsx"
    assert "1 rows of import" in found["next"][0]["why"]
    change(town, "UPDATE govgrid.import_run SET state = 'undone' WHERE id = :run", run=run)
    assert told(town)["quarantine"]["open"] == 0


def test_a_held_import_is_told_until_the_file_is_taken(town):
    held = {"declared": "wgs84", "suggested": "gcj02", "text": {"zh": "像", "en": "like"}}
    run = run_row(town, state="held", source="h.csv", file_sha256="h", held=held)
    run_row(town, state="held", source="h.csv", file_sha256="h", held=held)
    found = told(town)
    (only,) = found["held"]
    assert (only["suggested"], only["why"], only["layer"]) == ("gcj02", "like", "cameras")
    assert only["run"] > run
    assert commands(found)[0] == 'govgrid import cameras "h.csv" --crs gcj02'
    run_row(town, source="h.csv", file_sha256="h")
    assert told(town)["held"] == []


def test_defects_of_the_partition_are_told_by_kind(town, tmp_path):
    third = [({"code": "340802001001003", "name": "叠格"}, rectangle(10, 0, 30, 20))]
    bring_in(town, "areas", write_geojson(tmp_path / "third.geojson", third))
    found = told(town)
    assert found["partition"]["defects"].get("overlap", 0) >= 1
    assert "govgrid check partition" in commands(found)


def test_a_run_that_was_undone_is_not_the_last_import(town):
    before = layer(told(town), "roads")["last_import"]["run"]
    later = run_row(town, layer="roads", source="later.geojson", state="undone")
    assert later > before
    assert layer(told(town), "roads")["last_import"]["run"] == before


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_step_has_its_words(lang):
    for step in STEPS:
        assert say(f"setup.layer.{step.key}", lang)
        assert say(f"setup.missing.{step.key}", lang, count=1)
        assert all(say(f"setup.use.{use}", lang) for use in step.serves)
    for item in figures.ITEMS:
        assert say(f"setup.field.{item.name}", lang)
    assert all(say(f"setup.group.{group}", lang) for group in figures.GROUPS)
    rules = {key.removeprefix("setup.rule.") for key in load_catalogue() if "setup.rule." in key}
    assert rules == set(completeness.RULES)


@pytest.fixture
def divided(town, tmp_path):
    """Put both grids under a community and a township; K3 stands nowhere, the others as told."""
    whole = rectangle(-20, -20, 20, 20)
    for level, code, name in (
        ("township", "340802001000", "一街"),
        ("community", "340802001001", "一社"),
    ):
        path = write_geojson(tmp_path / f"{level}.geojson", [({"code": code, "name": name}, whole)])
        bring_in(town, "areas", path, level=level)
    change(town, "UPDATE govgrid.camera SET grid_code = :east", east=EAST)
    change(town, "UPDATE govgrid.camera SET grid_code = :west WHERE code = 'K2'", west=WEST)
    change(town, "UPDATE govgrid.camera SET grid_code = NULL WHERE code = 'K3'")
    return town


def by_area(engine, level=None):
    return completeness.open_completeness(engine, level=level).by_area


def test_completeness_of_the_toy_town_is_as_counted_by_hand(town):
    figure = told(town)["completeness"]
    # of 24 fields each: owner, form, range, connection of all four; a heading of three
    assert (figure["filled"], figure["applicable"], figure["cameras"]) == (19, 96, 4)
    assert figure["share"] == pytest.approx(19 / 96)
    kinds = {row["owner_kind"]: (row["cameras"], row["filled"]) for row in figure["by_owner_kind"]}
    assert kinds == {"skynet": (2, 10), "social": (2, 9)}
    change(town, "UPDATE govgrid.camera SET owner_kind = NULL WHERE code <> 'K1'")
    rows = told(town)["completeness"]["by_owner_kind"]
    assert [(row["owner_kind"], row["cameras"]) for row in rows] == [
        ("skynet", 1),
        ("social", 0),
        (None, 3),
    ]
    assert rows[1]["share"] is None


def test_completeness_by_level_keeps_the_cameras_that_stand_nowhere(divided):
    grids = by_area(divided, "grid")
    assert grids[["code", "name", "cameras", "filled"]].to_numpy().tolist() == [
        [WEST, "西格", 1, 4],
        [EAST, "东格", 2, 10],
        [None, None, 1, 5],
    ]
    for level, code in (("community", "340802001001"), ("township", "340802001000")):
        rows = by_area(divided, level)
        assert rows[["code", "cameras"]].to_numpy().tolist() == [[code, 3], [None, 1]]
    pd.testing.assert_frame_equal(by_area(divided), by_area(divided, "township"))


def test_an_area_without_cameras_has_no_share(divided):
    change(divided, "UPDATE govgrid.camera SET grid_code = :east", east=EAST)
    rows = by_area(divided, "grid").set_index("code")
    assert rows.loc[WEST, ["cameras", "filled", "applicable"]].tolist() == [0, 0, 0]
    assert pd.isna(rows.loc[WEST, "share"])
    assert rows.index.tolist() == [WEST, EAST]


def test_an_unknown_level_is_refused_with_those_that_there_are(engine):
    with pytest.raises(InputError, match="township community grid"):
        completeness.open_completeness(engine, level="street")


def test_the_workbook_has_the_figures_and_what_each_camera_lacks(divided, tmp_path):
    path = tmp_path / "c.xlsx"
    completeness.write_completeness(divided, path, level="grid", mark="内部资料", lang="zh")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["按网格", "按字段", "逐台缺项", "口径说明"]
    areas = [[cell.value for cell in row] for row in book["按网格"].iter_rows()]
    assert areas[0] == ["编码", "名称", "摄像机（台）", "已填（项）", "应填（项）", "建档完整率"]
    assert areas[1] == [None, "合计", 4, 19, 96, round(19 / 96, 4)]
    assert [row[1] for row in areas[2:]] == ["天网", "社会面", "西格", "东格", "未定位到区域"]
    cameras = [[cell.value for cell in row] for row in book["逐台缺项"].iter_rows()]
    assert cameras[1][0] == "K2"
    assert "监视方位" in cameras[1][-1].split("、")
    assert "监视方位" not in cameras[2][-1].split("、")
    assert len(list(book["按字段"].iter_rows())) == 1 + len(figures.ITEMS)
    assert book["口径说明"]["A2"].value == "内部资料"


@pytest.mark.parametrize("name", ["c.csv", "missing/c.xlsx"])
def test_a_file_that_cannot_be_a_workbook_is_refused(town, tmp_path, name):
    with pytest.raises(InputError):
        completeness.write_completeness(town, tmp_path / name, level=None, mark="", lang="zh")


def test_a_year_without_its_notice_is_named_while_limits_wait_for_it(engine):
    change(
        engine,
        "INSERT INTO govgrid.incident (title, state, reported_at, clock_from, due_at,"
        " due_provisional) VALUES ('a', 'reported', '2030-12-30T02:00Z', '2030-12-30T02:00Z',"
        " '2031-01-03T02:00Z', true), ('b', 'closed', '2032-01-01T02:00Z', '2032-01-01T02:00Z',"
        " '2032-01-03T02:00Z', true)",
    )
    found = told(engine)
    assert found["provisional_years"] == [
        {"year": 2030, "incidents": 1},
        {"year": 2031, "incidents": 1},
    ]
    assert "govgrid import calendar FILE" in commands(found)
    assert any("days off of 2031" in each["text"] for each in found["remarks"])
    change(
        engine,
        "INSERT INTO govgrid.calendar (day, kind) VALUES ('2030-10-01', 'holiday'),"
        " ('2031-10-01', 'holiday')",
    )
    assert told(engine)["provisional_years"] == []
