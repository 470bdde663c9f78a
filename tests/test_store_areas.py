"""Areas: parents by code and by place, the made district, versions."""

from datetime import date, timedelta

import geopandas as gpd
import pytest
from shapely.geometry import box

from geo.store import areas, db

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


GRIDS = frame("grid", ("G1", None, box(0, 0, 1, 1)), ("G2", None, box(1, 0, 2, 1)))
COMMUNITIES = frame("community", ("C1", None, box(0, 0, 1.2, 1)), ("C2", None, box(1.2, 0, 2, 1)))


def bring(engine, rows, **options):
    with db.transaction(engine) as connection:
        return areas.bring_in(connection, rows, run=1, **options)


def known(engine, at=None):
    with db.transaction(engine) as connection:
        return areas.now(connection, at=at)


def parent_of(engine, code):
    found = known(engine)
    row = found[found["code"] == code].iloc[0]
    return found.loc[row["parent_unit_id"], "code"]


def test_a_district_is_made_where_none_was_given(engine):
    bring(engine, GRIDS)
    found = known(engine)
    district = found[found["level"] == "district"]
    assert district["code"].tolist() == [areas.MADE_CODE]
    assert district.geometry.iloc[0].equals(box(0, 0, 2, 1))
    assert parent_of(engine, "G1") == areas.MADE_CODE


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
    assert [codes[int(unit)] for unit in path.split(".")] == [areas.MADE_CODE, "C1", "G1"]


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
