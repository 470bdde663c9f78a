"""The console in a real browser, on the service as it runs: what people see and do first."""

import pytest
from sqlalchemy import text

from geo.access import passwords
from geo.access.login import code_card
from geo.operations.backup import journal
from tests.console_desk import Desk
from tests.live_site import serve_site
from tests.map_visit import PHONE
from tests.signed_in import SYSTEM, account
from tests.toy_town import place

pytestmark = [pytest.mark.browser, pytest.mark.postgis]
EAST = "340802001001002"
SECRET = "井盖-没了-2026-秋"


@pytest.fixture
def site(seen_town, settings):
    lon, lat = place(4, 0)
    with seen_town.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.incident (code, title, category, state, reported_at, geom)"
                " VALUES ('M7', '人民路井盖缺失', '道路设施', 'reported', '2026-09-30T21:40+08',"
                " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
            ),
            {"lon": lon, "lat": lat},
        )
    with serve_site(settings.model_copy(update={"lang": "zh"})) as address:
        yield seen_town, address


@pytest.fixture
def desk(painter, site):
    opened = []

    def sit_down(*given, **more):
        opened.append(Desk(painter, site, *given, **more))
        return opened[-1]

    yield sit_down
    for each in opened:
        each.context.close()


def account_with_password(engine):
    made = account(engine, "wang", "operator")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.account SET password_hash = :hash WHERE name = 'wang'"),
            {"hash": passwords.hash_password(SECRET)},
        )
    return made


def test_a_row_of_the_list_opens_grid_and_cameras_that_see_the_place(desk):
    at = desk()
    page = at.page
    page.click("#i-M7")
    page.wait_for_selector(".cams .sees")
    assert page.inner_text(".detail h1") == "人民路井盖缺失"
    assert "东格" in page.inner_text(".facts")
    cameras = page.inner_text(".cams")
    assert "朝东枪机" in cameras
    assert "确定可见" in cameras
    assert "show=incident:M7" in page.url
    at.accessible()
    page.keyboard.press("1")
    page.wait_for_selector(".dialog")
    at.accessible()
    at.quiet()


def test_an_incident_that_was_reported_is_accepted_by_one_key_of_the_detail(desk):
    at = desk(path="/?show=incident:M7")
    page = at.page
    page.wait_for_selector(".badge >> text=待受理")
    page.click(".detail footer button >> text=受理")
    page.wait_for_selector(".badge >> text=已受理")
    page.wait_for_selector(".moves >> text=受理")
    page.wait_for_selector("#i-M7 .more em >> text=已受理")
    at.quiet()


def test_an_incident_without_a_position_is_placed_by_a_click_on_the_map(desk, site):
    with site[0].begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.incident (code, title, category, state, reported_at, status)"
                " VALUES ('M8', '不知何处', '井盖缺失', 'reported', '2026-09-30T21:50+08',"
                " 'missing')"
            )
        )
    lon, lat = place(4, 0)
    at = desk(path=f"/?at=18/{lat:.5f}/{lon:.5f}&show=incident:M8")
    page = at.page
    page.click("text=在地图上定位")
    page.wait_for_selector(".measure-bar >> text=点选")
    at.accessible()
    box = page.locator(".map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".facts >> text=东格")
    page.wait_for_selector(".cams .sees")
    page.wait_for_selector(".moves >> text=更正")
    at.quiet()


def test_what_was_typed_stays_where_somebody_else_was_faster(desk):
    first = desk("dispatcher", path="/?show=incident:M7")
    first.page.click(".more-moves")
    first.page.select_option("#move-name", "reject")
    first.page.fill("#move-reason", "不属本辖区")
    second = desk("operator", path="/?show=incident:M7")
    second.page.click(".detail footer button >> text=受理")
    second.page.wait_for_selector(".badge >> text=已受理")
    first.page.wait_for_selector("#i-M7 .more em >> text=已受理")
    first.page.click(".move-panel button[type=submit]")
    first.page.wait_for_selector(".detail footer .fault >> text=受理")
    assert first.page.input_value("#move-reason") == "不属本辖区"
    assert {status for status, _ in first.failed} <= {409, 412}
    for status in (409, 412):
        first.forgive(status)
    first.quiet()
    second.quiet()


def test_a_log_in_that_ended_is_renewed_in_place_and_what_was_typed_stays(desk, site, settings):
    at = desk(made=account_with_password(site[0]))
    codes = code_card.issue_card(site[0], SYSTEM, "wang", config=settings).codes
    page = at.page
    page.keyboard.press("n")
    page.fill("#new-text", "井盖没了")
    page.context.clear_cookies()
    page.click("#i-M7")
    page.wait_for_selector(".dialog >> text=重新登录")
    at.accessible()
    page.fill("#again-password", SECRET)
    page.keyboard.press("Enter")
    page.wait_for_selector(".dialog >> text=第 1 号")
    page.fill("#again-code", f"{codes[0][:4]} {codes[0][4:]}")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cams .sees")
    assert page.locator(".dialog").count() == 0
    page.click(".detail footer button >> text=受理")  # with the token of the new session
    page.wait_for_selector(".badge >> text=已受理")
    page.keyboard.press("n")
    page.wait_for_selector("#new-text")
    assert page.input_value("#new-text") == "井盖没了"


def test_what_an_administrator_has_to_see_to_stands_over_the_console_until_it_is_closed(
    desk, settings
):
    journal.note_backup(settings.home, settings.home / "a.backup", 1, 1)
    journal.note_failure(settings.home, "the disk is not mounted")
    page = desk().page
    page.wait_for_selector(".banner >> text=最近两天没有成功的备份")
    page.click(".banner button")
    page.wait_for_selector(".banner", state="detached")


def test_one_key_hides_all_but_areas_and_counts_on_all_screens_until_a_new_log_in(desk, site):
    made = account_with_password(site[0])
    first, second = (desk(made=made, path="/?show=incident:M7") for _ in range(2))
    other = second.context.new_page()
    other.goto(second.address + "/register/mine")
    for at in (first, second):
        at.page.wait_for_selector(".cams .sees")
    first.page.keyboard.press("v")
    for at in (first, second):
        page = at.page
        page.wait_for_selector(".banner >> text=参观模式")
        page.wait_for_selector(".map[data-shown=true]")
        page.wait_for_selector("#i-M7")
        told = page.inner_text("body")
        assert "道路设施" in told
        assert [each for each in ("人民路", "枪机", "新建事项") if each in told] == []
        assert (page.locator(".search").count(), "show=" in page.url) == (0, False)
        page.click("#i-M7")  # nothing opens
        at.accessible()
        at.forgive(403)  # what was under way as it was hidden
        at.quiet()
    other.wait_for_selector("text=参观模式")
    second.page.click(".banner button")
    second.page.fill("#again-password", SECRET)
    second.page.keyboard.press("Enter")
    second.page.wait_for_selector(".search")
    second.page.click("#i-M7")
    second.page.wait_for_selector(".cams .sees")
    assert first.page.locator(".banner >> text=参观模式").count() == 1


def test_a_screen_without_a_network_is_covered_and_says_that_others_are_not(desk):
    at = desk()
    at.page.context.set_offline(True)
    at.page.keyboard.press("v")
    at.page.wait_for_selector(".visitors-veil >> text=其他屏幕尚未隐藏")
    at.page.context.set_offline(False)
    at.page.click(".visitors-veil button")
    at.page.wait_for_selector(".banner >> text=参观模式")


def test_back_and_a_link_lead_to_what_was_chosen(desk):
    at = desk(path="/?show=camera:K1")
    page = at.page
    page.wait_for_selector(".detail h1 >> text=朝东枪机")
    page.click("#i-M7")
    page.wait_for_selector(".detail h1 >> text=人民路井盖缺失")
    page.go_back()
    page.wait_for_selector(".detail h1 >> text=朝东枪机")
    page.keyboard.press("Escape")
    page.wait_for_selector(".nothing")
    at.quiet()


def test_the_search_is_used_by_keys_alone(desk):
    at = desk()
    page = at.page
    page.keyboard.press("/")
    page.keyboard.type("dg")
    page.wait_for_selector("#find-list [role=option] >> text=东格")
    at.accessible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".detail h1 >> text=东格")
    assert f"show=grid:{EAST}" in page.url
    at.quiet()


def test_keys_begin_and_end_measuring_and_gaps_are_listed_by_their_rank(desk):
    at = desk("planner")
    page = at.page
    page.keyboard.press("m")
    page.wait_for_selector(".measure-bar")
    box = page.locator(".map").bounding_box()
    for share in (0.4, 0.6):
        page.mouse.click(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_selector(".measure-bar >> text=2 个点")
    assert "spot" not in page.url
    at.accessible()
    page.keyboard.press("Escape")
    page.wait_for_selector(".measure-bar", state="detached")
    page.click(".layers >> text=缺口")
    page.click(".gap-list li:first-child button")
    page.wait_for_selector(".detail h1 >> text=覆盖缺口")
    assert "show=gap:1" in page.url
    at.quiet()


def test_coordinates_may_be_of_another_system_and_both_places_are_offered(desk):
    at = desk()
    page = at.page
    page.click("#find")
    page.keyboard.type("117.05,30.51")
    page.wait_for_selector(".question")
    assert "火星坐标" in page.inner_text(".question")
    kinds = page.locator("#find-list .kind").all_inner_texts()
    assert kinds[:2] == ["按 WGS-84", "按火星坐标"]
    at.quiet()


def test_limited_rights_are_told_as_such_in_english_and_by_night(desk, site):
    made = account(site[0], "zhang", "operator", EAST, classes=["social"])
    lon, lat = place(4, 0)
    at = desk(made=made, path=f"/?lang=en&show=spot:{lon:.6f},{lat:.6f}", scheme="dark")
    page = at.page
    page.wait_for_selector(".cams .possible")
    assert "that are not granted may see it" in page.inner_text(".detail")
    assert "朝东枪机" not in page.inner_text(".detail")
    assert "Skynet: not granted" in page.text_content(".legend")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    at.accessible()
    at.quiet()


def test_a_phone_shows_one_thing_at_a_time(desk):
    at = desk(size=PHONE)
    page = at.page
    page.click(".back")
    page.click("#i-M7")
    page.wait_for_selector(".cams .sees")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == PHONE["width"]
    at.accessible()
    at.quiet()


def test_every_text_of_the_page_comes_from_the_catalogue(desk):
    at = desk(path="/?lang=qps")
    at.page.keyboard.press("?")
    at.page.wait_for_selector(".dialog")
    shown = at.page.evaluate(
        "[...document.querySelectorAll('button, h1, h2, dt, legend, .legend, label, .hints dd')]"
        ".map(each => each.textContent.trim()).filter(text => /[\\u4e00-\\u9fff]/.test(text))"
    )
    data = ("测试员", "道路设施")
    assert [told for told in shown if "⟦" not in told and not told.startswith(data)] == []
    assert len(shown) > 10
