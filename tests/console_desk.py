"""Somebody at the console in a real browser, with all that went wrong there."""

import re

from api.session.identity import COOKIE
from geo.access.accounts import sessions
from tests import PATIENCE_S, ROOT
from tests.map_visit import DESK
from tests.signed_in import account
from tests.web.oldest_browser import plain_address

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# A driver of a graphics card that is none says that reading pixels is slow.
# Over plain http a browser leaves out what only https gives.
HARMLESS = re.compile("GPU stall|GL Driver Message|URL's origin was untrustworthy")
SERIOUS = ("serious", "critical")


class Desk:
    """Somebody at the console, and all that went wrong there."""

    def __init__(self, browser, site, role="operator", **given):
        """Sit down: `size`, `path`, `scheme` of colours, `made` of an account that is there."""
        engine, address = site
        self.address = plain_address(browser, address)
        made, path = given.get("made"), given.get("path", "/")
        self.context = browser.new_context(
            viewport=given.get("size", DESK),
            reduced_motion="reduce",
            color_scheme=given.get("scheme", "light"),
        )
        self.context.set_default_timeout(PATIENCE_S * 1000)
        with engine.begin() as connection:
            token = sessions.begin_session(connection, made or account(engine, role, role))
        self.context.add_cookies([{"name": COOKIE, "value": token, "url": self.address}])
        self.page = self.context.new_page()
        self.requests, self.complaints, self.failed = [], [], []
        self.page.on("request", lambda asked: self.requests.append(asked.url))
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "response",
            lambda got: self.failed.append((got.status, got.url)) if got.status >= 400 else None,
        )
        self.page.goto(self.address + path)
        self.page.wait_for_selector(".map[data-shown=true]")

    def _heard(self, line):
        if line.type in ("error", "warning") and not HARMLESS.search(line.text):
            self.complaints.append(line.text)

    def quiet(self):
        """Nothing left the host, nothing failed, nothing broke the policy."""
        assert [url for url in self.requests if not url.startswith((self.address, "data:"))] == []
        assert self.failed == []
        assert self.complaints == [], self.complaints

    def forgive(self, status):
        """Forget refusals that were meant: a browser says of each that it was one."""
        self.failed = [each for each in self.failed if each[0] != status]
        self.complaints = [each for each in self.complaints if f"status of {status}" not in each]

    def accessible(self):
        """No serious finding of axe."""
        # the policy lets no script in from outside: this one comes through the debugger
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run().then(found => found.violations)")
        bad = [each for each in found if each["impact"] in SERIOUS]
        told = [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in bad]
        assert told == [], told
