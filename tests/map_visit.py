"""A map page opened in a real browser, with all that went wrong there."""

from pathlib import Path

from tests import PATIENCE_S

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


class Visit:
    """One open page with all that it asked for, complained about or popped up."""

    def __init__(self, browser, path, *, size=DESK, hash_code=""):
        self.context = browser.new_context(viewport=size)
        self.context.set_default_timeout(PATIENCE_S * 1000)
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
