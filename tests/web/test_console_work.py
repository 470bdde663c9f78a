"""Work at the console in a real browser: regions, whistles, papers; names that are no scripts."""

import json

import pikepdf
import pytest
from sqlalchemy import text

from geo.base import clock
from tests.console_desk import Desk
from tests.incident_town import B, X
from tests.live_site import serve_site
from tests.map_visit import PHONE
from tests.signed_in import account
from tests.toy_town import place

pytestmark = [pytest.mark.browser, pytest.mark.postgis]
SCRIPT = "<img src=x onerror=alert(1)>"
ADD = (
    "INSERT INTO govgrid.incident (code, title, category, state, grid_code, community_code,"
    " township_code, status, reported_at, closed_at, geom) VALUES (:code, :title, '井盖缺失',"
    " :state, '340802001001001', '340802001001', '340802001000', 'inside',"
    " '2026-10-08T08:31+08', :closed, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
)


@pytest.fixture
def site(incident_town, settings, tmp_path):
    file = tmp_path / "clock"
    file.write_text("2026-10-08T09:00:00+08:00", encoding="utf-8")
    lon, lat = place(*X)
    at = {"lon": lon, "lat": lat}
    with incident_town.begin() as connection:
        for code, state, closed in (
            ("H1", "accepted", None),
            ("H0", "closed", "2026-10-08T08:45+08"),
        ):
            told = {"code": code, "title": f"水管爆裂{code}", "state": state, "closed": closed}
            connection.execute(text(ADD), told | at)
        for statement in (
            "UPDATE govgrid.camera SET name = :name WHERE code = 'K1'",
            "UPDATE govgrid.area SET name = :name WHERE code = '340802001001001'",
            "UPDATE govgrid.unit SET name = name || :name WHERE code = 'U3'",
        ):
            connection.execute(text(statement), {"name": SCRIPT})
    with serve_site(settings.model_copy(update={"lang": "zh", "clock": file})) as address:
        yield incident_town, address
    clock.follow(None)


@pytest.fixture
def desk(painter, site):
    opened = []

    def sit_down(path, **given):
        made = account(site[0], "desk", "dispatcher", B, unit="D0")
        opened.append(Desk(painter, site, made=made, path=path, **given))
        return opened[-1]

    yield sit_down
    for each in opened:
        each.context.close()


def test_a_whistle_calls_units_that_report_in_and_is_ended_with_what_each_did(desk):
    at = desk("/?show=incident:H1")
    page = at.page
    page.wait_for_selector("footer >> text=吹哨")
    page.keyboard.press("w")
    for typed in ("U2", "U3"):
        page.wait_for_selector("#whistle-unit:focus")
        page.keyboard.type(typed)
        page.wait_for_selector("#whistle-unit-list [role=option]")
        page.keyboard.press("Enter")
    at.accessible()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".called li >> nth=1")
    assert "集体报到 0/2" in page.inner_text(".body")
    assert "09:30 前报到" in page.inner_text(".body")
    page.click(".called li:has-text('市政所') >> text=代登记报到")
    page.select_option("#move-known_by", "telephone")
    page.fill("#move-at", "2026-10-08T09:00")
    at.accessible()
    page.click(".step-form button[type=submit]")
    page.wait_for_selector(".called >> text=09:00 报到 · 代登记")
    page.wait_for_selector(".body >> text=集体报到 1/2")
    page.click("footer >> text=销哨")
    page.wait_for_selector(".rating")
    ticked = page.locator(".rating input").evaluate_all("all => all.map(each => each.checked)")
    assert ticked == [True, False, False, False]
    page.click(".move-panel button[type=submit]")
    page.wait_for_selector(".called li:has-text('市政所') >> text=到位")
    with page.expect_download() as loaded:
        page.click(".papers >> text=交办单")
    assert loaded.value.suggested_filename == "order-H1.pdf"
    assert loaded.value.path().read_bytes()[:5] == b"%PDF-"
    at.quiet()


def test_a_region_counts_lists_and_exports_what_lies_in_it(desk, site):
    lon, lat = place(*X)
    at = desk(f"/?at=19/{lat:.6f}/{lon:.6f}")
    page = at.page
    box = page.locator(".map").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.click("[aria-label='矩形选取']")
    page.wait_for_selector(".measure-bar >> text=对角")
    page.mouse.click(x - 20, y - 20)
    page.mouse.click(x + 20, y + 20)
    page.wait_for_selector(".detail h1 >> text=选取范围")
    page.wait_for_selector(".detail h2:has-text('摄像机') >> text=0")
    assert page.inner_text(".detail h2:has-text('未结事项') span") == "1"
    page.keyboard.press("Escape")
    page.wait_for_selector(".detail h1", state="detached")
    page.click("[aria-label='半径选取']")
    page.mouse.click(x, y)
    page.mouse.click(x, y + 240)  # some 30 m: farther than the cameras
    page.wait_for_selector(f".region-list >> text={SCRIPT}")
    assert int(page.inner_text(".detail h2:has-text('摄像机') span")) >= 4
    at.accessible()
    page.fill("#region-reason", "现场核实")
    with page.expect_download() as loaded:
        page.click("text=导出摄像机")
    told = loaded.value.path().read_text("utf-8-sig")
    assert "K1" in told
    with site[0].begin() as connection:
        row = connection.execute(
            text("SELECT what, reason FROM govgrid.export_register ORDER BY at DESC LIMIT 1")
        )
        assert [tuple(each) for each in row] == [("cameras", "现场核实")]
    page.click(".region-list >> text=水管爆裂H1")
    page.wait_for_selector(".cams .sees")
    assert SCRIPT in page.inner_text(".cams")
    assert SCRIPT in page.inner_text(".facts")
    page.click(".detail .close")
    page.wait_for_selector(".detail h1 >> text=选取范围")
    at.quiet()


def test_keys_draw_a_region_by_the_cross_in_the_middle_of_the_map(desk):
    lon, lat = place(*X)
    at = desk(f"/?at=19/{lat:.6f}/{lon:.6f}")
    page = at.page
    page.focus("[aria-label='矩形选取']")
    for keys in (["Enter"], ["ArrowLeft", "ArrowUp", "Enter"], ["ArrowRight", "ArrowDown"] * 2):
        for key in keys:
            page.keyboard.press(key)
    page.wait_for_selector(".cross")
    at.accessible()
    page.keyboard.press("Enter")
    page.wait_for_selector(".detail h1 >> text=选取范围")
    assert page.inner_text(".detail h2:has-text('未结事项') span") == "1"
    page.wait_for_selector(".detail h2:has-text('摄像机') >> text=1")
    at.quiet()


def test_on_a_phone_the_tools_are_behind_a_button_and_a_region_is_drawn_by_the_cross(desk):
    lon, lat = place(*X)
    at = desk(f"/?at=19/{lat:.6f}/{lon:.6f}", size=PHONE)
    page = at.page
    page.click(".tools-open")
    at.accessible()
    page.click("[aria-label='半径选取']")
    page.click(".measure-bar button:has-text('取点')")
    page.mouse.move(200, 500)
    page.mouse.down()
    page.mouse.move(200, 400, steps=4)
    page.mouse.up()
    page.wait_for_selector(".measure-bar >> text=半径")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.click(".measure-bar button:has-text('取点')")
    page.wait_for_selector(".detail h1 >> text=选取范围")
    assert page.inner_text(".detail h2:has-text('未结事项') span") == "1"
    at.accessible()
    at.quiet()


def test_the_map_is_printed_as_it_is_seen_for_a_reason(desk, site):
    at = desk("/?show=incident:H1&on=grids,incidents,places")
    page = at.page
    page.wait_for_selector("footer >> text=吹哨")
    page.click("[aria-label='打印地图']")
    page.wait_for_selector(".dialog h1 >> text=打印地图")
    assert "图层：网格 · 事项 · 重点部位" in page.inner_text(".dialog")
    assert page.is_disabled(".dialog button[type=submit]")
    page.fill("#print-title", f"现场图{SCRIPT}")
    page.check("text=A3")
    page.check("text=纵向")
    page.fill("#print-reason", "现场核实")
    at.accessible()
    with page.expect_download() as loaded:
        page.click(".dialog button[type=submit]")
    with pikepdf.open(loaded.value.path()) as book:
        assert [round(float(side)) for side in book.pages[0].mediabox[2:]] == [842, 1191]
    page.wait_for_selector(".dialog", state="detached")
    with site[0].begin() as connection:
        row = connection.execute(
            text("SELECT what, form, rows, reason FROM govgrid.export_register")
        )
        shown = connection.execute(text("SELECT count(*) FROM govgrid.incident")).scalar_one()
        assert [tuple(each) for each in row] == [("map", "pdf", shown, "现场核实")]
    at.quiet()


def test_a_link_leads_to_a_closed_incident_and_help_to_the_manual(desk):
    at = desk("/?show=incident:H0")
    page = at.page
    page.wait_for_selector(".badge >> text=结案")
    assert "H0" in page.inner_text(".detail .code")
    page.wait_for_selector(".cams, .answer")
    page.keyboard.press("?")
    with page.expect_popup() as opened:
        page.click(".dialog >> text=受理员手册")
    opened.value.wait_for_selector("h1 >> text=受理员手册")
    widths = "[...document.images].map(each => each.complete && each.naturalWidth)"
    opened.value.wait_for_load_state("load")
    assert all(json.loads(json.dumps(opened.value.evaluate(widths))))
    at.quiet()
