"""Pictures of the console for README and manual, made of the demonstration.

``python -m scripts.pictures --home var/demo`` serves the demonstration on a port of its own, works
in it as its dispatcher without saving anything, and writes ``docs/manual/pictures/*.png`` anew,
each at most 120 KB.
"""

import argparse
import io
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "manual" / "pictures"
MOST_BYTES = 120_000
SIZE = {"width": 1366, "height": 768}
SWITCHES = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
]
PATIENCE_S = 120


def main() -> None:
    """Write the pictures."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--home", type=Path, default=ROOT / "var" / "demo")
    home = asked.parse_args().home
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _served(home) as address, _page(address, _password(home, "dispatcher")) as page:
        for name, show in (("new", _new), ("console", _console), ("coverage", _coverage)):
            show(page)
            _write(FOLDER / f"{name}.png", page.screenshot())


def _console(page: Any) -> None:  # noqa: ANN401 - a page of playwright
    """Show an incident that cameras see."""
    page.keyboard.press("Escape")
    for row in range(2, 12):
        page.click(f".row:nth-child({row})")
        page.wait_for_selector(".detail .cams li, .detail .warn")
        if page.locator(".cams .sees").count():
            break
    _settle(page)


def _new(page: Any) -> None:  # noqa: ANN401
    """Show the form of a new incident, filled and not saved."""
    page.keyboard.press("n")
    for typed, field in (("ylmd", "new-place"), ("jgqs", "new-category")):
        page.wait_for_selector(f"#{field}:focus")
        page.keyboard.type(typed)
        page.wait_for_selector(f"#{field}-list [role=option]")
        page.keyboard.press("Enter")
    page.fill("#new-text", "机动车道内井盖缺失，已有电动车摔倒")
    page.wait_for_selector(".trial dd")
    _settle(page)


def _coverage(page: Any) -> None:  # noqa: ANN401
    """Show coverage by community."""
    page.keyboard.press("Escape")
    page.click(".tools button:last-child")
    page.click(".layers >> text=覆盖率")
    page.wait_for_selector(".classes", state="attached")
    _settle(page)


def _settle(page: Any) -> None:  # noqa: ANN401
    """Wait until the map has drawn what it was given."""
    page.wait_for_timeout(2_500)
    page.wait_for_selector(".map[data-shown=true]")


def _write(path: Path, picture: bytes) -> None:
    """Write a picture in as many colours as fit into its size."""
    from PIL import Image

    plain = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (256, 128, 64, 32):
        kept = io.BytesIO()
        # colours that are rare, as of a light, are kept
        few = plain.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(kept, "PNG", optimize=True)
        if kept.tell() <= MOST_BYTES:
            path.write_bytes(kept.getvalue())
            return
    raise SystemExit(f"{path.name} is larger than {MOST_BYTES} bytes")


def _password(home: Path, account: str) -> tuple[str, str]:
    rows = [line.split() for line in (home / "accounts.txt").read_text("utf-8").splitlines()]
    return account, next(row[1] for row in rows if row and row[0] == account)


@contextmanager
def _page(address: str, log_in: tuple[str, str]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES)
        context = chromium.new_context(viewport=SIZE, reduced_motion="reduce", locale="zh-CN")
        context.set_default_timeout(PATIENCE_S * 1000)
        page = context.new_page()
        page.goto(f"{address}/login")
        page.fill("[name=name]", log_in[0])
        page.fill("[name=password]", log_in[1])
        page.press("[name=password]", "Enter")
        page.wait_for_selector(".map[data-shown=true]")
        yield page
        chromium.close()


@contextmanager
def _served(home: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = str(Path(sys.executable).parent / "govgrid")
    command = [program, "--home", str(home), "serve", "--no-supervise"]
    served = subprocess.Popen([*command, "--port", str(port)])  # noqa: S603 - our own program
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/livez")
        yield address
    finally:
        served.terminate()
        served.wait()


def _wait(url: str) -> None:
    for _ in range(PATIENCE_S * 2):
        try:
            with urllib.request.urlopen(url):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"{url} does not answer")


if __name__ == "__main__":
    main()
