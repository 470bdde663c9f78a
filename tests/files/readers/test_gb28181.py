"""Catalogs of a video platform: one row an item, whatever edition, encoding and number of parts."""

import pytest

from geo.base.errors import SourceError
from geo.files.readers import SourceNote, read_file
from tests import SHARED_DATA

DATA = SHARED_DATA / "gb28181"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="shared test data are not here")


def item(code, name="甲", inside="<PTZType>3</PTZType>"):
    return (
        f"<Item><DeviceID>{code}</DeviceID><Name>{name}</Name><Owner> </Owner>"
        f"<Info>{inside}</Info></Item>"
    )


def message(*items, total=None, query=1, kind="Catalog", root="Response", encoding="GB2312"):
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\r\n<{root}><CmdType>{kind}</CmdType>'
        f"<SN>{query}</SN><DeviceID>9</DeviceID><SumNum>{total or len(items)}</SumNum>"
        f'<DeviceList Num="{len(items)}">{"".join(items)}</DeviceList></{root}>\r\n'
    )


def catalog(tmp_path, text, encoding="gb18030"):
    path = tmp_path / "catalog.xml"
    path.write_bytes(text.encode(encoding))
    return path


def refusal(path, **options):
    with pytest.raises(SourceError) as caught:
        read_file(path, **options)
    assert caught.value.text("zh")
    assert caught.value.text("en")
    return caught.value


def test_an_item_is_a_row_and_what_stands_in_info_a_column_beside_the_others(tmp_path):
    table = read_file(
        catalog(tmp_path, message(item("K1"), item("K2", "乙", "<RoomType>1</RoomType>")))
    )
    assert table.headers == ("DeviceID", "Name", "Owner", "PTZType", "RoomType")
    assert table.rows.loc[1].tolist() == ["K1", "甲", None, "3", None]
    assert table.rows.loc[2].tolist() == ["K2", "乙", None, None, "1"]
    assert table.rows.index.name == "row"
    assert (table.crs.name, table.encoding, table.header_row) == ("wgs84", "gb18030", 0)
    assert table.geometry is None
    assert table.notes == ()


def test_a_name_outside_and_inside_info_is_told_apart(tmp_path):
    table = read_file(catalog(tmp_path, message(item("K1", inside="<Name>乙</Name><MAC/>"))))
    assert table.headers == ("DeviceID", "Name", "Owner", "Info/Name", "MAC")
    assert table.rows.loc[1].tolist() == ["K1", "甲", None, "乙", None]
    assert table.notes == (SourceNote("ELEMENT_TWICE", 1, "Name", "甲 / 乙", "甲"),)


def outside(code, elements):
    return f"<Item><DeviceID>{code}</DeviceID><Name>甲</Name>{elements}</Item>"


def test_of_two_editions_in_one_file_the_filled_element_counts_item_by_item(tmp_path):
    new = "<PTZType>1</PTZType><DirectionType>5</DirectionType>"
    old = "<PTZType>3</PTZType><DirectionType>1</DirectionType>"
    both = f"{old}<Info><PTZType>3</PTZType><DirectionType> </DirectionType></Info>"
    text = message(item("K1", inside=new), outside("K2", old), outside("K3", both))
    table = read_file(catalog(tmp_path, text))
    assert table.rows[["PTZType", "DirectionType"]].to_numpy().tolist() == [
        ["1", "5"],
        ["3", "1"],
        ["3", "1"],
    ]
    assert (table.notes, "Info" in str(table.headers)) == ((), False)


def test_where_both_places_are_filled_that_of_the_standard_counts_and_is_named(tmp_path):
    both = "<PTZType>3</PTZType><Info><PTZType>1</PTZType></Info>"
    table = read_file(catalog(tmp_path, message(outside("K1", both), item("K2"))))
    assert table.rows["PTZType"].tolist() == ["1", "3"]
    assert table.rows["Item/PTZType"].tolist() == ["3", None]
    assert table.notes == (SourceNote("ELEMENT_TWICE", 1, "PTZType", "3 / 1", "1"),)


@pytest.mark.parametrize(
    "code", ["34", "3408", "340802", "34080201", "3408020001", "34080200002150000001"]
)
def test_nodes_of_the_organisation_are_skipped_with_one_note(tmp_path, code):
    camera, group = "34080200001320000001", "34080200002160000001"
    text = message(item(code), item(group), item(camera))
    table = read_file(catalog(tmp_path, text))
    assert table.rows["DeviceID"].to_dict() == {3: camera}
    assert table.notes == (SourceNote("CATALOG_NODES", 0, "DeviceID", "2"),)
    alone = read_file(catalog(tmp_path, message(item(code))))
    assert (len(alone.rows), alone.notes[0].code) == (0, "CATALOG_NODES")


def event(word, more=""):
    return f"<Item><DeviceID>K1</DeviceID>{more}<Event>{word}</Event></Item>"


@pytest.mark.parametrize("word", ["DEL", "ON", "OFF", "VLOST", "DEFECT", "del"])
@pytest.mark.parametrize("more", ["", "<Name>甲</Name><Longitude>117.1</Longitude>"])
def test_a_notice_of_mere_events_is_refused_and_says_what_to_do(tmp_path, word, more):
    found = refusal(catalog(tmp_path, message(event(word, more), root="Notify")))
    assert (found.key, found.facts["found"]) == ("source.catalog_events", word.upper())
    assert "camera-status" in found.text("zh")


def test_of_a_notice_only_items_that_say_what_a_device_is_are_rows(tmp_path):
    text = message(
        event("ADD", "<Name>甲</Name>"),
        event("UPDATE", "<Name>乙</Name>"),
        event("OFF"),
        root="Notify",
    )
    table = read_file(catalog(tmp_path, text))
    assert table.rows["Name"].tolist() == ["甲", "乙", None]
    assert table.notes == (SourceNote("CATALOG_EVENT", 3, "Event", "OFF"),)


@pytest.mark.parametrize(
    ("name", "read_as"),
    [("A & B", "A & B"), ("A&B&amp;C", "A&B&C"), ("1<2", "1<2"), ("甲\x01", "甲"), ("&x;", "&x;")],
)
def test_one_item_against_the_rules_of_xml_is_mended_and_named(tmp_path, name, read_as):
    text = message(item("K0", "乙"), item("K1", name), item("K2", "丙"))
    table = read_file(catalog(tmp_path, text))
    assert table.rows["Name"].tolist() == ["乙", read_as, "丙"]
    assert table.notes == (SourceNote("ITEM_REPAIRED", 2, "", "K1"),)


def test_an_item_that_cannot_be_mended_is_a_row_with_its_reason(tmp_path):
    text = message(item("K0", "乙"), item("K1", "<b>甲"), item("K2", "丙"))
    table = read_file(catalog(tmp_path, text))
    assert table.rows["DeviceID"].tolist() == ["K0", "K1", "K2"]
    assert table.rows["Name"].tolist() == ["乙", None, "丙"]
    assert table.notes == (SourceNote("ITEM_BROKEN", 2, "", "K1"),)


def test_an_empty_info_is_no_column_and_a_repeated_element_keeps_both_texts(tmp_path):
    twice = "<Item><DeviceID>1</DeviceID><Name>a</Name><Name>b</Name><Info/></Item>"
    table = read_file(catalog(tmp_path, message(twice, item("2"))))
    assert table.headers == ("DeviceID", "Name", "Name#2", "Owner", "PTZType")
    assert table.rows.loc[1].tolist() == ["1", "a", "b", None, None]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("GB2312", "gb18030"),
        ("gbk", "gb18030"),
        ("GB18030", "gb18030"),
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("GB2312", "utf-8-sig"),
    ],
)
def test_the_text_is_decoded_before_it_is_parsed(tmp_path, declared, encoding):
    text = message(item("K1", "\U00020000桥"), encoding=declared)
    assert read_file(catalog(tmp_path, text, encoding)).rows.loc[1, "Name"] == "\U00020000桥"


def test_without_a_declaration_the_usual_encodings_are_tried(tmp_path):
    text = message(item("K1")).partition("\r\n")[2]
    assert read_file(catalog(tmp_path, text, "utf-8")).encoding == "utf-8-sig"
    assert read_file(catalog(tmp_path, text, "gb18030")).encoding == "gb18030"


@pytest.mark.parametrize(
    ("stated", "encoding", "used"),
    [
        ("GB2312", "utf-8", "utf-8-sig"),
        ("GB2312", "utf-8-sig", "utf-8-sig"),
        ("UTF-8", "gb18030", "gb18030"),
        ("ISO-8859-1", "gb18030", "gb18030"),
        ("ISO-8859-1", "utf-8", "utf-8-sig"),
    ],
)
def test_the_bytes_decide_against_a_declaration_that_is_not_true(tmp_path, stated, encoding, used):
    path = catalog(tmp_path, message(item("K1", "大桥路口枪机"), encoding=stated), encoding)
    table = read_file(path)
    assert table.rows.loc[1, "Name"] == "大桥路口枪机"
    assert table.encoding == used
    assert table.notes == (SourceNote("ENCODING_STATED", 0, "", stated, used),)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_name_cut_within_a_character_costs_that_character(tmp_path, encoding):
    raw = message(item("K1", "大桥路口口"), item("K2", "龙山路口"), encoding="GB2312").encode(
        encoding
    )
    cut = raw.replace("路口口".encode(encoding), "路口口".encode(encoding)[:-1], 1)
    path = tmp_path / "catalog.xml"
    path.write_bytes(cut)
    table = read_file(path)
    assert table.rows["Name"].tolist() == ["大桥路口", "龙山路口"]
    assert SourceNote("TEXT_BROKEN", 1, "Name", "大桥路口\ufffd") in table.notes


def test_an_encoding_that_nobody_knows_is_refused(tmp_path):
    unheard = catalog(tmp_path, message(item("K1", "a"), encoding="klingon"))
    assert refusal(unheard).key == "source.encoding_unknown"


def test_messages_put_together_are_one_catalog(tmp_path):
    text = message(item("K1"), item("K2"), total=3) + message(item("K3"), total=3)
    table = read_file(catalog(tmp_path, text))
    assert table.rows["DeviceID"].to_dict() == {1: "K1", 2: "K2", 3: "K3"}
    assert table.notes == ()


def test_a_catalog_that_lacks_items_is_noted_query_by_query(tmp_path):
    text = message(item("K1"), total=3, query=1) + message(item("K3"), total=1, query=2)
    assert read_file(catalog(tmp_path, text)).notes == (
        SourceNote("CATALOG_INCOMPLETE", 0, "SumNum", "1/3"),
    )


def test_a_notice_of_changes_has_items_too(tmp_path):
    assert len(read_file(catalog(tmp_path, message(item("K1"), root="Notify"))).rows) == 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (message(item("K1"), kind="DeviceInfo"), "source.catalog"),
        (message(item("K1")) + message(item("K2"), kind="RecordInfo"), "source.catalog"),
        (message(root="Query"), "source.catalog"),
        ("<kml><Document/></kml>", "source.catalog"),
        (message(), "source.no_features"),
        (message(item("K1"))[:-20], "source.catalog_cut"),
        (message(item("K1"), item("K2"))[:-90], "source.catalog_cut"),
        ("no markup at all", "source.damaged"),
        (
            '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]>'
            + message(item("&c;")),
            "source.xml_entities",
        ),
        ("<Response><CmdType>Catalog</SN></Response>", "source.damaged"),
    ],
)
def test_what_is_no_sound_catalog_is_refused_with_its_own_sentence(tmp_path, text, key):
    assert refusal(catalog(tmp_path, text)).key == key


@needs_data
def test_the_catalog_of_2016_has_twelve_items_and_a_character_beyond_gbk():
    table = read_file(DATA / "catalog_2016_gb18030.xml")
    assert table.rows.index.tolist() == list(range(1, 13))
    assert table.rows["DeviceID"].iloc[0] == "34080200001320000001"
    assert {"Owner", "CertNum", "PositionType", "BusinessGroupID"} <= set(table.headers)
    assert table.rows.loc[5, "Name"] == "[合成]㙘渡口示例05"
    assert table.rows.loc[1, ["Longitude", "Latitude"]].tolist() == ["117.157179", "30.563082"]
    assert table.notes == ()


@needs_data
def test_the_catalog_of_2022_has_its_own_elements():
    table = read_file(DATA / "catalog_2022_utf8.xml")
    assert len(table.rows) == 12
    assert {"SecurityLevelCode", "HorizontalFieldAngle", "PointType"} <= set(table.headers)
    assert table.rows.loc[5, "DirectionType"] == "12"
    assert table.rows["PointType"].isna().tolist().index(True) == 2
    assert table.encoding == "utf-8-sig"
