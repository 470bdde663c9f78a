"""Second factors without phones over HTTP: cards of codes, certificates that the proxy checked."""

import http.client
import re
from urllib.parse import urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.access import passwords
from geo.access.accounts import accounts
from geo.access.login import client_certificate, code_card
from geo.base.errors import InputError
from geo.base.settings import Settings, read_settings
from tests.live_site import serve_site
from tests.signed_in import SYSTEM, account, sign_in

pytestmark = pytest.mark.postgis

OWN = "correct horse 网格 battery"
HTML = {"accept": "text/html"}
PRINT = "AB:CD:" * 9 + "AB:CD"
SUBJECT = "CN=李娜,OU=综治中心,O=测试区,C=CN"
HEADER = "X-Client-Certificate"


@pytest.fixture
def client(town, settings):
    with TestClient(create_app(settings), follow_redirects=False, headers=HTML) as found:
        yield found


@pytest.fixture(scope="module")
def kept():
    return passwords.hash_password(OWN)


@pytest.fixture
def person(town, kept):
    """Return what makes an account with the password OWN."""

    def make(name="li", role="administrator"):
        number = account(town, name, role)
        with town.begin() as connection:
            connection.execute(
                text("UPDATE govgrid.account SET password_hash = :kept WHERE id = :id"),
                {"kept": kept, "id": number},
            )
        return number

    return make


def csrf_in(page):
    return re.search(r'name="csrf" value="([^"]+)"', page)[1]


def log_in(client, name="li"):
    token = csrf_in(client.get("/login").text)
    return client.post("/login", data={"csrf": token, "name": name, "password": OWN})


def type_code(client, code, to=""):
    token = csrf_in(client.get(f"/login/code{to}").text)
    return client.post(f"/login/code{to}", data={"csrf": token, "code": code})


class TestCard:
    """From the administrator's page to the holder's log-in."""

    def test_an_administrator_prints_a_card_and_its_holder_logs_in_by_it(
        self, client, town, person
    ):
        person()
        sign_in(client, town, account(town, "admin", "administrator"))
        sheet = client.post("/accounts/li/card")
        assert sheet.status_code == 200
        assert sheet.headers["cache-control"] == "no-store"
        assert "unsafe-inline" in sheet.headers["content-security-policy"]
        assert "<script" not in sheet.text
        codes = re.findall(r"<b>\d\d</b> (\d{4} \d{4})<", sheet.text)
        assert len(codes) == 30
        page = client.get("/accounts").text
        assert "30 codes left" in page
        assert not any(code in page for code in codes)
        client.cookies.clear()
        client.headers.pop("x-csrf-token")
        assert log_in(client).headers["location"] == "/login/code"
        assert "code 1 of your card" in client.get("/login/code").text
        wrong = type_code(client, "0000 0000" if codes[0] != "0000 0000" else "0000 0001")
        assert wrong.status_code == 401
        assert "code 1 of the card" in re.search(r'role="alert">([^<]+)<', wrong.text)[1]
        assert client.get("/account").headers["location"] == "/login/code"
        assert type_code(client, codes[0], "?next=/forms").headers["location"] == "/forms"
        assert "<h1>Incidents</h1>" in client.get("/forms").text
        assert "code card, 29 left" in client.get("/account").text

    def test_the_page_warns_when_few_are_left_and_says_when_none_is(
        self, client, town, settings, person
    ):
        person()
        code_card.issue_card(town, SYSTEM, "li", config=settings)
        for used, said, form in ((24, None, 1), (25, "Only 5 codes", 1), (30, "used up", 0)):
            with town.begin() as connection:
                connection.execute(
                    text("UPDATE govgrid.login_code SET used_at = now() WHERE number <= :used"),
                    {"used": used},
                )
            log_in(client)
            page = client.get("/login/code").text
            assert ("Only" in page or "used up" in page) == (said is not None)
            assert said is None or said in page
            assert page.count('name="code"') == form
            client.cookies.clear()

    def test_the_page_of_the_authenticator_says_how_to_do_without_a_phone(
        self, client, town, person
    ):
        sign_in(client, town, person(), stage="enrol")
        assert "code card" in client.get("/account/totp").text

    def test_a_revoked_card_and_one_that_cannot_be_issued_are_said(self, client, town, person):
        person()
        account(town, "watch", "auditor")
        sign_in(client, town, account(town, "admin", "administrator"))
        client.post("/accounts/li/card")
        done = client.post("/accounts/li/revoke-card").headers["location"]
        assert "revoked" in client.get(done).text
        assert client.post("/accounts/li/revoke-card").status_code == 409
        assert client.post("/accounts/watch/card").status_code == 403
        assert client.post("/accounts/nobody/card").status_code == 404


@pytest.fixture
def certified(settings):
    """Return settings of a service that takes certificates from a proxy at 127.0.0.1."""
    given = {"certificate_header": HEADER, "trusted_proxies": "127.0.0.1"}
    return settings.model_copy(update=given)


class Caller:
    """Speaks to the running service from an address of this machine, as a proxy or a client."""

    def __init__(self, site, source):
        self._at, self._source, self._cookies = urlsplit(site).netloc, source, {}

    def ask(self, method, path, fields=None, headers=()):
        line = http.client.HTTPConnection(self._at, source_address=(self._source, 0))
        try:
            line.putrequest(method, path)
            body = urlencode(fields or {}).encode()
            known = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            own = [("Accept", "text/html"), ("Cookie", known), ("Content-Length", str(len(body)))]
            own += [("Content-Type", "application/x-www-form-urlencoded")]
            for name, value in (*own, *headers):
                line.putheader(name, value.encode())
            line.endheaders(body)
            answer = line.getresponse()
            for said in answer.headers.get_all("set-cookie") or ():
                name, _, rest = said.partition("=")
                self._cookies[name] = rest.partition(";")[0]
            return answer.status, answer.headers.get("location"), answer.read().decode()
        finally:
            line.close()

    def log_in(self, *certificates, name="li"):
        """Return where the log-in leads to, with these values of the header."""
        sent = [(HEADER, each) for each in certificates]
        token = csrf_in(self.ask("GET", "/login")[2])
        fields = {"csrf": token, "name": name, "password": OWN}
        return self.ask("POST", "/login", fields, sent)[1]


@pytest.fixture
def site(town, certified, person):
    person()
    person("chen")
    client_certificate.register_certificate(town, SYSTEM, "li", PRINT)
    client_certificate.register_certificate(town, SYSTEM, "chen", SUBJECT)
    with serve_site(certified) as address:
        yield address


class TestCertificate:
    """What the proxy says of it is believed of the proxy alone."""

    def test_the_certificate_of_the_account_counts_as_its_second_factor(self, site, town):
        assert Caller(site, "127.0.0.1").log_in(PRINT.lower().replace(":", "")) == "/"
        assert Caller(site, "127.0.0.1").log_in(SUBJECT, name="chen") == "/"
        with town.begin() as connection:
            by = connection.execute(
                text("SELECT facts ->> 'by' FROM govgrid.audit WHERE action = 'login'")
            ).scalars()
            assert list(by) == ["certificate"] * 2

    def test_a_header_that_is_no_proxys_or_another_ones_opens_nothing(self, site):
        found = {
            "spoofed": Caller(site, "127.0.0.2").log_in(PRINT),
            "none": Caller(site, "127.0.0.1").log_in(),
            "empty": Caller(site, "127.0.0.1").log_in(""),
            "of another": Caller(site, "127.0.0.1").log_in(SUBJECT),
            "twice": Caller(site, "127.0.0.1").log_in("", PRINT),
            "by another name": Caller(site, "127.0.0.2").log_in(SUBJECT, name="chen"),
        }
        assert set(found.values()) == {"/login/code"}, found

    def test_without_its_certificate_the_account_cannot_go_on_and_is_told_why(self, site):
        stranger = Caller(site, "127.0.0.2")
        stranger.log_in(PRINT)
        status, _, page = stranger.ask("GET", "/login/code")
        assert status == 200
        assert "client certificate" in page
        assert 'name="code"' not in page
        assert stranger.ask("GET", "/account/totp")[1] == "/login/code"

    def test_where_no_header_is_named_nothing_of_it_is_believed(self, site, settings):
        trusting = settings.model_copy(update={"trusted_proxies": "127.0.0.1"})
        with serve_site(trusting) as other:
            assert Caller(other, "127.0.0.1").log_in(PRINT) == "/login/code"


def test_a_header_without_a_trusted_proxy_is_refused_at_the_start(settings):
    with pytest.raises(InputError, match="GOVGRID_TRUSTED_PROXIES"):
        create_app(settings.model_copy(update={"certificate_header": HEADER}))


def test_a_header_that_can_be_none_is_refused(tmp_path):
    assert Settings(home=tmp_path).certificate_header == ""
    with pytest.raises(InputError, match="GOVGRID_CERTIFICATE_HEADER"):
        read_settings(home=tmp_path, certificate_header="X Client")


def test_a_certificate_belongs_to_one_account_and_is_taken_away_again(town, settings, person):
    person()
    person("chen", "operator")
    client_certificate.register_certificate(town, SYSTEM, "li", PRINT)
    for written in (PRINT.lower(), "", "\x00", "x" * 501, "CN=a\nCN=b"):
        with pytest.raises(InputError):
            client_certificate.register_certificate(town, SYSTEM, "chen", written)
    accounts.add_account(town, SYSTEM, "robot", kind="service")
    client_certificate.remove_certificate(town, SYSTEM, "li")
    client_certificate.register_certificate(town, SYSTEM, "chen", PRINT)
    client_certificate.remove_certificate(town, SYSTEM, "chen")
    with TestClient(create_app(settings), follow_redirects=False, headers=HTML) as client:
        assert log_in(client, "chen").headers["location"] == "/account/totp"
