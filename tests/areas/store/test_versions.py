"""Areas: parents by code and by place, the made district, versions and their end."""

from datetime import date, timedelta

import geopandas as gpd
import pytest
from shapely.geometry import box

from geo.areas.store import versions as area_versions
from geo.base.errors import InputError, NotFoundError
from geo.store import db, frames, undo

pytestmark = pytest.mark.postgis


def frame(level, *rows):
    return gpd.GeoDataFrame(
        [
            {"level": level, "code": code, "name": code, "parent_code": parent, "attributes": {}}
            for code, parent, _ in rows
        ],
        geometry=[shape for *_, shape in rows],
        crs=4326,
    )


AUTUMN, WINTER = date(2026, 10, 1), date(2027, 1, 1)
BEFORE = AUTUMN - timedelta(days=1)
GRIDS = frame("grid", ("G1", None, box(0, 0, 1, 1)), ("G2", None, box(1, 0, 2, 1)))
COMMUNITIES = frame("community", ("C1", None, box(0, 0, 1.2, 1)), ("C2", None, box(1.2, 0, 2, 1)))


def bring(engine, rows, **options):
    with db.open_transaction(engine) as connection:
        return area_versions.bring_in(connection, rows, run=1, **options)


def known(engine, at=None):
    with db.open_transaction(engine) as connection:
        return area_versions.valid_areas(connection, at=at)


def parent_of(engine, code):
    found = known(engine)
    row = found[found["code"] == code].iloc[0]
    return found.loc[row["parent_unit_id"], "code"]


def test_a_district_is_made_where_none_was_given(engine):
    bring(engine, GRIDS)
    found = known(engine)
    district = found[found["level"] == "district"]
    assert district["code"].tolist() == [area_versions.MADE_CODE]
    assert district.geometry.iloc[0].equals(box(0, 0, 2, 1))
    assert parent_of(engine, "G1") == area_versions.MADE_CODE


def test_a_real_district_takes_the_place_of_the_made_one(engine):
    bring(engine, GRIDS)
    bring(engine, frame("district", ("D", None, box(0, 0, 2, 1))))
    found = known(engine)
    assert found.loc[found["level"] == "district", "code"].tolist() == ["D"]
    assert parent_of(engine, "G2") == "D"


def test_areas_find_their_parent_by_largest_overlap_in_any_order_of_import(engine):
    bring(engine, GRIDS)
    bring(engine, COMMUNITIES)
    # G2 shares 0.2 with C1 and 0.8 with C2.
    assert (parent_of(engine, "G1"), parent_of(engine, "G2")) == ("C1", "C2")


def test_a_given_parent_code_beats_the_place(engine):
    bring(engine, COMMUNITIES)
    bring(engine, frame("grid", ("G2", "C1", box(1, 0, 2, 1))))
    assert parent_of(engine, "G2") == "C1"


def test_a_parent_code_that_is_unknown_falls_back_to_the_place(engine):
    bring(engine, COMMUNITIES)
    bring(engine, frame("grid", ("G2", "C9", box(1, 0, 2, 1))))
    assert parent_of(engine, "G2") == "C2"


def test_the_path_runs_from_the_district_to_the_area(engine):
    bring(engine, COMMUNITIES)
    bring(engine, GRIDS)
    found = known(engine)
    codes = found["code"].to_dict()
    path = found.loc[found["code"] == "G1", "path"].iloc[0]
    assert [codes[int(unit)] for unit in path.split(".")] == [area_versions.MADE_CODE, "C1", "G1"]


def test_the_same_areas_twice_change_nothing(engine):
    bring(engine, GRIDS)
    again = bring(engine, GRIDS)
    assert (again.change.inserted, again.change.updated, again.change.unchanged) == (0, 0, 2)


def test_a_new_name_updates_in_place(engine):
    bring(engine, GRIDS)
    done = bring(engine, GRIDS.assign(name=["新名", "G2"]))
    assert (done.change.updated, done.change.unchanged) == (1, 1)


def test_a_changed_boundary_without_a_date_is_left_out_and_named(engine):
    bring(engine, GRIDS)
    moved = frame("grid", ("G1", None, box(0, 0, 0.9, 1)))
    done = bring(engine, moved)
    assert done.moved == ("G1",)
    found = known(engine)
    assert found.loc[found["code"] == "G1", "geometry"].iloc[0].equals(box(0, 0, 1, 1))


def test_a_changed_boundary_with_a_date_closes_the_old_version(engine):
    bring(engine, GRIDS)
    today = date.today()
    bring(engine, frame("grid", ("G1", None, box(0, 0, 0.9, 1))), valid_from=today)
    before, now = known(engine, at=today - timedelta(days=1)), known(engine)
    assert before.loc[before["code"] == "G1"].geometry.iloc[0].equals(box(0, 0, 1, 1))
    assert now.loc[now["code"] == "G1"].geometry.iloc[0].equals(box(0, 0, 0.9, 1))
    units = {f.index[f["code"] == "G1"][0] for f in (before, now)}
    assert len(units) == 1


def test_areas_that_a_file_does_not_name_are_not_touched(engine):
    bring(engine, GRIDS)
    bring(engine, frame("grid", ("G3", None, box(2, 0, 3, 1))))
    assert set(known(engine)["code"]) >= {"G1", "G2", "G3"}


def test_what_a_file_lacks_stays(engine):
    bring(engine, COMMUNITIES)
    bring(engine, frame("grid", ("G2", "C1", box(1, 0, 2, 1))).assign(kind="专属网格"))
    bare = frame("grid", ("G2", None, box(1, 0, 2, 1))).drop(columns=["parent_code", "attributes"])
    done = bring(engine, bare.assign(name="新名"))
    assert done.change.updated == 1
    row = known(engine).set_index("code").loc["G2"]
    assert (row["name"], row["kind"], row["parent_given"]) == ("新名", "专属网格", "C1")


def test_a_parent_by_place_that_comes_back_by_name_is_no_change(engine):
    bring(engine, COMMUNITIES)
    bring(engine, GRIDS)
    named = GRIDS.assign(parent_code=["C1", "C2"])
    assert bring(engine, named).change.unchanged == 2


def moved(east=0.9, **cells):
    return frame("grid", ("G1", None, box(0, 0, east, 1))).assign(**cells)


def codes_at(engine, level, at=None):
    found = known(engine, at)
    return sorted(found.loc[found["level"] == level, "code"])


def shape_at(engine, code, at=None):
    return known(engine, at).set_index("code").loc[code, "geometry"]


def test_a_version_to_come_is_not_todays(engine):
    bring(engine, GRIDS)
    later = date.today() + timedelta(days=30)
    bring(engine, moved(), valid_from=later)
    assert shape_at(engine, "G1").equals(box(0, 0, 1, 1))
    assert shape_at(engine, "G1", later).equals(box(0, 0, 0.9, 1))


@pytest.mark.parametrize("days", [-30, 0, 30])
def test_the_same_file_with_the_same_date_changes_nothing(engine, days):
    bring(engine, GRIDS)
    day = date.today() + timedelta(days=days)
    assert bring(engine, moved(name="新名"), valid_from=day).change.updated == 1
    again = bring(engine, moved(name="新名"), valid_from=day)
    assert (again.change.updated, again.change.unchanged) == (0, 1)


def test_new_areas_with_a_date_twice_are_there_once(engine):
    assert bring(engine, GRIDS, valid_from=AUTUMN).change.inserted == 2
    assert bring(engine, GRIDS, valid_from=AUTUMN).change.unchanged == 2
    assert codes_at(engine, "grid", BEFORE) == []
    assert codes_at(engine, "district", AUTUMN) == [area_versions.MADE_CODE]


@pytest.mark.parametrize("cells", [{"name": "新名"}, {"kind": "专属网格"}])
def test_a_name_or_kind_with_a_date_makes_a_version(engine, cells):
    bring(engine, GRIDS.assign(kind="基础网格"))
    bring(engine, GRIDS.iloc[:1].assign(kind="基础网格").assign(**cells), valid_from=AUTUMN)
    (name, value), *_ = cells.items()
    before, after = (known(engine, at).set_index("code") for at in (BEFORE, AUTUMN))
    assert before.loc["G1", name] in ("G1", "基础网格")
    assert after.loc["G1", name] == value


def test_a_file_put_right_on_the_same_date_corrects_that_version(engine):
    bring(engine, GRIDS)
    bring(engine, moved(), valid_from=AUTUMN)
    done = bring(engine, moved(0.8), valid_from=AUTUMN)
    assert done.change.updated == 1
    assert shape_at(engine, "G1", AUTUMN).equals(box(0, 0, 0.8, 1))
    assert shape_at(engine, "G1", BEFORE).equals(box(0, 0, 1, 1))


def test_a_change_before_the_newest_version_is_refused(engine):
    bring(engine, GRIDS)
    bring(engine, moved(), valid_from=AUTUMN)
    with pytest.raises(InputError, match="G1: a version that holds from 2026-10-01 on") as caught:
        bring(engine, moved(0.8), valid_from=BEFORE)
    assert "2026-09-30" in str(caught.value)


def test_a_file_of_an_earlier_date_that_says_what_held_then_changes_nothing(engine):
    bring(engine, GRIDS, valid_from=BEFORE)
    bring(engine, moved(), valid_from=AUTUMN)
    assert bring(engine, GRIDS, valid_from=BEFORE).change.unchanged == 2


def test_an_area_that_is_not_there_today_needs_a_date(engine):
    later = date.today() + timedelta(days=30)
    bring(engine, GRIDS, valid_from=later)
    with pytest.raises(InputError, match="--valid-from"):
        bring(engine, GRIDS)


THREE = frame(
    "community",
    ("C1", None, box(0, 0, 1, 1)),
    ("C2", None, box(1, 0, 2, 1)),
    ("C3", None, box(2, 0, 3, 1)),
)
MERGED = frame("community", ("C1", None, box(0, 0, 1, 1)), ("C2", None, box(1, 0, 3, 1)))
WHOLE = frame("district", ("D", None, box(0, 0, 3, 1)))


def merge(engine, **options):
    given = {"valid_from": AUTUMN, "complete_under": "D", **options}
    return bring(engine, MERGED, **given)


@pytest.fixture
def three(engine):
    bring(engine, WHOLE)
    bring(engine, THREE)
    bring(engine, frame("grid", ("G3", None, box(2.2, 0, 2.8, 1))))
    return engine


def test_a_complete_file_ends_what_it_does_not_name(three):
    done = merge(three)
    assert done.closed == ("C3",)
    assert (done.change.updated, done.change.unchanged) == (1, 1)
    assert codes_at(three, "community", BEFORE) == ["C1", "C2", "C3"]
    assert codes_at(three, "community", AUTUMN) == ["C1", "C2"]


def test_a_complete_file_twice_changes_nothing(three):
    merge(three)
    again = merge(three)
    assert (again.closed, again.change.unchanged) == ((), 2)


def test_a_complete_file_leaves_other_levels_and_places_alone(three):
    bring(three, frame("district", ("E", None, box(5, 0, 6, 1))))
    bring(three, frame("community", ("C9", None, box(5, 0, 6, 1))))
    merge(three)
    assert "C9" in codes_at(three, "community", AUTUMN)
    assert codes_at(three, "grid", AUTUMN) == ["G3"]


def test_what_a_file_names_in_a_row_that_could_not_be_taken_does_not_end(three):
    assert merge(three, spared=["C3"]).closed == ()


def test_a_complete_file_needs_a_date(three):
    with pytest.raises(InputError, match="--valid-from"):
        merge(three, valid_from=None)


def test_a_complete_file_needs_an_area_that_is_known_and_above(three):
    with pytest.raises(NotFoundError, match="“X”"):
        merge(three, complete_under="X")
    with pytest.raises(InputError, match="no area above"):
        merge(three, complete_under="C1")


def test_an_area_that_would_begin_and_end_on_one_day_never_was(three):
    split = frame("community", ("C3", None, box(2, 0, 2.5, 1)), ("C4", None, box(2.5, 0, 3, 1)))
    bring(three, split, valid_from=AUTUMN)
    done = bring(three, THREE, valid_from=AUTUMN, complete_under="D")
    assert done.closed == ("C4",)
    assert rows_of(three, "SELECT code FROM govgrid.area WHERE code = 'C4'") == []
    assert shape_at(three, "C3", AUTUMN).equals(box(2, 0, 3, 1))


def test_an_ended_code_that_comes_again_is_the_same_area(three):
    merge(three)
    bring(three, THREE.iloc[2:], valid_from=WINTER)
    found = [known(three, at) for at in (BEFORE, AUTUMN, WINTER)]
    units = [f.index[f["code"] == "C3"].tolist() for f in found]
    assert units[1] == []
    assert units[0] == units[2]


def test_a_grid_belongs_to_the_community_of_its_time(three):
    merge(three)
    for at, code in ((BEFORE, "C3"), (AUTUMN, "C2")):
        found = known(three, at)
        grid = found[found["code"] == "G3"].iloc[0]
        assert found.loc[grid["parent_unit_id"], "code"] == code


def rows_of(engine, statement):
    with db.open_transaction(engine) as connection:
        return [
            tuple(row) for row in frames.read_frame(connection, statement).itertuples(index=False)
        ]


def remembered(engine, rows, run, **options):
    with db.open_transaction(engine) as connection:
        connection.exec_driver_sql(
            f"INSERT INTO govgrid.import_run (id, layer, source, file_sha256, options, by_whom,"
            f" read, inserted, updated, unchanged, quarantined) OVERRIDING SYSTEM VALUE"
            f" VALUES ({run}, 'areas', 'a', '', '{{}}', 't', 0, 0, 0, 0, 0)"
        )
        connection.exec_driver_sql(f"SET LOCAL govgrid.import_run = '{run}'")
        return area_versions.bring_in(connection, rows, run=run, **options)


STATE = (
    "SELECT code, valid::text, ST_AsText(geom), name FROM govgrid.area ORDER BY code, valid",
    "SELECT unit_id, valid::text, path::text FROM govgrid.area_nesting ORDER BY unit_id, valid",
    "SELECT old_unit_id, new_unit_id, kind FROM govgrid.area_succession",
)


def test_what_is_derived_is_not_remembered_as_work_of_a_run(engine):
    remembered(engine, GRIDS, 7)
    made = rows_of(engine, "SELECT id FROM govgrid.area WHERE code = '~district'")
    kept = rows_of(engine, "SELECT table_name, (key->>'id')::bigint FROM govgrid.import_change")
    assert [table for table, _ in kept] == ["area", "area"]
    assert not {number for _, number in kept} & {number for (number,) in made}


def test_versions_and_successions_of_a_run_can_be_taken_back(three):
    before = [rows_of(three, statement) for statement in STATE]
    remembered(three, MERGED, 8, valid_from=AUTUMN, complete_under="D")
    assert [rows_of(three, statement) for statement in STATE] != before
    with db.open_transaction(three) as connection:
        undo.undo_changes(connection, 8)
        area_versions.rebuild_derived(connection)
    assert [rows_of(three, statement) for statement in STATE] == before


def test_linking_again_writes_nothing(three):
    merge(three)
    stamps = "SELECT ctid::text, xmin::text FROM govgrid.{} ORDER BY 1"
    tables = [stamps.format(name) for name in ("area", "area_nesting", "area_succession")]
    before = [rows_of(three, statement) for statement in tables]
    with db.open_transaction(three) as connection:
        area_versions.rebuild_derived(connection)
    assert [rows_of(three, statement) for statement in tables] == before
