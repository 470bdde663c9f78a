"""Positions as people write them: spellings of degrees, geometry as text, systems that are off."""

import pandas as pd
import pytest
import shapely

from geo.base.crs import parse_crs, project
from geo.base.errors import CRSError
from geo.files.checks.check import Check, check_rows
from geo.files.checks.position.angles import angle_of, angles_of
from geo.files.readers import Table
from geo.files.schema.layers import find_layer

WGS84 = parse_crs("wgs84")
CAMERAS = find_layer("cameras")
PLACE = shapely.Point(117.0451, 30.5031)


def table(rows):
    index = pd.RangeIndex(2, 2 + len(rows), name="row")
    frame = pd.DataFrame(rows, index=index, dtype=object)
    return Table(tuple(frame.columns), frame.where(frame.notna(), None), header_row=1)


def pairs(*cells, crs=WGS84, **options):
    rows = [{"名称": f"P{n}", "经度": lon, "纬度": lat} for n, (lon, lat) in enumerate(cells)]
    return check_rows(table(rows), CAMERAS, crs=crs, **options)


def texts(*cells, column="WKT", crs=WGS84):
    rows = [{"名称": f"P{n}", column: cell} for n, cell in enumerate(cells)]
    return check_rows(table(rows), CAMERAS, crs=crs)


def found(taken):
    return [(f.row, f.column, f.code, f.severity) for f in taken.findings]


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ("117°03′12″E", "30°30′36″N"),
        ("117°03'12\"", "30°30'36\""),
        ("117º3’12”", "30º30’36”"),
        ("117°03'12''", "30°30'36''"),
        ("东经117°03′12″", "北纬30°30′36″"),
        ("东经：117度3分12秒", "北纬：30度30分36秒"),
        ("117 03 12", "30 30 36"),
        ("117:03:12", "30:30:36"),
        ("117-03-12", "30-30-36"),
        ("1170312E", "303036N"),
        ("E1170312.0", "N303036.0"),
        ("117°3.2′", "30°30.6′"),
        ("117 03.2", "30 30.6"),
        ("１１７°０３′１２″", "３０°３０′３６″"),
        # the letters say which is which, whatever the header says
        ("30°30′36″N", "117°03′12″E"),
    ],
)
def test_degrees_are_read_however_they_are_spelt(lon, lat):
    taken = pairs((lon, lat))
    (point,) = taken.rows.geometry
    assert (round(point.x, 7), round(point.y, 7)) == (117.0533333, 30.51)
    assert [line[2:] for line in found(taken)] == [("COORDINATE_SPELT", "note")] * 2


@pytest.mark.parametrize("sign", ["{}E", "E{}", "东经{}", "{}°E"])
def test_decimal_degrees_may_have_a_letter(sign):
    (point,) = pairs((sign.format("117.0451"), "30.5031")).rows.geometry
    assert point == PLACE


@pytest.mark.parametrize(
    ("text", "degrees"),
    [("W117.5", -117.5), ("南纬30°30′", -30.5), ("-0°30′", -0.5), ("0°30′S", -0.5)],
)
def test_the_other_hemispheres_are_below_zero(text, degrees):
    assert angle_of(text).degrees == degrees


@pytest.mark.parametrize(
    "text", ["117 61 00", "117°03′72″", "E117W", "-117°E", "甲", "", "117,0451"]
)
def test_what_spells_no_angle_is_none(text):
    assert angle_of(text) is None


def test_a_decimal_comma_is_refused_with_the_number_it_may_mean():
    taken = pairs(("117,0451", "30,5031"))
    assert [(f.code, f.suggested) for f in taken.findings] == [
        ("VALUE_NUMBER", "117.0451"),
        ("VALUE_NUMBER", "30.5031"),
    ]
    assert taken.rows.empty


@pytest.mark.parametrize(
    "text",
    [
        "117°03′12″E, 30°30′36″N",
        "30°30′36″N 117°03′12″E",
        "东经117°03′12″北纬30°30′36″",
        "北纬30°30′36″，东经117°03′12″",
        "(117 03 12; 30 30 36)",
        "117.0533333,30.51",
    ],
)
@pytest.mark.parametrize("column", ["坐标", "WKT"])
def test_a_pair_in_one_cell_is_longitude_first_unless_it_says_otherwise(text, column):
    (point,) = texts(text, column=column).rows.geometry
    assert (round(point.x, 7), round(point.y, 7)) == (117.0533333, 30.51)


def test_two_angles_are_two():
    assert angles_of("117°03′12″E") == angles_of("甲, 乙") == []


HEX = "01010000002D431CEBE2425D401B9E5E29CB803E40"


@pytest.mark.parametrize(
    "text",
    [
        "POINT(117.0451 30.5031)",
        "SRID=4326;POINT(117.0451 30.5031)",
        "srid = 4490 ; POINT (117.0451 30.5031)",
        "POINT Z (117.0451 30.5031 9)",
        "POINTZ(117.0451 30.5031 9)",
        "POINT M (117.0451 30.5031 9)",
        "MULTIPOINT((117.0451 30.5031))",
        "GEOMETRYCOLLECTION(POINT(117.0451 30.5031))",
        HEX,
        HEX.lower(),
        f"\\x{HEX}",
        "0101000020E61000002D431CEBE2425D401B9E5E29CB803E40",
        "0000000001405D42E2EB1C432D403E80CB295E9E1B",
        '{"type":"Point","coordinates":[117.0451,30.5031]}',
        '{"type":"Feature","geometry":{"type":"Point","coordinates":[117.0451,30.5031]}}',
        '{"x": 117.0451, "y": 30.5031}',
    ],
)
def test_geometry_is_read_in_the_texts_that_databases_give(text):
    taken = texts(text)
    assert (found(taken), taken.rows.geometry.tolist()) == ([], [PLACE])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("POINT EMPTY", "GEOMETRY_MISSING"),
        ("POINT(117.0451)", "GEOMETRY_TEXT"),
        ("0101", "GEOMETRY_TEXT"),
        ("01010000002D43", "GEOMETRY_TEXT"),
        ('{"type":"Point"}', "GEOMETRY_TEXT"),
        ("{", "GEOMETRY_TEXT"),
        ("[1, 2, 3]", "GEOMETRY_TEXT"),
        ("大桥路口", "GEOMETRY_TEXT"),
        ("#REF!", "ERROR_CELL"),
        ("POINT(30.5031 117.0451)", "LONLAT_SWAPPED"),
        ("GEOMETRYCOLLECTION(POINT(1 2),POINT(3 4))", "GEOMETRY_TYPE"),
        (None, "COORDINATES_MISSING"),
    ],
)
def test_what_is_no_usable_geometry_is_named_as_such(text, code):
    taken = texts(text, "POINT(117.0451 30.5031)")
    assert found(taken) == [(2, "WKT", code, "error")]
    assert taken.rows.index.tolist() == [3]


def test_the_srid_of_a_geometry_counts_where_nobody_says_another():
    flat = project(shapely.points([[117.0451, 30.5031]]), source=4326, target=4548)[0]
    metres = f"SRID=4548;POINT({flat.x!r} {flat.y!r})"
    taken = texts(metres, "SRID=4326;POINT(117.0451 30.5031)", "POINT(117.1 30.5)", crs=None)
    assert shapely.distance(taken.rows.geometry.to_numpy(), PLACE).max() < 1e-8
    assert found(taken) == [(4, "WKT", "CRS_MISSING", "error")]
    told = texts(metres, crs=parse_crs("EPSG:4549"))
    assert [(f.code, f.value, f.facts["declared"]) for f in told.findings] == [
        ("CRS_OVERRIDDEN", "EPSG:4548", "EPSG:4549")
    ]


def test_degrees_declared_to_be_metres_are_refused():
    with pytest.raises(CRSError) as caught:
        pairs(("117.0451", "30.5031"), crs=parse_crs("EPSG:4548"))
    assert caught.value.key == "crs.degrees"
    assert "wgs84" in caught.value.text("zh")


def test_metres_of_another_zone_are_refused_though_they_lie_on_the_globe():
    with pytest.raises(CRSError) as caught:
        pairs(("40504331.5", "3375952.1"), crs=parse_crs("EPSG:4527"))
    assert caught.value.facts["meant"] == "EPSG:4528"


def test_northing_before_easting_is_seen_without_a_district():
    taken = pairs(("3375952.1", "504331.5"), ("504331.5", "3375952.1"), crs=parse_crs("EPSG:4548"))
    assert [(f.row, f.code) for f in taken.findings] == [(2, "LONLAT_SWAPPED")]
    assert taken.rows.index.tolist() == [3]


@pytest.mark.parametrize(("x", "system"), [("504331.5", "EPSG:2384"), ("117.0451", "EPSG:4214")])
def test_a_system_of_before_2000_is_refused_unless_its_error_does_not_matter(x, system):
    y = "3375952.1" if float(x) > 1000 else "30.5031"
    with pytest.raises(CRSError) as caught:
        pairs((x, y), crs=parse_crs(system))
    assert caught.value.key == "crs.unshifted"
    sure = Check(CAMERAS, crs=parse_crs(system))
    sure.certain = True
    taken = sure.part(table([{"名称": "A", "经度": x, "纬度": y}]))
    assert found(taken) == [(1, "", "CRS_UNSHIFTED", "warning")]
    assert len(taken.rows) == 1


def test_cgcs2000_is_never_called_unshifted():
    assert found(pairs(("117.0451", "30.5031"), crs=parse_crs("EPSG:4490"))) == []
