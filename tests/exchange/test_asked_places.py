"""Boxes, shapes and times of a request: what is read, and where it is refused."""

from datetime import UTC, datetime

import pytest
import shapely

from geo.base.errors import InputError
from geo.exchange.rules.asked_places import (
    Period,
    box_shape,
    parse_box,
    parse_moment,
    parse_shape,
    whole_period,
)

ZONE = "Asia/Shanghai"


def refused(call, *given):
    with pytest.raises(InputError) as caught:
        call(*given)
    return caught.value.key


def test_a_box_is_west_south_east_north_heights_are_passed_over():
    assert parse_box("117,30,118,31").equals(shapely.box(117, 30, 118, 31))
    assert parse_box("117,30,-5,118,31,900").equals(shapely.box(117, 30, 118, 31))


def test_a_box_may_be_a_point_or_a_line():
    assert parse_box("117,30,117,30").bounds == (117, 30, 117, 30)
    assert parse_box("117,30,118,30").bounds == (117, 30, 118, 30)


def test_a_box_whose_west_is_east_of_its_east_runs_over_the_180th_meridian():
    found = parse_box("170,-10,-170,10")
    assert [part.bounds for part in found.geoms] == [(170, -10, 180, 10), (-180, -10, -170, 10)]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "1,2,3",
        "1,2,3,4,5",
        "1,2,3,4,5,6,7",
        "a,b,c,d",
        "1,2,3,inf",
        "nan,2,3,4",
        "117,31,118,30",
    ],
)
def test_other_boxes_are_refused(written):
    assert refused(parse_box, written) == "ogc.bbox"


def test_a_box_of_a_list_is_the_same():
    assert box_shape([117, 30, 118, 31], given_crs(), "").bounds == (117, 30, 118, 31)
    assert refused(box_shape, [117, 30, 118], given_crs(), "x") == "ogc.bbox"


def given_crs():
    from geo.base.crs_uris import LONLAT

    return LONLAT


def test_a_shape_is_read_flat_and_refused_where_it_is_none():
    line = {"type": "LineString", "coordinates": [[117, 30, 5], [118, 31, 5]]}
    assert shapely.to_wkt(parse_shape(line), rounding_precision=0) == "LINESTRING (117 30, 118 31)"
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    empty = {"type": "Polygon", "coordinates": []}
    for wrong in (bow, empty, {"type": "Circle"}):
        assert refused(parse_shape, wrong) == "ogc.shape"


def test_a_moment_says_its_zone():
    assert parse_moment(" 2026-11-30t08:00:00+08:00 ") == datetime(2026, 11, 30, tzinfo=UTC)
    assert refused(parse_moment, "2026-11-30T08:00:00") == "ogc.time"
    assert refused(parse_moment, "0001-01-01T00:00:00+08:00") == "ogc.time"


def test_a_day_is_all_of_it_where_the_district_is():
    assert whole_period("2026-11-30", ZONE) == Period(
        datetime(2026, 11, 29, 16, tzinfo=UTC), datetime(2026, 11, 30, 15, 59, 59, 999999, UTC)
    )
    moment = datetime(2026, 11, 30, tzinfo=UTC)
    assert whole_period("2026-11-30T00:00:00Z", ZONE) == Period(moment, moment)
