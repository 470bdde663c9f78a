"""The synthetic district: is it whole, is it marked, and is it the same every time?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from python_calamine import CalamineWorkbook

from geo.base.crs import project
from geo.demo import REGISTER_DEFECTS, SYNTHETIC, DemoFile, build_files, write_boundaries
from geo.demo.built.buildings import make_buildings as make_buildings
from geo.demo.built.footprints import make_footprints
from geo.demo.built.plots import make_plots
from geo.demo.land.divisions import LEFT_OUT
from geo.demo.registers.devices import heading_words
from geo.files.schema.layers import LAYERS
from tests import ROOT
from tests.demo.fingerprints import STORED, fingerprint

pytestmark = pytest.mark.slow
BOUNDARIES = ROOT / "data" / "boundaries"
METRES = 4548


@dataclass(frozen=True)
class Demo:
    """What one build wrote."""

    files: tuple[DemoFile, ...]
    steps: list[str]

    def path(self, name: str) -> Path:
        return next(f.path for f in self.files if f.path.name == name)

    def geo(self, name: str) -> gpd.GeoDataFrame:
        return _geo(self.path(name)).copy()

    def metric(self, name: str) -> np.ndarray:
        return _metric(self.path(name))

    def sheet(self, name: str) -> pd.DataFrame:
        return _sheet(self.path(name)).copy()

    def table(self, name: str) -> pd.DataFrame:
        return _table(self.path(name)).copy()


@cache
def _geo(path: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(path)


@cache
def _metric(path: Path) -> np.ndarray:
    return project(_geo(path).geometry.to_numpy(), source=4326, target=METRES)


@cache
def _sheet(path: Path) -> pd.DataFrame:
    head, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return pd.DataFrame(rows, columns=head, dtype=object)


@cache
def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    steps: list[str] = []
    return Demo(build_files(tmp_path_factory.mktemp("demo"), on_step=steps.append), steps)


@pytest.fixture(scope="module")
def buildings(demo: Demo) -> np.ndarray:
    return demo.metric("buildings.gpkg")


def read(name: str) -> list[Mapping[str, object]]:
    return json.loads((BOUNDARIES / name).read_text(encoding="utf-8"))["features"]


def codes(demo: Demo, name: str) -> list[str]:
    return demo.geo(name)["code"].tolist()


# Areas -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["district", "townships", "communities", "grids"])
def test_the_boundaries_in_the_repository_are_written_again_byte_for_byte(
    demo: Demo, name: str
) -> None:
    assert (
        demo.path(f"{name}.geojson").read_bytes() == (BOUNDARIES / f"{name}.geojson").read_bytes()
    )


def test_each_file_holds_the_rows_it_held_when_its_fingerprint_was_written(demo: Demo) -> None:
    found = {each.path.name: fingerprint(each.path) for each in demo.files}
    assert found == json.loads(STORED.read_text(encoding="utf-8"))


def test_boundaries_do_not_depend_on_the_seed_and_are_small(tmp_path: Path) -> None:
    paths = write_boundaries(tmp_path)
    assert list(paths) == ["district", "township", "community", "grid"]
    assert sum(path.stat().st_size for path in paths.values()) < 1_000_000


def test_there_are_1_9_47_and_344_areas(demo: Demo) -> None:
    names = ("district", "townships", "communities", "grids")
    assert [len(codes(demo, f"{name}.geojson")) for name in names] == [1, 9, 47, 344]
    kinds = demo.geo("communities.geojson")["kind"].value_counts().to_dict()
    assert kinds == {"社区": 31, "村": 16}


def test_names_and_codes_are_those_of_the_fact_list(demo: Demo) -> None:
    facts = pd.read_csv(BOUNDARIES / "units.csv", dtype=str).set_index("code12")
    for name in ("townships.geojson", "communities.geojson"):
        for row in demo.geo(name).itertuples():
            fact = facts.loc[row.code]
            assert fact["parent_code12"] == row.parent_code
            assert fact["name"].removesuffix("居委会").removesuffix("村委会") == str(
                row.name
            ).removesuffix("社区").removesuffix("村")
    ordinary = facts[facts["kind"].isin(["社区", "村"])].index
    assert set(ordinary) - set(codes(demo, "communities.geojson")) == set(LEFT_OUT)


def test_grid_codes_are_the_community_and_a_serial_without_holes(demo: Demo) -> None:
    grids = demo.geo("grids.geojson")
    assert grids["code"].is_unique
    assert grids["code"].str.fullmatch(r"340802\d{9}").all()
    assert (grids["code"].str[:12] == grids["parent_code"]).all()
    for _, group in grids.groupby("parent_code"):
        serials = group["code"].str[-3:].astype(int)
        assert serials.tolist() == list(range(1, len(group) + 1))


def test_grid_serials_run_like_reading(demo: Demo) -> None:
    grids = demo.geo("grids.geojson").to_crs(METRES)
    for _, group in grids.groupby("parent_code"):
        middle = group.geometry.centroid
        height = np.sqrt(group.area.mean())
        row = np.floor((middle.y.max() - middle.y) / height + 1e-6)
        assert (np.diff(row) >= 0).all()
        for _, in_row in middle.groupby(row):
            assert in_row.x.is_monotonic_increasing


def test_every_level_tiles_and_is_the_union_of_its_parts(demo: Demo) -> None:
    levels = [demo.geo(f"{n}.geojson") for n in ("grids", "communities", "townships", "district")]
    for level in levels:
        assert level.is_valid.all()
        assert shapely.coverage_is_valid(level.geometry.to_numpy())
        assert (level.geom_type == "Polygon").all()
    for children, parents in pairwise(levels):
        for parent in parents.itertuples():
            own = children.geometry[children["parent_code"] == parent.code].to_numpy()
            union = shapely.coverage_union_all(own)
            assert shapely.normalize(union) == shapely.normalize(parent.geometry)


def test_the_district_has_207_km2_within_its_frame_and_no_hole(demo: Demo) -> None:
    (shape,) = demo.metric("district.geojson")
    assert shape.area == pytest.approx(207e6, rel=0.01)
    assert not shape.interiors
    west, south, east, north = demo.geo("district.geojson").total_bounds
    assert (west >= 117.03, south >= 30.47, east <= 117.25, north <= 30.71) == (True,) * 4


def test_grids_are_small_in_town_and_large_in_the_country(demo: Demo) -> None:
    area = pd.Series(shapely.area(demo.metric("grids.geojson")) / 1e6)
    town = ~demo.geo("grids.geojson")["name"].str.contains("村第")
    assert area[town].between(0.04, 0.31).all()
    assert area[~town].median() > 1.5


def test_the_district_carries_the_reported_figures(demo: Demo) -> None:
    row = demo.geo("district.geojson").iloc[0]
    assert (row["reported_skynet"], row["reported_social"]) == (2075, 1600)
    assert row["reported_note"]


def test_coordinates_in_the_repository_have_seven_decimals() -> None:
    shapes = gpd.read_file(BOUNDARIES / "grids.geojson").geometry.to_numpy()
    xy = shapely.get_coordinates(shapes)
    assert (xy == xy.round(7)).all()
    assert all(f["properties"]["remark"] == SYNTHETIC for f in read("grids.geojson"))


# Files -------------------------------------------------------------------------------------------


def test_files_come_in_the_order_of_their_import_and_every_step_is_told(demo: Demo) -> None:
    order = [f.layer for f in demo.files]
    assert order[:4] == ["areas"] * 4
    assert order[4:] == [
        "buildings", "roads", "water", "farmland", "places", "entrances", "addresses", "units",
        "duties", "centres", "cameras", "cameras", "incidents",
    ]  # fmt: skip
    assert demo.steps == [f.path.name for f in demo.files]
    assert [f.options["level"] for f in demo.files[:4]] == [
        "district", "township", "community", "grid",
    ]  # fmt: skip


def headers_of(demo: Demo, path: Path) -> list[str]:
    if path.suffix == ".xlsx":
        return [str(head) for head in demo.sheet(path.name).columns]
    if path.suffix == ".csv":
        return demo.table(path.name).columns.tolist()
    return [name for name in demo.geo(path.name).columns if name != "geometry"]


def test_every_header_is_known_to_its_layer_and_every_required_one_is_there(demo: Demo) -> None:
    free = {"remark", "备注", "经度", "纬度", "reported_skynet", "reported_social", "reported_note"}
    for file in demo.files:
        fields = LAYERS[file.layer].fields
        known = {head: f.name for f in fields for head in (f.name, *f.aliases)}
        heads = headers_of(demo, file.path)
        assert set(heads) - set(known) <= free, file.path.name
        have = {known[head] for head in heads if head in known}
        assert {f.name for f in fields if f.required} <= have, file.path.name


def test_every_row_of_every_file_is_marked_synthetic(demo: Demo) -> None:
    for file in demo.files:
        if file.path.suffix == ".xlsx":
            marks = demo.sheet(file.path.name)["备注"]
        elif file.path.suffix == ".csv":
            marks = demo.table(file.path.name)["备注"]
        else:
            marks = demo.geo(file.path.name)["remark"]
        assert (marks == SYNTHETIC).all(), file.path.name


def test_choices_are_words_that_the_import_knows(demo: Demo) -> None:
    def words(layer: str, name: str) -> set[str]:
        choices = LAYERS[layer].field(name).choices
        return {word for stored, said in choices.items() for word in (stored, *said)}

    cameras = pd.concat([demo.sheet(name) for name in REGISTER_DEFECTS])
    fields = {"摄像机类型": "form", "建设类别": "owner_kind", "补光": "supply_light"}
    for header, name in {**fields, "状态": "connection"}.items():
        assert set(cameras[header]) <= words("cameras", name)
    assert set(demo.table("incidents.csv")["状态"]) <= words("incidents", "state")
    assert set(demo.geo("roads.gpkg")["class"]) <= words("roads", "class")
    assert set(demo.sheet("centres.xlsx")["层级"]) <= words("centres", "level")


# Town --------------------------------------------------------------------------------------------


def test_there_are_40_to_60_thousand_sound_buildings_with_heights(
    demo: Demo, buildings: np.ndarray
) -> None:
    assert 40_000 <= len(buildings) <= 60_000
    assert shapely.is_valid(buildings).all()
    assert demo.geo("buildings.gpkg")["height_m"].between(2.5, 120).all()
    corners = shapely.get_num_coordinates(buildings)
    assert (shapely.get_num_interior_rings(buildings) > 0).sum() > 50
    assert (corners == 7).sum() > 500


def test_no_building_stands_on_water_or_on_a_carriageway(demo: Demo, buildings: np.ndarray) -> None:
    tree = shapely.STRtree(buildings)
    water = shapely.buffer(demo.metric("water.gpkg"), -0.05)
    assert len(tree.query(water, predicate="intersects")[1]) == 0
    roads = demo.geo("roads.gpkg")
    half = roads["width_m"].to_numpy() / 2 - 0.05
    lane = shapely.buffer(demo.metric("roads.gpkg"), half, cap_style="flat")
    assert len(tree.query(lane, predicate="intersects")[1]) == 0


def test_a_few_buildings_overlap_as_in_real_data(buildings: np.ndarray) -> None:
    one, two = shapely.STRtree(buildings).query(buildings, predicate="overlaps")
    one, two = one[one < two], two[one < two]
    deep = shapely.area(shapely.intersection(buildings[one], buildings[two])) > 1.5
    assert 20 < deep.sum() < 0.02 * len(buildings)


def test_streets_have_all_classes_and_meet_at_shared_points(demo: Demo) -> None:
    roads = demo.geo("roads.gpkg")
    assert set(roads["class"]) == {
        "trunk", "primary", "secondary", "residential", "service", "track", "path",
    }  # fmt: skip
    main = roads[roads["class"].isin(["trunk", "primary", "secondary"])].geometry.to_numpy()
    vertices = shapely.get_coordinates(main).round(7)
    ends = shapely.get_coordinates(shapely.get_point(main, 0)).round(7)
    seen, count = np.unique(vertices, axis=0, return_counts=True)
    shared = {tuple(xy) for xy in seen[count > 1].tolist()}
    assert np.mean([tuple(xy) in shared for xy in ends.tolist()]) > 0.95


def test_fields_lie_off_water(demo: Demo) -> None:
    fields = demo.metric("farmland.gpkg")
    assert shapely.area(fields).sum() > 60e6
    hits = shapely.STRtree(fields).query(demo.metric("water.gpkg"), predicate="intersects")
    assert hits.size == 0


def test_gates_belong_to_places_and_stand_outside_buildings(
    demo: Demo, buildings: np.ndarray
) -> None:
    places, gates = demo.geo("places.geojson"), demo.geo("entrances.geojson")
    assert places["code"].is_unique
    assert places["name"].is_unique
    assert set(gates["place_code"]) == set(places["code"])
    kinds = {
        "学校",
        "医院",
        "车站",
        "广场",
        "公园",
        "商场",
        "农贸市场",
        "党政机关",
        "银行",
        "小区",
        "加油站",
    }
    assert kinds <= set(places["kind"])
    inside = shapely.STRtree(buildings).query(demo.metric("entrances.geojson"), "within")[0]
    assert len(inside) == 0


def test_addresses_have_their_five_kinds_and_crossings_name_both_streets(demo: Demo) -> None:
    table = demo.table("addresses.csv")
    assert set(table["类型"]) == {"门牌", "小区", "路口", "公交站", "灯杆"}
    crossings = table[table["类型"] == "路口"]["名称"]
    assert crossings.str.fullmatch(r".+与.+口").all()
    assert "人民路与状元路口" in set(crossings)


# Units -------------------------------------------------------------------------------------------


def test_there_are_57_centres_each_in_its_own_area(demo: Demo) -> None:
    centres = demo.sheet("centres.xlsx")
    assert centres["层级"].value_counts().to_dict() == {"村居": 47, "乡街": 9, "区": 1}
    areas = pd.concat([demo.geo(f"{n}.geojson") for n in ("district", "townships", "communities")])
    shape = areas.set_index("code").geometry.loc[centres["辖区编码"]]
    points = shapely.points(centres[["经度", "纬度"]].to_numpy(float))
    assert shapely.contains(shape.to_numpy(), points).all()


def test_duties_name_known_units_and_areas_at_several_levels(demo: Demo) -> None:
    duties, units = demo.sheet("duties.xlsx"), demo.sheet("units.xlsx")
    assert units["单位编码"].is_unique
    assert set(duties["责任单位编码"]) <= set(units["单位编码"])
    known = set(codes(demo, "grids.geojson")) | set(codes(demo, "communities.geojson"))
    known |= set(codes(demo, "townships.geojson")) | set(codes(demo, "district.geojson"))
    assert set(duties["辖区编码"]) <= known
    assert set(duties["辖区编码"].str.len()) == {12, 15}
    assert units["值班电话"].str.fullmatch(r"0556-\d{7}").all()


# Cameras -----------------------------------------------------------------------------------------


def sound(demo: Demo, name: str) -> pd.DataFrame:
    """Rows of a register without a planted defect of position or code."""
    rows = [d.row - 2 for d in REGISTER_DEFECTS[name] if d.column in ("经度", "设备编码")]
    return demo.sheet(name).drop(index=rows)


def test_registers_have_2075_and_1600_rows_with_their_defects(demo: Demo) -> None:
    assert len(demo.sheet("cameras_skynet.xlsx")) == 2_075
    assert len(demo.sheet("cameras_social.xlsx")) == 1_600
    assert [len(defects) for defects in REGISTER_DEFECTS.values()] == [12, 12]


@pytest.mark.parametrize("name", list(REGISTER_DEFECTS))
def test_every_listed_defect_is_in_its_row_and_no_other_row_has_one(demo: Demo, name: str) -> None:
    frame = demo.sheet(name)
    frame.index += 2
    lon, code = frame["经度"], frame["设备编码"].astype(str)
    number = pd.to_numeric(lon, errors="coerce")
    found = {
        "COORDINATES_MISSING": lon == "",
        "LONLAT_SWAPPED": number.between(30, 31),
        "ZERO_COORDINATES": number == 0,
        "CODE_LENGTH": code.str.len() != 20,
        "CODE_DUPLICATE": code.duplicated(),
        "DATE_FUTURE": frame["安装时间"].astype(str) > "2026-12-31",
        "FULLWIDTH_DIGITS": lon.astype(str).str.contains("[０-９]", regex=True)
        | frame["安装高度"].astype(str).str.contains("[０-９]", regex=True),
    }
    for kind, hits in found.items():
        listed = {d.row for d in REGISTER_DEFECTS[name] if d.kind == kind}
        assert set(frame.index[hits]) == listed, kind


@pytest.mark.parametrize("name", list(REGISTER_DEFECTS))
def test_device_codes_have_twenty_digits_of_the_national_structure(demo: Demo, name: str) -> None:
    code = sound(demo, name)["设备编码"]
    assert code.str.fullmatch(r"34080200\d{2}13[12]\d{7}").all()
    assert code.is_unique


def test_outdoor_cameras_stand_outside_buildings_and_indoor_ones_are_a_tenth(
    demo: Demo, buildings: np.ndarray
) -> None:
    tree = shapely.STRtree(buildings)
    for name in REGISTER_DEFECTS:
        frame = sound(demo, name)
        lonlat = shapely.points(frame[["经度", "纬度"]].to_numpy(float))
        points = project(lonlat, source=4326, target=METRES)
        inside = np.zeros(len(frame), bool)
        inside[tree.query(points, "within")[0]] = True
        assert not inside[frame["室内"] == "否"].any()
    indoor = (demo.sheet("cameras_social.xlsx")["室内"] == "是").mean()
    assert indoor == pytest.approx(0.10, abs=0.01)


def test_headings_are_partly_unknown_and_partly_words(demo: Demo) -> None:
    for name in REGISTER_DEFECTS:
        said = demo.sheet(name)["监视方位"].astype(str)
        assert said.isin(["", "不详"]).mean() == pytest.approx(0.12, abs=0.025)
        words = ~said.isin(["", "不详"]) & ~said.str.fullmatch(r"\d+")
        assert words.mean() == pytest.approx(0.25, abs=0.03)


def test_words_for_a_heading_mean_that_heading() -> None:
    rng = np.random.default_rng(1)
    said = set(heading_words(np.full(400, 30.0), rng))
    assert said == {"", "不详", "30", "东北", "朝东北", "北偏东30°"}


def test_registers_tell_of_offline_cameras_short_retention_and_missing_filing(demo: Demo) -> None:
    for name in REGISTER_DEFECTS:
        frame = demo.sheet(name)
        assert (frame["状态"] == "离线").mean() == pytest.approx(0.05, abs=0.02)
        assert (frame["状态"] == "不详").any()
        assert (frame["录像保存天数"].astype(int) < 30).any()
        assert frame["备案号"].eq("").any()
        assert set(frame["摄像机类型"]) == {"固定枪机", "半球", "球机", "全景", "多目"}


# Incidents ----------------------------------------------------------------------------------------


def test_987_of_1167_matters_are_closed_and_the_last_is_of_30_september(demo: Demo) -> None:
    table = demo.table("incidents.csv")
    assert len(table) == 1_167
    assert (table["状态"] == "结案").sum() == 987
    assert ((table["结案时间"] != "") == (table["状态"] == "结案")).all()
    assert table["事项编号"].is_unique
    assert (table["发生时间"].min()[:10], table["发生时间"].max()[:10]) == (
        "2026-04-01", "2026-09-30",
    )  # fmt: skip
    assert (table["上报时间"] >= table["发生时间"]).all()
    closed = table[table["结案时间"] != ""]
    assert (closed["结案时间"] > closed["上报时间"]).all()


def test_163_matters_of_the_pilot_came_by_the_app_since_july(demo: Demo) -> None:
    table = demo.table("incidents.csv")
    by_app = table[(table["来源"] == "手机APP") & (table["上报时间"] >= "2026-07-01")]
    placed = by_app[by_app["经度"] != ""]
    townships = demo.geo("townships.geojson").set_index("code")
    points = shapely.points(placed[["经度", "纬度"]].to_numpy(float))
    assert shapely.contains_properly(townships.geometry["340802001000"], points).sum() == 163
    closed = table[table["状态"] == "结案"]
    assert (closed["办结方式"] == "已解决").all()
    assert (closed["办理层级"] != "").all()


def test_matters_lie_outdoors_and_three_in_a_hundred_have_no_position(
    demo: Demo, buildings: np.ndarray
) -> None:
    table = demo.table("incidents.csv")
    blank = table["经度"] == ""
    assert blank.mean() == pytest.approx(0.03, abs=0.002)
    lonlat = shapely.points(table.loc[~blank, ["经度", "纬度"]].to_numpy(float))
    points = project(lonlat, source=4326, target=METRES)
    assert shapely.STRtree(buildings).query(points, "within").size == 0
    (district,) = demo.metric("district.geojson")
    assert shapely.contains(district, points).all()


def test_matters_cluster_in_place_and_time(demo: Demo) -> None:
    table = demo.table("incidents.csv")
    hour = table["发生时间"].str[11:13].astype(int)
    assert hour.between(8, 19).mean() > 0.7
    place = table["地址"].value_counts()
    assert place.iloc[:30].sum() > 0.2 * len(table)


def test_nothing_names_a_person_or_a_mobile_number(demo: Demo) -> None:
    for file in demo.files:
        if file.path.suffix not in (".csv", ".xlsx"):
            continue
        read = demo.table if file.path.suffix == ".csv" else demo.sheet
        frame = read(file.path.name)
        text = "\n".join(str(cell) for cell in frame.to_numpy().ravel())
        for word in ("先生", "女士", "身份证", "姓名", "老人", "居民"):
            assert word not in text
        assert not pd.Series([text]).str.contains(r"(?<!\d)1[3-9]\d{9}(?!\d)").any()


# The same again ----------------------------------------------------------------------------------


def test_equal_seeds_give_equal_rows(demo: Demo) -> None:
    make_buildings.cache_clear()
    again = project(make_buildings(340802).geometry.to_numpy(), source=METRES, target=4326)
    written = demo.geo("buildings.gpkg").geometry.to_numpy()
    assert len(again) == len(written)
    gap = shapely.get_coordinates(again) - shapely.get_coordinates(written)
    assert np.abs(gap).max() < 1e-7


def test_other_seeds_use_the_same_plots_otherwise() -> None:
    one, two = make_plots(5), make_plots(6)
    assert one["s0"].equals(two["s0"])
    assert (one["use"] != two["use"]).mean() > 0.3


def test_footprints_have_the_asked_size_and_a_court_has_a_hole() -> None:
    shapes = make_footprints(
        np.array([[0.0, 0.0], [100.0, 0.0]]),
        np.array([0.0, np.pi / 2]),
        np.array([[20.0, 10.0], [20.0, 10.0]]),
        np.array(["box", "court"], object),
    )
    assert shapes[0].bounds == (-10, -5, 10, 5)
    assert shapes[0].area == pytest.approx(200)
    assert shapes[1].bounds == pytest.approx((95, -10, 105, 10))
    assert len(shapes[1].interiors) == 1
