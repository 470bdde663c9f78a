"""Whether this installation can answer: database, tables, disk, worker."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Engine

from geo.access import principal, transaction
from geo.access.store import audit as stored
from geo.base.settings import Settings
from geo.coverage.engine.client import EngineClient
from geo.operations import database, processes
from geo.operations.backup import journal
from geo.operations.store import overview

BEHIND_S: Final = 60
"""The worker seals each second: rows that wait longer say that there is none."""


def check_readiness(engine: Engine, client: EngineClient, settings: Settings) -> dict[str, Any]:
    """Return what a stranger may know: `status`, `revision`, processes, `backup`, `disk`.

    `status` is "ready", or "read_only" while the disk is nearly full. `worker` is "ok", or "behind"
    where rows of the audit wait to be sealed. `engine` is "ready", "warming", "idle" where nothing
    was computed yet, or "down": all but what-if is answered without it. `processes` says of both
    whether they live and when they were last heard of, and which engine it is. `backup` says when
    the last good one was made, and whether that is too long ago. `warnings` names what to see to.

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
    found: dict[str, Any] = {
        "status": "ready",
        "revision": revision,
        "worker": "behind" if behind else "ok",
        "engine": coverage.state,
        "processes": {"worker": asdict(worker), "engine": asdict(coverage)},
        "backup": _last_backup(settings),
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
    found["warnings"] = list_warnings(engine, settings)
    return found


def list_warnings(engine: Engine, settings: Settings) -> list[str]:
    """Return what an administrator has to see to: "disk", "backup", as keys of ``warning``.

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
    return [name for name, holds in found.items() if holds]


def _last_backup(settings: Settings) -> dict[str, Any]:
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
