"""The state of coverage that the engine keeps, and who works on it: one at a time."""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Final

from sqlalchemy import Connection, Engine

from geo.base.errors import StateError, UnavailableError
from geo.coverage.compute import Standing
from geo.coverage.incremental import Amendment, Live
from geo.coverage.store import engine as epochs
from geo.coverage.store import results
from geo.store import db

BUSY_AFTER_S: Final = 10.0


class HeldCoverage:
    """The newest run in memory, under the epoch of its engine.

    Attributes
    ----------
    state
        idle (nothing computed yet), warming (being loaded, or computed anew), ready.
    epoch
        Of the engine that keeps it, 0 where none does.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._live = Live(
            engine, progress=self._loading, fence=self._require_current, chosen_first=True
        )
        self._lock = Lock()
        self.state = "warming"
        self.epoch = 0
        self.run: tuple[int, int] | None = None
        self._looked: float | None = None

    def note_look(self) -> None:
        """Remember that what was written was looked for just now: the heartbeat of the engine."""
        self._looked = time.monotonic()

    def looked_s(self) -> float | None:
        """Return how many seconds ago that was; None where it was not yet."""
        return None if self._looked is None else time.monotonic() - self._looked

    @contextmanager
    def standing(self) -> Iterator[Standing]:
        """Give the settled state at the coarsest detail; nobody changes it inside.

        Raises
        ------
        UnavailableError
            If it is being loaded, or an edit takes too long.
        StateError
            If nothing was computed yet.
        """
        self._require_ready()
        with self._turn():
            self._require_ready()
            yield self._live.standings[0]

    def amend(self, codes: Sequence[str] | None) -> Amendment:
        """Bring figures and gaps up to date with the tables.

        Parameters
        ----------
        codes
            Cameras that changed, where nothing else did; None: whatever did.

        Raises
        ------
        UnavailableError
            As :meth:`standing`; and if another engine took over: then nothing was written.
        StateError
            If nothing was computed yet.
        """
        self._require_ready()
        with self._turn():
            return self._refreshed(codes)

    def load(self) -> None:
        """Load the newest run, or what changed since; idle where nothing was computed yet."""
        with self._turn(), db.open_transaction(self._engine) as connection:
            run = results.newest_run(connection)
        if run is None:
            self.state = "idle"
            return
        with self._turn():
            self._refreshed(None)

    def newest_run(self) -> tuple[int, int] | None:
        """Return number and revision of the newest run; None where nothing was computed yet."""
        with db.open_transaction(self._engine) as connection:
            found = results.newest_run(connection)
        return None if found is None else (found.id, found.revision)

    def _refreshed(self, codes: Sequence[str] | None) -> Amendment:
        try:
            done = self._live.refresh(codes)
        except BaseException:
            self.state = "warming"  # what was kept is given up with what failed
            raise
        if self.state != "ready":
            gc.collect()
            gc.freeze()  # what was loaded stays: the collector need not walk it at each edit
            self.state = "ready"
        self.run = (done.run, done.revision)
        return done

    def _loading(self, step: str, done: int, total: int) -> None:  # noqa: ARG002 - Progress
        self.state = "warming"

    def _require_current(self, connection: Connection) -> None:
        if not epochs.is_current(connection, self.epoch):
            raise UnavailableError("engine.replaced", epoch=self.epoch)

    def _require_ready(self) -> None:
        if self.state == "idle":
            raise StateError("coverage.not_computed")
        if self.state != "ready":
            raise UnavailableError("engine.warming")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=BUSY_AFTER_S):
            raise UnavailableError("engine.warming")
        try:
            yield
        finally:
            self._lock.release()
