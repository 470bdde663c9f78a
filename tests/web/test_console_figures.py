"""The page of figures in a real browser: what is shown is what the service counts."""

import pytest
from sqlalchemy import text

from geo.base import clock
from tests.console_desk import Desk
from tests.incidents.counted_town import C1, NOW, build_counted_town
from tests.incidents.test_workload import ANSWERS, CALLED, WHISTLES
from tests.live_site import serve_site
from tests.map_visit import PHONE
from tests.signed_in import account

pytestmark = [pytest.mark.browser, pytest.mark.postgis]
WIDE = {"width": 1920, "height": 1080}


@pytest.fixture
def site(engine, settings, tmp_path):
    file = tmp_path / "clock"
    file.write_text(NOW.isoformat(), encoding="utf-8")
    clock.follow(file)
    build_counted_town(engine, size=260)
    with engine.begin() as connection:
        for statement in (WHISTLES, CALLED, *ANSWERS):
            connection.execute(text(statement))
    with serve_site(settings.model_copy(update={"lang": "zh", "clock": file})) as address:
        yield engine, address
    clock.follow(None)


def test_figures_are_counted_shown_and_hidden_from_visitors(painter, site):
    at = Desk(painter, site, made=account(site[0], "chen", "supervisor"), size=WIDE)
    page = at.page
    try:
        read_a_year(at, page)
        narrow(at, page)
        page.set_viewport_size(WIDE)
        page.click(".rail >> text=地图")
        page.wait_for_selector("#figures", state="detached")
        page.keyboard.press("v")
        page.wait_for_selector(".banner >> text=参观模式")
        assert page.locator(".rail >> text=统计").count() == 0
        at.page.goto(at.address + "/?page=figures")
        page.wait_for_selector(".map[data-shown=true]")
        assert page.locator("#figures").count() == 0
        at.quiet()
    finally:
        at.context.close()


def read_a_year(at, page):
    page.click(".rail >> text=统计")
    page.wait_for_selector("#figures h2 >> text=比率")
    assert page.input_value("#figures-month") == "2026-10"  # the district's month
    assert "page=figures" in page.url
    page.select_option("#figures-span", "year")
    page.wait_for_selector(".figures-basis >> text=2026-01-01 至 2026-12-31")
    asked = {"year": "2026", "by": "community", "compare": "true", "attendance": "true"}
    told = page.request.get(at.address + "/api/statistics", params=asked).json()
    shown = page.inner_text("#figures")
    for rate in told["rates"]:
        assert rate["definition"] in shown
        assert f"{rate['numerator']}/{rate['denominator']}" in shown
    assert "收集于本期，截至" in shown
    for row in told["rows"]:
        cells = page.locator(f".counts-table tbody tr:has-text('{row['name']}') td")
        assert cells.nth(0).inner_text() == str(row["rank"] or "—")
        assert cells.nth(1).inner_text() == str(row["collected"])
    first = told["attendance"]["rows"][0]
    attended = page.locator("section:has(h2:has-text('吹哨报到')) tbody tr").nth(0)
    assert first["name"] in attended.inner_text()
    page.select_option("#attendance-month", told["attendance"]["months"][0]["month"])
    assert page.locator(".heat tbody tr").count() > 4
    at.accessible()
    page.select_option("#figures-area", C1)
    page.wait_for_selector(".counts-table tbody tr:nth-child(1):last-child")
    with page.expect_download() as loaded:
        page.click("#figures >> text=XLSX")
    assert loaded.value.suggested_filename == "statistics-community-2026.xlsx"
    page.select_option("#figures-area", "")


def narrow(at, page):
    """At the width of a phone tables scroll within themselves, and the menu leads here."""
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    at.accessible()
    page.click(".top .back")
    page.wait_for_selector("#figures", state="detached")
    page.click(".who")
    page.click("[role=menuitem] >> text=统计")
    page.wait_for_selector("#figures h2 >> text=比率")
