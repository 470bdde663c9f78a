"""Files with the marking of a state secret: refused in every format, wherever it stands."""

import sqlite3
import zipfile
from contextlib import closing

import ezdxf
import geopandas as gpd
import openpyxl
import pytest
import shapely

from geo.base.errors import MarkedError
from geo.files import readers
from geo.files.readers import marked_text
from tests.toy_workbook import ods, xls

MARK = "机密★10年"
ROWS = [["编码", "名称"], ["1", "甲"], ["2", f"甲字第七号 {MARK}"]]


def workbook(path, change):
    book = openpyxl.Workbook()
    for row in [["编码", "名称"], ["1", "甲"]]:
        book.active.append(row)
    change(book)
    book.save(path)


def hidden(book):
    sheet = book.create_sheet("h")
    sheet.sheet_state, sheet["C7"] = "hidden", MARK


def split_letters(book):
    rich = openpyxl.cell.rich_text
    part = rich.TextBlock(openpyxl.cell.text.InlineFont(b=True), "密")
    book.active["B4"] = rich.CellRichText("机", part, " ★")


BOOKS = {
    "cell": (lambda book: book.active.append(["2", MARK]), ("cell", 1, 3)),
    "hidden": (hidden, ("cell", 2, 7)),
    "split": (split_letters, ("cell", 1, 4)),
    "title": (lambda book: setattr(book.active, "title", "秘密★"), ("sheet_name",)),
    "head": (lambda book: setattr(book.active.oddHeader.center, "text", MARK), ("part",)),
    "note": (
        lambda book: setattr(book.active["A1"], "comment", openpyxl.comments.Comment(MARK, "x")),
        ("part",),
    ),
    "author": (lambda book: setattr(book.properties, "title", MARK), ("part",)),
}


def refusal(path):
    """Return where a file is said to be marked, and the number that it is said with."""
    with pytest.raises(MarkedError) as caught:
        readers.require_readable(path)
    assert caught.value.facts["grade"] in ("机密", "秘密", "绝密")
    for lang in ("zh", "en"):
        assert "甲字" not in caught.value.text(lang)
        assert path.name not in caught.value.text(lang)
    at = {k: v for k, v in caught.value.facts.items() if k in ("sheet", "row")}
    return (caught.value.facts["place"], *at.values())


@pytest.mark.parametrize("kind", BOOKS)
def test_a_workbook_is_refused_wherever_in_it_the_marking_stands(tmp_path, kind):
    change, place = BOOKS[kind]
    workbook(tmp_path / "a.xlsx", change)
    assert refusal(tmp_path / "a.xlsx") == place
    with pytest.raises(MarkedError):
        readers.read_file(tmp_path / "a.xlsx")


def test_workbooks_of_other_programs_are_refused(tmp_path):
    xls(tmp_path / "a.xls", ROWS)
    assert refusal(tmp_path / "a.xls") == ("cell", 1, 3)
    xls(tmp_path / "b.xls", ROWS[:2], title="秘密★")
    assert refusal(tmp_path / "b.xls") == ("sheet_name",)
    ods(tmp_path / "a.ods", ROWS)
    assert refusal(tmp_path / "a.ods") == ("part",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_a_text_file_is_refused_in_every_encoding(tmp_path, encoding):
    lines = "".join(f"{','.join(row)}\n" for row in ROWS)
    (tmp_path / "a.csv").write_text(lines, encoding=encoding)
    assert refusal(tmp_path / "a.csv") == ("line", 3)
    later = "编码,名称\n" + "1,集团\n" * 700_000 + f"2,{MARK}\n"
    (tmp_path / "b.csv").write_text(later, encoding=encoding)
    assert refusal(tmp_path / "b.csv") == ("line", 700_002)


def test_geographic_files_are_refused(tmp_path):
    frame = gpd.GeoDataFrame(
        {"name": ["甲", f"甲字第七号 {MARK}"]}, geometry=[shapely.Point(117, 30)] * 2, crs=4326
    )
    (tmp_path / "a.geojson").write_text(frame.to_json(), encoding="utf-8")
    assert refusal(tmp_path / "a.geojson")[0] == "line"
    assert "\\u" in (tmp_path / "a.geojson").read_text("utf-8")
    frame.to_file(tmp_path / "a.gpkg")
    assert refusal(tmp_path / "a.gpkg") == ("table", 1, 2)
    frame.head(1).to_file(tmp_path / "b.gpkg", layer="秘密★")
    assert refusal(tmp_path / "b.gpkg")[0] in ("sheet_name", "table")
    for encoding in ("utf-8", "gb18030"):
        frame.to_file(tmp_path / "a.shp", encoding=encoding)
        assert refusal(tmp_path / "a.shp") == ("record", 2)
    frame.to_parquet(tmp_path / "a.parquet")
    assert refusal(tmp_path / "a.parquet") == ("record", 2)


HALVES = [["密级", "标志"], ["机密", "乙"], ["甲", "★10年"], ["机密", "★10年"]]


def test_a_marking_split_over_two_cells_of_a_row_is_refused_in_every_format(tmp_path):
    for encoding in ("utf-8", "gb18030", "utf-16"):
        for sign in (",", ";", "\t", '","'):
            lines = "".join(f'"{sign.join(row)}"\n' for row in HALVES)
            (tmp_path / "a.csv").write_text(lines, encoding=encoding)
            assert refusal(tmp_path / "a.csv") == ("line", 4)
    book = openpyxl.Workbook()
    for row in HALVES:  # the texts of the last row stand apart in the file, with others between
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert refusal(tmp_path / "a.xlsx") == ("cell", 1, 4)
    xls(tmp_path / "a.xls", HALVES)
    assert refusal(tmp_path / "a.xls") == ("cell", 1, 4)
    ods(tmp_path / "a.ods", HALVES)
    assert refusal(tmp_path / "a.ods") == ("part",)
    columns = {name: [row[n] for row in HALVES[1:]] for n, name in enumerate(HALVES[0])}
    frame = gpd.GeoDataFrame(columns, geometry=[shapely.Point(117, 30)] * 3, crs=4326)
    frame.to_file(tmp_path / "a.gpkg")
    assert refusal(tmp_path / "a.gpkg") == ("table", 1, 3)
    frame.to_file(tmp_path / "a.shp", encoding="gb18030")
    assert refusal(tmp_path / "a.shp") == ("record", 3)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for ending in ("shp", "dbf", "shx"):
            archive.write(tmp_path / f"a.{ending}")
    assert refusal(tmp_path / "a.zip") == ("part",)
    frame.to_parquet(tmp_path / "a.parquet")
    assert refusal(tmp_path / "a.parquet") == ("record", 3)
    (tmp_path / "a.geojson").write_text(frame.to_json(), encoding="utf-8")
    assert refusal(tmp_path / "a.geojson")[0] == "line"


def test_names_of_columns_and_of_layers_are_looked_through(tmp_path):
    frame = gpd.GeoDataFrame({"秘密★": ["甲"]}, geometry=[shapely.Point(117, 30)], crs=4326)
    for ending in ("gpkg", "shp", "parquet"):
        write = frame.to_parquet if ending == "parquet" else frame.to_file
        write(tmp_path / f"a.{ending}")
        refusal(tmp_path / f"a.{ending}")
    with closing(sqlite3.connect(tmp_path / "v.gpkg")) as base:
        base.execute("CREATE TABLE t (a TEXT)")
        base.execute("CREATE VIEW v AS SELECT '绝密★' AS name")
    assert refusal(tmp_path / "v.gpkg") == ("sheet_name",)


@pytest.mark.parametrize("version", ["R2000", "R2010"])
def test_drawings_and_catalogs_are_refused(tmp_path, version):
    drawing = ezdxf.new(version)
    drawing.modelspace().add_text(MARK)
    drawing.saveas(tmp_path / "a.dxf")
    assert refusal(tmp_path / "a.dxf")[0] == "line"
    catalog = tmp_path / "a.xml"
    for name in ("秘密 ★", "&#31192;&#23494;&#9733;", "&#x79d8;&#x5bc6;&#x2605;"):
        text = (
            f'<?xml version="1.0" encoding="GB2312"?>\n<Response>\n<Name>{name}</Name></Response>'
        )
        catalog.write_text(text, encoding="gb18030")
        assert refusal(catalog) == ("line", 3)


def test_an_archive_is_refused_by_what_is_in_it_and_by_its_names(tmp_path):
    workbook(tmp_path / "a.xlsx", BOOKS["cell"][0])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.xlsx", "a.xlsx")
    assert refusal(tmp_path / "a.zip") == ("cell", 1, 3)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "编码,名称\n1,甲\n")
        archive.writestr("readme.txt", MARK.encode("gb18030"))
    assert refusal(tmp_path / "b.zip") == ("part",)
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("秘密★.csv", "编码,名称\n1,甲\n")
    assert refusal(tmp_path / "c.zip") == ("name",)


def test_a_name_is_refused_before_anything_else_is_said_of_the_file(tmp_path):
    for name in (f"{MARK}.csv", "绝 密 ★.doc", "秘密★"):
        assert refusal(tmp_path / name) == ("name",)


def test_letters_escaped_as_other_programs_do_are_read():
    for written in (
        rb"\u673a\u5bc6\u2605",
        rb"\U+673A\U+5BC6\U+2605",
        rb"\M+5BBFA\M+5C3DC\M+5A1EF",
    ):
        assert marked_text.in_bytes(b"x\n" + written) == ("机密", 2)


def test_the_bare_words_pass_in_every_format(tmp_path):
    rows = [["编码", "名称"], ["机密", "★★★★ 酒店"], ["2", "国家保密局 商业秘密 机密*"]]
    lines = "".join(f"{','.join(row)}\n" for row in rows)
    for encoding in ("utf-8", "gb18030", "utf-16"):
        (tmp_path / "a.csv").write_text(lines, encoding=encoding)
        readers.require_readable(tmp_path / "a.csv")
    workbook(tmp_path / "a.xlsx", lambda book: [book.active.append(row) for row in rows])
    xls(tmp_path / "a.xls", rows)
    ods(tmp_path / "a.ods", rows)
    frame = gpd.GeoDataFrame(
        {"name": [row[1] for row in rows]}, geometry=[shapely.Point(117, 30)] * 3, crs=4326
    )
    for ending in ("gpkg", "geojson", "shp"):
        frame.to_file(tmp_path / f"a.{ending}")
    frame.to_parquet(tmp_path / "a.parquet")
    for ending in ("xlsx", "xls", "ods", "gpkg", "geojson", "shp", "parquet"):
        readers.require_readable(tmp_path / f"a.{ending}")
