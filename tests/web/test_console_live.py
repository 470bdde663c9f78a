"""What is edited in one browser, and the figures that follow, in another that looks on."""

import pytest

from geo.coverage import compute
from geo.coverage.incremental import Live
from tests.console_desk import Desk
from tests.live_site import serve_site
from tests.signed_in import account
from tests.toy_town import place

pytestmark = [pytest.mark.browser, pytest.mark.postgis]
EAST = "340802001001002"
MOVE = """async ([place, csrf]) => {
  const answer = await fetch("/api/collections/cameras/items/K1", {
    method: "PATCH",
    headers: { "content-type": "application/json", "x-csrf-token": csrf, "if-match": "*" },
    body: JSON.stringify({ type: "Feature", geometry: { type: "Point", coordinates: place } }),
  });
  return answer.status;
}"""
SHARES = ".detail dl.facts dd b"


@pytest.fixture
def site(seen_town, settings):
    compute.compute(seen_town)
    with serve_site(settings.model_copy(update={"lang": "zh"})) as address:
        yield seen_town, address


def test_a_camera_moved_in_one_browser_and_its_figures_are_seen_in_another(painter, site):
    engine = site[0]
    lon, lat = place(1, 1)
    path = f"/?at=16/{lat:.5f}/{lon:.5f}&show=grid:{EAST}"
    looks_on = Desk(painter, site, made=account(engine, "plans", "planner"), path=path)
    edits = Desk(painter, site, made=account(engine, "admin", "administrator"))
    try:
        page = looks_on.page
        page.wait_for_selector(SHARES)
        page.wait_for_selector(".live.is-live")
        before = page.locator(SHARES).all_inner_texts()
        assert "无数据" not in before
        csrf = edits.page.evaluate("JSON.parse(document.getElementById('shell').textContent).csrf")
        held = Live(engine)
        held.refresh()
        with page.expect_request(lambda asked: "/collections/cameras/tiles/" in asked.url):
            assert edits.page.evaluate(MOVE, [place(-15, 1), csrf]) == 200
        with page.expect_response(lambda got: "/api/coverage" in got.url):
            held.refresh(["K1"])
        while page.locator(SHARES).all_inner_texts() == before:
            page.wait_for_timeout(50)
        looks_on.quiet()
        edits.quiet()
    finally:
        for each in (looks_on, edits):
            each.context.close()
