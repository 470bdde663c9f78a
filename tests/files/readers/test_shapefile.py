"""Shapefiles as other programs leave them: every column, every row, texts in their encoding."""

import datetime as dt
import struct

import pytest

from geo.base.errors import SourceError
from geo.files.checks.check import check_rows
from geo.files.readers import SourceNote, read_file
from geo.files.schema.layers import find_layer
from tests.toy_shapefile import WGS84, shapefile

NAME = ("NAME", "C", 20, 0)
TOWN = "大桥路口"


def refusal(path, **options):
    with pytest.raises(SourceError) as caught:
        read_file(path, **options)
    assert caught.value.text("zh")
    assert caught.value.text("en")
    return caught.value


@pytest.mark.parametrize("cpg", ["ANSI 936", "936", "GBK", "OEM 936", "GB18030", "gb2312\n"])
def test_the_names_of_chinese_encodings_are_one(tmp_path, cpg):
    path = shapefile(tmp_path / "a.shp", [NAME], [[TOWN]], cpg=cpg, encoding="gbk")
    table = read_file(path)
    assert (table.rows["NAME"].tolist(), table.encoding) == ([TOWN], "gb18030")
    assert table.notes == ()


@pytest.mark.parametrize("cpg", ["", "System", "klingon", None])
def test_an_unknown_encoding_counts_as_none_and_is_asked_for(tmp_path, cpg):
    path = shapefile(tmp_path / "a.shp", [NAME], [[TOWN]], cpg=cpg, encoding="gbk")
    assert refusal(path).key == "source.dbf_encoding"
    assert read_file(path, encoding="gbk").rows["NAME"].tolist() == [TOWN]
    plain = shapefile(tmp_path / "b.shp", [NAME], [["Bridge"]], cpg=cpg)
    assert read_file(plain).rows["NAME"].tolist() == ["Bridge"]


@pytest.mark.parametrize(
    ("cpg", "encoding", "used"),
    [
        ("GBK", "utf-8", "utf-8-sig"),
        ("UTF-8", "gbk", "gb18030"),
        ("ISO-8859-1", "utf-8", "utf-8-sig"),
    ],
)
def test_the_bytes_are_believed_before_the_cpg_file(tmp_path, cpg, encoding, used):
    path = shapefile(tmp_path / "a.shp", [NAME], [[TOWN]], cpg=cpg, encoding=encoding)
    table = read_file(path)
    assert table.rows["NAME"].tolist() == [TOWN]
    assert table.notes == (SourceNote("ENCODING_STATED", 0, "", cpg, used),)


@pytest.mark.parametrize(("encoding", "cpg"), [("utf-8", "UTF-8"), ("gbk", "GBK")])
def test_a_text_cut_by_the_width_of_its_column_loses_one_character(tmp_path, encoding, cpg):
    length = len("大桥路".encode(encoding)) + 1
    rows = [[TOWN], ["龙山"], ["Bridge"]]
    path = shapefile(
        tmp_path / "a.shp", [("NAME", "C", length, 0)], rows, cpg=cpg, encoding=encoding
    )
    table = read_file(path)
    assert table.rows["NAME"].tolist() == ["大桥路", "龙山", "Bridge"]
    assert table.notes == (SourceNote("TEXT_BROKEN", 1, "NAME", "大桥路\ufffd"),)


def test_columns_of_one_name_are_told_apart_and_the_first_keeps_it(tmp_path):
    fields = [NAME, ("ANGLE", "N", 6, 0), ("ANGLE", "N", 6, 0)]
    path = shapefile(tmp_path / "a.shp", fields, [["A", 45, 90], ["B", 135, 60]], prj=WGS84)
    assert read_file(path).headers == ("NAME", "ANGLE", "ANGLE#3")
    for column, degrees in (("ANGLE", [45.0, 135.0]), ("ANGLE#3", [90.0, 60.0])):
        taken = check_rows(read_file(path), find_layer("cameras"), mapping={"heading_deg": column})
        assert taken.rows["heading_deg"].tolist() == degrees
        noted = [(f.column, f.severity) for f in taken.findings if f.code == "COLUMN_REPEATED"]
        assert noted == [("ANGLE#3", "note")]


@pytest.mark.parametrize(("rows", "points"), [(1, 3), (3, 1)])
def test_shapes_and_rows_that_do_not_belong_together_are_refused(tmp_path, rows, points):
    path = shapefile(tmp_path / "a.shp", [NAME], [["A"]] * rows, points=points)
    found = refusal(path)
    assert (found.key, found.facts["shapes"], found.facts["rows"]) == (
        "source.shape_rows",
        points,
        rows,
    )


def test_rows_marked_as_deleted_go_with_their_shapes(tmp_path):
    path = shapefile(tmp_path / "a.shp", [NAME], [["A"], ["B", "*"], ["C"]])
    table = read_file(path)
    assert table.rows["NAME"].to_dict() == {1: "A", 3: "C"}
    assert [point.x for point in table.geometry] == [117.0451, 117.0471]
    assert table.notes == (SourceNote("ROWS_DELETED", 0, "", "1"),)


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_a_table_cut_short_is_told_as_such(tmp_path, cut):
    path = shapefile(tmp_path / "a.shp", [NAME], [["A"]] * 20)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes()[: -cut - 1])
    assert refusal(path).key == "source.dbf"


def test_cells_are_read_by_the_kind_of_their_column(tmp_path):
    day = (dt.date(2023, 5, 1) - dt.date(1, 1, 1)).days + 1721426
    cells = {
        ("n", "N", 9, 0): ["7", "", "*********"],
        ("d", "N", 9, 3): ["1.500", "-2.000", ""],
        ("day", "D", 8, 0): ["20230501", "00000000", "20231301"],
        ("yes", "L", 1, 0): ["T", "n", "?"],
        ("i", "I", 4, 0): [struct.pack("<i", n) for n in (-5, 0, 9)],
        ("b", "B", 8, 0): [struct.pack("<d", n) for n in (0.5, 0.0, float("nan"))],
        ("t", "T", 8, 0): [struct.pack("<ii", day, 3_600_000), b"", b""],
        ("text", "C", 300, 0): ["x" * 300, " a ", ""],
    }
    rows = list(map(list, zip(*cells.values(), strict=True)))
    table = read_file(shapefile(tmp_path / "a.shp", list(cells), rows))
    assert table.rows["n"].tolist() == [7, None, None]
    assert table.rows["d"].tolist() == [1.5, -2.0, None]
    assert table.rows["day"].tolist() == [dt.date(2023, 5, 1), None, "20231301"]
    assert table.rows["yes"].tolist() == [True, False, None]
    assert table.rows["i"].tolist() == [-5, 0, 9]
    assert table.rows["b"].tolist() == [0.5, 0.0, None]
    assert table.rows["t"].tolist() == [dt.datetime(2023, 5, 1, 1), None, None]
    assert table.rows["text"].tolist() == ["x" * 300, " a", None]


def test_a_code_is_whole_unless_a_program_has_lost_its_last_digits(tmp_path):
    codes = ["34080200001320000001", "34080200001320001536", "123456789012345"]
    path = shapefile(tmp_path / "a.shp", [("CODE", "N", 20, 0)], [[code] for code in codes])
    whole, lost, short = read_file(path).rows["CODE"]
    assert (whole, short) == (34080200001320000001, 123456789012345)
    assert isinstance(lost, float)


def test_columns_end_with_their_header_where_no_byte_says_so(tmp_path):
    path = shapefile(tmp_path / "a.shp", [NAME], [["Bridge"]])
    table = path.with_suffix(".dbf")
    raw = bytearray(table.read_bytes())
    (ends,) = struct.unpack_from("<H", raw, 8)
    assert raw[ends - 1] == 0x0D
    raw[ends - 1] = 0
    table.write_bytes(raw)
    assert read_file(path).rows["NAME"].tolist() == ["Bridge"]
