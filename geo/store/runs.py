"""Import runs and their findings: where each row came from and what was wrong with the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from geo.store import frames
from geo.store.tables import Change


def begin(connection: Connection, run: Mapping[str, Any]) -> int:
    """Write a run (layer, source, file_sha256, options, by_whom) and return its number."""
    return int(
        connection.execute(
            text(
                "INSERT INTO govgrid.import_run (layer, source, file_sha256, options, by_whom,"
                " read, inserted, updated, unchanged, quarantined) VALUES (:layer, :source,"
                " :file_sha256, CAST(:options AS jsonb), :by_whom, 0, 0, 0, 0, 0) RETURNING id"
            ),
            {**run, "options": frames.to_json(run["options"])},
        ).scalar_one()
    )


def finish(
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


def write_findings(connection: Connection, run: int, findings: Sequence[Mapping[str, Any]]) -> None:
    """Write the findings of a run: row, column, code, severity, value, suggested, facts."""
    if findings:
        frames.copy_in(connection, "import_finding", pd.DataFrame(findings).assign(import_run=run))
