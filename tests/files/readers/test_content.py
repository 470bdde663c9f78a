"""Files under another name: what they are and what to do is said, not that they are damaged."""

import zipfile

import openpyxl
import pytest

from geo.base.errors import SourceError
from geo.files.readers import read_file
from geo.files.readers.content import kind_of, require_content
from tests.toy_workbook import ods, xls

HTML = b"<html><head><meta charset='utf-8'></head><body><table><tr><td>a</td></tr></table>"
XML_BOOK = (
    b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
)


def packed(*names):
    def write(path):
        with zipfile.ZipFile(path, "w") as package:
            for name in names:
                package.writestr(name, "x")

    return write


def book(path):
    with path.open("wb") as file:
        openpyxl.Workbook().save(file)


def written(path, content):
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    return path


def refusal(path):
    with pytest.raises(SourceError) as caught:
        read_file(path)
    for lang in ("zh", "en"):
        assert path.name in caught.value.text(lang)
    return caught.value.key


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("a.xls", HTML, "is_html"),
        ("a.xlsx", b"\xef\xbb\xbf\n <!DOCTYPE html><title>Log in</title>", "is_html"),
        ("a.csv", HTML, "is_html"),
        ("a.geojson", HTML, "is_html"),
        ("a.zip", HTML, "is_html"),
        ("a.xml", HTML, "is_html"),
        ("a.csv", book, "is_workbook"),
        ("a.txt", lambda path: xls(path, [["a"], ["b"]]), "is_workbook"),
        ("a.csv", lambda path: ods(path, [["a"], ["b"]]), "is_workbook"),
        ("a.geojson", book, "is_workbook"),
        ("a.xls", "名称\t经度\n甲\t117\n".encode("gb18030"), "is_text"),
        ("a.xlsx", b"name,lon\nA,117\n", "is_text"),
        ("a.xls", XML_BOOK, "is_xml_book"),
        ("a.csv", XML_BOOK, "is_xml_book"),
        ("a.csv", b'<?xml version="1.0"?><Response/>', "is_xml"),
        ("a.xml", b'{"type": "FeatureCollection"}', "is_json"),
        ("a.csv", b'{"type": "FeatureCollection", "features": []}', "is_json"),
        ("a.xlsx", packed("word/document.xml"), "is_document"),
        ("a.csv", packed("word/document.xml"), "is_document"),
        ("a.xlsx", packed("roads.shp", "roads.dbf"), "is_archive"),
        ("a.geojson", packed("doc.kml"), "is_kml"),
        ("a.geojson", b'<?xml version="1.0"?><kml xmlns="k"/>', "is_kml"),
        ("a.zip", b"Rar!\x1a\x07\x01\x00", "is_packed"),
        ("a.csv", b"\x1f\x8b\x08\x00", "is_packed"),
        ("a.xlsx", b"%PDF-1.7", "is_pdf"),
        ("a.csv", b"\x89PNG\r\n\x1a\n", "is_image"),
        ("a.csv", b"SQLite format 3\0", "is_geopackage"),
        ("a.gpkg", b"name,lon\n", "is_text"),
        ("a.shp", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is_pointer"),
        ("a.csv", b"PAR1\x15", "is_parquet"),
        ("a.gpkg", b"\x00\x00\x27\x0a", "is_shapefile"),
        ("a.dxf", b"AC1032\x00\x00", "is_dwg"),
    ],
)
def test_a_file_of_another_kind_is_told_as_what_it_is(tmp_path, name, content, key):
    assert refusal(written(tmp_path / name, content)) == f"source.{key}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xls", book),
        ("a.xlsx", lambda path: xls(path, [["a"], ["b"]])),
        ("a.csv", b"<5 m,b\n1,2\n"),
        ("a.csv", b"[a],b\n1,2\n"),
        ("a.csv", "名称\n甲\n".encode("utf-16")),
    ],
)
def test_what_its_reader_can_read_is_left_to_it(tmp_path, name, content):
    require_content(written(tmp_path / name, content))


def test_what_cannot_be_told_is_nothing(tmp_path):
    assert kind_of(written(tmp_path / "a.csv", b"\x00\x01garbage")) is None
