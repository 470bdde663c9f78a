"""Surveyed headings: they replace what the register says about a camera."""

from dataclasses import replace
from datetime import date

import pandas as pd
from sqlalchemy import Connection

from geo.base.errors import LayerError
from geo.cameras.known_codes import keep_registered
from geo.cameras.store import codes
from geo.cameras.store import views as stored_views
from geo.files.checks import Finding
from geo.files.checks.cells.cells import text_of
from geo.files.checks.checked_rows import CheckedRows
from geo.files.readers import Table
from geo.store.tables import Change

TURNING_DEG = 180.0  # no picture of a lens that zooms is as wide


def screen_headings(connection: Connection, table: Table, checked: CheckedRows) -> CheckedRows:
    """Return the usable rows of a checked batch of headings.

    A row without a heading was not surveyed, which is no finding. An unusable heading makes the row
    unusable, and so does the range in which a camera can turn.

    Parameters
    ----------
    connection
        Open transaction.
    table
        Rows as read from the file.
    checked
        The same rows as checked by :mod:`geo.files.checks.check`.

    Raises
    ------
    LayerError
        If no column holds headings.
    """
    column = _heading_column(table, checked)
    known = keep_registered(connection, checked)
    said = [finding for finding in known.findings if finding.code != "AZIMUTH_MISSING"]
    for row in known.rows.index[_turning(connection, known.rows)]:
        cell = text_of(table.rows.loc[row, column])
        said.append(Finding(row, column, "AZIMUTH_TURNING", "warning", cell))
    lost = {finding.row for finding in said if _is_lost(finding, column)}
    findings = [replace(f, severity="error") if _is_lost(f, column) else f for f in said]
    left = known.rows[~known.rows.index.isin(lost)]
    return replace(
        known,
        rows=left,
        findings=tuple(sorted(findings, key=lambda finding: finding.row)),
        quarantined=known.quarantined + len(known.rows) - len(left),
    )


def _heading_column(table: Table, checked: CheckedRows) -> str:
    field = checked.layer.field("heading_deg")
    if field.name not in checked.mapping:
        raise LayerError(
            "intake.required_column",
            layer=checked.layer.name,
            fields=f"{field.name}（{'、'.join(field.aliases[:2])}）",
            columns=", ".join(table.headers),
        )
    return checked.mapping[field.name]


def _is_lost(finding: Finding, column: str) -> bool:
    return finding.column == column and finding.severity == "warning"


def _turning(connection: Connection, rows: pd.DataFrame) -> pd.Series:
    wide = rows["heading_deg"].notna() & (rows["hfov_deg"] >= TURNING_DEG)
    return wide & rows["code"].isin(codes.codes_of_form(connection, "ptz"))


def bring_in(
    connection: Connection, rows: pd.DataFrame, views: pd.DataFrame, *, run: int, today: date
) -> Change:
    """Write surveyed headings to the views of their cameras, as verified ones.

    A number or words with degrees become *surveyed*, a compass point *rounded8*. Where a cell lists
    several headings, the second and further views look through the optics of the first. What the
    register says stays beside them.

    Parameters
    ----------
    rows
        As from :func:`screen_headings`; those without a heading change nothing.
    views
        The same, one row a view: `camera_code`, `no`, `heading_deg`, `heading_source`, `hfov_deg`.
    run
        Number of the import, for the cameras that did change.
    today
        When a heading without a date was verified, unless it was verified just so before.
    """
    stated = views[views["heading_deg"].notna()].drop(columns="row")
    stated = stated.assign(heading_source=stated["heading_source"].replace("parsed", "surveyed"))
    stored_views.add_further_views(
        connection, stated["camera_code"].tolist(), stated["no"].tolist()
    )
    days = rows.set_index("code")["surveyed_on"]
    complete = _completed(connection, stated.assign(day=stated["camera_code"].map(days)), today)
    seen = stored_views.merge_views(connection, complete)
    changed = sorted(set(seen["camera_code"]))
    stored_views.mark_changed(connection, changed, run)
    return Change(0, len(changed), len(rows) - len(changed))


def _completed(connection: Connection, stated: pd.DataFrame, today: date) -> pd.DataFrame:
    """Return the views with the angle and the date that are known where the batch gives none."""
    known = stored_views.known_headings(connection, stated["camera_code"].tolist())
    known = known.astype({"known_hfov_deg": float, "known_deg": float})
    both = stated.merge(known, on=["camera_code", "no"], how="left")
    both["hfov_deg"] = both["hfov_deg"].fillna(both["known_hfov_deg"])
    same = both["known_on"].notna() & (both["heading_deg"] == both["known_deg"])
    both["verified_on"] = both["day"].where(
        both["day"].notna(), both["known_on"].where(same, today)
    )
    return both[["camera_code", "no", "heading_deg", "heading_source", "hfov_deg", "verified_on"]]
