"""A map page opened in a real browser: the fixtures of all tests that look at one."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.map_scene import scene
from maps.folium_page import render

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OTHER_STATES = ["cancelled", "duplicate", "not_accepted", "self_handled"]
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def content():
    small = scene(grids=80, cameras=400, incidents=150, gaps=120, roads=60)
    states = [*OTHER_STATES, *small.incidents["state"].iloc[len(OTHER_STATES) :]]
    return replace(small, incidents=small.incidents.assign(state=states))


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: apt install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def file(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "map.html"
    path.write_text(render(content), encoding="utf-8")
    return path


class Visit:
    """One open page with all that it asked for, complained about or popped up."""

    def __init__(self, browser, path, *, size=DESK, hash_code=""):
        self.context = browser.new_context(viewport=size)
        self.page = self.context.new_page()
        self.requests, self.complaints, self.dialogs = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on(
            "console",
            lambda line: (
                self.complaints.append(line.text) if line.type in ("error", "warning") else None
            ),
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda box: (self.dialogs.append(box.message), box.dismiss()))
        self.page.goto(path.as_uri() + (f"#{hash_code}" if hash_code else ""))
        assert self.page.evaluate("Boolean(window.govgrid && govgrid.shown)"), self.complaints

    def choose(self, kind, row):
        self.page.evaluate("([kind, row]) => govgrid.shown.choose(kind, row)", [kind, int(row)])

    def text(self, selector="#detail"):
        return self.page.inner_text(selector)

    def quiet(self):
        """Only the file itself was asked for, and nothing went wrong."""
        assert len(self.requests) == 1
        assert self.complaints == []
        assert self.dialogs == []


@pytest.fixture
def visit(browser, file):
    visits = []

    def open_page(path=file, **options):
        visits.append(Visit(browser, path, **options))
        return visits[-1]

    yield open_page
    for each in visits:
        each.context.close()


@pytest.fixture(scope="module")
def opened(browser, file):
    visit = Visit(browser, file)
    yield visit
    visit.context.close()


@pytest.fixture
def desk(opened):
    """The one page on a desk, back at its overview."""
    opened.page.fill("#find", "")
    opened.page.focus("#detail")
    opened.page.keyboard.press("Escape")
    opened.page.click(".tool-home")
    return opened
