"""The log-in in a real browser: what a person types and sees, and that nothing leaves the host."""

import pyotp
import pytest
from sqlalchemy import text

from geo.access.accounts import accounts
from tests import PATIENCE_S, map_visit
from tests.live_site import serve_site
from tests.map_visit import DESK
from tests.signed_in import SYSTEM, grant

pytestmark = [pytest.mark.browser, pytest.mark.postgis]
OWN = "correct horse 网格 battery"


HARMLESS = ("Failed to load resource", "Autofocus processing was blocked")
"""What the browser says of an answer that was wanted, and of who is quicker than the page."""


class Site:
    """The service as it runs, and the accounts that a test makes on it."""

    def __init__(self, engine, address):
        self.engine, self.address = engine, address

    def account(self, name, role, area=None):
        """Make an account with a role and return its one-time password."""
        password = accounts.add_account(
            self.engine, SYSTEM, name, holder="王五", unit_name="宜城路街道综治中心"
        )
        with self.engine.begin() as connection:
            made = connection.execute(
                text("SELECT id FROM govgrid.account WHERE name = :name"), {"name": name}
            ).scalar_one()
            grant(connection, str(made), role, area)
        return password

    def forget(self, what):
        """Have the database forget sessions, or which codes were used."""
        with self.engine.begin() as connection:
            connection.execute(text(what))


@pytest.fixture
def site(town, settings):
    config = settings.model_copy(update={"lang": "zh"})
    with serve_site(config) as address:
        yield Site(town, address)


class Person:
    """Somebody at a browser: what they open, type and read, and what the browser did besides."""

    def __init__(self, browser, address, size=DESK):
        self.address = address
        self.context = browser.new_context(viewport=size)
        self.context.set_default_timeout(PATIENCE_S * 1000)
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda line: self.complaints.append(line.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def opens(self, path):
        self.page.goto(self.address + path)

    def types(self, **fields):
        for name, written in fields.items():
            self.page.fill(f"[name={name}]", written)
        self.follows("main form button")

    def follows(self, selector):
        """Press what leads to another page, and wait until that has come."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    @property
    def place(self):
        return self.page.url.removeprefix(self.address)

    def reads(self, selector="main"):
        return self.page.inner_text(selector)

    def quiet(self):
        """Nothing left the host, no policy was broken; the console tells of refused forms only."""
        local = (self.address, "data:")
        assert [url for url in self.requests if not url.startswith(local)] == []
        told = [line for line in self.complaints if not any(word in line for word in HARMLESS)]
        assert told == []


@pytest.fixture
def person(browser, site):
    found = Person(browser, site.address)
    yield found
    found.context.close()


def test_an_administrator_comes_in_for_the_first_time(person, site):
    first = site.account("admin.wang", "administrator")
    person.opens("/account")
    assert person.place == "/login?next=/account"
    assert person.page.evaluate("document.activeElement.id") == "name"
    person.types(name="admin.wang", password="wrong horse")
    assert person.page.locator("[role=alert]").is_visible()
    assert person.page.input_value("[name=name]") == "admin.wang"
    assert person.page.input_value("[name=password]") == ""
    assert person.page.evaluate("document.activeElement.id") == "password"
    person.types(password=first)
    assert person.place == "/account/password?next=%2Faccount"
    assert "请先设置自己的密码" in person.reads()
    person.types(password_old=first, password_new=OWN, password_again=OWN + "x")
    assert "不一致" in person.reads("[role=alert]")
    person.types(password_old=first, password_new=OWN, password_again=OWN)
    assert person.place == "/account/totp?next=%2Faccount"
    assert person.page.locator("img.qr").evaluate("image => image.naturalWidth") > 100
    secret = person.reads(".once").replace(" ", "")
    assert secret == person.page.input_value("[name=secret]")
    person.types(code="000000")
    assert person.page.locator("[role=alert]").is_visible()
    assert person.reads(".once").replace(" ", "") == secret
    person.types(code=pyotp.TOTP(secret).now())
    assert person.place == "/account"
    assert "系统管理员" in person.reads()
    assert "王五" in person.reads()
    assert "已绑定验证器" in person.reads()
    person.quiet()

    person.follows("text=退出登录")
    assert person.place == "/login?left=1"
    site.forget("UPDATE govgrid.account SET totp_step = 0")
    person.types(name="admin.wang", password=OWN)
    assert person.place == "/login/code"
    person.types(code=pyotp.TOTP(secret).now())
    assert person.place == "/"
    person.opens("/account")
    assert "我的授权" in person.reads()


def ready(person, site, name="op.li", role="operator"):
    """Bring an account through its first log-in."""
    first = site.account(name, role, "340802001001001")
    person.opens("/login?next=/account")
    person.types(name=name, password=first)
    person.types(password_old=first, password_new=OWN, password_again=OWN)
    assert person.place == "/account"


def test_what_was_typed_outlives_a_log_in_that_expired(person, site):
    ready(person, site)
    person.page.fill("#key [name=name]", "报表程序")
    person.page.fill("#key [name=days]", "30")
    site.forget("DELETE FROM govgrid.session")
    person.follows("#key button")
    assert person.place == "/login?next=/account/keys"
    assert "登录已过期，已填内容保留" in person.reads("[role=status]")
    person.types(name="op.li", password=OWN)
    assert person.place == "/account"
    assert person.page.input_value("#key [name=name]") == "报表程序"
    assert person.page.input_value("#key [name=days]") == "30"
    person.page.reload()
    assert person.page.input_value("#key [name=name]") == ""
    person.quiet()


def test_no_password_is_ever_kept_in_the_browser(person, site):
    ready(person, site)
    person.opens("/account/password")
    person.types(password_old="wrong", password_new=OWN, password_again=OWN)
    assert person.page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})") == "{}"
    assert person.page.evaluate("document.cookie") == ""


def test_a_key_is_shown_once(person, site):
    ready(person, site)
    person.page.fill("#key [name=name]", "报表程序")
    person.page.check("#key [value=map]")
    person.follows("#key button")
    key = person.reads(".once")
    assert len(key) > 20
    person.opens("/account")
    assert key not in person.page.content()
    assert "报表程序" in person.reads()
    person.page.on("dialog", lambda box: box.accept())
    person.follows("text=吊销")
    assert "密钥已吊销" in person.reads("[role=status]")
    person.quiet()


def test_the_pages_speak_english_from_then_on(person, site):
    person.opens("/login")
    person.follows("text=English")
    assert person.page.locator("button", has_text="Log in").is_visible()
    person.opens("/login")
    assert person.page.get_attribute("html", "lang") == "en"


def test_a_phone_scrolls_no_page_sideways(browser, site):
    phone = Person(browser, site.address, map_visit.PHONE)
    for path in ("/login", "/account/password", "/account"):
        if path == "/account/password":
            ready(phone, site)
        phone.opens(path)
        width = phone.page.evaluate("document.documentElement.scrollWidth")
        assert width <= map_visit.PHONE["width"], path
    phone.context.close()


def test_everything_works_without_scripts(browser, site):
    bare = Person(browser, site.address)
    bare.context.close()
    bare.context = browser.new_context(java_script_enabled=False)
    bare.context.set_default_timeout(PATIENCE_S * 1000)
    bare.page = bare.context.new_page()
    ready(bare, site)
    assert "我的授权" in bare.reads()
    bare.context.close()
