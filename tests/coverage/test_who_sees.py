"""Who sees a place, asked of the database: every camera whose reach meets it."""

import pytest

from geo.base.errors import InputError
from geo.coverage import compute, who_sees
from geo.coverage import report as coverage_report
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, place, rectangle, write_geojson

pytestmark = pytest.mark.postgis

HEADER = "编码,名称,建设类别,摄像机类型,监视方位,水平视场角,水平像素,有效距离,经度,纬度"


def cameras(town, folder, *rows):
    lines = [HEADER]
    for code, heading, hfov, pixels, range_m, at in rows:
        cells = (code, code, "天网", "固定枪机", heading, hfov, pixels, range_m, *place(*at))
        lines.append(",".join(map(str, cells)))
    path = folder / "cameras.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert bring_in(town, "cameras", path).change.inserted == len(rows)


def answers(town, x, y):
    lon, lat = place(x, y)
    found = who_sees.seeing_one(town, SYSTEM, lon, lat, timezone="Asia/Shanghai")
    return {c["code"]: (c["why"], c["distance_m"]) for c in found["cameras"]}


def test_a_camera_sees_180_metres_past_three_nearer_ones_that_look_away(town, tmp_path):
    nearer = [(f"N{y}", 0, 90, 1920, 60, (0, 10 + y)) for y in (1, 2, 3)]
    cameras(town, tmp_path, ("EAGLE", 90, 30, 3840, 400, (-18.8, 10)), *nearer)
    found = answers(town, 0, 10)
    assert found["EAGLE"] == ("sees", pytest.approx(180, abs=1))
    assert [found[f"N{y}"][0] for y in (1, 2, 3)] == ["turned_away"] * 3


def test_a_wall_before_a_camera_far_away_blocks_it(town, tmp_path):
    far = ("FAR", 90, 12, 7680, 1500, (-80, 10))
    cameras(town, tmp_path, far)
    assert answers(town, 0, 10)["FAR"] == ("sees", pytest.approx(768, abs=1))
    wall = write_geojson(tmp_path / "b.geojson", [({"code": "W"}, rectangle(-79, 9, -78.9, 11))])
    bring_in(town, "buildings", wall)
    assert answers(town, 0, 10)["FAR"][0] == "blocked"


def test_without_a_stated_range_the_default_reach_holds_and_is_counted(town, tmp_path):
    cameras(town, tmp_path, ("EAGLE", 90, 12, 3840, "", (-18.8, 10)))
    before = compute.compute(town)
    assert before.run.assumptions["assumed_range"] == 1
    assert "EAGLE" not in answers(town, 0, 10)
    compute.compute(town, default_reach_m=300)
    assert answers(town, 0, 10)["EAGLE"][0] == "sees"
    # The choice is kept, and figures are computed with it.
    assert compute.compute(town).unchanged
    seen = [
        row["covered_area_m2"]
        for row in coverage_report.read_report(town, SYSTEM, area="340802001001001")["areas"]
        if (row["device_set"], row["certainty"]) == ("all", "possible")
    ]
    compute.compute(town, default_reach_m=150)
    fewer = [
        row["covered_area_m2"]
        for row in coverage_report.read_report(town, SYSTEM, area="340802001001001")["areas"]
        if (row["device_set"], row["certainty"]) == ("all", "possible")
    ]
    assert fewer[0] < seen[0]


@pytest.mark.parametrize("reach_m", [0, -5, 2001, float("nan")])
def test_a_default_reach_that_no_camera_has_is_refused(town, reach_m):
    with pytest.raises(InputError, match="at most 2000 metres"):
        compute.compute(town, default_reach_m=reach_m)
