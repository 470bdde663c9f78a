"""A job: what it is to do, and what is given to who runs it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine

from geo.access.principal import Principal
from geo.base.json_objects import JobResult
from geo.base.progress import Progress
from geo.base.settings import Settings

TURNS: Final[Mapping[str, str | None]] = {
    "import": "import",
    "coverage": "coverage",
    "export": None,
    "report": "report",
}
"""Jobs of one turn run one after the other."""
ENDED: Final = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True)
class Job:
    """A row of the table ``job``."""

    id: str
    kind: str
    account: str
    account_name: str
    layer: str | None
    source: str | None
    state: str
    asked: Mapping[str, Any]
    step: str | None
    done: int | None
    total: int | None
    result: JobResult | None
    error: Mapping[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int
    cancel_asked: bool


@dataclass(frozen=True)
class Work:
    """A job that runs: with the rights that its account has now."""

    engine: Engine
    config: Settings
    who: Principal
    job: Job
    progress: Progress


RunKind = Callable[[Work], JobResult]
