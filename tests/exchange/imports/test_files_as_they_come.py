"""Files as they really come, through the import: what is taken, what is said, what is stored."""

from datetime import date

import pytest
import shapely

from geo.areas.store import versions as area_versions
from geo.store import db, frames
from tests.toy_town import bring_in, place, rectangle, write_geojson

pytestmark = pytest.mark.postgis

LON, LAT = place(0, 0)


def rows_of(engine, statement):
    with db.open_transaction(engine) as connection:
        return frames.read_frame(connection, statement)


def written(path, *lines, encoding="utf-8"):
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def found(report):
    return [(f.row, f.code, f.severity) for f in report.findings if f.code != "COLUMN_UNMAPPED"]


def test_matters_of_every_hour_are_taken_whatever_the_clocks_did(engine, tmp_path):
    times = {
        "skipped": "1990-04-15 02:30:00",
        "twice": "1990-09-16 01:30:00",
        "postgres": "2026-09-01 08:00:00.5+08",
        "midnight": "2026-08-31 24:00:00",
        "chinese": "2026-09-01 下午3:05",
    }
    rows = [f"{code},井盖缺失,{time},{LON},{LAT}" for code, time in times.items()]
    path = written(tmp_path / "incidents.csv", "事项编号,标题,发生时间,经度,纬度", *rows)
    report = bring_in(engine, "incidents", path)
    assert found(report) == [(2, "DATE_AMBIGUOUS", "warning"), (3, "DATE_AMBIGUOUS", "warning")]
    stored = rows_of(engine, "SELECT code, occurred_at FROM govgrid.incident").set_index("code")
    assert {code: time.isoformat() for code, time in stored["occurred_at"].items()} == {
        "skipped": "1990-04-14T18:30:00+00:00",
        "twice": "1990-09-15T16:30:00+00:00",
        "postgres": "2026-09-01T00:00:00.500000+00:00",
        "midnight": "2026-08-31T16:00:00+00:00",
        "chinese": "2026-09-01T07:05:00+00:00",
    }


GRID = "340802001001001"
WEST, EAST = rectangle(0, 0, 10, 10), rectangle(10, 0, 20, 10)


def grid(code=GRID, name="西格", **more):
    return {"code": code, "name": name, "level": "grid", **more}


def areas(engine):
    with db.open_transaction(engine) as connection:
        known = area_versions.valid_areas(connection)
    return known[known["level"] == "grid"]


def area_file(path, *features):
    return write_geojson(path, list(features))


def test_features_of_one_code_are_parts_of_one_area(engine, tmp_path):
    path = area_file(
        tmp_path / "a.geojson",
        (grid(OBJECTID=1), WEST),
        (grid("340802001001002", "东格"), rectangle(30, 0, 40, 10)),
        (grid(OBJECTID=2), EAST),
    )
    report = bring_in(engine, "areas", path)
    assert found(report) == [(1, "AREA_PARTS", "note")]
    assert (report.change.inserted, report.repeated, report.exit_code) == (2, 1, 0)
    known = areas(engine).set_index("code")
    assert known.geometry[GRID].equals(shapely.box(*place(0, 0), *place(20, 10)))
    again = bring_in(engine, "areas", path)
    assert (again.change.inserted, again.change.updated, again.change.unchanged) == (0, 0, 2)


def test_parts_come_with_a_date_as_one_new_boundary_and_never_as_the_first_alone(engine, tmp_path):
    whole = area_file(tmp_path / "a.geojson", (grid(), rectangle(0, 0, 20, 10)))
    bring_in(engine, "areas", whole)
    parts = area_file(tmp_path / "b.geojson", (grid(), WEST), (grid(), EAST))
    report = bring_in(engine, "areas", parts, valid_from=date(2026, 1, 1))
    assert found(report) == [(1, "AREA_PARTS", "note")]
    assert areas(engine).geometry.iloc[0].equals(shapely.box(*place(0, 0), *place(20, 10)))


@pytest.mark.parametrize(
    "other",
    [
        (grid(name="东格"), EAST),
        (grid(), None),
        (grid(), {"type": "Point", "coordinates": [117, 30]}),
    ],
)
def test_parts_that_do_not_belong_together_are_none_of_them_taken(engine, tmp_path, other):
    path = area_file(
        tmp_path / "a.geojson",
        (grid(), WEST),
        other,
        (grid("340802001001002", "远格"), rectangle(30, 0, 40, 10)),
    )
    report = bring_in(engine, "areas", path)
    assert {f.row for f in report.findings if f.severity == "error"} == {1, 2}
    assert "AREA_PARTS_DIFFER" in {f.code for f in report.findings if f.row == 1}
    assert areas(engine)["code"].tolist() == ["340802001001002"]
    assert report.quarantined == 2


def test_the_same_shape_twice_is_one_row_repeated(engine, tmp_path):
    path = area_file(tmp_path / "a.geojson", (grid(), WEST), (grid(), WEST))
    assert found(bring_in(engine, "areas", path)) == [(2, "DUPLICATE_ROW", "note")]


def far_off(x=0):
    """Return a rectangle three degrees of longitude to the east, as a wrong zone would have it."""
    ring = [[lon + 3, lat] for lon, lat in rectangle(x, 0, x + 10, 10)["coordinates"][0]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_areas_far_from_all_that_is_loaded_hold_the_file(town, tmp_path):
    path = area_file(
        tmp_path / "a.geojson",
        (grid("340802001001008", "甲格"), far_off()),
        (grid("340802001001009", "乙格"), far_off(10)),
    )
    before = len(areas(town))
    report = bring_in(town, "areas", path)
    assert (report.refused, report.exit_code, len(areas(town))) == (True, 2, before)
    assert (report.held["declared"], report.held["suggested"]) == ("wgs84", None)
    assert report.held["evidence"][0]["distance_km"] == pytest.approx(287, abs=2)
    assert "--crs-is-certain" in report.held["text"]["zh"]
    sure = bring_in(town, "areas", path, certain=True)
    assert (sure.change.inserted, len(areas(town))) == (2, before + 2)
    assert {f.severity for f in sure.findings if f.code == "AREA_FAR"} == {"warning"}


def test_one_area_far_from_the_others_is_quarantined_alone(town, tmp_path):
    path = area_file(
        tmp_path / "a.geojson",
        (grid("340802001001008", "甲格"), far_off()),
        (grid("340802001001009", "乙格"), rectangle(40, 0, 50, 10)),
    )
    report = bring_in(town, "areas", path)
    assert [line for line in found(report) if line[1] == "AREA_FAR"] == [(1, "AREA_FAR", "error")]
    assert (report.change.inserted, report.quarantined) == (1, 1)


def test_the_first_areas_of_all_are_far_from_nothing(engine, tmp_path):
    path = area_file(tmp_path / "a.geojson", (grid(), WEST), (grid("B", "远格"), far_off()))
    assert bring_in(engine, "areas", path).change.inserted == 2


def register(path, *rows, header="名称,经度,纬度"):
    return written(path, header, *(",".join(map(str, row)) for row in rows))


def gate(name, x, y=0, code=None):
    return (*([] if code is None else [code]), name, *place(x, y))


def cameras(engine):
    found = rows_of(engine, "SELECT code, name FROM govgrid.camera ORDER BY name, code")
    return found["name"].tolist()


def test_a_camera_without_a_code_that_was_moved_is_asked_about(engine, tmp_path):
    first = register(tmp_path / "1.csv", gate("东门", 1), gate("西门", 2))
    bring_in(engine, "cameras", first)
    again = bring_in(
        engine, "cameras", register(tmp_path / "2.csv", gate("东门", 11), gate("西门", 2))
    )
    (moved,) = [f for f in again.findings if f.code == "CAMERA_MOVED"]
    assert (moved.row, moved.value, moved.severity) == (2, "东门", "error")
    assert moved.facts["distance_m"] == pytest.approx(96, abs=1)
    assert (again.change.unchanged, again.quarantined) == (1, 1)
    assert cameras(engine) == ["东门", "西门"]
    # answered: it was moved
    header = "编码,名称,经度,纬度"
    answer = register(tmp_path / "3.csv", gate("东门", 11, code=moved.suggested), header=header)
    done = bring_in(engine, "cameras", answer)
    assert (done.change.updated, found(done)) == (1, [])
    assert cameras(engine) == ["东门", "西门"]
    # answered: it is another one
    rows = gate("东门", 1, code="E2"), gate("东二门", 1, code="")
    other = bring_in(engine, "cameras", register(tmp_path / "4.csv", *rows, header=header))
    assert found(other) == [(2, "CAMERA_MOVED", "warning")]
    assert len(cameras(engine)) == 4


@pytest.mark.parametrize(("x", "moved"), [(2.0, True), (40, True), (60, False), (1.02, False)])
def test_how_far_a_camera_of_one_name_may_have_moved(engine, tmp_path, x, moved):
    bring_in(engine, "cameras", register(tmp_path / "1.csv", gate("东门", 1)))
    again = bring_in(engine, "cameras", register(tmp_path / "2.csv", gate("东门", x)))
    assert [f.code for f in again.findings] == (["CAMERA_MOVED"] if moved else [])
    # within a metre it is the same camera, beyond 500 m another one
    assert len(cameras(engine)) == (2 if x == 60 else 1)


def test_cameras_of_one_name_side_by_side_stay_several(engine, tmp_path):
    rows = [gate("门口", x) for x in (0, 1, 2)]
    path = register(tmp_path / "1.csv", *rows)
    bring_in(engine, "cameras", path)
    again = bring_in(engine, "cameras", register(tmp_path / "2.csv", *rows, gate("门口", 30)))
    assert (again.change.unchanged, again.change.inserted, again.quarantined) == (3, 1, 0)


def test_a_file_mapped_rightly_later_does_not_double_its_cameras(engine, tmp_path):
    header = "名称,经度,纬度,号"
    rows = [(*gate(f"口{n}", n), f"C{n}") for n in range(20)]
    path = register(tmp_path / "1.csv", *rows, header=header)
    first = bring_in(engine, "cameras", path)
    again = bring_in(engine, "cameras", path, mapping={"code": "号"})
    assert {(f.code, f.severity) for f in again.findings} == {("CAMERA_TWIN", "error")}
    assert (again.change.inserted, again.quarantined) == (0, 20)
    assert len(cameras(engine)) == 20
    told = again.findings[0]
    assert (told.column, told.value, told.facts["run"]) == ("号", "C0", first.run)
    assert f"第 {first.run} 次" in told.advice("zh")


def test_two_codes_of_one_name_at_one_place_are_taken_and_named(engine, tmp_path):
    header = "编码,名称,经度,纬度"
    bring_in(
        engine, "cameras", register(tmp_path / "1.csv", gate("口", 1, code="A"), header=header)
    )
    path = register(
        tmp_path / "2.csv", gate("口", 1, code="B"), gate("口", 9, code="C"), header=header
    )
    again = bring_in(engine, "cameras", path)
    assert found(again) == [(2, "CAMERA_TWIN", "warning")]
    assert again.findings[0].suggested == "A"
    assert len(cameras(engine)) == 3
    assert found(bring_in(engine, "cameras", path)) == []


def test_a_file_of_which_no_area_can_be_used_is_quarantined_whole(engine, tmp_path):
    shapes = [rectangle(0, 0, 1, 1), rectangle(2, 0, 3, 1)]
    rows = [
        ({"code": "340802001001", "name": name}, shape)
        for name, shape in zip(("甲", "乙"), shapes, strict=True)
    ]
    path = write_geojson(tmp_path / "areas.geojson", rows)
    report = bring_in(engine, "areas", path, level="community")
    assert (report.quarantined, report.change.inserted) == (2, 0)
    assert {f.code for f in report.findings} == {"AREA_PARTS_DIFFER"}
