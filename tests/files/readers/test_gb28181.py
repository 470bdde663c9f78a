"""Catalogs of a video platform: one row an item, whatever edition, encoding and number of parts."""

import pytest

from geo.base.errors import SourceError
from geo.files.readers import SourceNote, read
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
        read(path, **options)
    assert caught.value.text("zh")
    assert caught.value.text("en")
    return caught.value


def test_an_item_is_a_row_and_what_stands_in_info_a_column_beside_the_others(tmp_path):
    table = read(catalog(tmp_path, message(item("01"), item("02", "乙", "<RoomType>1</RoomType>"))))
    assert table.headers == ("DeviceID", "Name", "Owner", "PTZType", "RoomType")
    assert table.rows.loc[1].tolist() == ["01", "甲", None, "3", None]
    assert table.rows.loc[2].tolist() == ["02", "乙", None, None, "1"]
    assert table.rows.index.name == "row"
    assert (table.crs.name, table.encoding, table.header_row) == ("wgs84", "gb18030", 0)
    assert table.geometry is None
    assert table.notes == ()


def test_a_name_outside_and_inside_info_is_told_apart(tmp_path):
    table = read(catalog(tmp_path, message(item("01", inside="<Name>乙</Name><MAC/>"))))
    assert table.headers == ("DeviceID", "Name", "Owner", "Info/Name", "MAC")
    assert table.rows.loc[1].tolist() == ["01", "甲", None, "乙", None]


def test_an_empty_info_is_no_column_and_a_repeated_element_keeps_both_texts(tmp_path):
    twice = "<Item><DeviceID>1</DeviceID><Name>a</Name><Name>b</Name><Info/></Item>"
    table = read(catalog(tmp_path, message(twice, item("2"))))
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
    text = message(item("01", "\U00020000桥"), encoding=declared)
    assert read(catalog(tmp_path, text, encoding)).rows.loc[1, "Name"] == "\U00020000桥"


def test_without_a_declaration_the_usual_encodings_are_tried(tmp_path):
    text = message(item("01")).partition("\r\n")[2]
    assert read(catalog(tmp_path, text, "utf-8")).encoding == "utf-8-sig"
    assert read(catalog(tmp_path, text, "gb18030")).encoding == "gb18030"


def test_a_declaration_that_is_not_true_is_refused_and_can_be_overruled(tmp_path):
    path = catalog(tmp_path, message(item("01"), encoding="UTF-8"), "gb18030")
    assert refusal(path).key == "source.encoding"
    assert read(path, encoding="gb18030").rows.loc[1, "Name"] == "甲"
    unheard = catalog(tmp_path, message(item("01", "a"), encoding="klingon"))
    assert refusal(unheard).key == "source.encoding_unknown"


def test_messages_put_together_are_one_catalog(tmp_path):
    text = message(item("01"), item("02"), total=3) + message(item("03"), total=3)
    table = read(catalog(tmp_path, text))
    assert table.rows["DeviceID"].to_dict() == {1: "01", 2: "02", 3: "03"}
    assert table.notes == ()


def test_a_catalog_that_lacks_items_is_noted_query_by_query(tmp_path):
    text = message(item("01"), total=3, query=1) + message(item("03"), total=1, query=2)
    assert read(catalog(tmp_path, text)).notes == (
        SourceNote("CATALOG_INCOMPLETE", 0, "SumNum", "1/3"),
    )


def test_a_notice_of_changes_has_items_too(tmp_path):
    assert len(read(catalog(tmp_path, message(item("01"), root="Notify"))).rows) == 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (message(item("01"), kind="DeviceInfo"), "source.catalog"),
        (message(item("01")) + message(item("02"), kind="RecordInfo"), "source.catalog"),
        (message(root="Query"), "source.catalog"),
        ("<kml><Document/></kml>", "source.catalog"),
        (message(), "source.no_features"),
        (message(item("01"))[:-20], "source.damaged"),
        (message(item("01", "A & B")), "source.damaged"),
        ("no markup at all", "source.damaged"),
        (
            '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]>'
            + message(item("&c;")),
            "source.xml_entities",
        ),
        (message(item("&unknown;")), "source.damaged"),
    ],
)
def test_what_is_no_sound_catalog_is_refused_with_its_own_sentence(tmp_path, text, key):
    assert refusal(catalog(tmp_path, text)).key == key


@needs_data
def test_the_catalog_of_2016_has_twelve_items_and_a_character_beyond_gbk():
    table = read(DATA / "catalog_2016_gb18030.xml")
    assert table.rows.index.tolist() == list(range(1, 13))
    assert table.rows["DeviceID"].iloc[0] == "34080200001320000001"
    assert {"Owner", "CertNum", "PositionType", "BusinessGroupID"} <= set(table.headers)
    assert table.rows.loc[5, "Name"] == "[合成]㙘渡口示例05"
    assert table.rows.loc[1, ["Longitude", "Latitude"]].tolist() == ["117.157179", "30.563082"]
    assert table.notes == ()


@needs_data
def test_the_catalog_of_2022_has_its_own_elements():
    table = read(DATA / "catalog_2022_utf8.xml")
    assert len(table.rows) == 12
    assert {"SecurityLevelCode", "HorizontalFieldAngle", "PointType"} <= set(table.headers)
    assert table.rows.loc[5, "DirectionType"] == "12"
    assert table.rows["PointType"].isna().tolist().index(True) == 2
    assert table.encoding == "utf-8-sig"
