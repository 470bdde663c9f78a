"""A GeoPackage says what its layer is, in its columns, its contents and its style."""

import sqlite3
from contextlib import closing
from xml.etree import ElementTree

import geopandas as gpd
import pyogrio
import pytest
from pyogrio import raw
from shapely import box

from geo.files import writers
from geo.files.writers.gpkg_notes import LayerNotes

NOTES = LayerNotes("盲区", "内部用图 <1>", {"area_m2": '面积"（m²）', "missing": "不存在"})


@pytest.fixture
def file(tmp_path):
    out = tmp_path / "gaps.gpkg"
    frame = gpd.GeoDataFrame({"area_m2": [4.0]}, geometry=[box(117, 30, 117.1, 30.1)], crs=4326)
    writers.write_file(frame, out, layer="gaps", notes=NOTES)
    return out


def rows(file, statement):
    with closing(sqlite3.connect(file)) as base:
        return base.execute(statement).fetchall()


def test_columns_have_names_and_only_those_that_are_there(file):
    assert rows(file, "SELECT column_name, name FROM gpkg_data_columns") == [
        ("area_m2", '面积"（m²）')
    ]


def test_the_layer_says_what_it_is_and_is_still_read(file):
    said = rows(file, "SELECT identifier, description FROM gpkg_contents WHERE table_name = 'gaps'")
    assert said == [("盲区", "内部用图 <1>")]
    assert pyogrio.read_info(file, layer="gaps")["features"] == 1
    assert raw.read(file, layer="gaps")[3][0].tolist() == [4.0]


def test_the_style_is_the_default_one_and_its_aliases_are_xml(file):
    style, default = rows(file, "SELECT styleQML, useAsDefault FROM layer_styles")[0]
    assert default == 1
    (alias,) = ElementTree.fromstring(style).iter("alias")
    assert alias.attrib == {"index": "2", "field": "area_m2", "name": '面积"（m²）'}


def test_the_file_is_a_database_without_a_fault(file):
    assert rows(file, "PRAGMA integrity_check") == [("ok",)]
    assert rows(file, "SELECT extension_name FROM gpkg_extensions WHERE table_name IS NOT NULL")
