"""Reports of imports as values of JSON: kept without a language, told in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from geo.files.checks import Finding

if TYPE_CHECKING:
    from geo.exchange.imports.run import ImportReport
    from geo.files.checks.preview import Preview


def report_values(report: ImportReport) -> dict[str, Any]:
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
        "held": None if report.held is None else dict(report.held),
        "preview": None if report.preview is None else _preview_values(report.preview),
        "findings": [_finding_values(finding) for finding in report.findings],
        "findings_omitted": report.omitted,
    }


def translate_findings(values: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Return a report with advice instead of facts.

    Parameters
    ----------
    values
        As from :func:`report_values`.
    lang
        "zh" or "en".
    """
    findings = [Finding(**each) for each in values["findings"]]
    return {**values, "findings": finding_rows(findings, lang)}


def finding_rows(findings: Sequence[Finding], lang: str) -> list[dict[str, Any]]:
    """Return findings as values of JSON, with advice.

    Parameters
    ----------
    findings
        In the order in which they are told.
    lang
        "zh" or "en".
    """
    return [
        {
            "row": f.row,
            "column": f.column,
            "code": f.code,
            "severity": f.severity,
            "value": f.value,
            "suggested": f.suggested,
            "advice": f.advice(lang),
        }
        for f in findings
    ]


def _finding_values(finding: Finding) -> dict[str, Any]:
    names = ("row", "column", "code", "severity", "value", "suggested")
    return {**{name: getattr(finding, name) for name in names}, "facts": dict(finding.facts)}


def _preview_values(preview: Preview) -> dict[str, Any]:
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
