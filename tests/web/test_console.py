"""The console in a real browser, on the service as it runs: what people see and do first."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from api.session.identity import COOKIE
from geo.access.accounts import sessions
from tests import PATIENCE_S, ROOT
from tests.live_site import serve_site
from tests.map_visit import DESK, PHONE, SWITCHES
from tests.signed_in import account
from tests.toy_town import place

pytestmark = [pytest.mark.browser, pytest.mark.postgis]
EAST = "340802001001002"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# A driver of a graphics card that is none says that reading pixels is slow.
HARMLESS = re.compile("GPU stall|GL Driver Message")
SERIOUS = ("serious", "critical")
DRAWING = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def painter():
    """Return a browser that draws with WebGL2 in software."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = Path("/usr/bin/chromium")
    if not chromium.exists():
        pytest.skip(f"no {chromium}: apt install chromium")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=str(chromium), args=[*SWITCHES, *DRAWING])
        yield started
        started.close()


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


class Desk:
    """Somebody at the console, and all that went wrong there."""

    def __init__(self, browser, site, role="operator", *, size=DESK, path="/"):
        engine, self.address = site
        self.context = browser.new_context(viewport=size, reduced_motion="reduce")
        self.context.set_default_timeout(PATIENCE_S * 1000)
        with engine.begin() as connection:
            token = sessions.begin_session(connection, account(engine, role, role))
        self.context.add_cookies([{"name": COOKIE, "value": token, "url": self.address}])
        self.page = self.context.new_page()
        self.requests, self.complaints, self.failed = [], [], []
        self.page.on("request", lambda asked: self.requests.append(asked.url))
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "response",
            lambda got: self.failed.append((got.status, got.url)) if got.status >= 400 else None,
        )
        self.page.goto(self.address + path)
        self.page.wait_for_selector(".map[data-shown=true]")

    def _heard(self, line):
        if line.type in ("error", "warning") and not HARMLESS.search(line.text):
            self.complaints.append(line.text)

    def quiet(self):
        """Nothing left the host, nothing failed, nothing broke the policy."""
        assert [url for url in self.requests if not url.startswith((self.address, "data:"))] == []
        assert self.failed == []
        assert self.complaints == []

    def accessible(self):
        """No serious finding of axe."""
        # the policy lets no script in from outside: this one comes through the debugger
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run().then(found => found.violations)")
        bad = [each for each in found if each["impact"] in SERIOUS]
        told = [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in bad]
        assert told == []


@pytest.fixture
def desk(painter, site):
    opened = []

    def sit_down(*given, **more):
        opened.append(Desk(painter, site, *given, **more))
        return opened[-1]

    yield sit_down
    for each in opened:
        each.context.close()


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
