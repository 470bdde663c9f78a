"""The basic version: the same work by forms alone, for browsers that cannot show the console."""

import re
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from tests.incident_town import B, X
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis
OLD = {"user-agent": "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 Chrome/86.0.4240.198"}
PAGE = {"accept": "text/html"}
FIELDS = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class Person:
    """One client as several people, who fill in what their pages offer."""

    def __init__(self, client, engine):
        self._visitors, self._engine = Visitors(client, engine), engine
        self._made = {
            "desk": account(engine, "desk", "dispatcher", B, unit="D0"),
            "unit": account(engine, "unit", "responder", B, unit="U2"),
        }

    def get(self, who, path, **query):
        client = self._visitors.become(self._made[who])
        return client.get(path, params=query, headers=PAGE | {"accept-language": "zh"})

    def send(self, who, path, page, **fields):
        """Send the form of a page that leads to a path, with its hidden fields."""
        form = next(p for p in page.split("<form")[1:] if f'method="post" action="{path}"' in p)
        return self.post(who, path, dict(FIELDS.findall(form)) | fields)

    def post(self, who, path, fields):
        return self._visitors.become(self._made[who]).post(path, data=fields, headers=PAGE)

    def move(self, who, path, move, **fields):
        """Send the form of a move of an incident's page."""
        page = self.get(who, path).text
        form = next(p for p in page.split("<form")[1:] if f'value="{move}"' in p)
        return self.post(who, f"{path}/moves", dict(FIELDS.findall(form)) | fields)

    def rows(self):
        with self._engine.begin() as connection:
            found = text("SELECT title, grid_code, state, unit_code FROM govgrid.incident")
            return [tuple(row) for row in connection.execute(found)]


@pytest.fixture
def people(incident_town, settings):
    app = create_app(settings.model_copy(update={"lang": "zh"}))
    with TestClient(app, follow_redirects=False) as client:
        yield Person(client, incident_town)


def at(x=X):
    lon, lat = place(*x)
    return f"{lon:.7f},{lat:.7f}"


def test_forms_alone_take_an_incident_and_lead_it_to_its_end(people):
    sought = people.get("desk", "/forms/new", place=at()).text
    chosen = re.search(r'name="place" value="([^"]+)"', sought)[1]
    assert "井盖缺失" in sought
    filled = {"place": chosen, "category": "井盖缺失", "source": "telephone"}
    refused = people.send("desk", "/forms/new", sought, **filled, text="井盖没了 13812345678")
    assert refused.status_code == 422
    assert people.rows() == []
    assert "井盖没了 13812345678" in refused.text
    taken = people.send("desk", "/forms/new", refused.text, **filled, text="井盖没了", way="redact")
    again = people.send("desk", "/forms/new", refused.text, **filled, text="井盖没了", way="redact")
    assert taken.status_code == again.status_code == 303
    assert people.rows() == [("井盖没了", "340802001001001", "reported", "U2")]
    path = taken.headers["location"]
    assert again.headers["location"] == path
    page = people.get("desk", path).text
    for told in ("西口枪机", "确定可见", "市政所", "道路设施"):
        assert told in page
    assert path in people.get("desk", "/forms", of="new").text
    assert people.move("desk", path, "accept").status_code == 303
    assert people.move("desk", path, "assign", unit="U2").status_code == 303
    assert path in people.get("unit", "/forms", of="unsigned").text
    for move, fields in (("acknowledge", {}), ("arrive", {}), ("finish", {"result": "已补盖"})):
        assert people.move("unit", path, move, **fields).status_code == 303, move
    assert [row[2] for row in people.rows()] == ["done"]
    assert "处置完毕" in people.get("desk", path).text


def test_what_somebody_else_did_meanwhile_is_said_and_nothing_is_lost(people):
    path = take(people)
    page = people.get("desk", path).text
    people.move("desk", path, "accept")
    late = people.send("desk", f"{path}/moves", page)
    assert late.status_code in (409, 412)
    assert 'role="alert"' in late.text
    assert [row[2] for row in people.rows()] == ["accepted"]


def test_a_unit_that_a_whistle_called_reports_in_by_a_form(people):
    path = take(people)
    people.move("desk", path, "accept")
    whistle = {"move": "whistle", "whistle_kind": "enforcement", "within_minutes": 30}
    client = people._visitors.become(people._made["desk"])
    units = [{"unit": "U2", "role": "lead"}, {"unit": "U3"}]
    blown = client.post(
        f"/api/incidents/{path.rsplit('/', 1)[1]}/moves",
        json={**whistle, "units": units},
        headers={"If-Match": '"2"'},
    )
    assert blown.status_code == 201, blown.text
    page = people.get("unit", path).text
    forms = [p for p in page.split("<form")[1:] if "/dispatches/" in p and "report_in" in p]
    assert len(forms) == 1  # its own
    step = re.search(r'action="([^"]+)"', forms[0])[1]
    assert people.post("unit", step, dict(FIELDS.findall(forms[0]))).status_code == 303
    assert "已报到" in people.get("desk", path).text
    desk = people.get("desk", path).text
    proxy = next(p for p in desk.split("<form")[1:] if "report_in" in p)  # of the other unit
    assert 'name="known_by"' in proxy
    told = dict(FIELDS.findall(proxy)) | {"known_by": "telephone"}
    assert people.post("desk", re.search(r'action="([^"]+)"', proxy)[1], told).status_code == 303


def test_a_place_is_asked_for_the_cameras_that_see_it(people):
    assert "西口枪机" in people.get("desk", "/forms/sees", place="X", at=at()).text
    found = people.get("desk", "/forms/sees", place="网格G1").text
    assert "网格G1" in found
    for nonsense in ("x", "1", "1,2,3", "nan,1", "200,1"):
        assert people.get("desk", "/forms/sees", at=nonsense).status_code == 400, nonsense


def test_a_form_without_a_place_or_a_category_is_shown_again(people):
    sought = people.get("desk", "/forms/new", place=at()).text
    for fields in (
        {"place": "", "category": "井盖缺失"},
        {"place": f"{at()};map;", "category": "无"},
    ):
        again = people.send("desk", "/forms/new", sought, **fields, text="情况")
        assert again.status_code == 400, fields
        assert 'role="alert"' in again.text
        assert "情况" in again.text
    assert people.rows() == []


def test_an_old_browser_is_led_here_and_internet_explorer_is_told_how_to_leave(people):
    client = people._visitors.become(people._made["desk"])
    led = client.get("/", headers=OLD)
    assert (led.status_code, led.headers["location"]) == (303, "/forms?why=old")
    assert "低于 Chromium 109" in client.get("/forms?why=old", headers=OLD).text
    assert client.get("/?full=1", headers=OLD).status_code == 200
    new = OLD["user-agent"].replace("86.0", "109.0")
    assert client.get("/", headers={"user-agent": new}).status_code == 200
    for agent in ("Mozilla/4.0 (compatible; MSIE 8.0)", "Mozilla/5.0 (Trident/7.0; rv:11.0)"):
        for path in ("/", "/login", "/forms"):
            page = client.get(path, headers={"user-agent": agent}).text
            assert "极速模式" in page
            assert "<form" not in page
            assert "<script" not in page


def test_texts_of_an_incident_are_shown_as_texts(people):
    path = take(people, text="<script>alert(1)</script>")
    for page in (people.get("desk", path).text, people.get("desk", "/forms").text):
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page


def take(people, **more):
    fields = {
        "place": f"{at()};map;",
        "category": "井盖缺失",
        "text": "井盖没了",
        "source": "telephone",
    }
    page = people.get("desk", "/forms/new", place=at()).text
    taken = people.send("desk", "/forms/new", page, **fields | more | {"client_id": str(uuid4())})
    assert taken.status_code == 303, taken.text
    return taken.headers["location"]
