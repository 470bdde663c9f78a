"""Threads that slow work has for itself, so that quick requests of others do not wait behind it."""

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Final, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

QUICK: Final = 3
"""Threads for everything else: more of them make each other slow."""
LOGIN: Final = CapacityLimiter(1)
"""Passwords: a hash keeps a core busy and takes 46 MiB."""
DRAWING: Final = CapacityLimiter(1)
"""Map pages: two drawn at once are ready no sooner than one after the other."""
FILES: Final = CapacityLimiter(2)
"""Files out, and reports over everything there is."""
ENGINE: Final = CapacityLimiter(2)
"""Questions to the engine, which answers one after the other."""
EVENTS: Final = CapacityLimiter(1)
"""Who streams are for, and what they missed: hundreds may ask at once after a restart."""
OUTSIDE: Final = CapacityLimiter(4)
"""Tiles of other hosts: who waits for them asks nothing of the database meanwhile."""
_LANES: Final = (LOGIN, DRAWING, FILES, ENGINE, EVENTS)
CONNECTIONS: Final = 2 + QUICK + sum(int(lane.total_tokens) for lane in _LANES)
"""One for each thread: who has a thread never waits for a connection; one for revisions and one
that waits for events."""

Given = ParamSpec("Given")
Result = TypeVar("Result")


def run_in_lane(
    lane: CapacityLimiter,
) -> Callable[[Callable[Given, Result]], Callable[Given, Awaitable[Result]]]:
    """Let a route run in a lane; who comes when it is full waits without a thread.

    Stands directly above the function, below ``@router``.
    """

    def marked(route: Callable[Given, Result]) -> Callable[Given, Awaitable[Result]]:
        @wraps(route)
        async def waiting(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            return await to_thread.run_sync(partial(route, *args, **kwargs), limiter=lane)

        return waiting

    return marked
