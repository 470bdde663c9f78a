"""The register, the viewer and the requests in a real browser, served by a real server."""

import os
import re
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import text

from api.app import create_app
from api.session.identity import COOKIE
from geo.access.accounts import sessions
from tests import PATIENCE_S
from tests import gateway as gateways
from tests.map_visit import DESK, PHONE
from tests.signed_in import account

pytestmark = [pytest.mark.browser, pytest.mark.postgis]

EAST = "340802001001002"
SHOTS = os.environ.get("GOVGRID_SCREENSHOTS")


class Served:
    """The service on a port of the loopback."""

    def __init__(self, settings):
        config = uvicorn.Config(
            create_app(settings), host="127.0.0.1", port=0, log_level="error", lifespan="on"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        while not self.server.started and self.thread.is_alive():
            time.sleep(0.05)
        (port,) = {s.getsockname()[1] for each in self.server.servers for s in each.sockets}
        self.at = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture
def gateway():
    with gateways.running() as found:
        yield found


@pytest.fixture
def serve(town, settings):
    running = []

    def start(**more):
        running.append(Served(settings.model_copy(update={"lang": "zh", **more})).__enter__())
        return running[-1]

    yield start
    for each in running:
        each.__exit__()


class Visit:
    """A browser of one account, with all that it asked for and complained about."""

    def __init__(self, browser, served, engine, made, *, size=DESK, lang="zh"):
        self.at = served.at
        self.context = browser.new_context(viewport=size)
        self.context.set_default_timeout(PATIENCE_S * 1000)
        with engine.begin() as connection:
            token = sessions.begin_session(connection, made)
        cookies = [{"name": COOKIE, "value": token}, {"name": "govgrid_lang", "value": lang}]
        self.context.add_cookies([{**cookie, "url": self.at} for cookie in cookies])
        self.page = self.context.new_page()
        self.outside, self.complaints, self.dialogs = [], [], []
        self.page.on("request", self._asked)
        self.page.on("console", self._told)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda box: (self.dialogs.append(box.message), box.dismiss()))

    def _asked(self, request):
        if not request.url.startswith((self.at, "data:")):
            self.outside.append(request.url)

    def _told(self, line):
        icon = line.location["url"].endswith("/favicon.ico")  # asked for once by each new browser
        if line.type in ("error", "warning") and not icon:
            self.complaints.append(line.text)

    def go(self, path):
        return self.page.goto(self.at + path)

    def follows(self, selector):
        """Press what leads to another page, and wait until that has come."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def looks(self, key):
        """Choose a reason by its key, and see the picture."""
        self.page.keyboard.press(key)
        with self.page.expect_navigation(url="**/viewer/*"):
            self.page.keyboard.press("Enter")

    def text(self):
        return self.page.inner_text("body")

    def shot(self, name):
        """Keep a picture of the page, for the eyes of whoever asks for it."""
        if SHOTS:
            self.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)

    def fits(self):
        """Return whether nothing has to be scrolled sideways."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )

    def fits_all(self, name):
        """Check that the page fits each screen and asked for nothing from elsewhere."""
        for screen, size in {"phone": PHONE, "desk": DESK}.items():
            self.page.set_viewport_size(size)
            self.shot(f"{name}-{screen}")
            assert self.fits(), (self.page.url, screen)
        self.quiet()

    def quiet(self):
        assert self.outside == []
        assert self.complaints == []
        assert self.dialogs == []


@pytest.fixture
def visit(browser, town):
    opened, made = [], {}

    def open_(served, name, role, area=None, **options):
        if name not in made:
            made[name] = account(town, name, role, area)
        opened.append(Visit(browser, served, town, made[name], **options))
        return opened[-1]

    yield open_
    for each in opened:
        each.context.close()


def unpacked(pdf):
    """Return the streams of a PDF, among them which letters its fonts hold."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue  # a picture, a font
    return b"".join(found)


def rows(engine):
    with engine.connect() as connection:
        found = connection.execute(text("SELECT * FROM govgrid.access_register ORDER BY at"))
        return [dict(row) for row in found.mappings()]


def test_one_key_chooses_the_reason_and_enter_shows_the_camera(serve, visit, town):
    served = serve()
    one = visit(served, "li", "operator", EAST)
    one.go("/cameras/K1/access")
    one.shot("access-zh")
    one.page.keyboard.press("2")
    assert one.page.locator("input[value=patrol]").is_checked()
    assert rows(town) == []
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**/viewer/*")
    (row,) = rows(town)
    assert (row["camera_code"], row["reason"], row["content"]) == ("K1", "视频巡查", "实时画面")
    told = one.text()
    for said in (
        "K1",
        "朝东枪机",
        "视频巡查",
        "实时画面",
        "没有接入视频流",
        "测试单位",
        str(row["id"]),
    ):
        assert said in told
    assert one.page.locator("svg.watermark").count() == 1
    one.shot("viewer-zh")
    one.quiet()


def test_a_digit_that_is_typed_chooses_nothing(serve, visit):
    one = visit(serve(), "li", "operator", EAST)
    one.go("/cameras/K1/access?incident=M1")
    assert one.page.locator("input[value=incident]").is_checked()
    one.page.fill("#remark", "")
    one.page.type("#remark", "3号楼")
    assert one.page.locator("input[value=incident]").is_checked()
    assert one.page.input_value("#remark") == "3号楼"
    one.quiet()


def test_the_form_works_without_scripts(serve, browser, visit, town):
    served = serve()
    made = account(town, "wu", "operator", EAST)
    with town.begin() as connection:
        token = sessions.begin_session(connection, made)
    context = browser.new_context(viewport=DESK, java_script_enabled=False)
    context.set_default_timeout(PATIENCE_S * 1000)
    context.add_cookies([{"name": COOKIE, "value": token, "url": served.at}])
    page = context.new_page()
    page.goto(f"{served.at}/cameras/K1/access")
    page.check("input[value=police]")
    page.click("button[value=look]")
    page.wait_for_url("**/viewer/*")
    assert "协助执法办案" in page.inner_text("body")
    context.close()


def test_the_picture_of_a_gateway_is_shown_and_the_time_runs_down(serve, visit, gateway):
    served = serve(snapshot_url=gateway.at("/png/{code}"))
    one = visit(served, "li", "operator", EAST)
    one.go("/cameras/K1/access")
    one.looks("2")
    one.page.wait_for_function("document.getElementById('picture').naturalWidth === 320")
    left = one.page.inner_text("#left")
    one.page.wait_for_function(
        "left => document.getElementById('left').innerText !== left", arg=left
    )
    assert "分" in one.page.inner_text("#left")
    one.shot("viewer-picture-zh")
    one.quiet()


def test_a_picture_that_does_not_come_is_a_sentence(serve, visit, gateway):
    served = serve(snapshot_url=gateway.at("/lying/{code}"))
    one = visit(served, "li", "operator", EAST)
    one.go("/cameras/K1/access")
    one.looks("2")
    one.page.wait_for_selector("#fault:has-text('不是 JPEG')")
    assert not one.page.locator("#picture").is_visible()
    one.shot("viewer-fault-zh")
    assert one.outside == []
    assert all("502" in line for line in one.complaints)


def test_a_hostile_reason_runs_nowhere(serve, visit):
    served = serve()
    hostile = "</dd><img src=http://evil.example/x onerror=alert(1)><script>alert(2)</script>"
    one, chief = visit(served, "li", "operator", EAST), visit(served, "sun", "auditor")
    one.go("/cameras/K1/access")
    one.page.check("input[value=other]")
    one.page.fill("#remark", hostile)
    one.follows("button[value=look]")
    assert hostile in one.text()
    for path in ("/register", "/register/report"):
        chief.go(path)
    chief.go("/register")
    assert hostile in chief.text()
    one.quiet()
    chief.quiet()


def test_a_camera_that_is_not_granted_is_asked_for_and_approved(serve, visit):
    served = serve(skynet_approval=True)
    one = visit(served, "li", "operator", EAST)
    chief = visit(served, "zhao", "security_administrator")
    assert one.go("/cameras/K99/access").status == 403
    assert "申请调取" in one.text()
    one.shot("access-refused-zh")
    one.complaints.clear()  # the browser names the status
    one.go("/cameras/K1/access")
    one.page.keyboard.press("4")
    one.follows("button[value=ask]")
    assert "待审批" in one.text()
    chief.go("/requests")
    assert "朝东枪机" in chief.text()
    chief.shot("requests-zh")
    chief.follows("button[value=approved]")
    assert "没有待审批" in chief.text()
    one.go("/requests/mine")
    assert "已批准" in one.text()
    one.shot("requests-mine-zh")
    one.follows("a:has-text('登记查看')")
    one.looks("4")
    one.quiet()
    chief.quiet()


@pytest.fixture
def filled(serve, visit, town):
    """A register of some rows, and a served one."""
    served = serve()
    one = visit(served, "li", "operator", EAST)
    for key, code in (("1", "K1"), ("2", "K2"), ("3", "K3"), ("2", "K4")):
        one.go(f"/cameras/{code}/access?incident=M1" if key == "1" else f"/cameras/{code}/access")
        one.looks(key)
    return served


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_fits_its_screen(filled, visit, lang):
    one = visit(filled, "li", "operator", EAST, lang=lang)
    chief = visit(filled, "sun", "auditor", lang=lang)
    decider = visit(filled, "zhao", "security_administrator", lang=lang)
    pages = (
        (one, "/cameras/K1/access?incident=M1", "access"),
        (one, "/register/mine", "mine"),
        (one, "/requests/mine", "requests-mine"),
        (chief, "/register", "register"),
        (chief, "/register/report", "report"),
        (decider, "/requests", "requests"),
    )
    for who, path, called in pages:
        assert who.go(path).status == 200
        who.fits_all(f"{called}-{lang}")
    one.go("/cameras/K1/access")
    one.looks("2")
    one.fits_all(f"viewer-{lang}")


def test_the_register_prints_with_its_head_and_numbers_on_each_page(filled, visit, town, tmp_path):
    with town.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.access_register (account, account_name, holder, unit_name,"
                " camera_code, camera_name, place, act, reason_kind, reason, content, legal_basis,"
                " expires_at) SELECT account, account_name, holder, unit_name, camera_code,"
                " camera_name, place, act, reason_kind, reason, content, legal_basis, expires_at"
                " FROM govgrid.access_register, generate_series(1, 15)"
            )
        )
    chief = visit(filled, "sun", "auditor")
    chief.go("/register")
    pdf = chief.page.pdf(prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") > 1
    assert re.search(rb"<(9875|2EDA)>", unpacked(pdf))  # 第 x 页: the letter has two numbers
    if SHOTS:
        (Path(SHOTS) / "register.pdf").write_bytes(pdf)
    chief.page.emulate_media(media="print")
    assert not chief.page.locator("form.filters").first.is_visible()
    assert "打印：测试员" in chief.text()
    display = "getComputedStyle(document.querySelector('table.paged thead')).display"
    assert chief.page.evaluate(display) == "table-header-group"
    chief.quiet()


def test_a_viewing_that_is_over_says_so(serve, visit, town):
    served = serve()
    one = visit(served, "li", "operator", EAST)
    one.go("/cameras/K1/access")
    one.looks("2")
    with town.begin() as connection:
        connection.execute(text("ALTER TABLE govgrid.access_register DISABLE TRIGGER USER"))
        connection.execute(
            text("UPDATE govgrid.access_register SET expires_at = :then"),
            {"then": datetime.now(UTC) - timedelta(seconds=1)},
        )
    assert one.page.reload().status == 410
    assert "查看时限已到" in one.text()
    one.shot("viewer-over-zh")
