"""The map page at the demonstration's size against a folium page made the plain way.

The peer draws each camera as a folium Marker with a Polygon for its view and each grid as a
Polygon, with folium's own libraries put inside it so that it can be shown without a network.

    python benchmarks/bench_map.py [--json]
"""

import argparse
import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import folium
import numpy as np
from map_scene import scene
from playwright.sync_api import Browser, sync_playwright

from maps.assets import read_script, read_style
from maps.content import MapContent
from maps.folium_page import render_page

CHROMIUM = "/usr/bin/chromium"
SWITCHES = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
RUNS = 3
SIZE_GOAL_MB, PAINT_GOAL_S, REQUESTS_GOAL = 5.0, 2.0, 0


def plain_page(content: MapContent) -> str:
    """Return the same cameras and grids as a folium page in the way of its first tutorial."""
    chart = folium.Map([30.56, 117.12], zoom_start=12, tiles=None)
    for area in content.areas.query("level == 'grid'").itertuples():
        xy = np.array(area.geometry.exterior.coords)[:, ::-1]
        folium.Polygon(xy.tolist(), popup=area.name, fill=True).add_to(chart)
    for camera in content.cameras.itertuples():
        at = [camera.geometry.y, camera.geometry.x]
        folium.Marker(at, popup=camera.name).add_to(chart)
        if camera.heading_deg == camera.heading_deg:
            folium.Polygon(_sector(at, camera.heading_deg), weight=1, fill=True).add_to(chart)
    return _without_network(chart.get_root().render())


def _sector(at: list[float], heading_deg: float) -> list[list[float]]:
    turn = np.radians(np.linspace(heading_deg - 45, heading_deg + 45, 12))
    reach = 50 / 111_320
    arc = np.column_stack([at[0] + reach * np.cos(turn), at[1] + reach * np.sin(turn) / 0.86])
    return [at, *arc.tolist(), at]


def _without_network(html: str) -> str:
    """Put Leaflet inside and drop what else folium links to; keep the markers drawable."""
    linked = re.sub(r"<script src=[^>]*></script>|<link rel=\"stylesheet\"[^>]*/?>", "", html)
    inside = f"<style>{read_style('vendor/leaflet/leaflet.css')}</style>"
    inside += f"<script>{read_script('vendor/leaflet/leaflet.js')}</script>"
    stand_in = "<script>window.$=()=>[''];$[0]=null;</script>"
    return linked.replace("<head>", "<head>" + inside + stand_in, 1)


def shown(browser: Browser, path: Path) -> tuple[float, float, int]:
    """Return seconds to the first contentful paint, to the end of loading, and requests made."""
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    paint = None
    while paint is None:
        page.wait_for_timeout(250)
        paint, loaded = page.evaluate(
            "() => [performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,"
            " performance.getEntriesByType('navigation')[0].loadEventEnd]"
        )
    page.close()
    return paint / 1000, loaded / 1000, len(asked) - 1


def timed(make: Callable[[], str]) -> tuple[str, float]:
    """Return what `make` gives and the middle of its seconds over some runs."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        made = make()
        seconds.append(time.perf_counter() - start)
    return made, statistics.median(seconds)


def row(work: str, unit: str, value: float, peer: float, goal: float | None) -> dict[str, object]:
    """Return one line of the table; smaller is better in all."""
    return {
        "work": work,
        "value": round(float(value), 3),
        "unit": unit,
        "peer": "folium, a Marker and a Polygon each",
        "peer_value": round(float(peer), 3),
        "ratio": round(float(peer / value), 2) if value else None,
        "goal": goal,
        "reached": None if goal is None else bool(value <= goal),
    }


def measured() -> list[dict[str, object]]:
    """Return all lines: both pages are made and shown in the same run."""
    content = scene()
    ours, our_s = timed(lambda: render_page(content))
    plain, plain_s = timed(lambda: plain_page(content))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        figures = []
        for name, html in (("ours", ours), ("plain", plain)):
            path = Path(folder) / f"{name}.html"
            path.write_text(html, encoding="utf-8")
            figures.append(np.median([shown(browser, path) for _ in range(RUNS)], axis=0))
        browser.close()
    (paint, load, asked), (plain_paint, plain_load, plain_asked) = figures
    return [
        row(
            "map page, size",
            "MB",
            len(ours.encode()) / 1e6,
            len(plain.encode()) / 1e6,
            SIZE_GOAL_MB,
        ),
        row("map page, rendering", "s", our_s, plain_s, None),
        row("map page, first paint in Chromium", "s", paint, plain_paint, PAINT_GOAL_S),
        row("map page, loaded in Chromium", "s", load, plain_load, None),
        row("map page, requests to anywhere else", "count", asked, plain_asked, REQUESTS_GOAL),
    ]


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    rows = measured()
    if parser.parse_args().json:
        print(json.dumps({"rows": rows}, ensure_ascii=False))
        return
    for line in rows:
        print(", ".join(str(value) for value in line.values()))


if __name__ == "__main__":
    main()
