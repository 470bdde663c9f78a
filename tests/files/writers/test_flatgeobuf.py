"""FlatGeobuf as it is streamed is what GDAL reads back: values, empty cells, shapes, head."""

import math
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.files.writers.flatgeobuf import FileHead, stream_flatgeobuf

COLUMNS = {
    **{"code": "text", "n": "integer", "height_m": "number", "powered": "boolean"},
    **{"since": "date", "at": "time"},
}
BEIJING = timezone(timedelta(hours=8))
ROWS = [
    ["甲", 5, 1.5, True, date(2026, 1, 2), datetime(2026, 9, 30, 21, 40, 0, 123_000, BEIJING)],
    ["P2", None, None, False, None, None],
    ["", -(2**60), -1e300, None, None, None],
]
SQUARE, HOLED = (
    shapely.box(0, 0, 1, 1),
    shapely.box(2, 2, 6, 6).difference(shapely.box(3, 3, 4, 4)),
)
SHAPES = {
    "Point": [shapely.Point(117, 30.5), None, shapely.Point(1, 2)],
    "MultiLineString": [
        shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3), (4, 5)]]),
        None,
        shapely.MultiLineString([[(0, 0), (1, 1)]]),
    ],
    "MultiPolygon": [
        shapely.MultiPolygon([SQUARE, HOLED]),
        None,
        shapely.MultiPolygon([HOLED]),
    ],
}


def written(path, rows, shapes, kind="Point", srid=4326, bounds=(0.0, 0.0, 117.0, 30.5)):
    whole = FileHead("层", COLUMNS, kind, srid, len(rows), bounds)
    path.write_bytes(b"".join(stream_flatgeobuf(zip(rows, shapes, strict=True), whole)))
    return path


@pytest.mark.parametrize("kind", SHAPES)
def test_gdal_reads_back_what_was_written(kind, tmp_path):
    path = written(tmp_path / "x.fgb", ROWS, SHAPES[kind], kind, srid=4548)
    told = pyogrio.read_info(path)
    assert (told["features"], told["crs"], told["layer_name"]) == (3, "EPSG:4548", "层")
    assert told["geometry_type"] == kind
    assert tuple(told["total_bounds"]) == (0.0, 0.0, 117.0, 30.5)
    assert list(told["ogr_types"][:4]) == ["OFTString", "OFTInteger64", "OFTReal", "OFTInteger"]
    _, _, shapes, (code, n, height, powered, since, _) = pyogrio.raw.read(path)
    found = shapely.from_wkb(shapes)
    assert [a == b for a, b in zip(found, SHAPES[kind], strict=True)] == [True] * 3
    assert list(code) == ["甲", "P2", ""]
    assert (n[0], n[2], math.isnan(n[1])) == (5, -(2**60), True)
    assert (height[0], height[2]) == (1.5, -1e300)
    assert (powered[0], powered[1]) == (1, 0)
    assert since[0] == np.datetime64("2026-01-02")
    assert np.isnat(since[1])
    moment = pyogrio.read_dataframe(path)["at"][0]
    assert moment == datetime(2026, 9, 30, 13, 40, 0, 123_000, UTC)


def test_a_layer_without_rows_has_a_head_and_no_box(tmp_path):
    path = written(tmp_path / "x.fgb", [], [], bounds=None)
    assert len(pyogrio.read_dataframe(path)) == 0


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9),
            st.none() | st.integers(-(2**53), 2**53),
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_texts_of_any_length_leave_what_follows_in_its_place(rows):
    whole = FileHead("x", dict(list(COLUMNS.items())[:3]), "Point", 4326, len(rows), None)
    shapes = [shapely.Point(n, -n) for n in range(len(rows))]
    content = b"".join(stream_flatgeobuf(zip(rows, shapes, strict=True), whole))
    _, _, places, (code, n, height) = pyogrio.raw.read(content)
    assert list(shapely.get_x(shapely.from_wkb(places))) == [float(i) for i in range(len(rows))]
    for row, *found in zip(rows, code, n, height, strict=True):
        for told, cell in zip(row, found, strict=True):
            if told is None:
                assert cell is None or math.isnan(cell)
            else:
                assert cell == told
