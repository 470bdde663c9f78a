"""Coverage, gaps, reports, sight lines and incidents of the toy town."""

import math

import pandas as pd
import pytest
from sqlalchemy import text

from geo.base.errors import NotFoundError, StateError
from geo.coverage import compute, who_sees
from geo.coverage import report as coverage_report
from geo.coverage.report import CameraCounts
from geo.exchange.publish import map_content
from geo.incidents import assign
from geo.store import db
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, place, rectangle, write_geojson

pytestmark = pytest.mark.postgis


def figure(engine, code, device_set="all", certainty="certain"):
    report = coverage_report.read_report(
        engine, SYSTEM, area=code, device_set=device_set, certainty=certainty
    )
    (row,) = report["areas"]
    return row


def test_nothing_can_be_reported_before_it_was_computed(town):
    with pytest.raises(StateError, match="coverage compute"):
        coverage_report.read_report(town, SYSTEM)


def test_without_areas_there_is_nothing_to_compute(engine):
    with pytest.raises(StateError, match="import areas"):
        compute.compute(engine)


def test_without_cameras_everything_that_must_be_seen_is_a_gap(engine, town_files):
    for layer in ("areas", "roads"):
        bring_in(engine, layer, town_files[layer])
    compute.compute(engine)
    row = figure(engine, "340802001001001")
    assert row["covered_area_m2"] == 0
    assert row["covered_demand_share"] == 0
    assert coverage_report.read_gaps(engine, SYSTEM)["area_m2"].sum() > 0


def test_an_east_looking_camera_sees_the_east_up_to_the_wall(town):
    compute.compute(town)
    east = figure(town, "340802001001002", "skynet", "certain")
    west = figure(town, "340802001001001", "skynet", "certain")
    # K1 looks east from 10 m beyond the border; K3 looks west and reaches the western grid.
    assert east["covered_area_m2"] > 500
    # Certain: 90° less 5° on both sides, 60 m; the wall 48 m ahead cuts what lies behind it.
    free = math.radians(80) * 60**2 / 2
    assert east["covered_area_m2"] < 2 * free
    assert west["covered_area_m2"] > 0


def test_an_unknown_heading_is_possible_and_never_certain(town):
    compute.compute(town)
    certain = figure(town, "340802001001002", "social", "certain")
    possible = figure(town, "340802001001002", "social", "possible")
    assert possible["covered_area_m2"] > certain["covered_area_m2"]


def test_the_shares_of_seen_ground_add_up_to_the_area(town):
    compute.compute(town)
    for row in coverage_report.read_report(town, SYSTEM)["areas"]:
        assert sum(row["k_area_m2"]) == pytest.approx(row["area_m2"], abs=0.01)


def test_a_camera_off_line_is_missing_in_the_online_figures(town):
    compute.compute(town)
    everything = figure(town, "340802001001002", "all", "possible")
    online = figure(town, "340802001001002", "online", "possible")
    assert online["covered_area_m2"] < everything["covered_area_m2"]


def test_computing_again_without_a_change_keeps_the_run(town):
    first = compute.compute(town)
    again = compute.compute(town)
    assert again.unchanged
    assert again.run.id == first.run.id
    assert compute.compute(town, full=True).run.id > first.run.id


def test_one_changed_camera_recomputes_only_its_viewsheds(town, tmp_path):
    compute.compute(town)
    before = figure(town, "340802001001002")["covered_area_m2"]
    path = tmp_path / "turned.csv"
    lon, lat = place(1, 0)
    path.write_text(f"编码,名称,监视方位,经度,纬度\nK1,朝东枪机,0,{lon},{lat}\n", encoding="utf-8")
    assert bring_in(town, "cameras", path).change.updated == 1
    done = compute.compute(town)
    assert (done.fresh, done.kept) == (2, 6)
    assert figure(town, "340802001001002")["covered_area_m2"] != before


def test_a_removed_camera_leaves_the_figures(town, tmp_path):
    compute.compute(town)
    path = tmp_path / "gone.csv"
    rows = [(f"K{n}", f"摄像机{n}", "拆除", *place(n, 0)) for n in (1, 2, 3, 4)]
    lines = ["编码,名称,设备状态,经度,纬度", *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    bring_in(town, "cameras", path)
    compute.compute(town)
    assert figure(town, "340802001001002", "all", "possible")["covered_area_m2"] == 0


def test_gaps_lie_on_the_street_where_nobody_looks(town):
    compute.compute(town)
    found = coverage_report.read_gaps(town, SYSTEM)
    assert found["rank"].tolist() == list(range(1, len(found) + 1))
    assert set(found["grid_code"]) == {"340802001001001", "340802001001002"}
    demand = figure(town, "340802001001001")
    uncovered = demand["demand_m2"] - demand["covered_demand_m2"]
    west = found[found["grid_code"] == "340802001001001"]["area_m2"].sum()
    assert west == pytest.approx(uncovered, rel=0.01)


def test_grids_without_buildings_are_marked(town):
    done = compute.compute(town)
    assert done.run.assumptions["grids_without_buildings"] == 1
    assert figure(town, "340802001001001")["obstacles_known"] is False


def test_counts_stand_beside_what_was_reported(town):
    compute.compute(town)
    counted = coverage_report.read_report(town, SYSTEM)["cameras"]
    assert CameraCounts("skynet", reported=None, registered=2, located=2, computed=2) in counted


def test_the_cameras_of_a_place_come_in_order_with_their_reasons(town):
    lon, lat = place(4, 0)
    found = who_sees.seeing_one(town, SYSTEM, lon, lat, timezone="Asia/Shanghai")
    told = [(c["code"], c["relation"], c["why"]) for c in found["cameras"]]
    assert told == [
        ("K1", "sees", "sees"),
        ("K2", "possible", "heading_unknown"),
        ("K3", "near", "turned_away"),
        ("K4", "near", "blocked"),
    ]
    first = found["cameras"][0]
    assert first["distance_m"] == pytest.approx(28.8, abs=0.2)
    assert first["bearing_deg"] == pytest.approx(90, abs=0.2)
    assert (first["online"], found["cameras"][1]["online"]) == (True, False)
    assert first["footage_until"] is None


def test_a_matter_leads_to_its_grid_and_its_unit(town):
    with db.open_transaction(town) as connection:
        incidents = assign.assign_incidents(
            connection, SYSTEM, lang="zh", timezone="Asia/Shanghai"
        ).set_index("code")
    assert incidents.loc["M1", "grid_code"] == "340802001001002"
    assert (incidents.loc["M1", "unit_name"], incidents.loc["M1", "reason"]) == (
        "城管中队",
        "东格 × 市容环境",
    )
    assert incidents.loc["M3", "unit_code"] == ""
    assert pd.isna(incidents.loc["M3", "unit_name"])


def test_the_map_gets_everything_of_one_moment(town):
    compute.compute(town)
    content = map_content.read_content(town, SYSTEM, lang="zh", timezone="Asia/Shanghai")
    assert len(content["areas"]) == 3
    assert set(content["seeing"]["incident_code"]) == {"M1", "M2", "M3"}
    assert content["computed_at"] is not None
    assert content["synthetic"] is False


def test_a_map_of_one_area_is_cut_to_it(town):
    content = map_content.read_content(
        town, SYSTEM, lang="zh", timezone="Asia/Shanghai", area="340802001001001"
    )
    assert content["areas"]["code"].tolist() == ["340802001001001"]
    assert len(content["cameras"]) == 0
    assert content["incidents"]["code"].tolist() == ["M3"]


def test_nothing_is_demanded_in_a_privacy_zone_and_it_is_no_open_ground(town, tmp_path):
    compute.compute(town)
    before = figure(town, "340802001001002")
    zone = rectangle(0, -2, 3, 2)
    bring_in(town, "privacy-zones", write_geojson(tmp_path / "z.geojson", [({"code": "Z1"}, zone)]))
    compute.compute(town)
    after = figure(town, "340802001001002")
    assert after["area_m2"] == before["area_m2"]
    assert after["demand_m2"] < before["demand_m2"]
    assert after["open_ground_m2"] < before["open_ground_m2"]
    assert after["covered_share"] <= 1


def test_the_official_criteria_stand_beside_the_shares(town):
    compute.compute(town)
    for certainty in ("certain", "expected", "possible"):
        row = figure(town, "340802001001002", "all", certainty)
        assert 0 <= row["road_seen_m"] <= row["road_m"]
        assert row["longest_blind_m"] <= row["road_m"]
        for kind in ("places", "entrances", "junctions", "crossings"):
            assert 0 <= row[f"{kind}_seen"] <= row[kind]
    shares = [
        figure(town, "340802001001002", "all", certainty)["covered_demand_m2"]
        for certainty in ("certain", "expected", "possible")
    ]
    assert shares == sorted(shares)


def test_every_detail_has_figures_of_its_own(town):
    compute.compute(town, details=[62.5, 20])
    seen = {
        row["detail"]: row["covered_area_m2"]
        for row in coverage_report.read_report(town, SYSTEM, area="340802001001002")["areas"]
        if (row["device_set"], row["certainty"]) == ("all", "certain")
    }
    assert list(seen) == [20, 62.5]
    assert seen[62.5] < seen[20]
    assert len(coverage_report.read_gaps(town, SYSTEM, detail=62.5)) > 0


def test_expected_figures_have_no_gaps_to_show(town):
    compute.compute(town)
    with pytest.raises(NotFoundError, match="certain"):
        coverage_report.read_gaps(town, SYSTEM, certainty="expected")


def test_a_camera_looks_over_a_lower_building_only_where_heights_count(town, tmp_path):
    compute.compute(town)
    before = figure(town, "340802001001002", "skynet")["covered_area_m2"]
    # A wall of half a metre before a camera 50 m up: its shadow is 1 % of the distance.
    with town.begin() as connection:
        connection.execute(text("UPDATE govgrid.building SET height_m = 0.5"))
        connection.execute(text("UPDATE govgrid.camera SET mount_height_m = 50"))
    compute.compute(town)
    assert figure(town, "340802001001002", "skynet")["covered_area_m2"] == pytest.approx(before)
    compute.compute(town, heights=True)
    over = figure(town, "340802001001002", "skynet")["covered_area_m2"]
    assert over > before
    # The choice stays until it is taken back.
    assert compute.compute(town).unchanged
    compute.compute(town, heights=False)
    assert figure(town, "340802001001002", "skynet")["covered_area_m2"] == pytest.approx(before)
