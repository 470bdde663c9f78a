"""Encodings: judged by the bytes, never guessed in silence, one cut character is one finding."""

import pytest

from geo.base.crs import parse_crs
from geo.base.errors import SourceError
from geo.files.checks.check import check_rows
from geo.files.readers import SourceNote, read_file, read_parts
from geo.files.readers.encoding import encoding_of, stated_name
from geo.files.schema.layers import find_layer

TOWN = "名称,经度,纬度\n大桥路口,117.0451,30.5031\n龙山路口,117.0452,30.5031\n"
UTF8 = "utf-8-sig"
WGS84 = parse_crs("wgs84")


def judged(raw, given=None, stated=None):
    found = encoding_of(lambda: [raw], given, stated=stated, name="x")
    return found.name, found.broken, found.against


def file(tmp_path, raw, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_one_cut_character_is_named_by_its_line_and_the_others_are_read(tmp_path, encoding):
    cut = TOWN.encode(encoding).replace("口,117.0451".encode(encoding), b"\xe5,117.0451", 1)
    table = read_file(file(tmp_path, cut))
    assert table.rows["名称"].tolist() == ["大桥路", "龙山路口"]
    assert table.encoding == {"utf-8": UTF8}.get(encoding, encoding)
    assert table.notes == (SourceNote("TEXT_BROKEN", 2, "名称", "大桥路\ufffd"),)


def test_a_cut_character_within_a_text_leaves_a_mark_and_the_row_is_taken(tmp_path):
    raw = TOWN.encode().replace("桥".encode(), "桥".encode()[:2], 1)
    taken = check_rows(read_file(file(tmp_path, raw)), find_layer("cameras"), crs=WGS84)
    assert taken.rows["name"].tolist() == ["大\ufffd路口", "龙山路口"]
    assert [(f.row, f.code, f.severity) for f in taken.findings] == [(2, "TEXT_BROKEN", "warning")]


def test_a_broken_code_quarantines_its_row(tmp_path):
    raw = "编码,名称,经度,纬度\n甲1,a,117.1,30.5\n乙2,b,117.2,30.5\n".encode()
    taken = check_rows(
        read_file(file(tmp_path, raw.replace("乙".encode(), b"\xe4\xb9"))),
        find_layer("cameras"),
        crs=WGS84,
    )
    assert taken.rows["code"].tolist() == ["甲1"]
    assert [(f.row, f.code, f.severity) for f in taken.findings] == [(3, "TEXT_BROKEN", "error")]


def test_a_broken_character_costs_only_its_part_the_fast_way(tmp_path):
    lines = [f"路口{n},117.{n},30.5" for n in range(20)]
    raw = "\n".join(["名称,经度,纬度", *lines]).encode().replace("口7".encode(), b"\xe5\x8f7", 1)
    found = list(read_parts(file(tmp_path, raw), rows=5))
    names = [name for part in found for name in part.rows["名称"]]
    assert names == [f"路口{n}" if n != 7 else "路\ufffd7" for n in range(20)]
    assert [note.row for part in found for note in part.notes] == [9]


@pytest.mark.parametrize(
    ("raw", "given", "stated", "found"),
    [
        # valid UTF-8 beyond ASCII is UTF-8, whatever is said
        ("大桥".encode(), None, "GB2312", (UTF8, False, "GB2312")),
        ("大桥".encode(), "gbk", None, (UTF8, False, "gbk")),
        (b"plain", None, "GBK", ("gb18030", False, "")),
        # and what is said to be UTF-8 need not be
        ("大桥路口".encode("gb18030"), None, "UTF-8", ("gb18030", False, "UTF-8")),
        ("大桥路口".encode("gb18030"), "utf-8", None, ("gb18030", False, "utf-8")),
        ("大桥路口枪机".encode("gb18030"), None, "ISO-8859-1", ("gb18030", False, "ISO-8859-1")),
        ("Größe, Café".encode("latin-1"), None, "ISO-8859-1", ("iso-8859-1", False, "")),
        # rare characters are no reason to doubt a statement
        ("大橋路口攝影機監視".encode("gbk"), None, "GBK", ("gb18030", False, "")),
        ("大橋路口".encode("big5"), "big5", None, ("big5", False, "")),
        # without a mark
        ("名称,lon\nA,117.1\n".encode("utf-16-le"), None, None, ("utf-16-le", False, "")),
        ("名称,lon\nA,117.1\n".encode("utf-16-be"), None, None, ("utf-16-be", False, "")),
    ],
)
def test_the_bytes_are_believed_before_what_is_said_of_them(raw, given, stated, found):
    assert judged(raw, given, stated) == found


@pytest.mark.parametrize(
    "raw",
    [
        "Größe, Café, Zürich".encode("latin-1"),
        "Šibenik, Đakovo, Čakovec".encode("cp1250"),
        "Москва, улица".encode("cp1251"),
        "大橋路口攝影機監視".encode("big5"),
    ],
)
def test_what_is_neither_utf8_nor_likely_chinese_is_refused(raw):
    with pytest.raises(SourceError) as caught:
        judged(raw)
    assert caught.value.key == "source.encoding"


def test_an_option_that_the_bytes_contradict_is_not_ignored_in_silence(tmp_path):
    table = read_file(file(tmp_path, TOWN.encode()), encoding="gbk")
    assert table.rows["名称"].tolist() == ["大桥路口", "龙山路口"]
    assert table.notes == (SourceNote("ENCODING_STATED", 1, "", "gbk", UTF8),)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("ANSI 936", "gb18030"),
        ("OEM 936", "gb18030"),
        ("936", "gb18030"),
        ("cp936\n", "gb18030"),
        ("GBK", "gb18030"),
        ("\ufeffUTF-8", UTF8),
        ("65001", UTF8),
        ("88591", "latin-1"),
        ("ISO 88591", "latin-1"),
        ("ANSI 950", "cp950"),
        ("", None),
        ("System", None),
        ("hex", None),
    ],
)
def test_the_names_that_programs_give_to_encodings_are_known(word, name):
    assert stated_name(word) == name
