"""What accounts ask of jobs: making, reading, listing, cancelling, running again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine
from typing_extensions import TypedDict

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import RESTRICTED_LAYERS, Principal
from geo.base.errors import GovgridError, InputError, NotFoundError, StateError
from geo.base.words import say
from geo.operations.jobs.imports import STEPS
from geo.operations.jobs.job import ENDED, TURNS, Job
from geo.operations.jobs.results import RIGHTS
from geo.operations.store import jobs as stored

MOST_LISTED: Final = 200
OVERSEE: Final = "accounts"
"""Who may this sees the jobs of all accounts."""


class ProgressAnswer(TypedDict):
    """How far a step is; the numbers are None where they are not known."""

    text: str
    done: int | None
    total: int | None


class JobAnswer(TypedDict):
    """A job as answers state it; what `result` holds depends on its kind."""

    id: str
    kind: str
    account: str
    layer: str | None
    source: str | None
    state: str
    step: str | None
    progress: ProgressAnswer | None
    result: Mapping[str, Any] | None
    error: str | None
    attempts: int
    created_at: str
    started_at: str | None
    ended_at: str | None


def make_job(
    engine: Engine,
    who: Principal,
    kind: str,
    *,
    layer: str | None = None,
    source: str | None = None,
    asked: Mapping[str, Any] | None = None,
    start: bool = True,
) -> Job:
    """Make a job and return it.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        With whose rights it runs.
    kind
        import, coverage, export or report.
    layer, source
        What it is about.
    asked
        Values of JSON.
    start
        Whether it is put into the queue at once.
    """
    row = {
        "kind": kind,
        "account": who.id,
        "account_name": who.account,
        "layer": layer,
        "source": source,
        "asked": {**(asked or {}), "address": who.address},
    }
    with transaction.open_as(engine, who) as connection:
        number = stored.insert_job(connection, row)
        if start:
            _enqueue(connection, who, _read(connection, number))
        return _read(connection, number)


def read_job(engine: Engine, who: Principal, number: str) -> Job:
    """Return a job.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        Sees own jobs, or all with the right to administer accounts.
    number
        Id.

    Raises
    ------
    NotFoundError
        If there is none that may be seen.
    """
    with transaction.open_as(engine, who) as connection:
        return _read(connection, number)


def list_jobs(engine: Engine, who: Principal, *, kind: str | None, own: bool) -> list[Job]:
    """Return the newest jobs that may be seen, the last first.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        Who asks.
    kind
        None: every kind.
    own
        Whether those of others are left out.
    """
    with transaction.open_as(engine, who) as connection:
        rows = stored.list_jobs(
            connection,
            kind=kind,
            account=who.id if own or not who.may(OVERSEE) else None,
            limit=MOST_LISTED,
        )
        return [Job(**row) for row in rows]


def start_step(
    engine: Engine,
    who: Principal,
    number: str,
    step: str,
    options: Mapping[str, Any],
    *,
    findings: Mapping[str, str] | None = None,
) -> Job:
    """Have the next step of an import done: preview, dry_run, take or undo.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        Whose import it is.
    number
        Id of the import.
    step
        One of ``STEPS``.
    options
        Fields of :class:`geo.exchange.imports.options.ImportOptions`, as values of JSON.
    findings
        ``format`` and ``lang`` of the file with its findings beside; None: it is not written.

    Raises
    ------
    StateError
        If a step of it runs, its file was taken already, or nothing was taken that could be undone.
    """
    if step not in STEPS:
        raise InputError("jobs.step", found=step, known=", ".join(STEPS))
    with transaction.open_as(engine, who) as connection:
        job = _own(connection, who, number)
        _require_idle(job)
        run = _taken_run(job)
        if step == "undo" and run is None:
            raise StateError("jobs.nothing_taken")
        if step != "undo" and run is not None:
            raise StateError("jobs.taken", run=run)
        asked = {"step": step, "options": dict(options), "run": run, "address": who.address}
        if findings is not None and step != "undo":
            asked["findings"] = dict(findings)
        stored.store_asked(connection, number, asked)
        _enqueue(connection, who, replace(job, asked=asked))
        return _read(connection, number)


def cancel_job(engine: Engine, who: Principal, number: str) -> Job:
    """Cancel a job that waits, or ask for the end of one that runs; one that ended stays.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        Whose job it is, or who oversees all.
    number
        Id.
    """
    with transaction.open_as(engine, who) as connection:
        job = _read(connection, number)
        if job.state not in ENDED:
            stored.dequeue_job(connection, number)
            facts = {"job": number, "account": job.account_name}
            audit.record(connection, who, "job.cancel", job.kind, facts=facts)
        return _read(connection, number)


def retry_job(engine: Engine, who: Principal, number: str) -> Job:
    """Run a job again that failed or was cancelled.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        Whose job it is.
    number
        Id.

    Raises
    ------
    StateError
        If it neither failed nor was cancelled.
    """
    with transaction.open_as(engine, who) as connection:
        job = _own(connection, who, number)
        if job.state not in ("failed", "cancelled"):
            raise StateError("jobs.not_failed", state=job.state)
        _enqueue(connection, who, job)
        return _read(connection, number)


def forget_job(engine: Engine, who: Principal, number: str) -> None:
    """Forget a job whose making failed.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        Whose job it is.
    number
        Id.
    """
    with transaction.open_as(engine, who) as connection:
        stored.delete_job(connection, number)


def job_values(job: Job, who: Principal, lang: str) -> JobAnswer:
    """Return a job for an answer, its sentences in a language.

    Parameters
    ----------
    job
        As read.
    who
        Who may not see restricted zones gets only numbers of files of them.
    lang
        "zh" or "en".
    """
    return {
        "id": job.id,
        "kind": job.kind,
        "account": job.account_name,
        "layer": job.layer,
        "source": job.source,
        "state": job.state,
        "step": job.asked.get("step"),
        "progress": _progress(job, lang),
        "result": _result(job, who, lang),
        "error": None if job.error is None else _sentence(job.error, lang),
        "attempts": job.attempts,
        "created_at": job.created_at.isoformat(timespec="milliseconds"),
        "started_at": _time(job.started_at),
        "ended_at": _time(job.ended_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")


def _result(job: Job, who: Principal, lang: str) -> Mapping[str, Any] | None:
    if job.result is None or "findings" not in job.result:
        shown = None if job.result is None else dict(job.result)
        if shown is not None:
            shown.pop(RIGHTS, None)
        return shown
    from geo.exchange.imports.report import translate_findings

    found: dict[str, Any] = {**translate_findings(job.result, lang)}
    if "file_error" in found:
        found["file_error"] = _sentence(found["file_error"], lang)
    if job.layer in RESTRICTED_LAYERS and not who.sees_restricted:
        return {**found, "findings": [], "preview": None, "held": None}
    return found


def _progress(job: Job, lang: str) -> ProgressAnswer | None:
    if job.state != "running" or job.step is None:
        return None
    return {"text": say(job.step, lang), "done": job.done or None, "total": job.total or None}


def _sentence(error: Mapping[str, Any], lang: str) -> str:
    return GovgridError(error["key"], **error["facts"]).text(lang)


def _taken_run(job: Job) -> int | None:
    """Return the run that an import has written, where it was not undone."""
    result = job.result or {}
    if result.get("step") == "take" and not result.get("refused"):
        return result.get("run")
    undone = result.get("step") == "undo"
    return None if undone else job.asked.get("run")


def _own(connection: Connection, who: Principal, number: str) -> Job:
    """Return a job of the principal itself: nobody has work done with rights of somebody else."""
    job = _read(connection, number)
    if job.account != who.id:
        raise NotFoundError("jobs.unknown")
    return job


def _require_idle(job: Job) -> None:
    if job.state in ("waiting", "running"):
        raise StateError("jobs.busy", state=job.state)


def _enqueue(connection: Connection, who: Principal, job: Job) -> None:
    stored.enqueue_job(connection, job.id, TURNS[job.kind])
    facts = {"job": job.id, "layer": job.layer, "step": job.asked.get("step")}
    audit.record(connection, who, "job.start", job.kind, facts=facts)


def _read(connection: Connection, number: str) -> Job:
    try:
        row = stored.read_job(connection, str(UUID(number)))
    except ValueError:
        row = None
    if row is None:
        raise NotFoundError("jobs.unknown")
    return Job(**row)
