"""Metrics of the process for Prometheus: few labels, nothing about persons."""

import hmac
import math
from collections.abc import Callable
from typing import Final

from anyio import CapacityLimiter
from fastapi import Request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from starlette.exceptions import HTTPException

from api.server import lanes
from geo.base.settings import Settings
from geo.operations import database
from geo.operations.database import Engine

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LANES: Final = {
    "login": lanes.LOGIN,
    "drawing": lanes.DRAWING,
    "files": lanes.FILES,
    "events": lanes.EVENTS,
}


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "govgrid_requests",
            "Requests answered, by route (its pattern, never a path), method and status",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "govgrid_request_seconds",
            "Seconds until the last byte of an answer was handed over",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self.running = Gauge(
            "govgrid_requests_running", "Requests being answered", registry=self._registry
        )
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._watch_lanes()
        self._engine: Engine | None = None
        self._gauge("govgrid_connections_used", "Connections of the pool in use", self._used)
        self._gauge("govgrid_disk_free_bytes", "Free bytes of the database's disk", self._free)

    def count(self, route: str, method: str, status: int, seconds: float | None) -> None:
        """Count one request; a method that HTTP does not know is counted as "other"."""
        named = method if method in METHODS else "other"
        self._requests.labels(route, named, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(route).observe(seconds)

    def watch_database(self, engine: Engine) -> None:
        """Report the connections of this pool from now on."""
        self._engine = engine

    def watch_streams(self, open_streams: Callable[[], int]) -> None:
        """Report how many event streams are open from now on."""
        self._gauge("govgrid_event_streams", "Open streams of events", open_streams)

    def page(self) -> bytes:
        """Return all figures in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _watch_lanes(self) -> None:
        busy = Gauge(
            "govgrid_lane_busy", "Threads at work in a lane", ("lane",), registry=self._registry
        )
        waiting = Gauge(
            "govgrid_lane_waiting", "Requests that wait for one", ("lane",), registry=self._registry
        )
        for name, lane in LANES.items():
            busy.labels(name).set_function(_busy_of(lane))
            waiting.labels(name).set_function(_waiting_of(lane))

    def _used(self) -> float:
        return 0.0 if self._engine is None else float(database.connections_used(self._engine))

    def _free(self) -> float:
        """Return what is free, not a number where the disk is another machine's."""
        guard = None if self._engine is None else database.guard_of(self._engine)
        return math.nan if guard is None else guard.free_mb * 1e6

    def _gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        Gauge(name, text, registry=self._registry).set_function(value)


def require_token(request: Request, settings: Settings) -> None:
    """Raise unless a request has the bearer token of the metrics.

    Parameters
    ----------
    request
        Its header ``Authorization`` is compared in constant time.
    settings
        Hold the token; None: there are no metrics.

    Raises
    ------
    HTTPException
        404 where no token is set: there are no metrics then; 401 for another one.
    """
    if settings.metrics_token is None:
        raise HTTPException(404)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    expected = settings.metrics_token.get_secret_value()
    if kind.lower() != "bearer" or not hmac.compare_digest(token.encode(), expected.encode()):
        raise HTTPException(401)


def _busy_of(lane: CapacityLimiter) -> Callable[[], float]:
    return lambda: float(lane.borrowed_tokens)


def _waiting_of(lane: CapacityLimiter) -> Callable[[], float]:
    return lambda: float(lane.statistics().tasks_waiting)
