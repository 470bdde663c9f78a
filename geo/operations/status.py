"""Status of an installation on one page: versions, sizes, backup, computation, queue, errors."""

import platform
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from geo import __version__
from geo.access.audit import verify as audit_verification
from geo.base.errors import GovgridError, StoreError
from geo.base.settings import Settings
from geo.coverage.engine.client import EngineClient
from geo.coverage.store import results
from geo.incidents import file_store
from geo.operations import database, processes, readiness, server_complaints
from geo.operations.backup import journal, point_in_time
from geo.operations.store import overview
from geo.store import db
from geo.store.cluster import cluster

MB: Final = 1_000_000


@dataclass(frozen=True)
class Status:
    """What an administrator looks at; values are None where the database did not answer.

    Attributes
    ----------
    problem
        Why the database did not answer, "" where it did.
    engine
        State of the engine: ready, warming, idle or down.
    engine_heartbeat_s, worker_heartbeat_s
        How many seconds ago they were last heard of.
    unsealed_s
        Age of the oldest audit row that waits to be sealed: a worker runs where it is small.
    errors
        Complaints of the database server in its logs of the last week, by severity.
    warnings
        As of ``/readyz``.
    """

    program: str
    python: str
    home: str
    running: bool
    problem: str = ""
    revision: str | None = None
    newest_revision: str = ""
    server: str | None = None
    postgis: str | None = None
    database_mb: float | None = None
    files_mb: float = 0.0
    free_mb: int | None = None
    used_share: float | None = None
    backup_at: str | None = None
    backup_failed_at: str | None = None
    verified_at: str | None = None
    archiving: bool = False
    computed_at: str | None = None
    jobs_waiting: int | None = None
    jobs_running: int | None = None
    jobs_failed: int | None = None
    unsealed_s: float | None = None
    worker_alive: bool | None = None
    worker_heartbeat_s: float | None = None
    engine: str | None = None
    engine_epoch: int | None = None
    engine_heartbeat_s: float | None = None
    errors: dict[str, int] | None = None
    warnings: tuple[str, ...] = ()


def read_status(settings: Settings) -> Status:
    """Return the status of an installation; nothing is started or changed."""
    kept = journal.read_journal(settings.home)
    own = settings.database_url is None
    known: dict[str, Any] = {
        "program": __version__,
        "python": platform.python_version(),
        "home": str(settings.home),
        "running": cluster.is_running(settings.home) if own and settings.home.is_dir() else not own,
        "newest_revision": db.newest_revision(),
        "files_mb": round(_size_of(settings.home / file_store.FOLDER) / MB, 1),
        "backup_at": kept.at or None,
        "backup_failed_at": kept.failed_at or None,
        "verified_at": kept.verified_at or None,
        "archiving": point_in_time.archive_folder(settings.home) is not None,
        **_read_disk(settings),
    }
    if own and settings.home.is_dir():
        known["errors"] = server_complaints.count_complaints(settings)
    if known["running"]:
        known |= _ask_database(settings) | _ask_engine(settings)
    return Status(**known)


def _ask_database(settings: Settings) -> dict[str, Any]:
    try:
        with database.reach_database(settings) as engine:
            revision = db.current_revision(engine)
            found: dict[str, Any] = {
                "revision": revision,
                "warnings": tuple(readiness.list_warnings(engine, settings)),
            }
            return found | (_read_tables(engine) if revision == db.newest_revision() else {})
    except GovgridError as error:
        return {"problem": error.text(settings.lang), "running": not isinstance(error, StoreError)}


def _ask_engine(settings: Settings) -> dict[str, Any]:
    found = processes.ask_engine(EngineClient(settings.home))
    return {
        "engine": found.state,
        "engine_epoch": found.epoch,
        "engine_heartbeat_s": found.heartbeat_s,
    }


def _read_tables(engine: Engine) -> dict[str, Any]:
    with db.open_transaction(engine) as connection:
        found, run = overview.read_overview(connection), results.newest_run(connection)
        tail = audit_verification.unsealed_rows(connection)
        heard = overview.read_heartbeat(connection)
    worker = processes.judge_worker(heard)
    return {
        "server": found.server,
        "postgis": found.postgis,
        "database_mb": round(found.size_bytes / MB, 1),
        "computed_at": None if run is None else run.computed_at.astimezone(UTC).isoformat(),
        "jobs_waiting": found.waiting,
        "jobs_running": found.running,
        "jobs_failed": found.failed,
        "unsealed_s": round(tail.age_s, 1),
        "worker_alive": worker.alive,
        "worker_heartbeat_s": worker.heartbeat_s,
    }


def _read_disk(settings: Settings) -> dict[str, Any]:
    guard = database.disk_guard(settings) if settings.home.is_dir() else None
    if guard is None or not guard.folder.is_dir():
        return {}
    return {"free_mb": guard.free_mb, "used_share": round(guard.used_share, 3)}


def _size_of(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
