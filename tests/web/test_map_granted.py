"""What the map says of cameras that may not be shown: their number, never that there are none."""

from dataclasses import replace

import pytest

from maps.folium_page import render_page

pytestmark = pytest.mark.browser


@pytest.fixture
def unseen(content):
    """Return the row of an incident that no camera sees or may see."""
    for row, code in enumerate(content.incidents["code"]):
        lines = content.seeing[content.seeing["incident_code"] == code]
        if len(lines) and set(lines["relation"]) == {"near"}:
            return row
    raise AssertionError("every incident is seen")


def shown(visit, content, tmp_path):
    path = tmp_path / "map.html"
    path.write_text(render_page(content), encoding="utf-8")
    return visit(path=path)


def test_cameras_that_are_not_granted_are_never_none(visit, content, tmp_path, unseen):
    numbers = [3.0 if row == unseen else 0.0 for row in range(len(content.incidents))]
    page = shown(
        visit, replace(content, incidents=content.incidents.assign(withheld=numbers)), tmp_path
    )
    page.choose("incident", unseen)
    told = page.text()
    assert "没有摄像机看得到此处" not in told
    assert "已授权的摄像机都看不到此处" in told
    assert "另有 3 台未授权的摄像机可能看得到此处" in told
    assert "安全管理员" in told
    page.quiet()


def test_a_class_that_is_not_granted_is_said_to_be_so(visit, content, tmp_path):
    social = content.cameras[content.cameras["owner_kind"] == "social"]
    areas = content.areas.assign(closed="skynet")
    page = shown(visit, replace(content, cameras=social, areas=areas, closed=("skynet",)), tmp_path)
    assert "天网 未授权" in page.text()
    page.choose("area", 0)
    assert "天网 未授权" in page.text()
    legend = page.page.locator("label.row", has=page.page.locator("[data-layer=skynet]"))
    assert legend.locator(".n").inner_text() == "未授权"
    page.quiet()


def test_what_is_told_by_coarse_places_says_so(visit, content, tmp_path):
    code = content.incidents["code"].iloc[0]
    told = content.seeing[content.seeing["incident_code"] == code].head(2)
    measures = {"distance_m": [150.0, 50.0], "bearing_deg": None, "px_per_m": None}
    coarse = told.assign(
        relation="possible", why=["by_cell", ""], own=[True, False], exact=False, **measures
    )
    page = shown(visit, replace(content, seeing=coarse), tmp_path)
    page.choose("incident", 0)
    said = page.text()
    assert "约 150 米" in said
    assert "距辖区约 50 米" in said
    assert "按 50 米方格判断" in said
    page.quiet()


def test_what_is_not_drawn_is_not_none(visit, content, tmp_path):
    page = shown(
        visit,
        replace(
            content,
            cameras=content.cameras.iloc[:0],
            counted={"skynet": 9, "social": 8},
            left_out={"cameras": 17, "gaps": 120},
            figures=False,
        ),
        tmp_path,
    )
    assert "17 台摄像机和 120 处缺口" in page.text()
    page.choose("area", 0)
    assert "未显示" in page.text()
    assert "未授权查看覆盖率" in page.page.inner_text("body")
    page.quiet()
