"""Revisions of all layers, read again for each request and shared by all that wait."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class SharedReads:
    """Reads one after the other, each for all who asked before it began.

    Who asks while a read is under way gets the next one: no answer is older than its question.
    Shared is within the event loop in which it was made; who asks from another one, whose futures
    nobody here could set, gets a read of its own, in turn.

    Parameters
    ----------
    read
        What is read, in a thread of its own.
    """

    def __init__(self, read: Callable[[], Any]) -> None:
        self._read = read
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="govgrid-revisions")
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.Future[Any] | None = None
        self._running = False

    async def current(self) -> Any:  # noqa: ANN401 - whatever `read` returns
        """Return the value of a read that began after this call."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            return await loop.run_in_executor(self._thread, self._read)
        if self._next is None:
            self._next = loop.create_future()
        waiting = self._next
        if not self._running:
            self._start()
        return await asyncio.shield(waiting)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True)

    def _start(self) -> None:
        waiting, self._next = self._next, None
        if waiting is None:
            return
        self._running = True
        work = self._loop.run_in_executor(self._thread, self._read)
        work.add_done_callback(lambda done: self._done(done, waiting))

    def _done(self, done: "asyncio.Future[Any]", waiting: "asyncio.Future[Any]") -> None:
        self._running = False
        self._start()
        if waiting.done():
            return
        if done.cancelled():
            waiting.cancel()
        elif (error := done.exception()) is not None:
            waiting.set_exception(error)
        else:
            waiting.set_result(done.result())
