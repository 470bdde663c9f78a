"""Import runs: where each row came from, what was wrong with the rest, what waits to be mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from geo.base.errors import NotFoundError
from geo.store import frames, holding, statements
from geo.store.tables import Change

if TYPE_CHECKING:
    import pandas as pd

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
    """Remember from here on what changes as work of `run`, so that it can be undone; None: stop.

    Derived columns are computed anew instead of being remembered.
    """
    connection.execute(text(_REMEMBER), {"run": "" if run is None else str(run)})


def finish_run(
    connection: Connection, run: int, change: Change, *, read: int, quarantined: int
) -> None:
    """Write the counts of a run."""
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
    """Write the findings of a run: row, column, code, severity, value, suggested, facts."""
    if not findings.empty:
        frames.copy_in(connection, "import_finding", findings.assign(import_run=run))


def write_quarantine(
    connection: Connection, run: int, rows: Mapping[int, Mapping[str, object]]
) -> None:
    """Keep the rows that were not taken, by number: header → cell as written."""
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
    """Mark rows of a run's quarantine as taken by a later run; return how many were open."""
    solved = connection.execute(
        text(
            "UPDATE govgrid.import_quarantine SET solved_by = :by"
            " WHERE import_run = :run AND row = ANY(:rows) AND solved_by IS NULL"
        ),
        {"run": run, "rows": list(rows), "by": by},
    )
    return int(solved.rowcount)


def mark_undone(connection: Connection, run: int, *, by: str) -> None:
    """Mark a run as undone by somebody; rows that it solved wait again."""
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


def read_run(connection: Connection, run: int) -> dict[str, Any]:
    """Return one run as its row has it.

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
    return dict(row)


def newest_runs(connection: Connection, *, limit: int) -> pd.DataFrame:
    """Return the newest runs, the last first, with the rows of each that wait to be mended."""
    return frames.read_frame(
        connection,
        "SELECT r.id AS run, r.at, r.layer, r.source, r.state, r.by_whom, r.read, r.inserted,"
        " r.updated, r.unchanged, r.quarantined,"
        " (SELECT count(*) FROM govgrid.import_quarantine q"
        "  WHERE q.import_run = r.id AND q.solved_by IS NULL) AS open"
        " FROM govgrid.import_run r ORDER BY r.id DESC LIMIT :limit",
        {"limit": limit},
    )


def read_quarantine(connection: Connection, run: int) -> dict[int, dict[str, Any]]:
    """Return the rows of a run that wait to be mended, by number: header → cell, in order."""
    found = connection.execute(
        text(
            "SELECT row, cells FROM govgrid.import_quarantine"
            " WHERE import_run = :run AND solved_by IS NULL ORDER BY row"
        ),
        {"run": run},
    )
    return {each.row: each.cells for each in found}


def read_findings(connection: Connection, run: int) -> list[dict[str, Any]]:
    """Return the findings of a run in order of rows."""
    found = connection.execute(
        text(
            'SELECT row, "column", code, severity, value, suggested, facts'
            " FROM govgrid.import_finding WHERE import_run = :run ORDER BY row"
        ),
        {"run": run},
    )
    return [dict(row) for row in found.mappings()]
