"""The page in a real browser: what a person clicks, what is loaded, what hostile texts do."""

from dataclasses import replace

import pytest

from maps.folium_page import render_page
from tests.map_visit import DESK, OTHER_STATES, PHONE

HOSTILE = "</script><img src=x onerror=alert(1)><b>{{7*7}}</b>"

pytestmark = pytest.mark.browser


def seen_incident(content):
    """Return the row of an incident that some camera sees, and its rows of cameras."""
    seeing = content.seeing[content.seeing["relation"] == "sees"]
    code = seeing["incident_code"].iloc[0]
    row = content.incidents["code"].tolist().index(code)
    return row, content.seeing[content.seeing["incident_code"] == code].sort_values("rank")


def test_the_page_asks_for_nothing_but_itself(visit):
    page = visit()
    page.page.wait_for_timeout(300)
    page.quiet()
    assert page.text("h1") == "迎江区"
    assert page.page.title() == "迎江区"


def test_an_incident_lights_its_grid_names_its_unit_and_draws_its_lines(desk, content):
    page = desk
    row, cameras = seen_incident(content)
    page.choose("incident", row)
    assert page.page.locator("path.lit").count() == 1
    assert page.page.locator("path.sight").count() == len(cameras)
    assert page.page.locator("path.sight.sees").count() == (cameras["relation"] == "sees").sum()
    told = page.text()
    assert content.incidents["unit_name"].iloc[row] in told
    assert content.incidents["reason"].iloc[row] in told
    assert "确定可见" in told
    names = page.page.locator("li.seeing button.link").all_inner_texts()
    order = content.cameras.set_index("code")["name"].loc[cameras["camera_code"]].tolist()
    assert names == order
    assert page.page.get_attribute("#detail a[href^='tel:']", "href") == "tel:05565000000"
    page.quiet()


def test_a_click_on_a_marker_opens_its_incident(desk, content):
    page = desk
    row = next(
        k
        for k, (state, point) in enumerate(
            zip(content.incidents["state"], content.incidents.geometry, strict=True)
        )
        if state not in ("closed", *OTHER_STATES) and point is not None
    )
    point = content.incidents.geometry.iloc[row]
    page.page.evaluate(
        "([lat, lon]) => govgrid.shown.map.setView([lat, lon], 19)", [point.y, point.x]
    )
    page.page.wait_for_timeout(300)
    page.page.locator(f".pin[title='{content.incidents['title'].iloc[row]}']").first.click(
        force=True
    )
    assert page.page.get_attribute("#detail", "data-kind") == "incident"
    assert content.incidents["title"].iloc[row] in page.text("#detail h2")


def test_no_camera_is_a_normal_answer_with_the_nearest_and_why(desk, content):
    page = desk
    seen = set(content.seeing.loc[content.seeing["relation"] != "near", "incident_code"])
    judged = set(content.seeing["incident_code"])
    row = next(k for k, code in enumerate(content.incidents["code"]) if code in judged - seen)
    page.choose("incident", row)
    assert "没有摄像机看得到此处。最近的是" in page.text("p.answer")
    assert " 米：" in page.text("p.answer")


def test_an_incident_without_a_position_says_so(desk, content):
    page = desk
    row = content.incidents.geometry.isna().tolist().index(True)
    page.choose("incident", row)
    assert "没有位置" in page.text()
    assert page.page.locator("path.sight").count() == 0
    page.quiet()


def test_an_incident_at_a_border_says_so(desk, content):
    page = desk
    placed = content.incidents[content.incidents.geometry.notna()]
    row = (
        content.incidents["code"]
        .tolist()
        .index(placed.loc[placed["status"] == "border", "code"].iloc[0])
    )
    page.choose("incident", row)
    assert "压线" in page.text("p.doubtful")


def test_a_grid_shows_its_figures_with_their_denominators(desk, content):
    page = desk
    grid = content.areas.query(
        "level == 'grid' and covered_demand_share == covered_demand_share"
    ).iloc[0]
    page.page.fill("#find", grid["code"])
    page.page.keyboard.press("Enter")
    told = page.text()
    assert f"{grid['covered_demand_share']:.1%}" in told
    assert "覆盖率（按应覆盖面积）" in told
    assert "道路、重点部位、出入口、事项发生处，扣除水面和建筑" in told
    assert "覆盖率（按室外面积）" in told
    assert page.page.locator("path.lit").count() == 1


def test_search_works_by_keyboard_alone(desk, content):
    page = desk
    page.page.keyboard.press("/")
    page.page.keyboard.type(content.incidents["code"].iloc[5])
    assert page.page.locator("[role=option]").count() == 1
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("Enter")
    assert page.text("#detail h2") == content.incidents["title"].iloc[5]
    assert page.page.locator("#found").is_hidden()
    page.page.keyboard.press("Escape")
    assert page.page.get_attribute("#detail", "data-kind") == "overview"


def test_search_finds_cameras_places_and_coordinates(desk, content):
    page = desk
    camera = content.cameras.iloc[7]
    kind = {"skynet": "天网摄像机", "social": "社会面摄像机"}[camera["owner_kind"]]
    for query, word in ((camera["code"], kind), ("第12小学", "重点部位")):
        page.page.fill("#find", query)
        assert page.page.locator("[role=option] .word").first.inner_text() == word
    page.page.fill("#find", "不存在的名字")
    assert "没有找到" in page.text("#found")
    point = content.areas.query("level == 'grid'").geometry.iloc[3].representative_point()
    page.page.fill("#find", f"{point.x:.6f}, {point.y:.6f}")
    page.page.keyboard.press("Enter")
    assert page.page.get_attribute("#detail", "data-kind") in ("area", "gap", "place")


def test_layers_go_and_come(desk):
    page = desk
    clusters = page.page.locator(".cluster.cameras, .cam.leaflet-marker-icon")
    assert clusters.count() > 0
    for layer in ("skynet", "social"):
        page.page.uncheck(f"[data-layer={layer}]")
    assert clusters.count() == 0
    page.page.check("[data-layer=skynet]")
    assert clusters.count() > 0
    before = page.page.evaluate("govgrid.shown.map._container.querySelector('canvas').toDataURL()")
    page.page.uncheck("[data-layer=share]")
    page.page.wait_for_timeout(200)
    after = page.page.evaluate("govgrid.shown.map._container.querySelector('canvas').toDataURL()")
    assert before != after
    for layer in ("social", "share"):
        page.page.check(f"[data-layer={layer}]")
    page.quiet()


def test_the_legend_counts_add_up_to_all_grids(desk, content):
    page = desk
    counts = page.page.locator(".classes td.n").all_inner_texts()
    assert len(counts) == 8  # seven classes, and no data
    assert sum(map(int, counts)) == (content.areas["level"] == "grid").sum()


def test_a_camera_shows_what_the_register_says(desk, content):
    page = desk
    camera = content.cameras[content.cameras["heading_deg"].isna()].iloc[0]
    page.choose("camera", content.cameras["code"].tolist().index(camera["code"]))
    told = page.text()
    assert camera["name"] in told
    assert "监视方位\n不详" in told.replace("\t", "\n")
    assert page.page.inner_text("dd .code").replace(" ", "") == camera["code"]


def test_the_address_can_name_what_to_open(visit, content):
    page = visit(hash_code=content.incidents["code"].iloc[2])
    assert page.text("#detail h2") == content.incidents["title"].iloc[2]


def test_hostile_texts_in_every_column_stay_texts(browser, visit, content, tmp_path):
    def poisoned(frame):
        columns = [
            name
            for name in frame.columns
            if name != "geometry" and str(frame[name].dtype) in ("str", "object")
        ]
        keep = {"level", "code", "parent_code", "grid_code", "incident_code", "camera_code"}
        return frame.assign(**{name: HOSTILE for name in columns if name not in keep})

    names = (
        "areas",
        "water",
        "farmland",
        "roads",
        "cameras",
        "centres",
        "places",
        "incidents",
        "seeing",
    )
    frames = {name: poisoned(getattr(content, name)) for name in names}
    incidents = frames["incidents"]
    incidents["code"] = [f"{HOSTILE}{k}" for k in range(len(incidents))]
    first = content.seeing["incident_code"] == content.seeing["incident_code"].iloc[0]
    frames["seeing"] = frames["seeing"][first].assign(incident_code=incidents["code"].iloc[0])
    frames["cameras"]["grid_code"] = HOSTILE
    path = tmp_path / "hostile.html"
    changes = {"title": HOSTILE, "mark": HOSTILE, "device_set": HOSTILE, "certainty": HOSTILE}
    path.write_text(render_page(replace(content, **frames, **changes)), encoding="utf-8")
    page = visit(path)
    for kind in ("area", "incident", "camera", "centre", "place", "gap"):
        page.choose(kind, 1 if kind == "area" else 0)
        assert page.page.locator("#detail").count() == 1
    page.page.evaluate("govgrid.shown.map.setView([30.56, 117.11], 17)")
    page.page.fill("#find", "img")
    page.page.wait_for_timeout(300)
    assert HOSTILE in page.page.inner_text("#found")
    assert page.page.locator("img").count() == 0
    assert page.page.locator("script").count() == 5
    assert page.page.locator("#detail b b, h1 b, .mark b").count() == 0
    assert page.page.title() == HOSTILE
    page.quiet()


def test_on_a_phone_the_panel_is_a_sheet_and_nothing_is_cut_off(visit, content):
    page = visit(size=PHONE)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    row, _ = seen_incident(content)
    page.choose("incident", row)
    page.page.wait_for_timeout(400)
    sheet = page.page.locator("#panel").bounding_box()
    assert sheet["width"] == PHONE["width"]
    assert sheet["y"] > 250
    pin = page.page.locator(".pin.chosen").bounding_box()
    assert pin["y"] + pin["height"] <= sheet["y"]
    page.page.click("#grip")
    page.page.wait_for_timeout(400)
    assert page.page.locator("#panel").bounding_box()["y"] > PHONE["height"] - 120
    page.quiet()


def test_no_two_controls_lie_on_each_other(visit):
    for size in (DESK, PHONE, {"width": 1920, "height": 1080}):
        page = visit(size=size)
        boxes = page.page.evaluate(
            "[...document.querySelectorAll('.leaflet-control, .top, .synthetic, #panel')]"
            ".map(e => e.getBoundingClientRect()).filter(b => b.width)"
            ".map(b => [b.left, b.top, b.right, b.bottom])"
        )
        for k, a in enumerate(boxes):
            for b in boxes[k + 1 :]:
                apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1
                assert apart, (size, a, b)


def test_a_page_about_nothing_opens_quietly(visit, content, tmp_path):
    import geopandas as gpd
    import pandas as pd

    names = (
        "areas",
        "water",
        "farmland",
        "roads",
        "cameras",
        "gaps",
        "centres",
        "places",
        "incidents",
    )
    path = tmp_path / "nothing.html"
    nothing = dict.fromkeys(names, gpd.GeoDataFrame())
    path.write_text(
        render_page(replace(content, seeing=pd.DataFrame(), **nothing)), encoding="utf-8"
    )
    page = visit(path)
    page.page.mouse.click(600, 400)
    page.quiet()


def test_cameras_on_one_pole_can_each_be_reached(visit, content, tmp_path):
    pole = content.cameras.geometry.iloc[0]
    three = content.cameras.iloc[:3].set_geometry([pole] * 3, crs=4326)
    path = tmp_path / "pole.html"
    path.write_text(render_page(replace(content, cameras=three)), encoding="utf-8")
    page = visit(path)
    page.page.evaluate(
        "([lat, lon]) => govgrid.shown.map.setView([lat, lon], 18)", [pole.y, pole.x]
    )
    page.page.wait_for_timeout(300)
    page.page.locator(".cluster.cameras").click(force=True)
    page.page.wait_for_timeout(300)
    assert page.page.locator(".cam.leaflet-marker-icon").count() == 3
    page.page.locator(".cam.leaflet-marker-icon").nth(2).click(force=True)
    assert page.page.get_attribute("#detail", "data-kind") == "camera"
    page.quiet()
