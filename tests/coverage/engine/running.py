"""An engine in a thread of a test, and what to wait for."""

import time
from contextlib import contextmanager
from threading import Event, Thread

from geo.coverage.engine import process
from geo.coverage.engine.client import EngineClient
from geo.store import db
from tests import PATIENCE_S


@contextmanager
def running(url, home):
    """Run an engine; give its client, the errors it told, and how often it began to lead."""
    pool, stop, errors, led = db.connect(url, pool_size=3), Event(), [], []
    thread = Thread(
        target=process.run_engine,
        args=(pool, home),
        kwargs={
            "stop": stop,
            "leads": lambda: led.append(1),
            "failed": lambda error, _: errors.append(error),
        },
    )
    thread.start()
    try:
        yield EngineClient(home), errors, led
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
        time.sleep(0.02)
    return found


def ready(client):
    """Wait until the engine has loaded what there is."""
    until(lambda: client.read_sign().state == "ready")
    return client
