"""Frames into tables: every cell arrives as it was, whatever its type, wherever it was cut."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from geo.store import db, frames

pytestmark = pytest.mark.postgis
CELLS = st.lists(
    st.tuples(
        st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
        st.none() | st.floats(allow_nan=False),
        st.none() | st.booleans(),
        st.none() | st.integers(-(2**53), 2**53),
    ),
    min_size=1,
)


def there_and_back(connection, frame, columns):
    connection.execute(text("DROP TABLE IF EXISTS copied"))
    connection.execute(text(f"CREATE TEMP TABLE copied ({columns}, at integer)"))
    frames.copy_in(connection, "copied", frame.assign(at=range(len(frame))), schema=None)
    rows = connection.execute(text("SELECT * FROM copied ORDER BY at")).fetchall()
    return [tuple(row)[:-1] for row in rows]


@given(CELLS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cells_of_any_type_arrive_as_they_were(engine, cells):
    names = ("words", "number", "truth", "count")
    frame = pd.DataFrame(cells, columns=list(names), dtype=object)
    frame["count"] = pd.array([cell[3] for cell in cells], dtype="Int64")
    with db.open_transaction(engine) as connection:
        found = there_and_back(
            connection, frame, "words text, number float8, truth boolean, count bigint"
        )
    assert found == cells


def test_stretches_of_longer_columns_arrive_too(engine):
    words = pd.Series([f'字{k},"{k}"' for k in range(5000)], dtype="str")
    whole = pd.DataFrame({"words": words, "number": np.arange(5000) / 4})
    joined = pd.concat([whole.iloc[4000:4001], whole.iloc[10:13], whole.iloc[2500:]])
    with db.open_transaction(engine) as connection:
        for part in (whole.iloc[3:4], whole.iloc[1023:3000:7], joined):
            found = there_and_back(connection, part, "words text, number float8")
            assert found == list(part.itertuples(index=False, name=None))


def test_times_dicts_lists_and_places_arrive_as_their_types(engine):
    moment = pd.Timestamp("2026-09-30 21:40:00.25", tz="Asia/Shanghai")
    frame = gpd.GeoDataFrame(
        {
            "moment": pd.Series([moment, None], dtype=object),
            "day": pd.Series([dt.date(2026, 9, 30), None], dtype=object),
            "more": pd.Series([{"a": "\u4e2d"}, {}], dtype=object),
            "shares": pd.Series([[1.5, 2.0], None], dtype=object),
        },
        geometry=[shapely.Point(117.05, 30.5), None],
        crs=4326,
    )
    with db.open_transaction(engine) as connection:
        first, second = there_and_back(
            connection,
            frame,
            "moment timestamptz, day date, more jsonb, shares float8[], geom geometry(Point, 4326)",
        )
    assert first[:4] == (moment, dt.date(2026, 9, 30), {"a": "\u4e2d"}, [1.5, 2.0])
    assert shapely.from_wkb(first[4]) == shapely.Point(117.05, 30.5)
    assert second == (None, None, {}, None, None)
