"""Whether this installation can answer: database, tables, disk, worker."""

from datetime import UTC, datetime
from typing import Final, NotRequired

from sqlalchemy import Engine
from typing_extensions import TypedDict

from geo.access import principal, transaction
from geo.access.store import audit as stored
from geo.base.settings import Settings
from geo.coverage.engine.client import EngineClient
from geo.operations import database, processes
from geo.operations.backup import journal
from geo.operations.processes import EngineLife, WorkerLife
from geo.operations.store import overview

WARNINGS: Final = ("disk", "backup")
"""What pages say an administrator has to see to, as keys of ``warning``."""
BEHIND_S: Final = 60
"""The worker seals each second: rows that wait longer say that there is none."""


class BackupState(TypedDict):
    """When the last good backup was made, and whether that is too long ago or one failed since."""

    last: str | None
    late: bool
    failed: bool


class DiskState(TypedDict):
    """Room on the disk, and what is kept free of it."""

    free_mb: int
    reserve_mb: int
    used_share: float


class ProcessStates(TypedDict):
    """What is heard of the processes beside those that answer."""

    worker: WorkerLife
    engine: EngineLife


class Readiness(TypedDict):
    """What a stranger may know.

    `status` is "ready", or "read_only" while the disk is nearly full; then `detail` says so.
    `worker` is "ok", or "behind" where rows of the audit wait to be sealed. `engine` is "ready",
    "warming", "idle" where nothing was computed yet, or "down": all but what-if is answered without
    it. `processes` says of both whether they live and when they were last heard of, and which
    engine it is. `disk` is absent where nobody watches it. `warnings` names what to see to. The age
    of the layers in memory is that of the process that answers.
    """

    status: str
    revision: str | None
    worker: str
    engine: str
    processes: ProcessStates
    backup: BackupState
    disk: NotRequired[DiskState]
    warnings: list[str]
    snapshot_age_s: NotRequired[float | None]
    detail: NotRequired[str]


def check_readiness(engine: Engine, client: EngineClient, settings: Settings) -> Readiness:
    """Return whether this installation can answer.

    Parameters
    ----------
    engine
        Pool of the service.
    client
        Of the engine of coverage.
    settings
        Say the home.

    Raises
    ------
    StateError
        If the tables do not fit this program.
    UnavailableError
        If the database does not answer.
    """
    revision = database.fitting_revision(engine)
    behind, worker = _worker_life(engine)
    coverage = processes.ask_engine(client)
    found: Readiness = {
        "status": "ready",
        "revision": revision,
        "worker": "behind" if behind else "ok",
        "engine": coverage.state,
        "processes": {"worker": worker, "engine": coverage},
        "backup": _last_backup(settings),
        "warnings": list_warnings(engine, settings),
    }
    left = database.guard_of(engine)
    if left is not None:
        found["disk"] = {
            "free_mb": left.free_mb,
            "reserve_mb": left.reserve_mb,
            "used_share": round(left.used_share, 3),
        }
        if left.low:
            found["status"] = "read_only"
    return found


def list_warnings(engine: Engine, settings: Settings) -> list[str]:
    """Return which of `WARNINGS` hold now.

    A backup is missed where one is to be made every night, or was made once.

    Parameters
    ----------
    engine
        Pool of the service.
    settings
        Say the home, and whether there are nightly backups.
    """
    guard, kept = database.guard_of(engine), journal.read_journal(settings.home)
    expected = settings.backup_dir is not None or bool(kept.at)
    missed = expected and (bool(kept.failed_at) or kept.is_late(datetime.now(UTC)))
    found = {"disk": guard is not None and guard.tight, "backup": missed}
    return [name for name in WARNINGS if found[name]]


def _last_backup(settings: Settings) -> BackupState:
    found = journal.read_journal(settings.home)
    late, failed = found.is_late(datetime.now(UTC)), bool(found.failed_at)
    return {"last": found.at or None, "late": late, "failed": failed}


def _worker_life(engine: Engine) -> tuple[bool, processes.WorkerLife]:
    """Return whether rows of the audit wait too long, and when a worker was last heard of."""
    with transaction.open_as(engine, principal.NOBODY) as connection:
        transaction.set_row_security(connection, principal.NOBODY, "audit")
        behind = stored.unsealed_tail(connection)[2] > BEHIND_S
        heard = overview.read_heartbeat(connection)
    return behind, processes.judge_worker(heard)
