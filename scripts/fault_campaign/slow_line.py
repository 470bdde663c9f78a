"""A line between service and database that delays what goes through it and breaks now and then."""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

CHUNK: Final = 65_536
DELAY_S: Final = 0.02
"""Of each piece in each direction: a network that is far and busy."""
BREAKS: Final = 400
"""One of so many pieces ends its connection instead."""
SEED: Final = 799


class SlowLine:
    """Listens on a socket like PostgreSQL's and hands on to the real one.

    Attributes
    ----------
    broken
        How many connections were broken.
    """

    def __init__(self, here: Path, there: Path) -> None:
        self._here, self._there = here, there
        self._random = random.Random(SEED)
        self.broken = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand one connection on in both directions until it ends or breaks."""
        try:
            other, onward = await asyncio.open_unix_connection(self._there)
        except OSError:
            writer.close()
            return
        ways = [self._hand_on(reader, onward), self._hand_on(other, writer)]
        tasks = [asyncio.create_task(way) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in tasks:
            each.cancel()
        for end in (writer, onward):
            end.close()

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(CHUNK):
                await asyncio.sleep(self._random.uniform(0, 2 * DELAY_S))
                if not self._random.randrange(BREAKS):
                    self.broken += 1
                    return
                writer.write(piece)
                await writer.drain()

    async def run(self, ended: asyncio.Event, ready: threading.Event) -> None:
        """Listen until it is said to end."""
        server = await asyncio.start_unix_server(self.answer, self._here)
        self._here.chmod(0o777)
        ready.set()
        await ended.wait()
        server.close()


@contextmanager
def slow_line(here: Path, there: Path) -> Iterator[SlowLine]:
    """Run a line in a thread until the block ends.

    Parameters
    ----------
    here
        Socket that the service connects to.
    there
        Socket of the database server.
    """
    line, loop, ready = SlowLine(here, there), asyncio.new_event_loop(), threading.Event()
    ended = asyncio.Event()
    thread = threading.Thread(
        target=loop.run_until_complete, args=(line.run(ended, ready),), daemon=True
    )
    thread.start()
    ready.wait()
    try:
        yield line
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
