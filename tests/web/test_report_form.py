"""The form of a reporter in a real browser, as wide as a telephone."""

import pytest

from api.session.identity import COOKIE
from geo.access.accounts import sessions
from tests import PATIENCE_S
from tests.console_desk import AXE, SERIOUS
from tests.incident_town import G1, X
from tests.live_site import serve_site
from tests.signed_in import account
from tests.toy_town import place

pytestmark = [pytest.mark.browser, pytest.mark.postgis]
TELEPHONE = {"width": 390, "height": 844}


@pytest.fixture
def phone(browser, incident_town, settings):
    with serve_site(settings.model_copy(update={"lang": "zh"})) as address:
        with incident_town.begin() as connection:
            made = account(incident_town, "gridpost", "reporter", G1)
            token = sessions.begin_session(connection, made)
        lon, lat = place(*X)
        here = {"longitude": lon, "latitude": lat}
        context = browser.new_context(
            viewport=TELEPHONE, locale="zh-CN", geolocation=here, permissions=["geolocation"]
        )
        context.set_default_timeout(PATIENCE_S * 1000)
        context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/forms/report")
        yield page
        context.close()


def fits(page):
    assert page.evaluate("document.documentElement.scrollWidth") == TELEPHONE["width"]
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run().then(found => found.violations)")
    assert [each["id"] for each in found if each["impact"] in SERIOUS] == []


def test_a_telephone_that_knows_where_it_is_reports_from_there(phone):
    fits(phone)
    phone.click("[data-locate]")
    phone.wait_for_selector("textarea, [data-why]:visible")
    phone.check("input[name=category][value='03']")
    phone.fill("textarea", "很吵 13812345678")
    fits(phone)
    phone.click("form[method=post][action='/forms/report'] .actions button")
    phone.click("button[name=way][value=redact]")
    phone.wait_for_selector(".notice.good")
    fits(phone)
