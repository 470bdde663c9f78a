"""JSON: GeoJSON in whatever encoding, JSON of ArcGIS with its system, everything else by name."""

import json

import pytest

from geo.base.crs import InputCRS
from geo.files.readers import SourceNote, read_file
from tests.toy_town import place, write_geojson

TOWN = "大桥路口"


def point(x, y):
    return {"type": "Point", "coordinates": place(x, y)}


def recoded(tmp_path, encoding):
    path = write_geojson(tmp_path / "a.geojson", [({"名称": TOWN}, point(0, 0))])
    path.write_bytes(path.read_text("utf-8").encode(encoding))
    return path


@pytest.mark.parametrize(
    ("encoding", "used"),
    [("gb18030", "gb18030"), ("utf-16", "utf-16")],
)
def test_geojson_in_another_encoding_is_read_and_named(tmp_path, encoding, used):
    table = read_file(recoded(tmp_path, encoding))
    assert table.rows["名称"].tolist() == [TOWN]
    assert table.geometry.iloc[0].x == place(0, 0)[0]
    assert (table.encoding, table.crs) == (used, None)
    assert table.notes == (SourceNote("ENCODING_STATED", 0, "", "UTF-8", used),)


def test_an_encoding_that_is_declared_for_geojson_is_used(tmp_path):
    table = read_file(recoded(tmp_path, "gb18030"), encoding="gbk")
    assert (table.rows["名称"].tolist(), table.notes) == ([TOWN], ())
    other = read_file(recoded(tmp_path, "utf-8"), encoding="gbk")
    assert other.rows["名称"].tolist() == [TOWN]
    assert other.notes == (SourceNote("ENCODING_STATED", 0, "", "gbk", "utf-8-sig"),)


def test_a_cut_character_in_geojson_is_a_finding_of_its_cell(tmp_path):
    path = recoded(tmp_path, "utf-8")
    path.write_bytes(path.read_bytes().replace("口".encode(), "口".encode()[:-1]))
    table = read_file(path)
    assert table.rows["名称"].tolist() == ["大桥路"]
    assert table.notes == (SourceNote("TEXT_BROKEN", 1, "名称", "大桥路\ufffd"),)


@pytest.mark.parametrize(
    ("reference", "crs"),
    [
        ({"wkid": 4548}, InputCRS("EPSG:4548", 4548)),
        ({"wkid": 102100, "latestWkid": 3857}, InputCRS("EPSG:3857", 3857)),
        ({"wkid": 4326}, InputCRS("wgs84", 4326)),
        ({"wkid": 4490}, InputCRS("cgcs2000", 4490)),
        (None, None),
    ],
)
def test_json_of_arcgis_is_read_with_its_own_system(tmp_path, reference, crs):
    body = {
        "displayFieldName": "名称",
        "geometryType": "esriGeometryPoint",
        "fields": [{"name": "名称", "type": "esriFieldTypeString", "length": 50}],
        "features": [{"attributes": {"名称": TOWN}, "geometry": {"x": 504331.5, "y": 3375952.1}}],
    }
    if reference:
        body["spatialReference"] = reference
    path = tmp_path / "a.json"
    path.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    table = read_file(path)
    assert (table.rows["名称"].tolist(), table.crs) == ([TOWN], crs)
    assert table.geometry.iloc[0].coords[0] == (504331.5, 3375952.1)
