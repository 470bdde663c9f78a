"""Archives, Parquet and sizes: what is packed comes out whole and within limits."""

import zipfile

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.base.crs import InputCRS
from geo.base.errors import SourceError
from geo.files.readers import limits, read_file, read_parts, zip_archive

WGS84 = InputCRS("wgs84", 4326)


@pytest.fixture
def points():
    geometry = [shapely.Point(117.1, 30.5), shapely.Point(117.2, 30.6)]
    return gpd.GeoDataFrame({"name": ["甲", "乙"], "n": [1, 2]}, geometry=geometry, crs=4326)


@pytest.fixture
def shapefile(tmp_path, points):
    folder = tmp_path / "shape"
    folder.mkdir()
    points.to_file(folder / "a.shp", encoding="gb18030")
    return {file.suffix: file.read_bytes() for file in folder.iterdir()}


def packed(tmp_path, contents, *, kind=zipfile.ZIP_DEFLATED):
    path = tmp_path / "包.zip"
    with zipfile.ZipFile(path, "w", kind) as file:
        for name, content in contents.items():
            file.writestr(name, content)
    return path


def refusal(path, **options):
    with pytest.raises(SourceError) as caught:
        read_file(path, **options)
    assert caught.value.text("zh")
    assert caught.value.text("en")
    return caught.value


def test_a_packed_shapefile_is_read_in_whatever_folder_it_lies(tmp_path, shapefile):
    contents = {f"数据/网格{ending}": raw for ending, raw in shapefile.items()}
    contents |= {"说明.txt": b"x", "__MACOSX/数据/._网格.shp": b"x", "数据/.网格.shp": b"x"}
    table = read_file(packed(tmp_path, contents))
    assert table.rows["name"].tolist() == ["甲", "乙"]
    assert table.crs == WGS84
    assert table.geometry.loc[2] == shapely.Point(117.2, 30.6)


def test_a_packed_shapefile_asks_what_an_unpacked_one_asks(tmp_path, shapefile):
    bare = {f"A{e.upper()}": raw for e, raw in shapefile.items() if e not in (".cpg", ".prj")}
    path = packed(tmp_path, bare)
    assert refusal(path).key == "source.dbf_encoding"
    table = read_file(path, encoding="gb18030")
    assert table.rows["name"].tolist() == ["甲", "乙"]
    assert table.crs is None
    del bare["A.DBF"]
    assert refusal(packed(tmp_path, bare)).key == "source.shapefile"


def test_names_in_gbk_are_mended(tmp_path):
    name = "网格.csv".encode("gbk").decode("cp437")
    info = zipfile.ZipInfo(name)
    assert zip_archive.meant_name(info) == "网格.csv"
    info.flag_bits = 0x800
    assert zip_archive.meant_name(info) == name
    assert (
        zip_archive.meant_name(zipfile.ZipInfo("网格.csv".encode().decode("cp437"))) == "网格.csv"
    )


def test_of_several_data_files_one_is_chosen(tmp_path, shapefile):
    contents = {f"{stem}{e}": raw for e, raw in shapefile.items() for stem in ("甲/a", "乙/b")}
    path = packed(tmp_path, contents | {"c.csv": b"x\n1\n"})
    told = refusal(path)
    assert told.key == "source.zip_several"
    assert told.facts["known"].split(", ") == ["甲/a.shp", "乙/b.shp", "c.csv"]
    assert len(read_file(path, sheet="b").rows) == 2
    assert len(read_file(path, sheet="甲/a.shp").rows) == 2
    assert read_file(path, sheet="c.csv").headers == ("x",)
    assert refusal(path, sheet="d").key == "source.sheet"


def test_one_packed_table_is_read_like_the_table(tmp_path, points):
    text = "编码,名称\n1,甲\n2,乙\n".encode("gb18030")
    found = list(read_parts(packed(tmp_path, {"a.csv": text}), rows=1))
    assert [table.rows.index.tolist() for table in found] == [[2], [3]]
    for layer in ("one", "two"):
        points.to_file(tmp_path / "a.gpkg", layer=layer)
    path = packed(tmp_path, {"a.gpkg": (tmp_path / "a.gpkg").read_bytes()})
    assert refusal(path).key == "source.layers"
    assert len(read_file(path, sheet="two").rows) == 2


def test_no_name_leads_out_of_the_folder(tmp_path):
    path = packed(tmp_path, {"../../../outside.csv": b"a\n1\n", "..\\also/readme.md": b"x"})
    assert read_file(path).rows.loc[2].tolist() == ["1"]
    assert not (tmp_path.parent / "outside.csv").exists()
    long = packed(tmp_path, {f"{'长' * 300}.csv": b"a\n1\n"})
    assert len(read_file(long).rows) == 1


def test_an_archive_without_data_says_so(tmp_path):
    assert refusal(packed(tmp_path, {"readme.txt": b"x"})).key == "source.zip_empty"
    assert refusal(packed(tmp_path, {})).key == "source.zip_empty"


def test_an_archive_of_too_much_is_refused(tmp_path, monkeypatch):
    many = {f"{number}.md": b"" for number in range(201)}
    assert refusal(packed(tmp_path, many)).key == "source.zip_entries"
    bomb = packed(tmp_path, {"a.csv": b"a\n" * 10_000_000})
    assert refusal(bomb).key == "source.zip_ratio"
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 10)
    assert refusal(packed(tmp_path, {"a.csv": b"a\n" * 10})).key == "source.unpacked"


def test_a_locked_and_a_broken_archive_are_told_apart(tmp_path):
    path = packed(tmp_path, {"a.csv": b"name\nvalue\n"}, kind=zipfile.ZIP_STORED)
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"value", b"VALUE", 1))
    assert refusal(path).key == "source.damaged"
    locked = bytearray(raw)
    locked[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(locked))
    assert refusal(path).key == "source.zip_locked"
    path.write_bytes(raw[:-30])
    assert refusal(path).key == "source.damaged"


def test_geoparquet_comes_with_its_system_and_exact_numbers(tmp_path, points):
    points["code"] = pd.array([340802001001320007, None], dtype="Int64")
    points["tags"] = [["a", "b"], None]
    points["door"] = gpd.GeoSeries([shapely.Point(1, 2), None], crs=4326)
    path = tmp_path / "a.parquet"
    points.to_crs(4548).to_parquet(path)
    table = read_file(path)
    assert table.crs == InputCRS("EPSG:4548", 4548)
    assert table.headers == ("name", "n", "code", "tags", "door")
    assert table.rows.loc[1].tolist()[:4] == ["甲", 1, 340802001001320007, ["a", "b"]]
    assert table.rows.loc[1, "door"].startswith("POINT (")
    assert table.rows.loc[2].tolist() == ["乙", 2, None, None, None]
    assert [each.geom_type for each in table.geometry] == ["Point", "Point"]


@pytest.mark.parametrize(("stated", "crs"), [(None, None), ("OGC:CRS84", WGS84), (4326, WGS84)])
def test_geoparquet_without_a_system_has_none_and_its_default_is_known(
    tmp_path, points, stated, crs
):
    path = tmp_path / "a.geoparquet"
    points.set_crs(stated, allow_override=True).to_parquet(path)
    assert read_file(path).crs == crs


def test_plain_parquet_is_a_table(tmp_path):
    frame = pd.DataFrame({"n": [1.5, None], "s": ["甲", None]}, index=pd.Index([7, 8], name="id"))
    path = tmp_path / "year=2026" / "a.parquet"
    path.parent.mkdir()
    frame.to_parquet(path)
    table = read_file(path)
    assert (table.headers, table.geometry) == (("id", "n", "s"), None)
    assert table.rows.loc[1].tolist() == [7, 1.5, "甲"]
    assert table.rows.loc[2].tolist() == [8, None, None]


def test_parquet_without_rows_and_half_of_one_are_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"n": [1, 2]}).to_parquet(path)
    raw = path.read_bytes()
    path.write_bytes(raw[:4] + b"\xff" * 20 + raw[24:])
    assert refusal(path).key == "source.damaged"
    path.write_bytes(raw[:-20])
    assert refusal(path).key == "source.damaged"
    pd.DataFrame({"n": []}).to_parquet(path)
    assert refusal(path).key == "source.no_features"


@pytest.mark.parametrize(
    ("name", "size_mb", "key"),
    [
        ("a.csv", 2001, "source.large_parts"),
        ("a.gpkg", 2001, "source.large_parts"),
        ("a.xlsx", 201, "source.large"),
        ("a.xls", 201, "source.large"),
        ("a.ods", 201, "source.large"),
        ("a.geojson", 201, "source.large"),
        ("a.xml", 201, "source.large"),
        ("a.dxf", 201, "source.large"),
        ("a.zip", 201, "source.large"),
        ("a.parquet", 201, "source.large"),
    ],
)
def test_a_file_that_is_too_large_says_how_large_it_may_be(tmp_path, name, size_mb, key):
    path = tmp_path / name
    with path.open("wb") as file:  # of nothing: it takes no place on the disk
        file.truncate(size_mb * 1_000_000)
    told = refusal(path)
    assert told.key == key
    assert (told.facts["found_mb"], told.facts["limit_mb"]) == (size_mb, size_mb - 1)


def test_a_shapefile_counts_with_its_table(tmp_path, points):
    path = tmp_path / "a.shp"
    points.to_file(path)
    with path.with_suffix(".dbf").open("r+b") as file:
        file.truncate(201_000_000)
    assert refusal(path).key == "source.large"
