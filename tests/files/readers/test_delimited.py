"""Sources in parts: a long file never stands in memory as a whole, and reads the same."""

import csv
import io

import geopandas as gpd
import hypothesis
import pandas as pd
import pytest
import shapely
from hypothesis import strategies as st

from geo.base.errors import SourceError
from geo.files.readers import SourceNote, read_file, read_parts
from geo.files.readers.rows import join_parts


def text_file(tmp_path, content, encoding="utf-8"):
    path = tmp_path / "file.csv"
    path.write_bytes(content.encode(encoding))
    return path


def points(tmp_path, count):
    path = tmp_path / "file.gpkg"
    frame = {"n": list(range(count)), "名称": [f"点{n}" for n in range(count)]}
    geometry = [shapely.Point(117 + n / 1000, 30) for n in range(count)]
    gpd.GeoDataFrame(frame, geometry=geometry, crs=4326).to_file(path)
    return path


def test_a_long_text_comes_in_parts_that_share_their_headers_and_count_through(tmp_path):
    path = text_file(tmp_path, "编码,名称\n" + "".join(f"{n},点{n}\n" for n in range(5)), "gb18030")
    found = list(read_parts(path, rows=2))
    assert [table.rows.index.tolist() for table in found] == [[2, 3], [4, 5], [6]]
    assert {table.headers for table in found} == {("编码", "名称")}
    assert {(table.encoding, table.header_row) for table in found} == {("gb18030", 1)}
    assert found[2].rows.loc[6].tolist() == ["4", "点4"]
    assert {str(kind) for table in found for kind in table.rows.dtypes} == {"object"}


def test_a_cell_over_several_lines_may_cross_the_end_of_a_part(tmp_path):
    path = text_file(tmp_path, 'name,note\nA,x\nB,"one\ntwo\nthree"\nC,y\nD,z\n')
    found = list(read_parts(path, rows=2))
    assert [table.rows.index.tolist() for table in found] == [[2, 3], [6, 7]]
    assert found[0].rows.loc[3, "note"] == "one\ntwo\nthree"


def test_blank_lines_make_no_parts(tmp_path):
    path = text_file(tmp_path, "a,b\n" + ",\n" * 7 + "1,2\n" + "\n" * 5)
    assert [table.rows.index.tolist() for table in read_parts(path, rows=2)] == [[9]]
    with pytest.raises(SourceError) as caught:
        next(read_parts(text_file(tmp_path, "a,b\n" + ",\n" * 7), rows=2))
    assert caught.value.key == "source.no_rows"


def test_notes_belong_to_their_part_and_those_on_headers_to_the_first(tmp_path):
    path = text_file(tmp_path, "a\x01,b\n1,2\n3,4\n5,6,7\n8\x02,9\n")
    notes = [table.notes for table in read_parts(path, rows=2)]
    assert [[(note.code, note.row) for note in each] for each in notes] == [
        [("CONTROL_CHARACTER", 1)],
        [("ROW_LONG", 4), ("CONTROL_CHARACTER", 5)],
    ]


def test_a_header_is_filled_up_by_the_first_part(tmp_path):
    path = text_file(tmp_path, "name\nA,1\nB,2\nC\nD,4,5\n")
    first, second = read_parts(path, rows=2)
    assert first.headers == second.headers == ("name", "#2")
    assert second.notes == (SourceNote("ROW_LONG", 5, "#2", "3"),)
    assert second.rows.loc[4].tolist() == ["C", None]


def test_a_broken_character_far_behind_decides_the_encoding_of_the_whole(tmp_path):
    path = text_file(tmp_path, "名称\n")
    path.write_bytes(path.read_bytes() + b"A\n" * 3_000_000 + b"\xff\n" * 9)
    with pytest.raises(SourceError, match="utf-8-sig, gb18030"):
        next(read_parts(path, rows=10))
    with pytest.raises(SourceError, match="gb18030"):
        next(read_parts(path, rows=10, encoding="gb18030"))


def test_a_text_without_lines_is_no_table(tmp_path):
    with pytest.raises(SourceError) as caught:
        next(read_parts(text_file(tmp_path, "\0" * 5_000_000)))
    assert caught.value.key == "source.damaged"


def test_an_open_quote_in_a_later_part_is_named_by_its_line(tmp_path):
    found = read_parts(text_file(tmp_path, 'a,b\n1,2\n3,4\n5,"6\n7,8\n'), rows=2)
    assert len(next(found).rows) == 2
    with pytest.raises(SourceError) as caught:
        next(found)
    assert (caught.value.key, caught.value.facts["line"]) == ("source.csv", 4)


def test_a_boundary_of_many_corners_fits_into_a_cell(tmp_path):
    corners = ", ".join(f"{n} {n}" for n in range(30_000))
    table = read_file(text_file(tmp_path, f'name,wkt\nA""B,"LINESTRING ({corners})"\n'))
    assert len(table.rows.loc[2, "wkt"]) > 131_072


CELLS = st.text(st.sampled_from('ab, ;\t="\x01\x1c\u00a0\u3000\u2028桥0'), max_size=5)
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=12)


def written(lines, quoting, ending="\n"):
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator=ending).writerows(lines)
    return out.getvalue()


@hypothesis.given(LINES, st.sampled_from(["\n", "\r\n", "\r"]))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_quotes_around_cells_change_nothing(tmp_path, lines, ending):
    lines = [["h1", "h2", "h3"], *lines, ["x", "y", "z"]]
    plain, quoted = (
        read_file(text_file(tmp_path, written(lines, quoting, ending)))
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
    )
    assert (plain.headers, plain.notes) == (quoted.headers, quoted.notes)
    pd.testing.assert_frame_equal(plain.rows, quoted.rows)


@hypothesis.given(LINES, st.integers(1, 5), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_parts_put_together_are_the_whole(tmp_path, lines, rows, quoting):
    lines = [["h1", "h2", "h3", "h4"], *lines, ["x"]]
    path = text_file(tmp_path, written(lines, quoting))
    whole, found = read_file(path), list(read_parts(path, rows=rows))
    pd.testing.assert_frame_equal(join_parts(found).rows, whole.rows)
    assert _told(join_parts(found)) == _told(whole)
    assert max(len(table.rows) for table in found) <= rows


def _told(table):
    """The notes of a table but for blank lines, and the number of these."""
    blank = [note for note in table.notes if note.code == "ROWS_BLANK"]
    return set(table.notes) - set(blank), sum(int(note.value) for note in blank)


@hypothesis.given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=9))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_cells_are_what_the_rules_of_csv_say(tmp_path, lines):
    table = read_file(
        text_file(tmp_path, written([["a", "b"], *lines, ["x", "y"]], csv.QUOTE_MINIMAL))
    )
    kept = [cells for cells in [*lines, ["x", "y"]] if any(map(str.strip, cells))]
    assert table.rows.map(lambda cell: cell or "").to_numpy().tolist() == [
        [as_read(cell) for cell in cells] for cells in kept
    ]


def as_read(cell):
    packed = len(cell) > 2 and cell.startswith('="') and cell.endswith('"')
    text = cell[2:-1] if packed else cell
    return text.replace("\x01", "").replace("\x1c", "") if text.strip() else ""


def test_a_geopackage_comes_in_parts_with_features_counted_through(tmp_path):
    path = points(tmp_path, 5)
    found = list(read_parts(path, rows=2))
    assert [table.rows.index.tolist() for table in found] == [[1, 2], [3, 4], [5]]
    assert found[1].rows.loc[3].tolist() == [2, "点2"]
    assert found[2].geometry.loc[5] == shapely.Point(117.004, 30)
    assert {table.crs.name for table in found} == {"wgs84"}


def test_a_geopackage_that_ends_with_a_part_gives_no_empty_one(tmp_path):
    assert [len(table.rows) for table in read_parts(points(tmp_path, 4), rows=2)] == [2, 2]


def test_a_blank_beside_it_does_not_change_what_a_number_reads_as(tmp_path):
    path = tmp_path / "file.gpkg"
    numbers = pd.array([340802001001, None, 7, 9], dtype="Int64")
    yes = pd.array([True, None, False, True], dtype="boolean")
    frame = {"n": numbers, "yes": yes, "h": [1.0, None, 2.0, 3.0]}
    gpd.GeoDataFrame(frame, geometry=[shapely.Point(1, 2)] * 4, crs=4326).to_file(path)
    rows = read_file(path).rows
    assert rows["n"].tolist() == [340802001001, None, 7, 9]
    assert rows["yes"].tolist() == [True, None, False, True]
    assert [type(cell) for cell in rows["n"].dropna()] == [int] * 3
    pd.testing.assert_frame_equal(join_parts(list(read_parts(path, rows=2))).rows, rows)


def test_features_without_attributes_are_features(tmp_path):
    path = tmp_path / "file.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.Point(1, 2)], crs=4326).to_file(path)
    assert read_file(path).geometry.tolist() == [shapely.Point(1, 2)]


def test_other_kinds_come_as_one_part(tmp_path):
    path = tmp_path / "file.geojson"
    frame = gpd.GeoDataFrame({"n": [1, 2, 3]}, geometry=[shapely.Point(1, 2)] * 3, crs=4326)
    frame.to_file(path)
    assert [len(table.rows) for table in read_parts(path, rows=2)] == [3]
