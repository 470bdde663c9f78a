"""Rows about cameras: only those of registered cameras are usable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from geo.cameras.store import codes as stored
from geo.files.checks import Finding

if TYPE_CHECKING:
    from geo.files.checks.checked_rows import CheckedRows


def keep_registered(connection: Connection, checked: CheckedRows) -> CheckedRows:
    """Return checked rows without those whose ``code`` is no camera's, each with a finding.

    Parameters
    ----------
    connection
        Open transaction.
    checked
        Rows with a column ``code``.
    """
    codes = checked.rows["code"]
    lost = codes[~codes.isin(stored.known_codes(connection, codes.tolist()))]
    column = checked.mapping["code"]
    found = [
        Finding(row, column, "CODE_UNKNOWN", "error", code)
        for row, code in zip(lost.index.tolist(), lost.tolist(), strict=True)
    ]
    return replace(
        checked,
        rows=checked.rows.drop(index=lost.index),
        findings=tuple(sorted((*checked.findings, *found), key=lambda finding: finding.row)),
        quarantined=checked.quarantined + len(found),
    )
