"""Datum: a layer in another system than declared is doubted, a right one never."""

import numpy as np
import pytest
import shapely

from geo.base import chinese_shifts as shifts
from geo.base import crs as c
from geo.base.errors import CRSError
from geo.demo.built import buildings
from geo.demo.files import lonlat
from geo.demo.land import divisions, streets
from geo.demo.registers import cameras
from geo.files.checks.check import check_rows
from geo.files.checks.position.crs_evidence import MOST, evidence_points, suspect_crs
from geo.files.readers import read_file
from geo.files.schema.layers import find_layer

SEED = 340802
NAMES = ("wgs84", "gcj02", "bd09")
# a toy street of 2 km along 30.5° N with a row of houses behind it, one every 20 m
STREET = np.array([shapely.LineString([(117.10, 30.5), (117.12, 30.5)])], dtype=object)
HOUSES = np.array(
    [shapely.box(x, 30.5002, x + 0.00015, 30.5004) for x in np.arange(117.10, 117.12, 0.0002)],
    dtype=object,
)
POLES = np.column_stack([np.linspace(117.1005, 117.1195, 100), np.full(100, 30.50005)])


def shifted(xy, name):
    """Return WGS 84 degrees as a file in another system has them."""
    x, y = xy.T
    if name in ("gcj02", "bd09"):
        x, y = shifts.wgs84_to_gcj02(x, y)
    if name == "bd09":
        x, y = shifts.gcj02_to_bd09(x, y)
    return np.column_stack([x, y]).round(7)


@pytest.fixture(scope="module")
def ground():
    return {
        "district": lonlat(divisions.make_district())[0],
        "buildings": lonlat(buildings.make_buildings(SEED)),
        "roads": lonlat(streets.make_network().roads),
    }


@pytest.fixture(scope="module")
def positions():
    found = {
        "skynet": cameras.make_skynet_cameras(SEED),
        "social": cameras.make_social_cameras(SEED),
    }
    return {name: shapely.get_coordinates(lonlat(frame)) for name, frame in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize("declared", NAMES)
@pytest.mark.parametrize("truth", NAMES)
@pytest.mark.parametrize("owner", ["skynet", "social"])
def test_cameras_of_the_district_are_doubted_where_their_label_is_wrong_and_nowhere_else(
    ground, positions, owner, truth, declared
):
    xy = shifted(positions[owner], truth)
    found = suspect_crs(xy, c.parse_crs(declared), "cameras", **ground)
    assert (found.suggested if found else declared) == truth


@pytest.mark.slow
@pytest.mark.parametrize("error_m", [5, 30])
def test_poor_positions_in_the_right_system_raise_no_doubt(ground, positions, error_m):
    noise = np.random.default_rng(1).normal(0, error_m / 100_000, positions["skynet"].shape)
    xy = positions["skynet"] + noise
    assert suspect_crs(xy, c.parse_crs("wgs84"), "cameras", **ground) is None


@pytest.mark.parametrize(
    ("name", "rows"), [("roads", "roads"), ("buildings", "buildings")], ids=["roads", "buildings"]
)
@pytest.mark.slow
def test_roads_and_buildings_are_held_against_each_other(ground, name, rows):
    xy, _ = evidence_points(ground[rows])
    known = {key: shapes for key, shapes in ground.items() if key != rows}
    assert suspect_crs(xy, c.parse_crs("wgs84"), name, **known) is None
    found = suspect_crs(shifted(xy, "gcj02"), c.parse_crs("wgs84"), name, **known)
    assert found is not None
    assert found.suggested == "gcj02"


@pytest.mark.parametrize("truth", NAMES)
@pytest.mark.parametrize("declared", NAMES)
def test_communities_lie_in_the_townships_that_their_codes_name(truth, declared):
    areas, above = divisions.make_communities(), divisions.make_townships()
    own = dict(zip(above["code"], lonlat(above), strict=True))
    xy, owner = evidence_points(lonlat(areas), each=8)
    parents = np.array([own[code[:9] + "000"] for code in areas["code"]], dtype=object)[owner]
    found = suspect_crs(shifted(xy, truth), c.parse_crs(declared), "areas", own_areas=parents)
    assert (found.suggested if found else declared) == truth
    if found:
        ((name, here, there, count),) = found.measures
        assert name == "own"
        assert here < 0.7 < 0.99 < there
        assert 300 < count <= len(xy)


def test_poles_behind_the_street_are_doubted_with_the_evidence():
    xy = shifted(POLES, "gcj02")
    found = suspect_crs(xy, c.parse_crs("wgs84"), "cameras", buildings=HOUSES, roads=STREET)
    assert (found.declared, found.suggested) == ("wgs84", "gcj02")
    assert ("roads", 0.0, 1.0, 100) in found.measures
    assert "--crs gcj02" in found.text("en")
    assert "close to a road 0.0 % → 100.0 % (100 places)" in found.text("en")
    assert "紧邻道路的占 0.0% → 100.0%（100 处）" in found.text("zh")


def test_right_poles_are_not_doubted_and_cgcs2000_counts_as_wgs84():
    for name in ("wgs84", "cgcs2000"):
        known = {"buildings": HOUSES, "roads": STREET}
        assert suspect_crs(POLES, c.parse_crs(name), "cameras", **known) is None


def test_a_small_file_or_one_place_many_times_is_never_held():
    xy = shifted(POLES, "gcj02")
    known = {"buildings": HOUSES, "roads": STREET}
    assert suspect_crs(xy[:19], c.parse_crs("wgs84"), "cameras", **known) is None
    assert (
        suspect_crs(np.repeat(xy[:1], 500, axis=0), c.parse_crs("wgs84"), "cameras", **known)
        is None
    )
    assert suspect_crs(np.empty((0, 2)), c.parse_crs("wgs84"), "cameras", **known) is None


def test_nothing_known_means_no_doubt():
    assert suspect_crs(POLES, c.parse_crs("gcj02"), "cameras") is None


def test_a_few_misplaced_rows_among_many_hold_nothing():
    district = shapely.box(117.0, 30.4, 117.3, 30.7)
    inside = np.random.default_rng(2).uniform((117.02, 30.42), (117.28, 30.68), (3_000, 2))
    east = np.column_stack([np.full(40, 117.302), np.linspace(30.42, 30.68, 40)])
    xy = np.concatenate([inside, east])
    assert suspect_crs(xy, c.parse_crs("wgs84"), "cameras", district=district) is None


def test_the_wrong_zone_of_metres_is_found():
    (srid,) = {c.metric_srid(117.11, 30.5)}
    points = np.asarray(shapely.points(POLES), dtype=object)
    metres = shapely.get_coordinates(c.project(points, source=c.WGS84, target=srid))
    wrong = c.parse_crs(f"EPSG:{srid - 1}")
    district = shapely.box(117.0, 30.4, 117.3, 30.7)
    found = suspect_crs(metres, wrong, "cameras", district=district)
    assert found.suggested == f"EPSG:{srid}"
    right = c.parse_crs(f"EPSG:{srid}")
    assert suspect_crs(metres, right, "cameras", district=district) is None


def test_degrees_declared_as_metres_are_found():
    district = shapely.box(117.0, 30.4, 117.3, 30.7)
    found = suspect_crs(POLES, c.parse_crs("EPSG:4548"), "cameras", district=district, roads=STREET)
    assert found.suggested == "wgs84"


def test_outside_china_there_is_nothing_to_doubt():
    xy = POLES + np.array([-188, 12])
    district = shapely.box(0, 0, 1, 1)
    assert suspect_crs(xy, c.parse_crs("wgs84"), "cameras", district=district) is None


def test_large_files_are_sampled_and_always_alike():
    rng = np.random.default_rng(3)
    xy = shifted(rng.uniform((117.10, 30.49996), (117.12, 30.50004), (3 * MOST, 2)), "gcj02")
    first, again = (
        suspect_crs(xy, c.parse_crs("wgs84"), "cameras", roads=STREET).measures for _ in range(2)
    )
    assert first == again
    assert first[0][3] <= MOST


def test_lines_and_polygons_are_seen_as_points_of_theirs():
    shapes = np.array(
        [
            shapely.Point(1, 2),
            None,
            shapely.Point(),
            shapely.LineString([(0, 0), (4, 0)]),
            shapely.box(0, 0, 2, 2),
        ],
        dtype=object,
    )
    xy, owner = evidence_points(shapes)
    assert owner.tolist() == [0, 3, 4]
    assert xy.tolist() == [[1, 2], [2, 0], [1, 1]]
    xy, owner = evidence_points(shapes, each=3)
    assert owner.tolist() == [0, 3, 4, 4, 4]
    assert shapely.intersects(shapely.box(0.1, 0.1, 1.9, 1.9), shapely.points(xy[2:])).all()


@pytest.mark.parametrize("name", ["cameras_register.xlsx", "cameras_gbk.csv"])
@pytest.mark.parametrize("label", ["WGS-84", "CGCS2000", "GCJ-02"])
def test_the_rows_of_one_label_in_the_registers_are_not_held(shared_data, ground, name, label):
    table = read_file(shared_data / "register" / name)
    rows = table.rows[table.rows["坐标系"] == label]
    pairs = rows[["经度", "纬度"]].map(_number).to_numpy(dtype=float)
    assert suspect_crs(pairs, c.parse_crs(label), "cameras", district=ground["district"]) is None


def _number(cell):
    try:
        return float(cell)
    except (TypeError, ValueError):
        return np.nan


def test_feet_labelled_as_degrees_are_refused_with_the_reason_and_a_way_out(shared_data):
    table = read_file(shared_data / "boston" / "police_districts_as_found.geojson")
    with pytest.raises(CRSError) as caught:
        check_rows(
            table,
            find_layer("areas"),
            crs=c.parse_crs("wgs84"),
            level="district",
            mapping={"code": "DISTRICT", "name": "DISTRICT"},
        )
    text = str(caught.value)
    assert "metres or feet" in text
    assert "EPSG:2249" in text
    assert "EPSG:2249" in caught.value.text("zh")
