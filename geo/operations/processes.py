"""Processes beside the web: whether engine and worker live, and when they were last heard of."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from geo.coverage.engine.client import EngineClient

STALLED_AFTER_S: Final = 10.0
"""A worker that is not heard of for so long was killed: its jobs are run again."""


@dataclass(frozen=True)
class WorkerLife:
    """Whether a worker lives; `heartbeat_s` is None where there never was one."""

    alive: bool
    heartbeat_s: float | None


@dataclass(frozen=True)
class EngineLife:
    """Whether the engine lives, how far it is, and which one it is.

    `state` is ready, warming, idle or down; `heartbeat_s` says how long ago it looked what was
    written, None where it has not yet.
    """

    alive: bool
    state: str
    epoch: int | None
    heartbeat_s: float | None


def judge_worker(heartbeat_at: datetime | None) -> WorkerLife:
    """Return what the last heartbeat of any worker says of it; None where there never was one."""
    if heartbeat_at is None:
        return WorkerLife(alive=False, heartbeat_s=None)
    age_s = max((datetime.now(UTC) - heartbeat_at).total_seconds(), 0.0)
    return WorkerLife(age_s <= STALLED_AFTER_S, round(age_s, 1))


def ask_engine(client: EngineClient) -> EngineLife:
    """Return what the engine says of itself."""
    found = client.read_sign()
    heard = None if found.looked_s is None else round(found.looked_s, 1)
    return EngineLife(found.state != "down", found.state, found.epoch, heard)
