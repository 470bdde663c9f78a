"""Following what is written: cameras at once, other layers when they come to rest."""

import time
from typing import Final

from sqlalchemy import Connection

from geo.coverage.engine.state import HeldCoverage
from geo.store import revisions
from geo.store.revisions import LayerRevisions

CAMERA: Final = "camera"
GROUND: Final = (
    *("area", "building", "road", "water", "farmland", "privacy_zone", "place", "entrance"),
    "setting",
)
"""Layers whose change may mean that everything is computed again."""
COVERAGE: Final = "coverage"
REST_S: Final = 2.0
"""Imports come one after the other: the ground is followed when nothing was written for so long."""


class Follower:
    """Amends the state that an engine keeps as its tables change."""

    def __init__(self, held: HeldCoverage) -> None:
        self._held = held
        self._followed: LayerRevisions | None = None
        self._seen: LayerRevisions | None = None
        self._seen_at = 0.0
        self.waits = False
        """Whether the ground has changed and is to come to rest."""

    def follow(self, connection: Connection) -> None:
        """Look once what was written since, and amend.

        Parameters
        ----------
        connection
            As from :func:`geo.store.session_lock.open_session`.
        """
        now = revisions.current_revisions(connection)
        self._held.note_look()
        if now != self._seen:
            self._seen, self._seen_at = now, time.monotonic()
        before = self._followed
        if before is None:
            self._held.load()
            self._followed = now
        elif self._ground_differs(before, now):
            self.waits = time.monotonic() - self._seen_at < REST_S
            if not self.waits:
                self._held.load()
                self._followed = now
        elif before.of([CAMERA]) != now.of([CAMERA]):
            self._follow_cameras(connection, before, now)
            self._followed = now

    def _ground_differs(self, before: LayerRevisions, now: LayerRevisions) -> bool:
        """Return whether more than cameras changed, or somebody else has computed."""
        if before.of(GROUND) != now.of(GROUND):
            return True
        if before.of([COVERAGE]) == now.of([COVERAGE]):
            return False
        return self._held.newest_run() != self._held.run

    def _follow_cameras(
        self, connection: Connection, before: LayerRevisions, now: LayerRevisions
    ) -> None:
        if self._held.state == "idle":
            return
        first, last = (each.by_layer[CAMERA] for each in (before, now))
        codes = revisions.changed_codes(connection, CAMERA, before=first, now=last)
        self._held.amend(None if codes is None else sorted(codes))
