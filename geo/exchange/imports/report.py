"""Reports of imports as values of JSON: kept without a language, read in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import TypedDict

from geo.base.json_objects import Cells
from geo.exchange.imports.held_reason import HeldReason
from geo.files.checks import Finding, FindingAnswer

if TYPE_CHECKING:
    from geo.exchange.imports.run import ImportReport
    from geo.files.checks.preview import Preview


class PreviewRow(TypedDict):
    """A row of a preview with its number."""

    row: int
    cells: Cells


class PreviewAnswer(TypedDict):
    """How a file is read."""

    encoding: str | None
    crs: str | None
    crs_column: str | None
    header_row: int | None
    mapping: dict[str, str]
    unmapped: list[str]
    refused: list[str]
    rows: list[PreviewRow]


class _Counted(TypedDict):
    """What an import did, findings apart."""

    layer: str
    source: str
    run: int | None
    dry_run: bool
    refused: bool
    read: int
    inserted: int
    updated: int
    unchanged: int
    repeated: int
    quarantined: int
    solved: int
    held: HeldReason | None
    preview: PreviewAnswer | None
    findings_omitted: int


class KeptReport(_Counted):
    """A report as it is kept, in no language."""

    findings: list[dict[str, object]]


class ImportAnswer(_Counted):
    """A report as answers state it; of a job it has its `step` and `exit_code` too."""

    findings: list[FindingAnswer]


def report_values(report: ImportReport) -> KeptReport:
    """Return a report as values of JSON; findings with their facts, in no language yet."""
    return {
        "layer": report.layer,
        "source": report.source,
        "run": report.run,
        "dry_run": report.dry_run,
        "refused": report.refused,
        "read": report.read,
        "inserted": report.change.inserted,
        "updated": report.change.updated,
        "unchanged": report.change.unchanged,
        "repeated": report.repeated,
        "quarantined": report.quarantined,
        "solved": report.solved,
        "held": report.held,
        "preview": None if report.preview is None else _preview_values(report.preview),
        "findings": [
            {**vars(finding), "facts": dict(finding.facts)} for finding in report.findings
        ],
        "findings_omitted": report.omitted,
    }


def translate_findings(values: Mapping[str, Any], lang: str) -> ImportAnswer:
    """Return a kept report with advice instead of facts.

    Parameters
    ----------
    values
        As from :func:`report_values`.
    lang
        "zh" or "en".
    """
    findings = [Finding(**each).answer(lang) for each in values["findings"]]
    return cast(ImportAnswer, {**values, "findings": findings})


def _preview_values(preview: Preview) -> PreviewAnswer:
    return {
        "encoding": preview.encoding,
        "crs": preview.crs,
        "crs_column": preview.crs_column,
        "header_row": preview.header_row,
        "mapping": dict(preview.mapping),
        "unmapped": list(preview.unmapped),
        "refused": list(preview.refused),
        "rows": [{"row": row, "cells": dict(cells)} for row, cells in preview.rows.items()],
    }
