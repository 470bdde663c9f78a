"""Files that jobs make: for the account that had them made, while its grants are the same."""

import hashlib
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base.errors import ForbiddenError, NotFoundError, StateError
from geo.base.json_objects import JobResult
from geo.base.settings import Settings
from geo.operations import uploads
from geo.operations.jobs.imports import FINDINGS
from geo.operations.jobs.job import Job, Work

RIGHTS: Final = "rights"
"""Of the result: under which grants the file was made; answers leave it out."""
MAKING: Final = ("export", "report")
"""Kinds of jobs that make a file."""


def empty_folder(work: Work) -> Path:
    """Return a new folder for the file of a job, in the place of one of an attempt cut off."""
    folder = uploads.upload_folder(work.config.home, work.job.id)
    uploads.remove_files(work.config.home, work.job.id)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def result_values(who: Principal, path: Path, rows: int, register: str) -> JobResult:
    """Return the result of a job that has made a file, as values of JSON.

    Parameters
    ----------
    who
        With whose grants it was made.
    path
        The file.
    rows
        How many it has.
    register
        Number of its row in the register of exports.
    """
    return {
        "file": path.name,
        "rows": rows,
        "bytes": path.stat().st_size,
        "register": register,
        RIGHTS: _rights(who),
    }


def find_result(engine: Engine, who: Principal, job: Job, config: Settings) -> Path:
    """Return the file of an export or a report, for the account that had it made.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        Who fetches it, with the grants that permit exports.
    job
        As read.
    config
        Says the home.

    Raises
    ------
    NotFoundError
        If the job is another's, or its file was cleared away.
    StateError
        If it makes no file, or is not done.
    ForbiddenError
        If other grants hold now than when it was made.
    """
    if job.account != who.id:
        raise NotFoundError("jobs.unknown")
    if job.kind not in MAKING or job.state != "done" or job.result is None:
        raise StateError("jobs.no_result", state=job.state)
    if job.result[RIGHTS] != _rights(who):
        raise ForbiddenError("jobs.other_rights")
    path = uploads.upload_folder(config.home, job.id) / str(job.result["file"])
    return _fetched(engine, who, job, path, register=job.result["register"])


def find_findings(engine: Engine, who: Principal, job: Job, config: Settings) -> Path:
    """Return an uploaded file with its findings beside, for the account that brought it.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        Who fetches it, with the grants that permit imports.
    job
        As read.
    config
        Says the home.

    Raises
    ------
    NotFoundError
        If the job is another's, or its file was cleared away.
    StateError
        If the last step was not done, or did not ask for the file.
    ForbiddenError
        If an area limits the account by now, or the layer is closed to it.
    """
    if job.account != who.id or job.kind != "import":
        raise NotFoundError("jobs.unknown")
    who.require_whole()
    who.require_layer(str(job.layer))
    name = (job.result or {}).get("file")
    if job.state != "done" or name is None:
        raise StateError("jobs.no_result", state=job.state)
    folder = uploads.upload_folder(config.home, job.id) / FINDINGS
    return _fetched(engine, who, job, folder / str(name), step=job.asked["step"])


def _fetched(engine: Engine, who: Principal, job: Job, path: Path, **facts: object) -> Path:
    if not path.is_file():
        raise NotFoundError("jobs.file_gone")
    with transaction.open_as(engine, who) as connection:
        values = {"job": job.id, **facts}
        audit.record(connection, who, "job.fetch", str(job.layer), facts=values)
    return path


def _rights(who: Principal) -> str:
    rights = repr((who.unit_code, sorted(map(repr, who.grants))))
    return hashlib.sha256(rights.encode()).hexdigest()
