"""The own account, accounts and grants as pages: who sees and does what there."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.session.csrf import HEADER
from api.session.identity import COOKIE
from geo.access import throttle
from geo.access.accounts import accounts, sessions
from tests.signed_in import SYSTEM, account, sign_in, signed_in

pytestmark = pytest.mark.postgis

HTML = {"accept": "text/html"}
WEST = "340802001001001"
NOBODY = "00000000-0000-0000-0000-000000000000"
POSTS = (
    "/logout",
    "/account/password",
    "/account/logins",
    "/account/keys",
    f"/account/keys/{NOBODY}/revoke",
    "/accounts",
    "/accounts/li/reset",
    "/accounts/li/card",
    "/accounts/li/revoke-card",
    "/accounts/li/disable",
    "/accounts/li/enable",
    "/accounts/li/unlock",
    "/grants",
    f"/grants/{NOBODY}/take",
)


@pytest.fixture
def app(town, settings):
    return create_app(settings)


@pytest.fixture
def client(app):
    with TestClient(app, follow_redirects=False, headers=HTML) as found:
        yield found


def told(answer):
    """Return what the page says of what was asked."""
    return re.search(r'role="(?:alert|status)">(.*?)</(?:p|div)>', answer.text, re.DOTALL)[1]


def audited(engine, action):
    with engine.connect() as connection:
        asked = text("SELECT account, object FROM govgrid.audit WHERE action = :a ORDER BY id")
        return [tuple(row) for row in connection.execute(asked, {"a": action})]


def grants_of(engine, name):
    with engine.connect() as connection:
        asked = text(
            "SELECT g.id, g.role, g.depth, g.camera_classes FROM govgrid.role_grant g"
            " JOIN govgrid.account a ON a.id = g.account WHERE a.name = :name"
        )
        return [dict(row) for row in connection.execute(asked, {"name": name}).mappings()]


@pytest.mark.parametrize("path", POSTS)
def test_a_form_without_its_token_changes_nothing(client, town, path):
    role = "security_administrator" if path.startswith("/grants") else "administrator"
    signed_in(client, town, role)
    token = client.headers.pop(HEADER)
    for sent in ({}, {"csrf": ""}, {"csrf": "x" + token}):
        answer = client.post(path, data=sent)
        assert answer.status_code == 403, (path, sent)
    assert sessions.find_session(town, client.cookies[COOKIE]) is not None


def test_the_token_of_another_session_is_none(client, town):
    signed_in(client, town, "operator")
    others = client.headers[HEADER]
    sign_in(client, town, account(town, "li", "operator"))
    client.headers[HEADER] = others
    assert client.post("/account/logins").status_code == 403


@pytest.mark.parametrize("path", ["/account", "/accounts", "/grants", "/account/password"])
def test_a_stranger_is_sent_to_the_log_in(client, path):
    assert client.get(path).headers["location"] == f"/login?next={path}"
    assert client.post(path, data={}).status_code in (303, 405)


def test_the_own_account_says_what_may_be_seen(client, town):
    sign_in(client, town, account(town, "li", "operator", WEST, classes=("social",)))
    page = client.get("/account").text
    for word in ("li", "测试员", "测试单位", "operator", "西格", WEST, "pictures", "no end"):
        assert word in page, word
    assert "天网" not in page


def test_a_grant_that_is_over_is_not_told(client, town):
    made = account(town, "li", "operator", WEST)
    with town.begin() as connection:
        connection.execute(text("UPDATE govgrid.role_grant SET until = govgrid.today() - 1"))
    sign_in(client, town, made)
    assert "Nothing is granted" in client.get("/account").text


def test_log_ins_elsewhere_are_shown_and_ended(client, town):
    made = account(town, "li", "operator")
    stranger = account(town, "zhao", "operator")
    with town.begin() as connection:
        elsewhere = sessions.begin_session(
            connection, made, address="10.0.0.7", agent="<i>Elsewhere</i>"
        )
        others = sessions.begin_session(connection, stranger, address="10.0.0.8")
    sign_in(client, town, made)
    page = client.get("/account").text
    assert "10.0.0.7" in page
    assert "&lt;i&gt;Elsewhere" in page
    assert "10.0.0.8" not in page
    answer = client.post("/account/logins")
    assert answer.headers["location"] == "/account?done=logins"
    assert "ended" in told(client.get(answer.headers["location"]))
    assert sessions.find_session(town, elsewhere) is None
    assert sessions.find_session(town, others) is not None
    assert audited(town, "session.end_others") == [("li", "li")]


def test_what_a_page_says_was_done_is_no_text_of_others(client, town):
    signed_in(client, town, "operator")
    assert "done=" not in client.get("/account?done=<b>x").text
    assert "notice good" not in client.get("/account?done=hacked").text


def key_of(client, **typed):
    answer = client.post("/account/keys", data={"name": "报表", "days": "30", **typed})
    assert answer.status_code == 200, told(answer)
    return re.search(r'class="once">([^<]+)<', answer.text)[1]


def test_a_key_works_until_it_is_revoked(app, client, town):
    signed_in(client, town, "operator")
    key = key_of(client, scopes=["map"])
    program = TestClient(app, headers={"authorization": f"Bearer {key}"})
    assert program.get("/api/collections").status_code == 200
    page = client.get("/account").text
    assert key not in page
    assert "报表" in page
    number = re.search(r"/account/keys/([0-9a-f-]{36})/revoke", page)[1]
    answer = client.post(f"/account/keys/{number}/revoke")
    assert "revoked" in told(client.get(answer.headers["location"]))
    assert program.get("/api/collections").status_code == 401


def test_a_key_that_cannot_be_made_says_why_and_keeps_what_was_typed(client, town):
    signed_in(client, town, "operator")
    for wrong in ({"days": "many"}, {"days": "-1"}, {"scopes": []}, {"scopes": ["audit"]}):
        typed = {"name": "报表程序", "days": "30", "scopes": ["map"], **wrong}
        answer = client.post("/account/keys", data=typed)
        assert answer.status_code in (400, 403), wrong
        if answer.status_code == 400:
            assert told(answer)
            assert 'value="报表程序"' in answer.text


def test_nobody_revokes_the_key_of_another(app, client, town):
    signed_in(client, town, "operator")
    key = key_of(client, scopes=["map"])
    with town.connect() as connection:
        number = connection.execute(text("SELECT id FROM govgrid.api_key")).scalar_one()
    sign_in(client, town, account(town, "zhao", "operator"))
    assert client.post(f"/account/keys/{number}/revoke").status_code in (303, 404)
    program = TestClient(app, headers={"authorization": f"Bearer {key}"})
    assert program.get("/api/collections").status_code == 200


@pytest.mark.parametrize("role", ["operator", "security_administrator", "auditor"])
def test_accounts_are_the_administrators(client, town, role):
    signed_in(client, town, role)
    assert client.get("/accounts").status_code == 403
    assert client.post("/accounts", data={"name": "new"}).status_code == 403
    assert client.post("/accounts/li/reset").status_code == 403


@pytest.mark.parametrize("role", ["operator", "administrator", "auditor"])
def test_grants_are_the_security_administrators(client, town, role):
    signed_in(client, town, role)
    assert client.get("/grants").status_code == 403
    assert client.post("/grants", data={"account": "li"}).status_code == 403
    assert client.post(f"/grants/{NOBODY}/take").status_code == 403


def test_an_account_is_made_and_its_password_shown_once(client, town):
    signed_in(client, town, "administrator")
    typed = {"name": "new.sun", "kind": "person", "holder": "孙七", "unit_name": "城管中队"}
    answer = client.post("/accounts", data=typed)
    assert answer.status_code == 200
    password = re.search(r'class="once">([^<]+)<', answer.text)[1]
    assert "new.sun" in told(answer)
    page = client.get("/accounts").text
    assert "孙七" in page
    assert password not in page
    with town.connect() as connection:
        kept = connection.execute(
            text("SELECT password_hash, must_change FROM govgrid.account WHERE name = 'new.sun'")
        ).one()
    assert kept.must_change
    assert kept.password_hash.startswith("$argon2id$")


def test_an_account_that_cannot_be_made_says_why_and_keeps_what_was_typed(client, town):
    signed_in(client, town, "administrator")
    account(town, "li", "operator")
    for name in ("Li Si!", "", "x", "li"):
        typed = {"name": name, "kind": "person", "holder": "<b>孙七", "unit_name": "城管中队"}
        answer = client.post("/accounts", data=typed)
        assert answer.status_code in (400, 409), name
        assert told(answer)
        assert 'value="&lt;b&gt;孙七"' in answer.text


def test_an_account_is_disabled_enabled_and_unlocked(client, town):
    signed_in(client, town, "administrator")
    made = account(town, "li", "operator")
    with town.begin() as connection:
        token = sessions.begin_session(connection, made)
    assert client.post("/accounts/li/disable").headers["location"] == "/accounts?done=disable"
    assert "disabled" in client.get("/accounts?q=li").text
    assert sessions.find_session(town, token) is None
    assert client.post("/accounts/li/enable").status_code == 303
    for _ in range(throttle.name_bucket("li").free):
        throttle.record_attempt(town, [throttle.name_bucket("li")])
    assert "locked" in client.get("/accounts?q=li").text
    assert client.post("/accounts/li/unlock").status_code == 303
    assert "locked" not in client.get("/accounts?q=li").text


def test_a_reset_shows_the_new_password_once(client, town):
    signed_in(client, town, "administrator")
    accounts.add_account(town, SYSTEM, "li")
    answer = client.post("/accounts/li/reset")
    assert re.search(r'class="once">([^<]+)<', answer.text)[1]
    assert "li" in told(answer)


def test_who_watches_is_handled_by_the_server_and_the_page_says_so(client, town):
    signed_in(client, town, "administrator")
    account(town, "cha", "auditor")
    page = client.get("/accounts?q=cha").text
    assert "by the server" in page
    assert 'action="/accounts/cha/' not in page
    assert client.post("/accounts/cha/reset").status_code == 403


def test_an_account_that_is_not_there_is_told(client, town):
    signed_in(client, town, "administrator")
    for what in ("reset", "disable", "enable", "unlock"):
        answer = client.post(f"/accounts/nobody/{what}")
        assert answer.status_code == 404
        assert "nobody" in told(answer)
    assert client.post("/accounts/nobody/destroy").status_code == 400


def test_accounts_are_found_by_name_holder_or_unit(client, town):
    signed_in(client, town, "administrator")
    for name, holder, unit in (("sun", "孙七", "城管中队"), ("zhou", "周八", "市场所")):
        accounts.add_account(town, SYSTEM, name, holder=holder, unit_name=unit)
    for sought, found in (("SUN", "孙七"), ("周八", "市场所"), ("市场", "周八")):
        assert found in client.get("/accounts", params={"q": sought}).text
    page = client.get("/accounts", params={"q": "市场"}).text
    assert "孙七" not in page


def test_a_grant_is_given_and_taken_back(client, town):
    signed_in(client, town, "security_administrator")
    account(town, "li", None)
    typed = {"account": "li", "role": "operator", "area": WEST, "depth": "direction"}
    answer = client.post("/grants", data={**typed, "classes": ["social"], "until": "2099-12-31"})
    assert answer.headers["location"] == "/grants?done=give", told(answer)
    given = grants_of(town, "li")
    assert [(g["role"], g["depth"], g["camera_classes"]) for g in given] == [
        ("operator", "direction", ["social"])
    ]
    page = client.get("/grants?account=li").text
    assert "西格" in page
    assert "2099-12-31" in page
    answer = client.post(f"/grants/{given[0]['id']}/take")
    assert "taken back" in told(client.get(answer.headers["location"]))
    assert grants_of(town, "li") == []


def test_a_grant_that_cannot_be_given_says_why_and_keeps_what_was_typed(client, town):
    signed_in(client, town, "security_administrator")
    account(town, "li", None)
    good = {"account": "li", "role": "operator", "area": WEST}
    for wrong in ({"account": "nobody"}, {"area": "999"}, {"until": "soon"}, {"role": "king"}):
        answer = client.post("/grants", data={**good, **wrong})
        assert answer.status_code in (400, 404), wrong
        assert told(answer)
        assert f'value="{ {**good, **wrong}["area"] }"' in answer.text
    assert grants_of(town, "li") == []


def test_who_makes_accounts_is_not_who_gives_rights(client, town):
    signed_in(client, town, "security_administrator")
    account(town, "li", "auditor")
    answer = client.post("/grants", data={"account": "li", "role": "administrator"})
    assert answer.status_code in (400, 409)
    assert [g["role"] for g in grants_of(town, "li")] == ["auditor"]


def test_pages_carry_their_scripts_by_nonce_and_no_style_of_their_own(client, town):
    signed_in(client, town, "administrator")
    for path in ("/account", "/accounts", "/account/password"):
        answer = client.get(path)
        nonce = re.search(r"'nonce-([^']+)'", answer.headers["content-security-policy"])[1]
        assert re.findall(r"<script[^>]*>", answer.text) == [
            f'<script nonce="{nonce}" src="/static/theme.js">',  # before anything is painted
            *(
                f'<script nonce="{nonce}" src="/static/{name}.js" defer>'
                for name in ("visitors", "forms")
            ),
        ]
        assert " style=" not in answer.text
        assert not re.search(r"\son[a-z]+=", answer.text)
