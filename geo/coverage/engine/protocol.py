"""Protocol of the engine: a line of JSON each way, over a socket in the home."""

import json
import math
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from geo.base.json_objects import Message

NAME: Final = "engine.sock"
MOST_QUESTION: Final = 64_000
"""Bytes of a question, its line end included."""
MOST_ANSWER: Final = 64_000_000
_AT_ONCE: Final = 65_536


def encode_line(value: Message) -> bytes:
    """Return a value as a line; what is no number of JSON becomes null."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def read_line(connection: socket.socket, most: int) -> Message:
    """Return the value of the line that comes.

    Parameters
    ----------
    connection
        With a time limit.
    most
        Bytes that it may have.

    Raises
    ------
    ValueError
        If it is too long, not whole or no object of JSON.
    OSError
        If it does not come.
    """
    line = bytearray()
    while not line.endswith(b"\n"):
        part = connection.recv(min(_AT_ONCE, most + 1 - len(line)))
        line += part
        if not part or len(line) > most:
            raise ValueError("no whole line")
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


@contextmanager
def socket_address(home: Path) -> Iterator[str]:
    """Give the address of the engine's socket.

    The address of a socket holds 107 bytes, a path may be longer: it is reached through the opened
    folder, whose path is short.

    Raises
    ------
    OSError
        If there is no such folder.
    """
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{NAME}"
    finally:
        os.close(folder)


def open_socket(home: Path) -> socket.socket:
    """Return a listening socket in a home, for its owner only, in the place of one before.

    Raises
    ------
    OSError
        If something that is no socket stands there.
    """
    home.mkdir(parents=True, exist_ok=True)
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        with socket_address(home) as address:
            before = Path(address)
            if os.path.lexists(before) and stat.S_ISSOCK(before.lstat().st_mode):
                before.unlink()
            found.bind(address)
        found.listen(64)
    except OSError:
        found.close()
        raise
    finally:
        os.umask(mask)
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
