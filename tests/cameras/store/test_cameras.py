"""Cameras: what was verified in place stands, what the register says is kept beside it."""

import pytest

from geo.store import db, frames
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis


def camera(engine, code="K1"):
    with db.open_transaction(engine) as connection:
        rows = frames.read_frame(
            connection,
            "SELECT c.*, ST_X(geom) AS lon, ST_Y(geom) AS lat, ST_X(reported_geom) AS reported_lon,"
            " v.heading_deg, v.heading_source, v.reported_heading_deg,"
            " v.verified_on AS heading_verified_on FROM govgrid.camera c"
            " JOIN govgrid.camera_view v ON v.camera_code = c.code AND v.no = 1 WHERE code = :code",
            {"code": code},
        )
    return rows.iloc[0]


def lines(path, header, *rows):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def register(path, x, y, heading):
    lon, lat = place(x, y)
    return lines(path, "编码,名称,经度,纬度,监视方位", f"K1,朝东枪机,{lon},{lat},{heading}")


@pytest.fixture
def verified(town, tmp_path):
    """Return a town in which K1 stands 20 m east of where the register has it, looking south."""
    lon, lat = place(3, 0)
    path = lines(tmp_path / "p.csv", "设备编码,经度,纬度,定位精度", f"K1,{lon},{lat},2")
    assert bring_in(town, "positions", path).change.updated == 1
    path = lines(tmp_path / "h.csv", "设备编码,监视方位,核实日期", "K1,180,2026-11-01")
    assert bring_in(town, "headings", path).change.updated == 1
    return town


def test_a_verified_position_counts_and_the_reported_one_stays_beside_it(verified):
    found = camera(verified)
    assert (found["lon"], found["reported_lon"]) == (place(3, 0)[0], place(1, 0)[0])
    assert (found["position_source"], found["position_sigma_m"]) == ("verified", 2)
    assert found["verified_on"] is not None
    assert (found["heading_deg"], found["reported_heading_deg"]) == (180, 90)
    assert str(found["heading_verified_on"]) == "2026-11-01"


def test_a_register_never_overwrites_what_was_verified_but_says_the_difference(verified, tmp_path):
    report = bring_in(verified, "cameras", register(tmp_path / "c.csv", 0, 0, 95))
    found = camera(verified)
    assert (found["lon"], found["reported_lon"]) == (place(3, 0)[0], place(0, 0)[0])
    assert (found["heading_deg"], found["reported_heading_deg"]) == (180, 95)
    said = {f.code: f for f in report.findings if f.code.startswith("VERIFIED")}
    assert said["VERIFIED_POSITION"].facts["distance_m"] == pytest.approx(28.8, abs=0.1)
    assert (said["VERIFIED_POSITION"].row, said["VERIFIED_POSITION"].column) == (2, "经度")
    assert (said["VERIFIED_HEADING"].column, said["VERIFIED_HEADING"].value) == ("监视方位", "95")
    assert "180" in said["VERIFIED_HEADING"].advice("en")
    again = bring_in(verified, "cameras", register(tmp_path / "c.csv", 0, 0, 95))
    assert again.change.unchanged == 1


def test_a_register_that_agrees_says_nothing(verified, tmp_path):
    report = bring_in(verified, "cameras", register(tmp_path / "c.csv", 3, 0, 180))
    assert not [f for f in report.findings if f.code.startswith("VERIFIED")]


def test_a_further_view_in_the_register_leaves_the_verified_one(verified, tmp_path):
    bring_in(verified, "cameras", register(tmp_path / "c.csv", 3, 0, "90;270"))
    assert camera(verified)["heading_deg"] == 180


def test_positions_of_unknown_cameras_are_findings(town, tmp_path):
    lon, lat = place(3, 0)
    path = lines(tmp_path / "p.csv", "设备编码,经度,纬度", f"K99,{lon},{lat}")
    report = bring_in(town, "positions", path)
    assert [f.code for f in report.findings if f.severity == "error"] == ["CODE_UNKNOWN"]


def test_positions_twice_change_nothing(verified, tmp_path):
    path = tmp_path / "p.csv"
    assert bring_in(verified, "positions", path).change.unchanged == 1


def test_every_camera_knows_its_grid(town, tmp_path):
    assert camera(town)["grid_code"] == "340802001001002"
    lon, lat = place(-5, 0)
    bring_in(town, "positions", lines(tmp_path / "p.csv", "编码,经度,纬度", f"K1,{lon},{lat}"))
    assert camera(town)["grid_code"] == "340802001001001"
