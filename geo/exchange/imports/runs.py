"""Import runs: read, undone, and their quarantined rows exported for correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base.errors import InputError, StateError
from geo.base.json_objects import Cells
from geo.base.words import say
from geo.cameras.store import compliance
from geo.exchange.imports import run_events
from geo.files import writers
from geo.files.checks import Finding
from geo.incidents.store import history
from geo.store import db, undo
from geo.store import import_runs as stored_runs
from geo.store.import_runs import ImportRun
from geo.store.undo import UndoCounts

if TYPE_CHECKING:
    import pandas as pd

NEWEST = 50
MOVED_SHOWN = 20


@dataclass(frozen=True)
class RunReport:
    """One run with all its findings."""

    run: ImportRun
    findings: tuple[Finding, ...]


def newest_runs(engine: Engine, *, limit: int = NEWEST) -> pd.DataFrame:
    """Return the newest runs, the last first; see :func:`geo.store.import_runs.newest_runs`.

    Parameters
    ----------
    limit
        Most rows.

    Returns
    -------
    pd.DataFrame
        Columns as :func:`geo.store.import_runs.newest_runs`.
    """
    with db.open_transaction(engine) as connection:
        return stored_runs.newest_runs(connection, limit=limit)


def show_run(engine: Engine, run: int, *, who: Principal) -> RunReport:
    """Return one run with its findings.

    Parameters
    ----------
    run
        Number of the run.
    who
        Must be permitted to see the layer of the run.

    Raises
    ------
    NotFoundError
        If there is no such run.
    ForbiddenError
        If its layer is not open to `who`.
    """
    with db.open_transaction(engine) as connection:
        row = stored_runs.read_run(connection, run)
        who.require_layer(row.layer)
        found = stored_runs.read_findings(connection, run)
    return RunReport(row, tuple(Finding(**vars(each)) for each in found))


def undo_run(engine: Engine, run: int, *, who: Principal) -> UndoCounts:
    """Restore everything to its state before a run; audited.

    Figures that were computed since then stay until they are computed again.

    Parameters
    ----------
    run
        Number of the run.
    who
        Recorded as the one who undid it.

    Raises
    ------
    NotFoundError
        If there is no such run.
    StateError
        If it was undone or held, lies back too far, or later runs changed the same rows: these come
        first.
    """
    with db.open_transaction(engine) as connection:
        db.take_turn(connection, db.IMPORTING)
        row = stored_runs.read_run(connection, run)
        if row.state != "done":
            raise StateError(f"import.is_{row.state}", run=run)
        if undo.is_forgotten(connection, run):
            raise StateError("import.undo_data_gone", run=run)
        later = undo.later_runs(connection, run)
        if later:
            named = "、".join(f"{each.run}（{each.source}）" for each in later)
            raise StateError("import.built_upon", run=run, later=named, newest=later[0].run)
        if row.layer == "incidents":
            _require_unmoved(connection, run)
        done = undo.undo_changes(connection, run)
        compliance.forget_changes(connection, run)
        if row.layer == "areas":
            _settle(connection)
        stored_runs.mark_undone(connection, run, by=who.account)
        run_events.add_run_event(connection, row.layer, "undone", run)
        counts = {"removed": done.removed, "restored": done.restored}
        facts = {"run": run, "layer": row.layer, "sha256": row.file_sha256, **counts}
        audit.record(connection, who, "import.undo", row.source, facts=facts)
    return done


def write_quarantine(engine: Engine, run: int, out: Path, *, who: Principal, lang: str) -> int:
    """Write the quarantined rows of a run for correction, with the fault of each.

    The columns are those of the file as it came, then the row's number in it and what to do.
    Corrected, the file goes back by ``govgrid import retry RUN FILE``.

    Parameters
    ----------
    run
        Number of the run.
    out
        CSV or XLSX file to write.
    who
        Must be permitted to see the layer of the run.
    lang
        Language of the remarks, "zh" or "en".

    Returns
    -------
    int
        How many rows were written.

    Raises
    ------
    NotFoundError
        If there is no such run.
    ForbiddenError
        If its layer is not open to `who`.
    StateError
        If it has no rows in quarantine.
    InputError
        If the file cannot be written.
    """
    if writers.require_ending(out) not in (".csv", ".xlsx"):
        raise InputError("export.ending", file=out.name, known=".csv .xlsx")
    report = show_run(engine, run, who=who)
    with db.open_transaction(engine) as connection:
        waiting = stored_runs.read_quarantine(connection, run)
    if not waiting:
        raise StateError("import.nothing_waits", run=run)
    table = _to_mend(waiting, report.findings, lang)
    writers.write_file(table, out, layer=say("import.quarantine", lang))
    return len(table)


def _require_unmoved(connection: Connection, run: int) -> None:
    """Refuse to undo incidents that were moved here: their history would go with them."""
    codes = undo.changed_codes(connection, run, "incident")
    moved = history.moved_incidents(connection, codes, most=MOVED_SHOWN + 1)
    if moved:
        named = "、".join(moved[:MOVED_SHOWN]) + (" …" if len(moved) > MOVED_SHOWN else "")
        raise StateError("import.incidents_moved", run=run, codes=named)


def _settle(connection: Connection) -> None:
    """Derive anew what follows from the areas."""
    from geo.areas.store import versions as area_versions
    from geo.cameras.store import grid_of_camera

    area_versions.rebuild_derived(connection)
    grid_of_camera.rebuild_grids(connection)


def _to_mend(waiting: Mapping[int, Cells], findings: Sequence[Finding], lang: str) -> pd.DataFrame:
    """Return rows as they came, with their number and what is to be done."""
    import pandas as pd

    table = pd.DataFrame(list(waiting.values()), dtype=object)
    table[say("marked.row", lang)] = list(waiting)
    table[say("marked.status", lang)] = say("marked.taken.error", lang)
    table[say("marked.remark", lang)] = [
        " ".join(
            f"{f.column}：{f.advice(lang)}"
            for f in findings
            if f.row == row and f.severity == "error"
        )
        for row in waiting
    ]
    return table
