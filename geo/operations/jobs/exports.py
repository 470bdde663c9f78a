"""Files out as jobs: made with the rights of the account, fetched while these are the same."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.audit import export_log
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base.errors import ForbiddenError, NotFoundError, StateError
from geo.base.settings import Settings
from geo.operations import uploads
from geo.operations.jobs.job import Job, Work
from geo.operations.store import loaded_rows
from geo.store import db

RIGHTS: Final = "rights"
"""Of the result: under which grants the file was made; nobody is told."""


def is_large(engine: Engine, layer: str, most: int) -> bool:
    """Return whether a layer has more rows than an answer should wait for.

    Parameters
    ----------
    layer
        As it is exported; of those that are not counted none is large.
    most
        Rows.
    """
    with db.open_transaction(engine) as connection:
        return loaded_rows.count_layer(connection, layer) > most


def run_export(work: Work) -> Mapping[str, Any]:
    """Write a layer as a file; the row of the register is written before it."""
    from geo.exchange.publish import export as layer_export
    from geo.files import writers

    work.who.require("export")
    who, asked, layer = work.who.cut("export"), work.job.asked, str(work.job.layer)
    zone, reason = work.config.timezone, asked["reason"]
    work.progress("jobs.reading", 0, 0)
    srid = layer_export.target_srid(work.engine, asked["crs"])
    frame = layer_export.read_layer(work.engine, who, layer, srid=srid, timezone=zone)
    folder = uploads.upload_folder(work.config.home, work.job.id)
    path = folder / f"{layer}.{asked['format']}"
    register = export_log.register_file(
        work.engine, who, path, what=layer, rows=len(frame), reason=reason
    )
    work.progress("jobs.writing", 0, 0)
    uploads.remove_files(work.config.home, work.job.id)  # of an attempt that was cut off
    folder.mkdir(parents=True, mode=0o700)
    mark = export_log.watermark_text(who, reason, timezone=zone)
    writers.write_file(frame, path, layer=layer, mark=mark)
    return {
        "file": path.name,
        "rows": len(frame),
        "bytes": path.stat().st_size,
        "register": register,
        RIGHTS: _rights(who),
    }


def find_result(engine: Engine, who: Principal, job: Job, config: Settings) -> Path:
    """Return the file of an export, for the account that had it made.

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
        If it is no export, or not done.
    ForbiddenError
        If other grants hold now than when it was made.
    """
    if job.account != who.id:
        raise NotFoundError("jobs.unknown")
    if job.kind != "export" or job.state != "done" or job.result is None:
        raise StateError("jobs.no_result", state=job.state)
    if job.result[RIGHTS] != _rights(who):
        raise ForbiddenError("jobs.other_rights")
    path = uploads.upload_folder(config.home, job.id) / str(job.result["file"])
    if not path.is_file():
        raise NotFoundError("jobs.file_gone")
    with transaction.open_as(engine, who) as connection:
        facts = {"job": job.id, "register": job.result["register"]}
        audit.record(connection, who, "job.fetch", str(job.layer), facts=facts)
    return path


def _rights(who: Principal) -> str:
    told = repr((who.unit_code, sorted(map(repr, who.grants))))
    return hashlib.sha256(told.encode()).hexdigest()
