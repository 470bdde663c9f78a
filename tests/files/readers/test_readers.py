"""Sources: every file comes as one kind of table, or is refused with its own sentence."""

import datetime as dt

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from geo.base.crs import InputCRS
from geo.base.errors import SourceError
from geo.files.readers import SourceNote, read_file
from tests import SHARED_DATA

DATA = SHARED_DATA
needs_data = pytest.mark.skipif(not DATA.exists(), reason="shared test data are not here")
WGS84 = InputCRS("wgs84", 4326)


def text_file(tmp_path, content, encoding="utf-8", name="file.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode(encoding))
    return path


def workbook(tmp_path, rows, *, merged=(), title="Sheet"):
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


@pytest.fixture
def points():
    geometry = [shapely.Point(117.1, 30.5), shapely.Point(117.2, 30.6)]
    return gpd.GeoDataFrame({"名称": ["甲", "乙"], "层": [1, 2]}, geometry=geometry, crs=4326)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_text_is_read_in_the_usual_encodings(tmp_path, encoding):
    table = read_file(text_file(tmp_path, "名称,备注\n桥北,枞南村\n", encoding))
    assert table.headers == ("名称", "备注")
    assert table.rows.loc[2].tolist() == ["桥北", "枞南村"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_told_by_the_header(tmp_path, separator):
    lines = [["a", "b", "c, d"], ["1", "2", "3"]]
    text = "\n".join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    table = read_file(text_file(tmp_path, text))
    assert table.headers == ("a", "b", "c, d")
    assert table.rows.loc[2].tolist() == ["1", "2", "3"]


def test_rows_carry_the_line_they_stand_on(tmp_path):
    text = '\nname,note\nA,"two\nlines"\n,\n\nB,x\n'
    table = read_file(text_file(tmp_path, text))
    assert table.header_row == 2
    assert table.rows.index.tolist() == [3, 7]
    assert table.rows.index.name == "row"
    assert table.rows["note"].tolist() == ["two\nlines", "x"]


def test_cells_stay_text_and_blank_ones_are_none(tmp_path):
    table = read_file(text_file(tmp_path, 'code,n,x\n="0012", 7 ,\n'))
    assert table.rows.dtypes.tolist() == [object] * 3
    assert table.rows.loc[2].tolist() == ["0012", " 7 ", None]


def test_blank_and_repeated_headers_carry_their_number(tmp_path):
    table = read_file(text_file(tmp_path, "name,,name\nA,B,C\n"))
    assert table.headers == ("name", "#2", "name#3")


def test_a_header_shorter_than_most_rows_is_filled_up(tmp_path):
    table = read_file(text_file(tmp_path, "name\nA,1,2\nB,3,4\n"))
    assert table.headers == ("name", "#2", "#3")
    assert table.notes == ()


def test_a_row_longer_than_the_header_is_noted(tmp_path):
    table = read_file(text_file(tmp_path, "name,n\nA,1\nB, 2,3\nC,4,\n"))
    assert table.notes == (SourceNote("ROW_LONG", 3, "n", "3"),)
    assert len(table.rows) == 3


@needs_data
def test_the_zagreb_file_needs_its_encoding_and_then_has_137_positions():
    path = DATA / "dirty" / "zagreb_cameras.csv"
    with pytest.raises(SourceError, match=r"utf-8-sig, gb18030.*--encoding"):
        read_file(path)
    table = read_file(path, encoding="cp1250")
    assert table.headers == ("Lokacija", "Broj mikrolokacija", "Godina", "#4", "#5")
    assert len(table.rows) == 137
    assert table.rows["Lokacija"].iloc[0] == "Martićeva - Šubićeva"


def test_a_workbook_keeps_the_types_of_its_cells(tmp_path):
    day = dt.datetime(2023, 5, 1)
    path = workbook(tmp_path, [["a", "b", "c", "d", "e"], ["01", 2, 2.5, day, True], [None] * 5])
    table = read_file(path)
    assert table.rows.loc[2].tolist() == ["01", 2, 2.5, day.date(), True]
    assert [type(cell) for cell in table.rows.loc[2]][:3] == [str, int, float]
    assert table.rows.index.tolist() == [2]


def test_a_number_too_long_for_a_cell_stays_a_float(tmp_path):
    table = read_file(workbook(tmp_path, [["code", "n"], [34080200001320000007, 340802001001]]))
    code, area = table.rows.loc[2]
    assert isinstance(code, float)
    assert area == 340802001001
    assert isinstance(area, int)


def test_merged_groups_over_the_headers_and_merged_cells_are_understood(tmp_path):
    path = workbook(
        tmp_path,
        [
            ["登记表", None, None, None],
            ["编码", "位置", None, "备注"],
            [None, "经度", "纬度", None],
            ["1", 117.1, 30.5, "同上"],
            ["2", 117.2, 30.6, None],
        ],
        merged=["A1:D1", "A2:A3", "B2:C2", "D2:D3", "D4:D5"],
    )
    table = read_file(path)
    assert table.headers == ("编码", "经度", "纬度", "备注")
    assert table.header_row == 3
    assert table.rows["备注"].tolist() == ["同上", "同上"]
    assert table.notes == (
        SourceNote("HEADER_ROW", 3, "", "3", "1"),
        SourceNote("MERGED_CELL", 5, "备注", "", "同上"),
    )


def test_a_formula_without_a_stored_result_is_kept_as_written(tmp_path):
    table = read_file(workbook(tmp_path, [["a", "b"], ["x", "=50*2"]]))
    assert table.rows.loc[2].tolist() == ["x", "=50*2"]


def test_a_sheet_is_taken_by_name_and_an_unknown_one_refused(tmp_path):
    path = workbook(tmp_path, [["a"], [1]], title="台账")
    assert len(read_file(path, sheet="台账").rows) == 1
    with pytest.raises(SourceError, match="台账"):
        read_file(path, sheet="其他")


@needs_data
def test_the_register_has_two_header_rows_and_sixty_rows():
    table = read_file(DATA / "register" / "cameras_register.xlsx")
    assert len(table.headers) == 18
    assert table.header_row == 2
    assert table.rows.index.tolist() == list(range(3, 63))
    assert {note.row for note in table.notes if note.code == "MERGED_CELL"} == {21, 22}
    assert table.rows.loc[50, "经度"] == "=117+0.1234"


def test_geojson_has_no_system_unless_it_says_one(tmp_path, points):
    path = tmp_path / "points.geojson"
    points.to_file(path)
    stated = read_file(path)
    assert stated.crs == WGS84
    text = path.read_text(encoding="utf-8")
    member = text[text.index('"crs"') : text.index('"features"')]
    path.write_text(text.replace(member, ""), encoding="utf-8")
    silent = read_file(path)
    assert silent.crs is None
    assert silent.rows.index.tolist() == [1, 2]
    assert silent.rows["名称"].tolist() == ["甲", "乙"]
    assert silent.geometry.iloc[1] == shapely.Point(117.2, 30.6)


def test_a_crs_member_behind_the_features_counts_and_an_unknown_one_is_noted(tmp_path):
    feature = '{"type":"Feature","properties":{"n":1},"geometry":null}'
    body = '{"type":"FeatureCollection","features":[%s],"crs":{"properties":{"name":"%s"}}}'
    path = text_file(tmp_path, body % (feature, "urn:ogc:def:crs:EPSG::4548"), name="a.geojson")
    assert read_file(path).crs == InputCRS("EPSG:4548", 4548)
    path = text_file(tmp_path, body % (feature, "grid of the town"), name="b.geojson")
    assert read_file(path).crs is None
    assert [note.code for note in read_file(path).notes] == ["CRS_UNIDENTIFIED"]


def test_a_geopackage_gives_its_only_layer_or_asks_which(tmp_path, points):
    path = tmp_path / "file.gpkg"
    points.to_file(path, layer="one")
    assert read_file(path).crs == WGS84
    assert read_file(path).rows["层"].tolist() == [1, 2]
    points.to_crs(4548).to_file(path, layer="two")
    with pytest.raises(SourceError, match="one, two"):
        read_file(path)
    assert read_file(path, sheet="two").crs == InputCRS("EPSG:4548", 4548)
    with pytest.raises(SourceError, match="three"):
        read_file(path, sheet="three")


def test_a_shapefile_without_cpg_needs_its_encoding_and_without_prj_has_no_system(tmp_path, points):
    path = tmp_path / "file.shp"
    points.rename(columns={"名称": "name", "层": "level"}).to_file(path, encoding="gb18030")
    assert read_file(path).rows["name"].tolist() == ["甲", "乙"]
    assert read_file(path).crs == WGS84
    path.with_suffix(".cpg").unlink()
    path.with_suffix(".prj").unlink()
    with pytest.raises(SourceError, match="--encoding"):
        read_file(path)
    table = read_file(path, encoding="gb18030")
    assert table.rows["name"].tolist() == ["甲", "乙"]
    assert table.crs is None


def test_a_shapefile_of_plain_ascii_needs_no_encoding(tmp_path):
    path = tmp_path / "file.shp"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(1, 2)], crs=4326).to_file(path)
    path.with_suffix(".cpg").unlink()
    assert read_file(path).rows["name"].tolist() == ["a"]
    path.with_suffix(".dbf").unlink()
    with pytest.raises(SourceError, match=r"\.dbf"):
        read_file(path)


def test_missing_numbers_are_none_not_nan(tmp_path):
    path = tmp_path / "file.gpkg"
    frame = {"h": [1.5, None], "s": ["a", None], "t": pd.to_datetime(["2026-01-01", None])}
    gpd.GeoDataFrame(frame, geometry=[shapely.Point(1, 2), None], crs=4326).to_file(path)
    table = read_file(path)
    assert table.rows.loc[2].tolist() == [None, None, None]
    assert table.geometry.loc[2] is None


def broken(tmp_path, name, content=b"\x00\x01 no such thing \xff\xfe\xfd" * 20):
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda folder: folder / "nothing.csv", "source.missing"),
        (lambda folder: folder, "source.directory"),
        (lambda folder: broken(folder, "a.csv", b""), "source.empty"),
        (lambda folder: broken(folder, "a.csv", b"\n ,\n"), "source.empty"),
        (lambda folder: broken(folder, "a.csv", b"name,n\n\n"), "source.no_rows"),
        (lambda folder: broken(folder, "a.csv", b"\xff\xfe\xff\xdc"), "source.encoding"),
        (lambda folder: broken(folder, "a.csv", b'name\n"A\nB\n'), "source.csv"),
        (lambda folder: broken(folder, "a.pdf"), "source.ending"),
        (lambda folder: broken(folder, "noending"), "source.ending"),
        (lambda folder: broken(folder, "a.dwg"), "source.dwg"),
        (lambda folder: broken(folder, "a.et"), "source.save_as"),
        (lambda folder: broken(folder, "a.xls"), "source.damaged"),
        (lambda folder: broken(folder, "a.ods"), "source.damaged"),
        (lambda folder: broken(folder, "a.dxf"), "source.damaged"),
        (lambda folder: broken(folder, "a.parquet"), "source.damaged"),
        (lambda folder: broken(folder, "a.zip"), "source.damaged"),
        (lambda folder: broken(folder, "a.xml"), "source.encoding"),
        (lambda folder: broken(folder, "a.xml", b"no such thing"), "source.damaged"),
        (lambda folder: broken(folder, "a.xlsx"), "source.damaged"),
        (lambda folder: broken(folder, "a.gpkg"), "source.damaged"),
        (lambda folder: broken(folder, "a.geojson"), "source.encoding"),
        (lambda folder: broken(folder, "a.geojson", b'{"type":"Fea'), "source.json"),
        (lambda folder: broken(folder, "a.json", b'{"a": 1}'), "source.json_other"),
        (lambda folder: broken(folder, "a.json", b'[{"name": "a", "lon": 1}]'), "source.json_list"),
        (lambda folder: broken(folder, "a.json", b'{"type": "Topology"}'), "source.json_topology"),
        (
            lambda folder: broken(folder, "a.json", b'{"version": 0.6, "elements": []}'),
            "source.json_overpass",
        ),
        (lambda folder: broken(folder, "a.shp"), "source.shapefile"),
        (lambda folder: workbook(folder, [["a", "b"]]), "source.no_rows"),
        (lambda folder: workbook(folder, []), "source.empty"),
        (
            lambda folder: text_file(
                folder, '{"type":"FeatureCollection","features":[]}', name="a.geojson"
            ),
            "source.no_features",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_own_sentence(tmp_path, make, key):
    with pytest.raises(SourceError) as caught:
        read_file(make(tmp_path))
    assert caught.value.key == key
    assert caught.value.text("zh")
    assert caught.value.text("en")


def test_an_unknown_encoding_is_refused(tmp_path):
    with pytest.raises(SourceError, match="klingon"):
        read_file(text_file(tmp_path, "a\n1\n"), encoding="klingon")


def test_control_characters_are_taken_out_and_noted(tmp_path):
    table = tmp_path / "a.csv"
    table.write_bytes(b"code,name\n1,a\x00b\n2,c\n")
    found = read_file(table)
    assert found.rows["name"].tolist() == ["ab", "c"]
    assert [(n.code, n.row, n.column) for n in found.notes] == [("CONTROL_CHARACTER", 2, "name")]


def test_an_escaped_nul_in_geojson_does_not_cut_the_text(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature",'
        '"properties":{"name":"p\\u0000q"},"geometry":{"type":"Point","coordinates":[1,2]}}]}'
    )
    assert read_file(path).rows["name"].tolist() == ["pq"]


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    path = tmp_path / "closed.geojson"
    path.write_text("{}", encoding="utf-8")
    # Root may read everything, so the answer of the system is what is changed.
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(SourceError, match=r"权限|permission"):
        read_file(path)


def test_blank_lines_are_counted_and_left_out(tmp_path):
    table = read_file(text_file(tmp_path, "a,b\n1,2\n,\n\n3,4\n,\n"))
    assert table.rows.index.tolist() == [2, 5]
    assert table.notes == (SourceNote("ROWS_BLANK", 3, "", "3"),)
