"""Answering of the engine: each connection one question, in threads."""

import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, Final

from geo.base.errors import GovgridError, InputError, StateError
from geo.base.json_objects import Message
from geo.coverage.engine import protocol
from geo.coverage.engine.asked import Trial
from geo.coverage.engine.state import HeldCoverage
from geo.coverage.engine.trial import try_camera

THREADS: Final = 4
PATIENCE_S: Final = 10.0


@contextmanager
def serve_questions(home: Path, held: HeldCoverage) -> Iterator[None]:
    """Answer on the socket of a home while what is inside runs; what was begun is answered.

    Parameters
    ----------
    home
        Folder of the socket.
    held
        What is asked about.
    """
    listening = protocol.open_socket(home)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="govgrid-answer") as pool:
        thread = Thread(target=_accept, args=(listening, pool, held), daemon=True)
        thread.start()
        try:
            yield
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # ends the wait of the thread
            listening.close()
            thread.join()


def answer_question(held: HeldCoverage, question: Message) -> Message:
    """Return the answer to a question, with the epoch under which it was given.

    Parameters
    ----------
    held
        What is asked about.
    question
        ``do`` and what belongs to it: state, what_if (``trial``), amend (``codes``).
    """
    epoch = held.epoch
    try:
        known: Mapping[str, Callable[[], Message]] = {
            "state": lambda: {"state": held.state, "looked_s": held.looked_s()},
            "what_if": lambda: _what_if(held, question),
            "amend": lambda: _amend(held, question),
        }
        found = known[str(question["do"])]()
    except GovgridError as error:
        found = {"error": {"kind": _kind(error), "key": error.key, "facts": _facts(error)}}
    except Exception as error:  # whatever it was, the engine goes on
        sys.stderr.write(f"govgrid engine: {type(error).__name__}: {error}\n")
        found = {"error": {"kind": "unavailable", "key": "engine.failed", "facts": {}}}
    return {**found, "epoch": epoch}


def _what_if(held: HeldCoverage, question: Message) -> Message:
    trial = Trial(**question["trial"])
    with held.standing() as standing:
        return {**vars(try_camera(standing, trial)), "run": held.run}


def _amend(held: HeldCoverage, question: Message) -> Message:
    done = held.amend(question["codes"])
    return {
        "run": done.run,
        "revision": done.revision,
        "cameras": list(done.cameras),
        "grids": list(done.grids),
    }


def _accept(listening: socket.socket, pool: ThreadPoolExecutor, held: HeldCoverage) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:  # closed
            return
        pool.submit(_answer, connection, held)


def _answer(connection: socket.socket, held: HeldCoverage) -> None:
    with connection, suppress(OSError, ValueError):
        connection.settimeout(PATIENCE_S)
        question = protocol.read_line(connection, protocol.MOST_QUESTION)
        connection.sendall(protocol.encode_line(answer_question(held, question)))


def _kind(error: GovgridError) -> str:
    if isinstance(error, InputError):
        return "input"
    return "state" if isinstance(error, StateError) else "unavailable"


def _facts(error: GovgridError) -> dict[str, Any]:
    plain = (str, int, float, bool, type(None))
    return {k: v if isinstance(v, plain) else str(v) for k, v in error.facts.items()}
