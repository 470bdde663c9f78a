"""Files made to fill the memory, to take for ever, or to have other files and addresses opened."""

import http.server
import json
import sqlite3
import struct
import threading
import zipfile

import ezdxf
import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.base.errors import SourceError
from geo.files.readers import limits, read_file
from tests import SHARED_DATA
from tests.toy_workbook import cell_record, compound, ods, record, xls

FAR = "XFD1048576"
needs_data = pytest.mark.skipif(not SHARED_DATA.exists(), reason="shared test data are not here")


def refused(path, key, **facts):
    with pytest.raises(SourceError) as caught:
        read_file(path)
    assert caught.value.key == key
    assert caught.value.text("zh")
    assert caught.value.text("en")
    assert {name: caught.value.facts[name] for name in facts} == facts


PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINK = '<Relationship Id="r{n}" Type="{office}/{kind}" Target="{target}"/>'


def links(*targets):
    written = (LINK.format(n=n, office=OFFICE, kind=k, target=t) for n, (k, t) in targets)
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(written)}</Relationships>'


def xlsx(path, rows, *, strings=None, before=""):
    """Write a workbook of one sheet; `rows` is XML."""
    named = f'<sheets><sheet name="S" sheetId="1" xmlns:r="{OFFICE}" r:id="r1"/></sheets>'
    targets = [(1, ("worksheet", "worksheets/sheet1.xml"))]
    parts = {
        "[Content_Types].xml": (
            f'<Types xmlns="{PACKAGE}/content-types">'
            f'<Override PartName="/xl/workbook.xml" ContentType="{BOOK}"/></Types>'
        ),
        "_rels/.rels": links((1, ("officeDocument", "xl/workbook.xml"))),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}">{named}</workbook>',
        "xl/worksheets/sheet1.xml": (
            f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData></worksheet>'
        ),
    }
    if strings is not None:
        parts["xl/sharedStrings.xml"] = strings
        targets.append((2, ("sharedStrings", "sharedStrings.xml")))
    parts["xl/_rels/workbook.xml.rels"] = links(*targets)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return path


def cell(place, text="x", *, more=""):
    at = f' r="{place}"' if place else ""
    return f'<c{more}{at} t="inlineStr"><is><t>{text}</t></is></c>'


def row(number, *cells):
    return f'<row r="{number}">{"".join(cells)}</row>'


HEADER = row(1, cell("A1", "name"), cell("B1", "code"))
FIRST = row(2, cell("A2", "a"), cell("B2", "b"))


@pytest.mark.parametrize(
    "rows",
    [
        row(1048576, cell(FAR)),
        # as others write it: the place in other quotes, in small letters, behind an odd attribute
        f"<row r='9'><c t='inlineStr' r='{FAR}'><is><t>x</t></is></c></row>",
        row(9, cell("xfd9")),
        row(9, cell("XFD9", more=' cm=">"')),
        f'<x:row xmlns:x="{MAIN}" r="9"><x:c r="XFD9"><x:v>1</x:v></x:c></x:row>',
        row(9, cell("XFC9"), cell("")),
        cell("XFD9"),
    ],
)
def test_a_cell_far_to_the_right_is_refused_before_there_is_a_matrix(tmp_path, rows):
    path = xlsx(tmp_path / "a.xlsx", HEADER + FIRST + rows)
    assert path.stat().st_size < 2_000
    refused(path, "source.columns", found=16384, limit=1000)


def test_a_number_of_a_row_that_no_sheet_has_is_refused(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", HEADER + FIRST + cell("A99999999"))
    refused(path, "source.cells", rows=99999999, columns=2)


def test_a_wide_sheet_with_a_cell_far_below_spans_too_much(tmp_path):
    far = row(1048576, cell("ALL1048576"))
    refused(xlsx(tmp_path / "a.xlsx", HEADER + FIRST + far), "source.cells", columns=1000)


def test_formats_to_the_edge_of_a_sheet_are_no_columns(tmp_path):
    blank = '<c r="XFD2" s="1"/><c r="XFD2" s="1"></c>'
    path = xlsx(tmp_path / "a.xlsx", HEADER + row(2, cell("A2", "a"), cell("B2", "b"), blank))
    assert read_file(path).rows.loc[2].tolist() == ["a", "b"]


def test_a_thousand_columns_are_read_and_one_more_is_not(tmp_path):
    def wide(columns):
        cells = "".join(cell("", f"c{n}") for n in range(columns))
        return xlsx(tmp_path / f"{columns}.xlsx", f"<row>{cells}</row><row>{cells}</row>")

    assert len(read_file(wide(1000)).headers) == 1000
    refused(wide(1001), "source.columns", found=1001)


def test_what_a_sheet_states_of_its_size_is_not_believed(tmp_path):
    formula = '<c r="B2"><f>1+1</f></c>'
    stated = f'<dimension ref="A1:{FAR}"/>'
    rows = HEADER + row(2, cell("A2", "a"), formula)
    table = read_file(xlsx(tmp_path / "a.xlsx", rows, before=stated))
    assert table.rows.loc[2].tolist() == ["a", "=1+1"]


def test_more_texts_stated_than_a_part_can_hold_are_damage(tmp_path):
    strings = f'<sst xmlns="{MAIN}" count="1" uniqueCount="9000000000000"><si><t>a</t></si></sst>'
    refused(xlsx(tmp_path / "a.xlsx", HEADER + FIRST, strings=strings), "source.damaged")


def test_a_part_that_unpacks_to_more_than_it_states_is_damage(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", HEADER + FIRST + "<!--" + "x" * 5_000_000 + "-->")
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as package:
        part = package.getinfo("xl/worksheets/sheet1.xml")
    size = struct.pack("<I", part.file_size)
    for at in (part.header_offset + 22, raw.index(size, raw.rindex(b"PK\x01\x02xl/w"[:4]) - 400)):
        assert raw[at : at + 4] == size
        raw[at : at + 4] = struct.pack("<I", 1000)
    path.write_bytes(raw)
    refused(path, "source.damaged")


def test_merged_cells_over_each_other_are_damage(tmp_path):
    spans = '<mergeCell ref="A2:B2"/>' * 3
    rows = HEADER + FIRST
    path = xlsx(
        tmp_path / "a.xlsx", f"{rows}</sheetData><mergeCells>{spans}</mergeCells><sheetData>"
    )
    refused(path, "source.damaged")


def test_a_binary_workbook_is_to_be_saved_as_another_kind(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("xl/workbook.bin", b"\x00")
    refused(path, "source.save_as", wanted="XLSX")


def far_xls(path, *, cell_at=(1, 1), stated=(2, 2)):
    """Write an XLS with a cell somewhere and a stated size of its sheet."""
    begin = record(0x809, struct.pack("<HHHHII", 0x600, 0x05, 0, 0, 0, 6))
    named = struct.pack("<HBB", 0, 1, 1) + "S".encode("utf-16-le")
    offset = len(begin) + 4 + 4 + len(named) + 4
    globe = begin + record(0x85, struct.pack("<I", offset) + named) + record(0x0A, b"")
    sheet = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 6))
    sheet += record(0x200, struct.pack("<IIHHH", 0, stated[0], 0, stated[1], 0))
    sheet += cell_record(0, 0, "a") + cell_record(*cell_at, "b") + record(0x0A, b"")
    path.write_bytes(compound(b"Workbook", globe + sheet))
    return path


def test_the_same_holds_for_old_workbooks(tmp_path):
    path = tmp_path / "a.xls"
    refused(far_xls(path, cell_at=(65000, 65000)), "source.columns", found=65001)
    refused(far_xls(path, cell_at=(65000, 999)), "source.cells", rows=65001)
    refused(far_xls(path, stated=(4_000_000_000, 60_000)), "source.columns")
    refused(far_xls(path, stated=(4_000_000_000, 2)), "source.cells")
    assert read_file(far_xls(path)).rows.shape == (1, 2)


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (44, 0xFFFFFFFF),  # sectors of the table
        (64, 0x00FFFFFF),  # sectors of the table of short streams
        (30, 30),  # size of a sector
        (512 + 4 * 3, 2),  # the stream's chain of sectors leads back to its first
        (512 + 512 + 128 + 120, 0xFFFFFFFF),  # length of the stream
    ],
)
def test_tables_of_sectors_that_make_no_sense_are_damage(tmp_path, at, number):
    path = xls(tmp_path / "a.xls", [["a"], ["b"]])
    raw = bytearray(path.read_bytes())
    size = 2 if at == 30 else 4
    raw[at : at + size] = number.to_bytes(size, "little")
    path.write_bytes(raw)
    refused(path, "source.damaged")


def repeated(path, rows):
    """Write an ODS and put `rows` behind its own."""
    ods(path, [["a", "b"], ["x", "y"]])
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    content = parts["content.xml"].replace("</table:table>", f"{rows}</table:table>")
    with zipfile.ZipFile(path, "w") as package:
        for name, text in {**parts, "content.xml": content}.items():
            package.writestr(name, text)
    return path


NUMBER = 'office:value-type="float" office:value="1"'
BLANKS = '<table:table-cell table:number-columns-repeated="16383"/>'


def test_the_same_holds_for_office_documents(tmp_path):
    path = tmp_path / "a.ods"
    row_of = "<table:table-row{}>{}</table:table-row>".format
    far = row_of("", f"{BLANKS}<table:table-cell {NUMBER}/>")
    refused(repeated(path, far), "source.columns", found=16384)
    many = f'<table:table-cell table:number-columns-repeated="1001" {NUMBER}/>'
    refused(repeated(path, row_of("", many)), "source.columns", found=1001)
    below = row_of(' table:number-rows-repeated="1000000000"', f"<table:table-cell {NUMBER}/>")
    refused(repeated(path, below), "source.cells", rows=1000000002)
    blank = row_of(' table:number-rows-repeated="1048574"', BLANKS)
    assert read_file(repeated(path, blank)).rows.loc[2].tolist() == ["x", "y"]


def collection(properties, **members):
    feature = {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Point", "coordinates": [117.0, 30.5]},
    }
    return {"type": "FeatureCollection", **members, "features": [feature]}


NAMES = [f"c{n}" for n in range(1001)]


def wide_text(path):
    path.write_text(f"{','.join(NAMES)}\n{','.join(NAMES)}\n")


def wide_lines(path):
    path.write_text("a,b\n" + f"{','.join(NAMES)}\n" * 3)


def wide_json(path):
    path.write_text(json.dumps(collection(dict.fromkeys(NAMES, 1))))


def wide_package(path):
    frame = gpd.GeoDataFrame({name: [1] for name in NAMES}, geometry=[shapely.Point(117, 30)])
    frame.set_crs(4326).to_file(path, layer="l")


def wide_parquet(path):
    pd.DataFrame({name: [1] for name in NAMES}).to_parquet(path)


def wide_catalog(path):
    leaves = "".join(f"<{name}>1</{name}>" for name in NAMES)
    path.write_text(
        "<Response><CmdType>Catalog</CmdType><SumNum>1</SumNum><DeviceList>"
        f"<Item>{leaves}</Item></DeviceList></Response>"
    )


def wide_drawing(path):
    drawing = ezdxf.new()
    point = drawing.modelspace().add_blockref(drawing.blocks.new("b").name, (0, 0))
    for name in NAMES[:996]:
        point.add_attrib(name, "1")
    drawing.saveas(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.dxf", wide_drawing),
        ("a.csv", wide_text),
        ("b.csv", wide_lines),
        ("a.geojson", wide_json),
        ("a.gpkg", wide_package),
        ("a.parquet", wide_parquet),
        ("a.xml", wide_catalog),
    ],
)
def test_no_table_has_more_than_a_thousand_columns(tmp_path, name, write):
    write(tmp_path / name)
    refused(tmp_path / name, "source.columns", found=1001, limit=limits.MAX_COLUMNS)


def test_a_small_file_of_a_value_repeated_for_ever_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": pd.Series(1, index=range(1_000_000), dtype="int8")}).to_parquet(path)
    assert path.stat().st_size < 10_000
    assert len(read_file(path).rows) == 1_000_000
    columns = {f"c{n}": pd.Series(1, index=range(1_000_000), dtype="int8") for n in range(101)}
    pd.DataFrame(columns).to_parquet(path)
    refused(path, "source.cells", rows=1_000_000, columns=101)


@needs_data
@pytest.mark.parametrize(
    ("name", "key"),
    [("pointer.geojson", "source.is_xml"), ("pipeline.json", "source.json_other")],
)
def test_a_file_that_names_another_is_no_geojson(name, key):
    refused(SHARED_DATA / "cases" / name, key)


@pytest.mark.parametrize("name", ["a.geojson", "a.json", "a.gpkg", "a.shp"])
def test_only_the_driver_of_the_ending_reads_a_file(tmp_path, name):
    (tmp_path / "other.csv").write_text("code\nfound\n")
    pointer = (
        '<OGRVRTDataSource><OGRVRTLayer name="other"><SrcDataSource>'
        f"{tmp_path / 'other.csv'}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    (tmp_path / name).write_text(pointer)
    for beside in (".shx", ".dbf"):
        (tmp_path / "a").with_suffix(beside).write_text(pointer)
    refused(tmp_path / name, "source.is_xml")


@pytest.fixture
def asked():
    """Give the address of a server and the list of what it was asked for."""
    paths = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"EPSG:4326")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/crs", paths
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "member",
    [
        '"crs": {"type": "link", "properties": {"href": "URL", "type": "proj4"}}',
        '"crs":{"type":"url","properties":{"url":"URL"}}',
        '"crs"\n:\n{"type":"LINK","properties":{"href":"URL"}}',
        '"\\u0063r\\u0073": {"type": "link", "properties": {"href": "URL"}}',
    ],
)
def test_an_address_in_geojson_is_not_asked(tmp_path, asked, member):
    address, paths = asked
    path = tmp_path / "a.geojson"
    text = json.dumps(collection({"crs": "gcj02"}))
    path.write_text("{" + member.replace("URL", address) + "," + text[1:])
    table = read_file(path)
    assert paths == []
    assert table.crs is None
    assert table.rows["crs"].tolist() == ["gcj02"]


@pytest.mark.parametrize(
    "member",
    [
        "'crs': {'type': 'link', 'properties': {'href': 'URL'}}",
        '"crs" /* here */ : // now\n {"type": "link", "properties": {"href": "URL"}}',
    ],
)
def test_nor_is_it_in_what_is_almost_json(tmp_path, asked, member):
    address, paths = asked
    path = tmp_path / "a.geojson"
    path.write_text("{" + member.replace("URL", address) + "," + json.dumps(collection({}))[1:])
    refused(path, "source.json")
    assert paths == []


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE VIEW spy AS SELECT gdal_get_pixel_value('/etc/x', 1, 'georef', 1, 1)", "spy"),
        ("CREATE VIRTUAL TABLE spy USING fts5(text)", "spy"),
        ("CREATE TABLE spy (a, b GENERATED ALWAYS AS (a + 1))", "spy.b"),
    ],
)
def test_a_geopackage_that_computes_is_refused(tmp_path, statement, name):
    path = tmp_path / "a.gpkg"
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(117, 30)], crs=4326)
    frame.to_file(path, layer="points")
    assert len(read_file(path).rows) == 1
    with sqlite3.connect(path) as database:
        database.execute(statement)
    database.close()
    refused(path, "source.view", name=name)


def test_a_sign_in_a_name_leads_to_no_other_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = gpd.GeoDataFrame({"a": ["wrong"]}, geometry=[shapely.Point(117, 30)], crs=4326)
    frame.to_file("b.gpkg", layer="points")
    (tmp_path / "b.gpkg").rename(tmp_path / "a!b.gpkg")
    frame.to_file("b.gpkg", layer="points")
    refused(tmp_path / "a!b.gpkg", "source.name", sign="!")


def test_a_workbook_that_cannot_be_opened_is_said_to_be_damaged(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"no zip")
    (tmp_path / "b.xlsx").mkdir()
    for name in ("a.xlsx", "b.xlsx"):
        with pytest.raises(SourceError) as caught:
            limits.check_unpacked(tmp_path / name)
        assert caught.value.facts["path"] == name
