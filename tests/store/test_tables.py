"""Rows in: inserted, updated, left alone."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point
from sqlalchemy import text

from geo.store import db, frames, tables
from geo.store.tables import Change

pytestmark = pytest.mark.postgis


def places(*rows):
    frame = pd.DataFrame(rows, columns=["code", "name", "kind", "weight", "lon", "lat"])
    geometry = gpd.points_from_xy(frame.pop("lon"), frame.pop("lat"))
    frame["attributes"] = [{"remark": "演示"} for _ in range(len(frame))]
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=4326)


TWO = (
    ("P1", "学校", "学校", 1.0, 117.0, 30.5),
    ("P2", '医院, "二"\n院', "医院", None, 117.1, 30.5),
)


def bring(engine, frame, **options):
    with db.open_transaction(engine) as connection:
        return tables.upsert_rows(connection, "place", frame, **options)


def test_new_rows_are_inserted_as_they_are(engine):
    assert bring(engine, places(*TWO)) == Change(2, 0, 0)
    with db.open_transaction(engine) as connection:
        stored = frames.read_layer(connection, "SELECT * FROM govgrid.place ORDER BY code")
    assert stored["name"].tolist() == ["学校", '医院, "二"\n院']
    assert stored["weight"].isna().tolist() == [False, True]
    assert stored.geometry.iloc[1] == Point(117.1, 30.5)
    assert stored["attributes"].iloc[0] == {"remark": "演示"}


def test_the_same_rows_twice_change_nothing(engine):
    bring(engine, places(*TWO), run=1)
    assert bring(engine, places(*TWO), run=2) == Change(0, 0, 2)
    with db.open_transaction(engine) as connection:
        assert (
            frames.read_frame(connection, "SELECT import_run FROM govgrid.place")["import_run"]
            .eq(1)
            .all()
        )


def test_only_the_row_that_differs_is_updated(engine):
    bring(engine, places(*TWO))
    moved = places(TWO[0], ("P2", TWO[1][1], "医院", None, 117.2, 30.5))
    assert bring(engine, moved) == Change(0, 1, 1)


def test_columns_that_a_file_lacks_stay_as_they_are(engine):
    bring(engine, places(*TWO))
    assert bring(engine, places(*TWO)[["code", "name", "kind", "geometry"]]) == Change(0, 0, 2)
    renamed = places(("P1", "新学校", "学校", 1.0, 117.0, 30.5)).drop(
        columns=["weight", "attributes"]
    )
    assert bring(engine, renamed) == Change(0, 1, 0)
    with db.open_transaction(engine) as connection:
        row = frames.read_frame(connection, "SELECT * FROM govgrid.place WHERE code = 'P1'").iloc[0]
    assert (row["name"], row["weight"], row["attributes"]) == ("新学校", 1.0, {"remark": "演示"})


def test_no_rows_are_no_change(engine):
    assert bring(engine, places()) == Change()


def test_a_text_that_looks_like_sql_or_null_is_only_text(engine):
    hostile = "\\N'); DROP TABLE govgrid.place; --"
    bring(engine, places(("P1", hostile, "x", None, 117.0, 30.5)))
    with db.open_transaction(engine) as connection:
        name = connection.execute(text("SELECT name FROM govgrid.place")).scalar_one()
    assert name == hostile


def test_a_text_that_is_the_mark_of_null_is_kept(engine):
    bring(engine, places(("P1", "\\N", "x", None, 117.0, 30.5)))
    with db.open_transaction(engine) as connection:
        assert connection.execute(text("SELECT name FROM govgrid.place")).scalar_one() == "\\N"
