"""Receipts of orders come back on paper: scanned or typed, they are written down for the unit."""

import re
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.base import clock
from tests.incident_town import B2, B, X
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis
DAY = "2026-09-30"
FIELDS = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
PAGE = {"accept": "text/html", "accept-language": "zh"}


def at(time):
    return f"{DAY}T{time}:00+08:00"


class Office:
    """A desk, a unit and a stranger at one client, with a clock that is put."""

    def __init__(self, client, engine, file):
        self._visitors, self._file, self.engine = Visitors(client, engine), file, engine
        self._people = {
            "desk": account(engine, "desk", "dispatcher", B, unit="D0"),
            "U2": account(engine, "water", "responder", None, unit="U2"),
            "far": account(engine, "far", "dispatcher", B2, unit="P9"),
        }

    def turn(self, time):
        self._file.write_text(at(time), encoding="utf-8")
        clock.follow(self._file)

    def become(self, who):
        return self._visitors.become(self._people[who])

    def ask(self, who, method, path, **given):
        return self.become(who).request(method, path, **given)

    def sent(self, **more):
        """Return id and number of an incident that is with U2."""
        lon, lat = place(*X)
        body = {"category": "井盖缺失", "text": "井盖没了", "lon": lon, "lat": lat, **more}
        made = self.ask("desk", "POST", "/api/incidents", json=body).json()
        self.move(made["id"], "accept")
        self.move(made["id"], "assign", unit="U2", reason="值班安排")
        return made["id"], made["code"]

    def move(self, incident, move, **fields):
        path = f"/api/incidents/{incident}"
        seen = self.ask("desk", "GET", path).headers["etag"]
        body = {"move": move, **fields}
        done = self.ask("desk", "POST", f"{path}/moves", json=body, headers={"If-Match": seen})
        assert done.status_code == 201, done.text

    def sheet(self, number, who="desk"):
        return self.ask(who, "GET", "/api/receipts", params={"number": number})

    def write(self, number, version, who="desk", **fields):
        given = {} if version is None else {"If-Match": f'"{version}"'}
        body = {"number": number, **fields}
        return self.ask(who, "POST", "/api/receipts", json=body, headers=given)

    def row(self, what, incident):
        with self.engine.connect() as connection:
            asked = text(f"SELECT {what} FROM govgrid.incident WHERE id = :id")
            return connection.execute(asked, {"id": incident}).scalar_one()


@pytest.fixture
def office(incident_town, settings, tmp_path):
    file = tmp_path / "clock"
    file.write_text(at("09:00"), encoding="utf-8")
    with TestClient(
        create_app(settings.model_copy(update={"clock": file, "lang": "zh"})),
        follow_redirects=False,
    ) as client:
        found = Office(client, incident_town, file)
        found.turn("09:00")
        yield found
    clock.follow(None)


def test_a_receipt_that_comes_back_late_counts_by_the_times_on_it(office):
    incident, code = office.sent()
    office.turn("15:00")  # the limit of two hours and the window of returns are long over
    # a scanner types through the input method that is on
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)
    told = office.sheet(f" {wide}\r").json()
    (unit,) = told["units"]
    assert (told["code"], told["title"], told["unit"]) == (code, "井盖没了", None)
    assert (unit["unit_code"], unit["lead"], unit["state"]) == ("U2", True, "sent")
    assert unit["parts"] == ["sign_for", "report_in", "unit_done"]
    said = {"post": "值班岗", "signed_at": at("09:10"), "arrived_at": at("09:30")}
    said |= {"done_at": at("10:20"), "result": "已更换", "client_id": str(uuid4())}
    done = office.write(code, unit["version"], **said)
    assert done.status_code == 201, done.text
    assert done.json()["registered"] == ["sign_for", "report_in", "unit_done"]
    assert (office.row("state", incident), office.row("result", incident)) == ("done", "已更换")
    shown = office.ask("desk", "GET", f"/api/incidents/{incident}").json()
    (sent,) = shown["dispatches"]
    times = ("acknowledged_at", "reported_in_at", "done_at")
    assert [sent[name][11:16] for name in times] == ["01:10", "01:30", "02:20"]  # UTC
    assert (sent["known_by"], sent["reported_proxy"]) == ("paper", True)
    assert shown["on_time"] is True
    moves = [m for m in shown["moves"] if m["proxy_for"] == "U2"]
    assert [(m["move"], m["facts"].get("known_by")) for m in moves] == [
        *(("sign_for", "paper"), ("report_in", "paper"), ("unit_done", "paper")),
    ]
    assert {m["at"][11:16] for m in moves} == {"07:00"}  # when it was written down
    again = office.write(code, 1, **said)
    assert (again.status_code, again.json()["registered"]) == (200, [])
    assert len(office.ask("desk", "GET", f"/api/incidents/{incident}").json()["moves"]) == len(
        shown["moves"]
    )
    known = office.write(code, office.sheet(code).json()["units"][0]["version"], result="又一次")
    assert (known.status_code, "没有新的可登记" in known.json()["detail"]) == (409, True)


def test_what_is_known_stays_and_a_receipt_that_cannot_be_writes_nothing(office):
    incident, code = office.sent()
    office.turn("10:00")
    version = office.sheet(code).json()["units"][0]["version"]
    late, early = at("09:50"), at("08:50")
    for status, said, fields in (
        (400, "至少填一项", {}),
        (400, "还须填办理结果", {"done_at": late}),
        (400, "只能填一项", {"result": "x", "return_kind": "duty", "reason": "y"}),
        (400, "退回须写理由", {"return_kind": "duty"}),
        (400, "时间须带时区", {"signed_at": f"{DAY}T09:10:00"}),
        (400, "时间顺序不对", {"signed_at": late, "arrived_at": at("09:40")}),
        (400, "须在派出", {"signed_at": early}),
        (400, "须在派出", {"arrived_at": at("09:20"), "result": "好", "done_at": at("10:30")}),
        (422, "", {"result": "找 13812345678"}),
        (400, "没有派给“U3”", {"unit": "U3", "arrived_at": late}),
        (400, "duty", {"return_kind": "lazy", "reason": "x"}),
    ):
        refused = office.write(code, version, **fields)
        assert (refused.status_code, said in refused.text) == (status, True), refused.text
    assert office.write(code, None, arrived_at=late).status_code == 428
    assert office.write(code, 99, arrived_at=late).status_code == 412
    assert office.row("state", incident) == "assigned"
    path = f"/api/incidents/{incident}"
    seen = office.ask("U2", "GET", path).headers["etag"]
    body = {"move": "acknowledge"}
    office.ask("U2", "POST", f"{path}/moves", json=body, headers={"If-Match": seen})
    now = office.sheet(code).json()["units"][0]
    assert now["parts"] == ["report_in", "unit_done", "return"]
    done = office.write(code, now["version"], signed_at=at("09:10"), arrived_at=late)
    assert done.json()["registered"] == ["report_in"]
    returned = office.write(code, done.json()["version"], return_kind="place", reason="不在我处")
    assert returned.json()["registered"] == ["return"]
    assert office.row("state", incident) == "returned"
    assert office.sheet(code).status_code == 409


def test_of_a_whistle_each_unit_has_its_own_order_and_receipt(office):
    incident, code = office.sent()
    units = [{"unit": "U2", "role": "lead"}, {"unit": "U3", "role": "joint"}]
    office.move(incident, "whistle", whistle_kind="enforcement", units=units, within_minutes=30)
    order = f"/api/incidents/{incident}/order"
    for unit, status in ((None, 200), ("U3", 200), ("U1", 409)):
        asked = {"f": "pdf", **({"unit": unit} if unit else {})}
        assert office.ask("desk", "GET", order, params=asked).status_code == status
    office.turn("09:40")
    assert "请写明是哪个单位" in office.write(code, 1, arrived_at=at("09:20")).json()["detail"]
    told = office.sheet(f"{code}。U3").json()
    assert told["unit"] == "U3"
    version = next(u for u in told["units"] if u["unit_code"] == "U3")["version"]
    done = office.write(f"{code}.U3", version, arrived_at=at("09:20"))
    assert (done.json()["unit"], done.json()["state"]) == ("U3", "reported_in")
    (whistle,) = office.ask("desk", "GET", f"/api/incidents/{incident}/whistles").json()["whistles"]
    assert (whistle["first_unit"], whistle["first_minutes"]) == ("U3", 20)


def test_a_receipt_of_another_jurisdiction_or_of_a_sensitive_matter_is_not_found(office):
    _, code = office.sent()
    assert office.sheet(code, "far").status_code == 404
    assert office.write(code, 2, "far", arrived_at=at("09:00")).status_code == 404
    _, quarrel = office.sent(category="邻里纠纷", text="楼上漏水")
    assert office.sheet(quarrel).json()["title"] == "楼上漏水"
    assert office.sheet(quarrel, "far").status_code == 404
    assert office.sheet("%' OR 1=1 --." * 10).status_code == 404
    assert office.sheet("。").status_code == 404
    assert office.sheet(" ").status_code == 400
    office.turn("09:20")
    own = office.write(code, office.sheet(code).json()["units"][0]["version"], "U2", result="好了")
    assert (own.status_code, "系统时间为准" in own.text) == (400, True)


def test_the_page_takes_one_scan_after_another(office):
    incident, code = office.sent()
    office.turn("10:00")
    page = office.ask("desk", "GET", "/forms/receipt", params={"number": code}, headers=PAGE).text
    assert "井盖没了" in page
    assert "<script" not in page.split("</head>")[1]
    hidden = dict(FIELDS.findall(page.split('method="post" action="/forms/receipt"')[1]))
    typed = {"post": "值班岗", "arrived_at": f"{DAY}T09:30", "result": "找 13812345678"}
    send = {"data": hidden | typed, "headers": PAGE}
    refused = office.ask("desk", "POST", "/forms/receipt", **send)
    assert (refused.status_code, "略去号码并保存" in refused.text) == (422, True)
    assert f'value="{DAY}T09:30"' in refused.text
    assert office.row("state", incident) == "assigned"
    send["data"] |= {"way": "redact"}
    saved = office.ask("desk", "POST", "/forms/receipt", **send)
    assert saved.status_code == 303, saved.text
    following = office.ask("desk", "GET", saved.headers["location"], headers=PAGE).text
    assert f"已登记 {code}" in following
    assert 'name="number" value=""' in following
    assert office.row("state", incident) == "done"
    assert "13812345678" not in office.row("result", incident)
    wrong = {**hidden, "arrived_at": "gestern"}
    bad = office.ask("desk", "POST", "/forms/receipt", data=wrong, headers=PAGE)
    assert bad.status_code == 400
    assert office.ask("U2", "GET", "/forms/receipt", headers=PAGE).status_code == 403
