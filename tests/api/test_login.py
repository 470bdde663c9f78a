"""The way in over HTTP: tokens, cookies, stages, and what is tried against them."""

import re
from datetime import timedelta

import pyotp
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from api.answers.forms import local_path
from api.app import create_app
from api.server.limits import LOGIN_BYTES
from api.session.cookies import LOGIN_COOKIE
from api.session.csrf import HEADER
from api.session.identity import COOKIE, STAGES
from geo.access.accounts import accounts, sessions
from tests.signed_in import SYSTEM, account, grant, sign_in

OWN = "correct horse 网格 battery"
HTML = {"accept": "text/html"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def client(town, settings):
    with TestClient(create_app(settings), follow_redirects=False, headers=HTML) as found:
        yield found


def made(engine, name, role="operator", **more):
    """Make an account as an administrator does; return its one-time password."""
    password = accounts.add_account(engine, SYSTEM, name, **more)
    with engine.begin() as connection:
        of = connection.execute(
            text("SELECT id FROM govgrid.account WHERE name = :name"), {"name": name}
        ).scalar_one()
        grant(connection, str(of), role)
    return password


def csrf_in(page):
    return re.search(r'name="csrf" value="([^"]+)"', page.text)[1]


def log_in(client, name, password, *, to=""):
    """Log in by the form of the page, as a browser does."""
    path = "/login" + (f"?next={to}" if to else "")
    token = csrf_in(client.get(path))
    return client.post(path, data={"csrf": token, "name": name, "password": password})


@pytest.mark.parametrize("path", ["/login", "/login/code"])
def test_a_log_in_larger_than_any_form_is_refused_unread(client, town, path):
    if path == "/login/code":
        sign_in(client, town, account(town, "auditor.one", "auditor"), stage="totp")
    answer = client.post(path, content=b"name=" + b"x" * LOGIN_BYTES, headers=FORM)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


def change(client, old, new=OWN):
    token = csrf_in(client.get("/account/password"))
    typed = {"password_old": old, "password_new": new, "password_again": new}
    return client.post("/account/password", data={"csrf": token, **typed})


def cookie(answer, name=COOKIE):
    return next(h for h in answer.headers.get_list("set-cookie") if h.startswith(f"{name}="))


def ready(client, engine, name="li", role="operator", **more):
    """Bring an account through its first log-in."""
    first = made(engine, name, role, **more)
    log_in(client, name, first)
    assert change(client, first).status_code == 303


class TestStranger:
    """Who is not logged in; nothing of it needs more than the forms."""

    pytestmark = pytest.mark.postgis

    def test_the_page_shows_one_form_and_the_mark(self, client):
        page = client.get("/login")
        assert page.status_code == 200
        assert page.text.count("<form") == 1
        assert "内部资料" in page.text
        assert page.text.count("not cleared for state secrets") == 1
        assert "严禁存储、处理、传输国家秘密" in client.get("/login?lang=zh").text
        assert page.headers["cache-control"] == "no-store"

    def test_a_log_in_without_the_token_of_the_form_is_refused(self, client, town):
        first = made(town, "li")
        typed = {"name": "li", "password": first}
        assert client.post("/login", data=typed).status_code == 403
        token = csrf_in(client.get("/login"))
        assert client.post("/login", data={**typed, "csrf": "x" + token}).status_code == 403
        client.cookies.clear()
        assert client.post("/login", data={**typed, "csrf": token}).status_code == 403

    def test_a_token_that_somebody_planted_is_not_used(self, client):
        client.cookies.set(LOGIN_COOKIE, "planted<b>", path="/login")
        assert "planted" not in client.get("/login").text

    def test_a_wrong_password_and_an_unknown_name_are_answered_alike(self, client, town):
        made(town, "li")
        answers = [log_in(client, name, "wrong horse battery") for name in ("li", "nobody")]
        assert [answer.status_code for answer in answers] == [401, 401]
        told = [re.search(r'role="alert">([^<]+)<', answer.text)[1] for answer in answers]
        assert told[0] == told[1]
        assert all("wrong horse" not in answer.text for answer in answers)

    def test_guessing_is_slowed_down(self, client, town):
        made(town, "li")
        for _ in range(12):
            answer = log_in(client, "li", "wrong horse battery")
            if answer.status_code == 429:
                break
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1

    def test_a_name_that_is_no_name_is_a_wrong_one(self, client):
        for name in ("", "\x00", "'; DROP TABLE", "李" * 500, "<b>x</b>"):
            answer = log_in(client, name, "x")
            assert answer.status_code == 401, name
            assert "<b>x</b>" not in answer.text

    def test_the_language_is_remembered_for_the_pages(self, client):
        answer = client.get("/language/zh?next=/login%3Fnext%3D%252Faccount")
        assert answer.headers["location"] == "/login?next=%2Faccount"
        assert 'lang="zh-CN"' in client.get("/login").text
        assert client.get("/language/zh?next=//evil.example").headers["location"] == "/"
        assert client.get("/language/xx").status_code == 400


@pytest.mark.postgis
class TestSession:
    """What a session is, and when it ends."""

    def test_a_token_from_before_the_log_in_is_worth_nothing_after_it(self, client, town):
        first = made(town, "li")
        client.cookies.set(COOKIE, "planted", domain="testserver.local")
        log_in(client, "li", first)
        assert client.cookies[COOKIE] != "planted"
        client.cookies.set(COOKIE, "planted", domain="testserver.local")
        assert client.get("/account").status_code == 303

    def test_a_session_from_before_ends_with_the_next_log_in(self, client, town):
        other = account(town, "other", "operator")
        sign_in(client, town, other)
        old = client.cookies[COOKIE]
        del client.headers[HEADER]
        log_in(client, "li", made(town, "li"))
        assert sessions.find_session(town, old) is None

    def test_each_step_has_a_token_of_its_own(self, client, town):
        first = made(town, "admin", "administrator")
        tokens = []
        log_in(client, "admin", first)
        tokens.append(client.cookies[COOKIE])
        change(client, first)
        tokens.append(client.cookies[COOKIE])
        page = client.get("/account/totp")
        secret = re.search(r'name="secret" value="([^"]+)"', page.text)[1]
        code = pyotp.TOTP(secret).now()
        typed = {"csrf": csrf_in(page), "secret": secret, "code": code}
        assert client.post("/account/totp", data=typed).status_code == 303
        tokens.append(client.cookies[COOKIE])
        assert len(set(tokens)) == 3
        assert [sessions.find_session(town, token) is None for token in tokens] == [
            True,
            True,
            False,
        ]

    def test_its_cookie_is_kept_from_scripts_and_other_sites(self, client, town):
        words = cookie(log_in(client, "li", made(town, "li")))
        assert "HttpOnly" in words
        assert "SameSite=lax" in words
        assert "Path=/" in words
        assert "Secure" not in words
        assert "Max-Age" not in words

    def test_its_cookie_stays_on_tls_where_it_came_by_tls(self, town, settings):
        trusting = settings.model_copy(update={"trusted_proxies": "127.0.0.1"})
        app = create_app(trusting)
        with TestClient(app, "https://testserver", client=("127.0.0.1", 1), headers=HTML) as client:
            client.follow_redirects = False
            client.headers["x-forwarded-proto"] = "https"
            words = cookie(log_in(client, "li", made(town, "li")))
        assert "; Secure" in words

    def test_a_wall_stays_logged_in(self, client, town):
        first = made(town, "wall", "display", kind="display")
        answer = log_in(client, "wall", first)
        assert f"Max-Age={int(timedelta(days=365).total_seconds())}" in cookie(answer)

    def test_to_log_out_ends_it_in_the_database(self, client, town):
        ready(client, town)
        token = client.cookies[COOKIE]
        answer = client.post("/logout", data={"csrf": csrf_in(client.get("/account"))})
        assert answer.headers["location"] == "/login?left=1"
        assert COOKIE not in client.cookies
        assert sessions.find_session(town, token) is None
        client.cookies.set(COOKIE, token)
        assert client.get("/account").headers["location"] == "/login?next=/account"

    def test_it_ends_when_nothing_is_done_for_long(self, client, town):
        ready(client, town)
        aged(town, "seen_at = now() - interval '31 minutes'")
        assert client.get("/account").headers["location"] == "/login?next=/account"

    def test_it_ends_however_much_is_done(self, client, town):
        ready(client, town)
        aged(town, "expires_at = now() - interval '1 second'")
        assert client.get("/account").headers["location"] == "/login?next=/account"

    def test_a_form_sent_too_late_leads_back_to_its_page(self, client, town):
        ready(client, town)
        aged(town, "expires_at = now() - interval '1 second'")
        answer = client.post("/account/keys", data={"name": "x"})
        assert answer.headers["location"] == "/login?next=/account/keys"
        assert "kept" in client.get(answer.headers["location"]).text
        answer = log_in(client, "li", OWN, to="/account/keys")
        assert answer.headers["location"] == "/account/keys"
        assert client.get("/account/keys").headers["location"] == "/account"


@pytest.mark.postgis
class TestStages:
    """What is still owed cannot be passed by."""

    @pytest.mark.parametrize("stage", ["totp", "enrol", "change"])
    def test_a_log_in_that_is_not_complete_opens_no_other_page(self, client, town, stage):
        sign_in(client, town, account(town, "admin", "administrator"), stage=stage)
        closed = {"/", "/map", "/account", "/accounts", "/grants", *STAGES.values()}
        for path in closed - {STAGES[stage]}:
            answer = client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, STAGES[stage]), path
        assert client.get("/api/collections").status_code == 401
        assert client.get(STAGES[stage]).status_code == 200

    def test_the_first_password_must_be_changed(self, client, town):
        first = made(town, "li")
        answer = log_in(client, "li", first, to="/account")
        assert answer.headers["location"] == "/account/password?next=%2Faccount"
        token = csrf_in(client.get("/account/password"))
        typed = {"password_old": first, "password_new": OWN, "password_again": "another"}
        answer = client.post("/account/password", data={"csrf": token, **typed})
        assert answer.status_code == 400
        assert OWN not in answer.text
        assert change(client, first, first).status_code == 400
        assert client.get("/account").headers["location"] == "/account/password"
        assert change(client, first).headers["location"] == "/"
        assert client.get("/account").status_code == 200

    def test_an_administrator_must_set_up_a_second_factor(self, client, town):
        first = made(town, "admin", "administrator")
        log_in(client, "admin", first)
        assert change(client, first).headers["location"] == "/account/totp"
        page = client.get("/account/totp")
        assert "data:image/svg+xml" in page.text
        secret = re.search(r'name="secret" value="([^"]+)"', page.text)[1]
        typed = {"csrf": csrf_in(page), "secret": secret, "code": "000000"}
        answer = client.post("/account/totp", data=typed)
        assert answer.status_code in (400, 401)
        assert secret in answer.text
        typed["code"] = pyotp.TOTP(secret).now()
        assert client.post("/account/totp", data=typed).headers["location"] == "/"
        client.cookies.clear()
        answer = log_in(client, "admin", OWN, to="/account")
        assert answer.headers["location"] == "/login/code?next=%2Faccount"
        token = csrf_in(client.get("/login/code"))
        wrong = client.post("/login/code", data={"csrf": token, "code": "12"})
        assert wrong.status_code == 401
        assert client.get("/account").headers["location"] == "/login/code"

    def test_a_key_that_the_browser_made_up_is_refused(self, client, town):
        sign_in(client, town, account(town, "admin", "administrator"), stage="enrol")
        for secret in ("", "A", "没有", "a" * 5000):
            typed = {"secret": secret, "code": "000000"}
            assert client.post("/account/totp", data=typed).status_code in (400, 401), secret

    def test_a_key_of_a_program_changes_no_password(self, client, town):
        ready(client, town)
        page = client.get("/account")
        typed = {"csrf": csrf_in(page), "name": "x", "days": "1", "scopes": ["map"]}
        key = re.search(r'class="once">([^<]+)<', client.post("/account/keys", data=typed).text)[1]
        client.cookies.clear()
        client.headers["authorization"] = f"Bearer {key}"
        assert client.get("/api/collections").status_code == 200
        for path in ("/account/password", "/account/keys", "/account/logins", "/logout"):
            assert client.post(path, data={}).status_code == 303, path


@pytest.mark.postgis
@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "///evil.example",
        "evil.example",
        "/login/oidc",
        "/logout",
    ],
)
def test_a_log_in_leads_to_no_other_site(client, town, to):
    ready(client, town)
    client.cookies.clear()
    answer = log_in(client, "li", OWN, to=to)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


@pytest.mark.postgis
def test_who_may_not_see_the_map_begins_elsewhere(client, town):
    made(town, "qian", "auditor")
    with town.begin() as connection:
        connection.execute(text("UPDATE govgrid.account SET must_change = false"))
        connection.execute(text("UPDATE govgrid.role_grant SET role = 'responder'"))
        connection.execute(text("DELETE FROM govgrid.role_grant"))
    first = accounts.reset_password(town, SYSTEM, "qian")
    log_in(client, "qian", first)
    assert change(client, first).headers["location"] == "/account"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
def test_what_a_log_in_leads_to_is_a_path_of_this_site(tail):
    for path in (tail, f"/{tail}", f"/account{tail}", f"//{tail}"):
        found = local_path(path)
        assert re.match(r"/($|[^/\\])", found), path
        assert found.isprintable()
        assert "\\" not in found


def aged(engine, what):
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE govgrid.session SET {what}"))
