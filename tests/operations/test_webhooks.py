"""Webhooks, told to a real server on the loopback: signed, tried again, cut to what is granted."""

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from geo.access.accounts import accounts
from geo.access.accounts.local_cli import acting_principal
from geo.base import clock
from geo.base.errors import ForbiddenError, InputError, NotFoundError, StateError
from geo.incidents import intake, moves
from geo.incidents.location import TypedPlace
from geo.incidents.move_request import MoveRequest
from geo.incidents.report import Report
from geo.operations.webhooks import addresses, deliver, manage
from tests.incident_town import B2, C1, X, make_desk
from tests.signed_in import SYSTEM, account
from tests.toy_town import place

NEVER = threading.Event()


class Receiver:
    """A program that is told; `answers` are its next statuses, then 200."""

    def __init__(self):
        self.got, self.answers = [], []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"{receiver.origin}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def told(self):
        return [json.loads(body) for _, _, body in self.got]

    def close(self):
        if not self.thread.is_alive():
            return
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver():
    found = Receiver()
    yield found
    found.close()


@pytest.fixture
def site(incident_town, receiver, tmp_path):
    file = tmp_path / "clock"
    settings = {"webhook_hosts": f"https://hooks.example, {receiver.origin}"}
    desk = make_desk(incident_town, tmp_path / "home", **settings)

    def turn(minutes):
        moment = datetime(2026, 9, 30, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        file.write_text(moment.isoformat(), encoding="utf-8")
        clock.follow(file)

    turn(0)
    account(incident_town, "platform", "display", C1, kind="service")
    yield SimpleNamespace(engine=incident_town, desk=desk, config=desk.config, turn=turn)
    clock.follow(None)


def add(site, receiver, name="平台", who="platform", kinds=manage.KINDS, path="/in?x=1"):
    return manage.add_webhook(
        site.engine, SYSTEM, site.config, name=name, url=receiver.origin + path, account=who,
        kinds=kinds,
    )  # fmt: skip


def take(site, words="井盖没了", category="井盖缺失", at=X):
    lon, lat = place(*at)
    return intake.take_incident(
        site.desk, SYSTEM, Report(category, words, TypedPlace(lon, lat))
    ).created


def move(site, incident, name, version, **fields):
    asked = MoveRequest(name, **fields)
    given = {"version": version, "timezone": "Asia/Shanghai"}
    return moves.move_incident(site.engine, SYSTEM, incident, asked, **given)


def tell(site, **changes):
    config = site.config.model_copy(update=changes)
    return deliver.tell_webhooks(site.engine, config, NEVER)


def deliveries(site, hook):
    return manage.list_deliveries(site.engine, SYSTEM, hook.webhook.id)


@pytest.mark.postgis
def test_a_program_is_told_signed_and_never_more_than_its_account_may_see(site, receiver):
    take(site, "先前的")
    made = add(site, receiver)
    one = take(site, "井盖没了 在东口").row
    move(site, one.id, "accept", 1)
    take(site, "楼上漏水", "邻里纠纷")
    take(site, "别处", at=(30, 0))
    assert tell(site) == 2
    (path, headers, body), _ = receiver.got
    signed = f"{headers['Govgrid-Timestamp']}.".encode() + body
    expected = hmac.new(made.secret.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["Govgrid-Signature"] == f"v1={expected}"
    assert int(headers["Govgrid-Timestamp"]) == int(
        datetime(2026, 9, 30, 1, tzinfo=UTC).timestamp()
    )
    assert (path, headers["Govgrid-Event"]) == ("/in?x=1", "incident.created")
    first, second = receiver.told
    assert (second["kind"], second["move"]) == ("incident.moved", "accept")
    assert first["incident"]["code"] == one.code
    # a display reads no exact place: it is told the cell, and never a text
    assert first["incident"]["exact"] is False
    assert [first["incident"]["lon"], first["incident"]["lat"]] != list(place(*X))
    whole = b"".join(body for _, _, body in receiver.got).decode()
    assert not any(words in whole for words in ("东口", "漏水", "邻里纠纷", "先前的", "别处"))
    assert tell(site) == 0
    assert {d.state for d in deliveries(site, made)} == {"delivered"}
    with site.engine.connect() as connection:
        kept = "SELECT count(*) FROM govgrid.webhook WHERE secret LIKE :secret"
        assert connection.execute(text(kept), {"secret": f"%{made.secret}%"}).scalar_one() == 0


@pytest.mark.postgis
def test_what_was_not_taken_is_sent_again_later_with_the_same_number_until_it_has_failed(
    site, receiver
):
    made = add(site, receiver)
    one, _ = take(site), take(site, "又一件", at=(-6, 4))
    receiver.answers = [500, 302]
    assert tell(site) == 0
    assert len(receiver.got) == 1  # what is down is not asked for each of many
    assert tell(site) == 0  # the second is due
    assert [path for path, _, _ in receiver.got] == ["/in?x=1"] * 2  # a redirect leads nowhere
    states = [(d.state, d.status, d.error) for d in deliveries(site, made)]
    assert sorted(states) == [("waiting", 302, "HTTP 302"), ("waiting", 500, "HTTP 500")]
    site.turn(2)
    assert tell(site) == 2
    numbers = [headers["Govgrid-Delivery"] for _, headers, _ in receiver.got]
    assert sorted(numbers[:2]) == sorted(numbers[2:])
    move(site, one.row.id, "accept", 1)
    site.turn(3)
    receiver.answers = [503] * (len(deliver.AGAIN_AFTER) + 1)
    for day in range(len(deliver.AGAIN_AFTER) + 2):
        site.turn(10 + day * 24 * 60)
        tell(site)
    last = max(deliveries(site, made), key=lambda each: each.attempts)
    assert (last.state, last.attempts) == ("failed", len(deliver.AGAIN_AFTER) + 1)
    assert receiver.answers == []
    (listed,) = manage.list_webhooks(site.engine, SYSTEM)
    assert (listed.waiting, listed.error, listed.active) == (0, "HTTP 503", True)


@pytest.mark.postgis
def test_what_may_not_be_told_any_more_is_dropped(site, receiver):
    made = add(site, receiver)
    one = take(site)
    receiver.answers = [500]
    tell(site)
    with site.engine.begin() as connection:
        hidden = "UPDATE govgrid.category SET sensitive = true WHERE name = '井盖缺失'"
        connection.execute(text(hidden))
    site.turn(5)
    assert tell(site) == 0
    assert [(d.code, d.state) for d in deliveries(site, made)] == [(one.code, "dropped")]
    assert len(receiver.got) == 1
    accounts.disable(site.engine, SYSTEM, "platform")
    take(site, "暴露垃圾一堆", "暴露垃圾")
    assert tell(site) == 0
    assert len(receiver.got) == 1


@pytest.mark.postgis
def test_a_program_that_is_gone_or_nowhere_allowed_is_told_nothing(site, receiver):
    made = add(site, receiver, kinds=["created"])
    take(site)
    assert tell(site, webhook_hosts="") == 0
    assert tell(site, webhook_hosts="https://hooks.example") == 0
    assert receiver.got == []
    assert deliveries(site, made)[0].error == "webhook.not_allowed"
    site.turn(2)
    receiver.answers = [410]
    assert tell(site) == 0
    (listed,) = manage.list_webhooks(site.engine, SYSTEM)
    assert (listed.active, listed.error) == (False, "HTTP 410")
    take(site, "停用期间", at=(-6, 4))
    manage.switch_webhook(site.engine, SYSTEM, site.config, made.webhook.id, active=True)
    new = manage.renew_secret(site.engine, SYSTEM, site.config, made.webhook.id)
    assert new.secret != made.secret
    three = take(site, "启用以后", at=(-6, -4))
    assert tell(site) == 1
    assert receiver.told[-1]["incident"]["code"] == three.code
    receiver.close()
    take(site, "没人听", at=(-9, 4))
    assert tell(site) == 0
    assert deliveries(site, made)[0].error == "ConnectionRefusedError"
    manage.remove_webhook(site.engine, SYSTEM, made.webhook.id)
    assert manage.list_webhooks(site.engine, SYSTEM) == []


@pytest.mark.postgis
def test_only_who_manages_accounts_of_the_whole_district_manages_webhooks(site, receiver):
    made = add(site, receiver)
    account(site.engine, "person", "operator", C1)
    account(site.engine, "half", "administrator", B2)
    for name, kind in (("person", ForbiddenError), ("half", ForbiddenError)):
        with pytest.raises(kind):
            manage.list_webhooks(site.engine, acting_principal(site.engine, name))
    for more, kind, words in (
        ({"name": " "}, InputError, "名称"),
        ({"name": "平台"}, StateError, "已有名为"),
        ({"who": "nobody"}, NotFoundError, "nobody"),
        ({"who": "person"}, StateError, "程序账号"),
        ({"kinds": ["fly"]}, InputError, "created, moved, alarm"),
        ({"path": "/#x"}, InputError, "推送地址"),
    ):
        with pytest.raises(kind) as refused:
            add(site, receiver, **{"name": "新的", **more})
        assert words in refused.value.text("zh")
    with pytest.raises(NotFoundError):
        manage.find_webhook(site.engine, SYSTEM, "别的")
    with site.engine.connect() as connection:
        found = "SELECT action FROM govgrid.audit WHERE action LIKE 'webhook.%'"
        assert list(connection.execute(text(found)).scalars()) == ["webhook.add"]
    assert made.secret.startswith(manage.SIGN)


def test_an_address_is_allowed_by_scheme_host_and_port_alone():
    setting = "https://hooks.example, http://127.0.0.1:9000/"
    for url in (
        "https://hooks.example/a?b=c",
        "https://HOOKS.example:443",
        "http://127.0.0.1:9000",
    ):
        assert addresses.require_allowed(url, setting)
    for url in (
        *("http://hooks.example/", "https://hooks.example:444/", "https://hooks.example.evil/"),
        *("https://evil/https://hooks.example", "http://127.0.0.1/", "http://localhost:9000/"),
        *("https://hooks.example@evil/", "https://evil#@hooks.example/", "//hooks.example/"),
        *("https://hooks.example\\@evil/", "https://hooks.exämple/", "ftp://hooks.example/"),
        *("https://hooks.example/\r\nX: y", "https://hooks.example:x/", "https://[::1/", ""),
        *("file:///etc/passwd", "https://u:p@hooks.example/", "http://127.0.0.1:0/", "x" * 600),
    ):
        with pytest.raises(InputError):
            addresses.require_allowed(url, setting)
    assert addresses.allowed_origins(" , ") == frozenset()
    for wrong in ("hooks.example", "https://hooks.example/path", "https://", "https://a?b"):
        with pytest.raises(StateError):
            addresses.allowed_origins(wrong)
