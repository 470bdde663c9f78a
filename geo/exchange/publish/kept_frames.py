"""Frames of layers that a map shows to everybody, kept at the revision at which they were read."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Final

MOST: Final = 24
"""So many frames are kept: the layers of a map, the views, and the gaps of a few kinds."""


class KeptFrames:
    """The newest frames by name; who wants one gets a copy to which columns may be added."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, name: Hashable, made: Hashable, read: Callable[[], Any]) -> Any:  # noqa: ANN401 - as read
        """Return what is kept under a name and was made of the same, else read it.

        Parameters
        ----------
        name
            What it is.
        made
            Revisions that were read before; what is kept of others is let go.
        read
            Reads it anew.
        """
        with self._lock:
            found = self._kept.get(name)
        if found is None or found[0] != made:
            found = (made, read())
            with self._lock:
                self._kept[name] = found
                self._kept.move_to_end(name)
                if len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        value = found[1]
        return value.copy(deep=False) if hasattr(value, "copy") else value
