"""The filing sheet over HTTP: from a form with its token, registered, cut, never for strangers."""

import io
from urllib.parse import quote

import openpyxl
import pytest
from fastapi.testclient import TestClient
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import text

from api.app import create_app
from geo.base.words import say
from tests import filed_town
from tests.filed_town import POLICE, SCHOOL
from tests.signed_in import signed_in

pytestmark = pytest.mark.postgis
WEST, EAST = "340802001001001", "340802001001002"
FORM = {"unit": POLICE, "reason": "年度备案"}
PATH = "/compliance/filing"
HOSTILE = ("=cmd|' /C calc'!A0", "' OR 1=1 --", "../../etc/passwd", "<script>alert(1)</script>")


@pytest.fixture
def client(town, settings, tmp_path):
    filed_town.filed(town, tmp_path)
    with TestClient(
        create_app(settings), raise_server_exceptions=False, follow_redirects=False
    ) as found:
        yield found


def codes(answer):
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return [row[1] for row in book["采集设备"].iter_rows(min_row=2, values_only=True)]


def registered(engine):
    with engine.begin() as connection:
        found = connection.execute(
            text("SELECT account_name, what, rows, reason FROM govgrid.export_register")
        )
        return [tuple(row) for row in found]


def test_a_planner_gets_the_sheet_and_it_is_registered(town, client):
    signed_in(client, town, "planner")
    answer = client.post(PATH, data=FORM)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert quote(f"filing-{POLICE}.xlsx") in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    assert codes(answer) == ["K1", "K3", "K4"]
    assert registered(town) == [("planner.all", "filing-sheet", 3, "年度备案")]


def test_the_sheet_is_cut_to_who_asks(town, client):
    signed_in(client, town, "planner", EAST, classes=("social",))
    assert codes(client.post(PATH, data=FORM)) == ["K4"]
    signed_in(client, town, "planner", WEST)
    answer = client.post(PATH, data=FORM)
    assert answer.status_code == 404
    assert "K1" not in answer.text
    assert SCHOOL not in answer.text
    assert len(registered(town)) == 1


def test_without_a_reason_or_a_unit_nothing_goes_out(town, client):
    signed_in(client, town, "administrator")
    for form in ({"unit": POLICE}, {**FORM, "reason": "  "}):
        assert client.post(PATH, data=form).status_code == 400
    for unit in ("", *HOSTILE):
        answer = client.post(PATH, data={**FORM, "unit": unit})
        assert answer.status_code == 404, unit
        assert "<script>" not in answer.text or "json" in answer.headers["content-type"]
    assert registered(town) == []


@pytest.mark.parametrize("role", ["operator", "auditor", "display", "responder", "dispatcher"])
def test_who_may_not_gets_none(town, client, role):
    signed_in(client, town, role, kind="display" if role == "display" else "person")
    assert client.post(PATH, data=FORM).status_code == 403
    assert registered(town) == []


def test_a_stranger_gets_none(client):
    assert client.post(PATH, data=FORM).status_code == 401


def test_without_the_token_of_the_session_there_is_no_sheet(town, client):
    signed_in(client, town, "planner")
    answer = client.post(PATH, data=FORM, headers={"x-csrf-token": "x" * 32})
    assert answer.status_code == 403
    assert registered(town) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_form_offers_the_units_and_carries_the_token(lang):
    pages = Environment(
        loader=PackageLoader("maps", "web/templates/pages"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip

    def shown(units):
        return pages.get_template("filing_form.html").render(
            word=lambda key, **facts: say(key, lang, **facts), csrf="token", filing_units=units
        )

    page = shown([POLICE, "<b>"])
    assert f'<option value="{POLICE}">' in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert 'name="csrf" value="token"' in page
    assert f'action="{PATH}"' in page
    assert "<form" not in shown([])
