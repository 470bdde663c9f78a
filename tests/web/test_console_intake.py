"""Taking an incident at the console, in a real browser: by keys alone, at a border, offline."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from geo.base import clock
from tests.console_desk import Desk
from tests.incident_town import G1, G2
from tests.live_site import serve_site
from tests.toy_town import place

pytestmark = [pytest.mark.browser, pytest.mark.postgis]
TAKEN = "SELECT title, grid_code, state, unit_code FROM govgrid.incident ORDER BY created_at"


@pytest.fixture
def site(incident_town, settings, tmp_path):
    file = tmp_path / "clock"
    file.write_text("2026-09-30T21:40:00+08:00", encoding="utf-8")
    with serve_site(settings.model_copy(update={"lang": "zh", "clock": file})) as address:
        yield incident_town, address
    clock.follow(None)


@pytest.fixture
def desk(painter, site):
    opened = []

    def sit_down(*given, **more):
        opened.append(Desk(painter, site, *given, **more))
        return opened[-1]

    yield sit_down
    for each in opened:
        each.context.close()


def taken(site):
    with site[0].begin() as connection:
        return [tuple(row) for row in connection.execute(text(TAKEN))]


def type_place(page, lon, lat):
    page.keyboard.press("n")
    page.wait_for_selector("#new-place:focus")
    page.keyboard.type(f"{lon:.7f},{lat:.7f}")
    page.wait_for_selector("#new-place-list [role=option]")
    page.keyboard.press("Enter")


def type_rest(page, initials, words):
    page.wait_for_selector("#new-category:focus")
    page.keyboard.type(initials)
    page.wait_for_selector("#new-category-list [role=option]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#new-text:focus")
    page.keyboard.type(words)


def test_keys_alone_take_send_and_take_back_an_incident_at_a_border(desk, site):
    at = desk()
    page = at.page
    type_place(page, *place(0.05, 0))  # half a metre east of the border
    type_rest(page, "jgqs", "<img src=x onerror=alert(1)> 13812345678")
    page.wait_for_selector(".trial >> text=格内")
    trial = page.inner_text(".trial")
    assert all(told in trial for told in ("压线", "网格G1", "网格G2", "相距 0.5 米", "市政所"))
    assert "2026年9月30日周三 23:40" in trial
    page.check(f"input[name=new-grid][value='{G1}']")
    page.wait_for_selector(f"input[name=new-grid][value='{G1}']:checked")
    at.accessible()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".personal >> text=13812345678")
    at.accessible()
    assert taken(site) == []
    page.click(".personal >> text=略去号码并保存")
    page.wait_for_selector(".detail h1 >> text=〔号码已略〕")
    assert taken(site) == [("<img src=x onerror=alert(1)> 〔号码已略〕", G1, "reported", "U2")]
    page.wait_for_selector(".cams .sees")
    assert "依据：街道B × 道路设施" in page.inner_text(".facts")
    page.check(f"input[name=grid][value='{G2}']")
    page.wait_for_selector(".moves >> text=更正")
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=2))  # ten seconds are over soon
    page.click("footer >> text=派遣给 市政所")
    page.wait_for_selector(".sent >> text=10 秒内可撤回")
    page.click("button.undo")
    page.wait_for_selector(".moves b >> text=撤回")
    page.clock.resume()
    assert [row[1:] for row in taken(site)] == [(G2, "accepted", None)]
    page.wait_for_selector("footer >> text=派遣给 市政所")
    page.keyboard.press("r")
    page.fill("#move-unit", "u3")
    page.keyboard.press("Enter")
    page.fill("#move-reason", "供水管井")
    at.accessible()
    page.click(".move-panel button[type=submit]")
    page.wait_for_selector(".badge >> text=绿灯")
    page.wait_for_selector(".facts >> text=供水")
    assert [row[2:] for row in taken(site)] == [("assigned", "U3")]
    assert [status for status, _ in at.failed] == [422]
    at.forgive(422)
    at.quiet()


def test_without_a_network_it_waits_and_is_sent_once(desk, site):
    at = desk()
    page = at.page
    type_place(page, *place(-2.09, 0))
    page.context.set_offline(True)
    type_rest(page, "rqyw", "楼道有异味")
    page.wait_for_selector(".taking .emergency >> text=请先转 110/119/120/抢修")
    page.wait_for_selector(".trial >> text=网络不通")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".banner >> text=1 项待提交")
    assert taken(site) == []
    page.context.set_offline(False)
    page.wait_for_selector(".detail .emergency >> text=已转 119")
    page.click(".emergency >> text=已转 119")
    page.wait_for_selector(".moves >> text=转紧急处置")
    assert taken(site) == [("楼道有异味", G1, "reported", "D0")]
    assert page.locator(".banner").count() == 0
