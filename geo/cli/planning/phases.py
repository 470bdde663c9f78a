"""How long each step of a command works, in CPU seconds of this process."""

import time

from geo.base.progress import Progress


class Phases:
    """A progress that goes on telling another, and times what each step takes.

    The database works in a process of its own; its seconds are not among these.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._seconds: dict[str, float] = {}
        self._step, self._began = "start", 0.0  # since the process began

    def __call__(self, step: str, done: int, total: int) -> None:
        """Take note of how far a step is."""
        if step != self._step:
            self._close(step)
        self._progress(step, done, total)

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each step until now, by the last part of its key."""
        self._close(self._step)
        return {step.rpartition(".")[2]: round(s, 3) for step, s in self._seconds.items()}

    def _close(self, step: str) -> None:
        now = time.process_time()
        self._seconds[self._step] = self._seconds.get(self._step, 0.0) + now - self._began
        self._step, self._began = step, now
