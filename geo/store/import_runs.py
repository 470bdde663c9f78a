"""Import runs: origin of each row, findings on the others, and rows in quarantine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from geo.base.errors import NotFoundError
from geo.base.json_objects import Cells, SavedOptions
from geo.store import frames, holding, statements
from geo.store.tables import Change

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ImportRun:
    """A run as it is stored: what was imported by whom, what became of it."""

    id: int
    layer: str
    source: str
    file_sha256: str
    options: SavedOptions
    by_whom: str
    at: datetime
    read: int
    inserted: int
    updated: int
    unchanged: int
    quarantined: int
    state: str
    held: Mapping[str, Any] | None
    named: str | None
    retry_of: int | None
    undone_at: datetime | None
    undone_by: str | None
    undo_gone_at: datetime | None


@dataclass(frozen=True)
class StoredFinding:
    """A finding of a run; `facts` fill its sentence."""

    row: int
    column: str
    code: str
    severity: str
    value: str
    suggested: str
    facts: Mapping[str, object]


_REMEMBER = "SELECT set_config('govgrid.import_run', :run, true)"


def insert_run(connection: Connection, run: Mapping[str, Any]) -> int:
    """Write a run and return its number.

    Parameters
    ----------
    run
        layer, source, file_sha256, options, by_whom; if any, named (a saved source), retry_of,
        state and held.

    Raises
    ------
    StateError
        If the database is the demonstration's and the run is not.
    """
    if holding.MARK not in run["options"]:
        holding.require_no_demo(connection)
    row = {"named": None, "retry_of": None, "state": "done", "held": None, **run}
    held = None if row["held"] is None else statements.to_json(row["held"])
    return int(
        connection.execute(
            text(
                "INSERT INTO govgrid.import_run (layer, source, file_sha256, options, by_whom,"
                " named, retry_of, state, held,"
                " read, inserted, updated, unchanged, quarantined) VALUES (:layer, :source,"
                " :file_sha256, CAST(:options AS jsonb), :by_whom, :named, :retry_of, :state,"
                " CAST(:held AS jsonb), 0, 0, 0, 0, 0) RETURNING id"
            ),
            {**row, "options": statements.to_json(row["options"]), "held": held},
        ).scalar_one()
    )


def remember_changes(connection: Connection, run: int | None) -> None:
    """Record changes of rows as work of a run from here on, so that it can be undone.

    Derived columns are computed anew instead of being recorded.

    Parameters
    ----------
    connection
        Open transaction; recording ends with it.
    run
        Number of the run; None stops recording.
    """
    connection.execute(text(_REMEMBER), {"run": "" if run is None else str(run)})


def finish_run(
    connection: Connection, run: int, change: Change, *, read: int, quarantined: int
) -> None:
    """Write the counts of a run.

    Parameters
    ----------
    run
        Number of the run.
    change
        Rows inserted, updated and left unchanged.
    read
        Rows in the file.
    quarantined
        Rows with an error.
    """
    connection.execute(
        text(
            "UPDATE govgrid.import_run SET read = :read, inserted = :inserted,"
            " updated = :updated, unchanged = :unchanged, quarantined = :quarantined"
            " WHERE id = :run"
        ),
        {
            "run": run,
            "read": read,
            "inserted": change.inserted,
            "updated": change.updated,
            "unchanged": change.unchanged,
            "quarantined": quarantined,
        },
    )


def write_findings(connection: Connection, run: int, findings: pd.DataFrame) -> None:
    """Write the findings of a run.

    Parameters
    ----------
    run
        Number of the run.
    findings
        Columns ``row``, ``column``, ``code``, ``severity``, ``value``, ``suggested``, ``facts``;
        may be empty.
    """
    if not findings.empty:
        frames.copy_in(connection, "import_finding", findings.assign(import_run=run))


def write_quarantine(
    connection: Connection, run: int, rows: Mapping[int, Mapping[str, object]]
) -> None:
    """Store the rows that were not taken, for correction.

    Parameters
    ----------
    run
        Number of the run.
    rows
        Row number → header → cell as written.
    """
    if rows:
        import pandas as pd

        frame = pd.DataFrame(
            {
                "import_run": run,
                "row": list(rows),
                "cells": pd.Series([dict(cells) for cells in rows.values()], dtype=object),
            }
        )
        frames.copy_in(connection, "import_quarantine", frame)


def resolve_rows(connection: Connection, run: int, rows: Sequence[int], *, by: int) -> int:
    """Mark quarantined rows as taken by a later run; return how many were open.

    Parameters
    ----------
    run
        Run that put them into quarantine.
    rows
        Row numbers in its file.
    by
        Run that took them.
    """
    solved = connection.execute(
        text(
            "UPDATE govgrid.import_quarantine SET solved_by = :by"
            " WHERE import_run = :run AND row = ANY(:rows) AND solved_by IS NULL"
        ),
        {"run": run, "rows": list(rows), "by": by},
    )
    return int(solved.rowcount)


def mark_undone(connection: Connection, run: int, *, by: str) -> None:
    """Mark a run as undone; quarantined rows that it took are open again.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    by
        Account that undid it.
    """
    connection.execute(
        text(
            "UPDATE govgrid.import_run SET state = 'undone', undone_at = govgrid.now(),"
            " undone_by = :by WHERE id = :run"
        ),
        {"run": run, "by": by},
    )
    connection.execute(
        text("UPDATE govgrid.import_quarantine SET solved_by = NULL WHERE solved_by = :run"),
        {"run": run},
    )


def all_runs(connection: Connection) -> pd.DataFrame:
    """Return all runs, the last first; `moved` is when, `changed` whether it changed rows."""
    return frames.read_frame(
        connection,
        "SELECT id AS run, layer, source, state, at, by_whom, options ->> 'level' AS level, held,"
        " file_sha256, greatest(at, undone_at) AS moved,"
        " state = 'undone' OR (state = 'done' AND inserted + updated > 0) AS changed"
        " FROM govgrid.import_run ORDER BY id DESC",
    )


def open_runs(connection: Connection) -> pd.DataFrame:
    """Return the runs of which rows wait to be mended, with how many: run, layer, source, rows."""
    return frames.read_frame(
        connection,
        "SELECT r.id AS run, r.layer, r.source, count(*) AS rows FROM govgrid.import_quarantine q"
        " JOIN govgrid.import_run r ON r.id = q.import_run"
        " WHERE r.state = 'done' AND q.solved_by IS NULL GROUP BY r.id ORDER BY r.id",
    )


def read_run(connection: Connection, run: int) -> ImportRun:
    """Return one run.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.

    Raises
    ------
    NotFoundError
        If there is no such run.
    """
    found = connection.execute(
        text("SELECT * FROM govgrid.import_run WHERE id = :run"), {"run": run}
    ).mappings()
    row = found.one_or_none()
    if row is None:
        raise NotFoundError("import.no_run", run=run)
    return ImportRun(**row)


def newest_runs(connection: Connection, *, limit: int) -> pd.DataFrame:
    """Return the newest runs, the last first.

    Parameters
    ----------
    connection
        Open transaction.
    limit
        Most rows.

    Returns
    -------
    pd.DataFrame
        Columns ``run``, ``at``, ``layer``, ``source``, ``state``, ``by_whom``, counts, and
        ``open``: rows still in quarantine.
    """
    return frames.read_frame(
        connection,
        "SELECT r.id AS run, r.at, r.layer, r.source, r.state, r.by_whom, r.read, r.inserted,"
        " r.updated, r.unchanged, r.quarantined,"
        " (SELECT count(*) FROM govgrid.import_quarantine q"
        "  WHERE q.import_run = r.id AND q.solved_by IS NULL) AS open"
        " FROM govgrid.import_run r ORDER BY r.id DESC LIMIT :limit",
        {"limit": limit},
    )


def read_quarantine(connection: Connection, run: int) -> dict[int, Cells]:
    """Return the open rows of a run's quarantine: row number → header → cell, in order.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    """
    found = connection.execute(
        text(
            "SELECT row, cells FROM govgrid.import_quarantine"
            " WHERE import_run = :run AND solved_by IS NULL ORDER BY row"
        ),
        {"run": run},
    )
    return {each.row: each.cells for each in found}


def read_findings(connection: Connection, run: int) -> list[StoredFinding]:
    """Return the findings of a run in order of rows.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    """
    found = connection.execute(
        text(
            'SELECT row, "column", code, severity, value, suggested, facts'
            " FROM govgrid.import_finding WHERE import_run = :run ORDER BY row"
        ),
        {"run": run},
    )
    return [StoredFinding(**row) for row in found.mappings()]
