"""Progress: how a long computation reports how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Called with the step's catalogue key, what is done and the total (0 = not known)."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Take note of how far a step is."""


def ignore_progress(step: str, done: int, total: int) -> None:
    """Ignore a report of progress: the default where nobody watches.

    Parameters
    ----------
    step
        Name of the step.
    done, total
        Units of work finished, and in all.
    """
