"""How other processes ask the engine; an engine that does not answer is said at once."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from geo.base.errors import GovgridError, InputError, StateError, UnavailableError
from geo.base.json_objects import Message
from geo.coverage.engine import protocol

PATIENCE_S: Final = 30.0
STATE_PATIENCE_S: Final = 1.0
_ERRORS: Final[Mapping[str, type[GovgridError]]] = {
    "input": InputError,
    "state": StateError,
    "unavailable": UnavailableError,
}


@dataclass(frozen=True)
class Sign:
    """Sign of life of an engine.

    Attributes
    ----------
    state
        ready, warming, idle (nothing computed yet) or down.
    epoch
        None where it is down.
    looked_s
        How long ago it looked what was written; None where it has not yet.
    """

    state: str
    epoch: int | None = None
    looked_s: float | None = None


class EngineClient:
    """Asks the engine of a home.

    Answers carry the epoch of the engine that gave them: one more for each that took over. An
    answer of an earlier one than was heard before is not used.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._epoch = 0
        self._lock = Lock()

    def read_sign(self) -> Sign:
        """Return how the engine is."""
        try:
            found = self._ask({"do": "state"}, STATE_PATIENCE_S)
        except UnavailableError:
            return Sign("down")
        return Sign(str(found["state"]), int(found["epoch"]), found["looked_s"])

    def try_camera(self, trial: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a camera at a place would see and change: see `geo.coverage.engine.trial`.

        Parameters
        ----------
        trial
            The fields of :class:`geo.coverage.engine.asked.Trial`.

        Raises
        ------
        UnavailableError
            If the engine is down, still loading, or too busy.
        InputError
            If no camera can stand so.
        StateError
            If nothing was computed yet.
        """
        return self._ask({"do": "what_if", "trial": dict(trial)}, PATIENCE_S)

    def amend(self, codes: Sequence[str] | None) -> dict[str, Any]:
        """Have the figures follow now; return `run`, `revision`, `cameras`, `grids`.

        Parameters
        ----------
        codes
            Cameras that changed, where nothing else did; None: whatever did.

        Raises
        ------
        UnavailableError
            If the engine is down or still loading: it follows by itself afterwards.
        """
        asked = {"do": "amend", "codes": None if codes is None else list(codes)}
        return self._ask(asked, PATIENCE_S)

    def _ask(self, question: Message, patience_s: float) -> Message:
        try:
            answer = self._exchange(question, patience_s)
        except (OSError, ValueError) as error:
            raise UnavailableError("engine.down") from error
        with self._lock:
            if int(answer.get("epoch", 0)) < self._epoch:
                raise UnavailableError("engine.down")
            self._epoch = int(answer.get("epoch", 0))
        if "error" in answer:
            kind = _ERRORS.get(answer["error"]["kind"], UnavailableError)
            raise kind(answer["error"]["key"], **answer["error"]["facts"])
        return answer

    def _exchange(self, question: Message, patience_s: float) -> Message:
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
            protocol.socket_address(self._home) as address,
        ):
            connection.settimeout(patience_s)
            connection.connect(address)
            connection.sendall(protocol.encode_line(question))
            return protocol.read_line(connection, protocol.MOST_ANSWER)
