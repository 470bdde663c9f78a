"""What the page counts as what, and of what its shares are, in a real browser."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from maps import watermark
from maps.folium_page import render_page
from tests.map_visit import DESK, OTHER_STATES, PHONE

pytestmark = pytest.mark.browser

UNSORTED = 100
OVERLAP = """() => {
  const boxes = (what) =>
    [...document.querySelectorAll(what)].map((e) => e.getBoundingClientRect());
  const hidden = (ring, box) => {
    const [x, y] = [(ring.left + ring.right) / 2, (ring.top + ring.bottom) / 2];
    return box.left < x + 7 && box.right > x - 7 && box.top < y + 5 && box.bottom > y - 5;
  };
  const [rings, badges] = [boxes(".cluster.cameras"), boxes(".cluster.incidents")];
  const lost = rings.filter((ring) => badges.some((badge) => hidden(ring, badge)));
  return [badges.length, lost.length];
}"""


@pytest.fixture(scope="module")
def mixed(content):
    """A district some of whose cameras have no kind and some of whose grids have no buildings."""
    kinds = content.cameras["owner_kind"].astype(object)
    kinds.iloc[:UNSORTED] = None
    grids = content.areas["level"] == "grid"
    known = pd.Series(None, index=content.areas.index, dtype=object)
    known[grids] = True
    known[content.areas.index[grids & content.areas["covered_demand_share"].notna()][:7]] = False
    cameras = content.cameras.assign(owner_kind=kinds)
    return replace(content, cameras=cameras, areas=content.areas.assign(obstacles_known=known))


@pytest.fixture(scope="module")
def mixed_page(mixed, tmp_path_factory):
    path = tmp_path_factory.mktemp("mixed") / "map.html"
    path.write_text(render_page(mixed), encoding="utf-8")
    return path


def count(page, layer):
    return int(page.text(f".row:has([data-layer={layer}]) .n"))


def uncomputed(content, *columns):
    return content.areas.assign(**dict.fromkeys(columns, np.nan))


def test_cameras_of_unknown_kind_are_never_counted_as_another(visit, mixed, mixed_page):
    page = visit(mixed_page)
    per = mixed.cameras["owner_kind"].value_counts()
    assert count(page, "unsorted") == UNSORTED
    assert count(page, "skynet") == per["skynet"]
    assert count(page, "social") == per["social"]
    told = f"天网 {per['skynet']}、社会面 {per['social']}、类别不详 {UNSORTED}"
    assert told in page.text()
    titles = page.page.eval_on_selector_all(
        ".cluster.cameras .ring", "all => all.map(e => e.title)"
    )
    assert any("类别不详" in title for title in titles)
    for layer in ("skynet", "social"):
        page.page.uncheck(f"[data-layer={layer}]")
    assert page.page.locator(".cluster.cameras, .cam.unsorted").count() > 0
    page.page.uncheck("[data-layer=unsorted]")
    assert page.page.locator(".cluster.cameras, .cam.leaflet-marker-icon").count() == 0
    page.quiet()


def test_a_camera_of_unknown_kind_says_so_in_panel_and_search(visit, mixed, mixed_page):
    page = visit(mixed_page)
    page.choose("camera", 3)
    assert page.text(".chip.unsorted") == "类别不详"
    assert page.page.locator(".cam.unsorted.chosen").count() == 1
    page.page.fill("#find", mixed.cameras["code"].iloc[3])
    assert page.text("[role=option] .word") == "类别不详摄像机"


def test_no_row_stands_in_the_legend_for_what_there_is_none_of(desk):
    assert desk.page.locator("[data-layer=unsorted]").count() == 0
    assert desk.page.locator(".swatch.unblocked").count() == 0
    assert "类别不详" not in desk.text()


def test_only_the_state_closed_counts_as_closed(desk, content):
    states = content.incidents["state"]
    closed, other = (states == "closed").sum(), states.isin(OTHER_STATES).sum()
    assert other >= len(OTHER_STATES)
    assert count(desk, "closed") == closed
    assert count(desk, "other") == other
    assert count(desk, "open") == len(states) - closed - other
    assert f"已办结 {closed} / {len(states)}" in desk.text()
    assert f"未办结 {len(states) - closed - other}、其他 {other}" in desk.text()
    assert "只计“结案”" in desk.page.get_attribute(".defined", "title")
    assert "只计“结案”" in desk.page.get_attribute(".row:has([data-layer=closed])", "title")


def test_incidents_that_came_to_nothing_have_a_layer_and_a_pin_of_their_own(desk, content):
    row = content.incidents.geometry.iloc[: len(OTHER_STATES)].notna().tolist().index(True)
    desk.choose("incident", row)
    assert desk.page.locator(".pin.other.chosen").count() == 1
    for layer in ("open", "closed"):
        desk.page.set_checked(f"[data-layer={layer}]", False)
    pins = desk.page.locator(".pin.other.leaflet-marker-icon:not(.chosen), .cluster.incidents")
    assert pins.count() == 0
    desk.page.check("[data-layer=other]")
    assert pins.count() > 0
    desk.page.uncheck("[data-layer=other]")
    desk.page.check("[data-layer=open]")
    desk.quiet()


def test_a_grid_without_buildings_shows_an_upper_bound(visit, mixed, mixed_page):
    page = visit(mixed_page)
    assert page.text(".classes tr:has(.unblocked) .n") == "7"
    assert "7 个网格没有建筑数据：未计遮挡，为上限" in page.text()
    known = mixed.areas["obstacles_known"]
    code = mixed.areas.loc[known.map(lambda value: value is False), "code"].iloc[0]
    page.page.fill("#find", code)
    page.page.keyboard.press("Enter")
    assert page.text(".figure .big").startswith("≤")
    assert "未计遮挡，为上限" in page.text(".bound")
    sure = mixed.areas.loc[known.map(lambda value: value is True), "code"].iloc[-1]
    page.page.fill("#find", sure)
    page.page.keyboard.press("Enter")
    assert "未计遮挡" not in page.text()


def test_without_any_demand_the_shares_are_of_open_ground_and_say_why(visit, content, tmp_path):
    areas = uncomputed(content, "covered_demand_share", "covered_demand_m2").assign(demand_m2=0.0)
    path = tmp_path / "ground.html"
    path.write_text(render_page(replace(content, areas=areas)), encoding="utf-8")
    page = visit(path)
    grids = areas[areas["level"] == "grid"]
    counts = [int(n) for n in page.page.locator(".classes td.n").all_inner_texts()]
    assert sum(counts) == len(grids)
    assert counts[-1] == grids["covered_share"].isna().sum()
    legend = page.text(".classes")
    assert "覆盖率（按室外面积）" in legend
    assert "没有道路、重点部位等数据" in legend
    assert "应覆盖面积" not in legend
    grid = grids[grids["covered_share"].notna()].iloc[0]
    page.page.fill("#find", grid["code"])
    page.page.keyboard.press("Enter")
    assert f"{grid['covered_share']:.1%}" in page.text(".figure .big")
    assert "应覆盖面积" not in page.text()
    page.quiet()


def test_before_any_computation_nothing_looks_like_a_figure(visit, content, tmp_path):
    figures = [name for name in content.areas if name.endswith(("_share", "_m2"))]
    path = tmp_path / "none.html"
    areas = uncomputed(content, *figures)
    path.write_text(render_page(replace(content, areas=areas, computed_at=None)), encoding="utf-8")
    page = visit(path)
    assert page.text(".classes") == "视频覆盖尚未计算"
    assert "视频覆盖尚未计算" in page.text()
    assert "%" not in page.text()
    page.quiet()


SHEET = "document.querySelector('.leaflet-sheet-pane canvas').toDataURL()"


def test_every_gap_is_drawn_from_zoom_15_and_nothing_drawn_is_never_called_covered(desk, content):
    page = desk
    last = len(content.gaps) - 1
    assert page.page.inner_text(".row:has([data-layer=gaps]) .n") == str(len(content.gaps))
    assert "没有标出不等于已覆盖" in page.text(".card")
    page.choose("gap", last)
    assert "没有标出不等于已覆盖" not in page.text(".card")
    assert "没有斜线，不等于看得见" in page.text(".card")
    assert page.page.locator("path.lit-gap").count() == 1
    gap = content.gaps.sort_values("rank").iloc[last]
    told = page.text()
    assert f"看不见的道路 {gap['road_m']:.0f} 米" in told.replace("\n", " ").replace("\t", " ")
    assert ("看不见的出入口" in told, "看不见的事项" in told) == (
        gap["entrances"] > 0,
        gap["incidents"] > 0,
    )
    point = gap.geometry.representative_point()
    page.page.evaluate(
        "([lat, lon]) => govgrid.shown.map.setView([lat, lon], 15, {animate: false})",
        [point.y, point.x],
    )
    page.page.uncheck("[data-layer=outlines]")
    with_gaps = page.page.evaluate(SHEET)
    page.page.uncheck("[data-layer=gaps]")
    page.page.wait_for_timeout(300)
    assert page.page.evaluate(SHEET) != with_gaps
    for layer in ("gaps", "outlines"):
        page.page.check(f"[data-layer={layer}]")
    page.quiet()


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_no_cluster_of_incidents_hides_the_number_of_a_cluster_of_cameras(visit, size):
    page = visit(size=size)
    for zoom_in in range(3):
        if zoom_in:
            page.page.evaluate("govgrid.shown.map.zoomIn(1, {animate: false})")
        page.page.wait_for_timeout(300)
        badges, hidden = page.page.evaluate(OVERLAP)
        assert badges > 0
        assert hidden == 0


def test_where_nothing_must_be_seen_is_told_apart_from_where_nothing_is_known(
    visit, content, tmp_path
):
    areas = content.areas.copy()
    first, second = areas.index[areas["level"] == "grid"][:2]
    areas.loc[[first, second], ["covered_demand_share", "covered_demand_m2"]] = np.nan
    areas.loc[first, "demand_m2"] = 0.0
    areas.loc[second, "demand_m2"] = np.nan
    path = tmp_path / "needless.html"
    path.write_text(render_page(replace(content, areas=areas)), encoding="utf-8")
    page = visit(path)
    rows = dict(
        line.strip().split("\t") for line in page.text(".classes").splitlines() if "\t" in line
    )
    assert rows["无应覆盖对象"] == "1"
    assert int(rows["无数据"]) >= 1
    page.page.fill("#find", areas.loc[first, "code"])
    page.page.keyboard.press("Enter")
    assert "无应覆盖对象" in page.text()


def test_the_official_criteria_are_told_as_a_range_with_seen_and_all(desk, content):
    page = desk
    row = content.areas[content.areas["level"] == "district"].iloc[0]
    low, high, whole = (int(row[f"places{of}"]) for of in ("_certain", "_possible", ""))
    (told,) = [line for line in page.text(".official").splitlines() if "重点部位" in line]
    assert f"{low / whole:.1%}～{high / whole:.1%}" in told
    assert f"{low}～{high} / {whole}" in told.replace("\u202f", "")
    assert "全区概况" in page.text()


def test_grids_are_called_with_their_community(desk, content):
    page = desk
    grid = content.areas[content.areas["level"] == "grid"].iloc[0]
    page.page.fill("#find", grid["code"])
    named = f"{grid['name'].split('社区')[0]}·{grid['name'].split('社区')[1]}"
    assert page.page.inner_text("[role=option] .text") == named
    page.page.keyboard.press("Enter")
    assert page.text("#detail h2") == named


def test_the_mark_of_who_took_the_page_lies_under_all_that_is_read(visit, file, tmp_path):
    path = tmp_path / "stamped.html"
    path.write_text(
        watermark.add_watermark(file.read_text("utf-8"), "李娜 2026-09-30 21:40"), "utf-8"
    )
    page = visit(path)
    size = page.page.evaluate("(({x, y}) => [x, y])(govgrid.shown.map.getSize())")
    for zoom_in in (0, 3):
        page.page.evaluate("n => govgrid.shown.map.zoomIn(n, {animate: false})", zoom_in)
        box = page.page.locator(".folium-map .watermark").bounding_box()
        place = page.page.locator(".folium-map").bounding_box()
        assert box == {**place, "width": size[0], "height": size[1]}
    above = page.page.evaluate(
        "['stamp', 'lit', 'marker', 'names'].map((name) =>"
        " Number(getComputedStyle(govgrid.shown.map.getPane(name) ||"
        " govgrid.shown.map.getPane(name + 'Pane')).zIndex))"
    )
    assert above == sorted(above)
    behind = page.page.evaluate(
        "getComputedStyle($('#panel .watermark')).zIndex".replace("$", "document.querySelector")
    )
    assert behind == "-1"
    assert page.page.locator("body > .watermark, #wait").count() == 0
    panel = page.page.locator("#panel")
    assert panel.locator(".watermark").bounding_box()["x"] >= panel.bounding_box()["x"]


def test_a_page_that_cannot_be_drawn_says_so(browser, file, tmp_path):
    path = tmp_path / "broken.html"
    path.write_text(file.read_text("utf-8").replace('id="data">{', 'id="data">{,', 1), "utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    assert "地图没有打开" in page.inner_text("#wait")
    context.close()
