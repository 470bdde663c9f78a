"""Files out as jobs: made with the rights of the account."""

from pathlib import Path

from sqlalchemy import Engine

from geo.access.audit import export_log
from geo.base.json_objects import JobResult
from geo.operations.jobs import results
from geo.operations.jobs.job import Work
from geo.operations.store import loaded_rows
from geo.store import db


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


def run_export(work: Work) -> JobResult:
    """Write a layer as a file; the row of the register is written before it."""
    from geo.exchange.publish import export as layer_export
    from geo.files import writers

    work.who.require("export")
    who, asked, layer = work.who.cut("export"), work.job.asked, str(work.job.layer)
    zone, reason = work.config.timezone, asked["reason"]
    work.progress("jobs.reading", 0, 0)
    srid = layer_export.target_srid(work.engine, asked["crs"])
    frame = layer_export.read_layer(work.engine, who, layer, srid=srid, timezone=zone)
    name = f"{layer}.{asked['format']}"
    register = export_log.register_file(
        work.engine, who, Path(name), what=layer, rows=len(frame), reason=reason
    )
    work.progress("jobs.writing", 0, 0)
    path = results.empty_folder(work) / name
    mark = export_log.watermark_text(who, reason, timezone=zone)
    writers.write_file(frame, path, layer=layer, mark=mark)
    return results.result_values(who, path, len(frame), register)
