"""Running one job: with the rights of its account, its progress kept, its end announced."""

import time
from collections.abc import Mapping
from dataclasses import replace
from threading import Event
from typing import Any, Final

from sqlalchemy import Engine

from geo.access.accounts import local_cli
from geo.base.errors import GovgridError, UnavailableError
from geo.base.settings import Settings
from geo.operations.jobs.coverage import run_coverage
from geo.operations.jobs.exports import run_export
from geo.operations.jobs.imports import run_import
from geo.operations.jobs.job import Job, RunKind, Work
from geo.operations.jobs.reports import run_report
from geo.operations.store import jobs as stored
from geo.store import db, session_lock

MOST_ATTEMPTS: Final = 3
TOLD_EVERY_S: Final = 0.5
KINDS: Final[Mapping[str, RunKind]] = {
    "import": run_import,
    "coverage": run_coverage,
    "export": run_export,
    "report": run_report,
}


class AgainError(Exception):
    """The job is to be run again: it was interrupted, or runs elsewhere."""


class _CancelledError(Exception):
    """The end of the job was asked for."""


def run_job(engine: Engine, config: Settings, number: str, *, stop: Event) -> None:
    """Run a job to its end, whatever that is, and store it.

    Parameters
    ----------
    engine
        A pool of the owner of the tables, of three connections or more.
    config
        Of the installation.
    number
        Id.
    stop
        Set where the worker is to end: the job is interrupted and waits again.

    Raises
    ------
    AgainError
        If it is to be run again.
    """
    try:
        with session_lock.open_session(engine) as session:
            # who was killed holds it until the server notices; then it is another's
            if not session_lock.try_named_lock(session, f"job {number}"):
                raise AgainError
            job = _claimed(engine, number)
            if job is not None:
                _run(engine, config, job, stop)
    except UnavailableError as error:
        raise AgainError from error


def _claimed(engine: Engine, number: str) -> Job | None:
    """Return the job as it begins; None where it has ended, or is given up."""
    with db.open_transaction(engine) as connection:
        row = stored.claim_job(connection, number)
        job = None if row is None else Job(**row)
        if job is None:
            return None
        if job.cancel_asked:
            stored.finish_job(connection, number, "cancelled")
            return None
        if job.attempts > MOST_ATTEMPTS:
            error = {"key": "jobs.gave_up", "facts": {"attempts": MOST_ATTEMPTS}}
            stored.finish_job(connection, number, "failed", error=error)
            return None
        return job


def _run(engine: Engine, config: Settings, job: Job, stop: Event) -> None:
    try:
        who = local_cli.acting_principal(engine, job.account_name)
        who = replace(who, address=str(job.asked.get("address", "")))
        work = Work(engine, config, who, job, _Reporter(engine, job, stop))
        result = KINDS[job.kind](work)
    except _CancelledError:
        _finish(engine, job, "cancelled")
    except (AgainError, UnavailableError) as error:
        with db.open_transaction(engine) as connection:
            # who was asked to end did; a database that went may have gone because of the job
            stored.release_job(connection, job.id, forgiven=isinstance(error, AgainError))
        raise AgainError from error
    except GovgridError as error:
        _finish(engine, job, "failed", error={"key": error.key, "facts": _plain(error.facts)})
    except Exception as error:  # a mistake of the program: the others go on
        facts = {"reason": type(error).__name__}
        _finish(engine, job, "failed", error={"key": "jobs.broke", "facts": facts})
    else:
        _finish(engine, job, "done", result=result)


def _finish(engine: Engine, job: Job, state: str, **values: Mapping[str, Any]) -> None:
    with db.open_transaction(engine) as connection:
        stored.finish_job(connection, job.id, state, **values)


def _plain(facts: Mapping[str, object]) -> dict[str, Any]:
    kept = (str, int, float, bool, type(None))
    return {k: v if isinstance(v, kept) else str(v) for k, v in facts.items()}


class _Reporter:
    """Stores progress at each new step and twice a second, and ends what is to end."""

    def __init__(self, engine: Engine, job: Job, stop: Event) -> None:
        self._engine, self._job, self._stop = engine, job, stop
        self._due = 0.0
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Store how far a step is.

        Raises
        ------
        AgainError
            If the worker is to end.
        """
        if self._stop.is_set():
            raise AgainError
        if step == self._step and time.monotonic() < self._due:
            return
        self._step = step
        self._due = time.monotonic() + TOLD_EVERY_S
        with db.open_transaction(self._engine) as connection:
            if stored.record_progress(connection, self._job.id, step, done, total):
                raise _CancelledError
