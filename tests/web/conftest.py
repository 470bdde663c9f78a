"""One browser for all tests of a worker that look at pages, and the map page they look at."""

from dataclasses import replace

import pytest

from benchmarks.map_scene import scene
from maps.folium_page import render_page
from tests.map_visit import CHROMIUM, OTHER_STATES, SWITCHES, Visit
from tests.web import oldest_browser
from tests.web.oldest_browser import fetch_oldest

DRAWING = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
NEWEST, OLDEST = "newest", "oldest"


def pytest_generate_tests(metafunc):
    """Look at the console in a thorough run with the oldest browser as well."""
    if "painter" in metafunc.fixturenames and metafunc.config.option.thorough:
        metafunc.parametrize("painter", [NEWEST, OLDEST], indirect=True, scope="package")


@pytest.fixture(scope="package")
def content():
    small = scene(grids=80, cameras=400, incidents=150, gaps=120, roads=60, buildings=300)
    states = [*OTHER_STATES, *small.incidents["state"].iloc[len(OTHER_STATES) :]]
    return replace(small, incidents=small.incidents.assign(state=states))


@pytest.fixture(scope="package")
def driver():
    """Return what starts browsers; a thread can have only one."""
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: apt install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(driver):
    chromium = driver.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
    yield chromium
    chromium.close()


@pytest.fixture(scope="package")
def painter(driver, request, tmp_path_factory):
    """Return a browser that draws with WebGL2 in software."""
    program, switches = CHROMIUM, [*SWITCHES, *DRAWING]
    if getattr(request, "param", NEWEST) == OLDEST:
        program = fetch_oldest(tmp_path_factory.mktemp("oldest"))
        switches += oldest_browser.SWITCHES
    if program is None:
        pytest.skip("npm does not reach a registry: no Chromium 109")
    chromium = driver.chromium.launch(executable_path=str(program), args=switches)
    yield chromium
    chromium.close()


@pytest.fixture(scope="package")
def file(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "map.html"
    path.write_text(render_page(content), encoding="utf-8")
    return path


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
