"""A queue in a thread of a test, and waiting for a job to end."""

import time
from contextlib import contextmanager
from threading import Event

from geo.operations.jobs import queue
from geo.store import db
from tests import PATIENCE_S


@contextmanager
def working(url, config, scheduled=()):
    """Run jobs until the end of the block."""
    pool, stop = db.connect(url, pool_size=10), Event()
    thread = queue.start_queue(queue.JobQueue(url, pool, config, scheduled), stop)
    try:
        yield stop
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        pool.dispose()


def until(holds):
    """Wait until it holds; return what it returned."""
    ends = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < ends, holds
        time.sleep(0.05)
    return found


def ended(client, job, path="/api/jobs"):
    """Wait for the end of a job; return it."""

    def find():
        found = client.get(f"{path}/{job['id']}").json()
        return found if found["state"] in ("done", "failed", "cancelled") else None

    return until(find)
