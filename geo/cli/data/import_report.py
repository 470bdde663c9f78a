"""What ``govgrid import`` prints of an import: JSON for programs, lines for people."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from geo.cli.app import current_language
from geo.cli.output import print_note, print_table, summarize_counts, translate
from geo.exchange.imports import report as import_values
from geo.files.checks import Finding, FindingAnswer

if TYPE_CHECKING:
    from geo.exchange.imports.run import ImportReport
    from geo.files.checks.preview import Preview

GRAVITY = ("error", "warning", "note")
SHOWN_ROWS = 5
SHOWN_CELL = 24


def as_plain(report: "ImportReport") -> import_values.ImportAnswer:
    """Return a report as values of JSON."""
    return import_values.translate_findings(import_values.report_values(report), current_language())


def finding_rows(findings: Sequence[Finding]) -> list[FindingAnswer]:
    """Return findings as values of JSON, with advice in the reader's language."""
    return [finding.answer(current_language()) for finding in findings]


def print_report(report: "ImportReport") -> None:
    """Print one line for each kind of finding, the counts, and what comes next."""
    tell_findings(report.findings)
    if not report.dry_run and report.preview is not None and report.preview.encoding:
        print_note(translate("import.preview_encoding", encoding=report.preview.encoding))
    if report.omitted:
        print_note(translate("import.omitted", count=report.omitted))
    tell_counts(report)
    if report.held is not None:
        print_note(str(report.held["text"][current_language()]))
    elif report.refused:
        print_note(translate("import.refused", quarantined=report.quarantined))
    elif report.run is not None:
        _tell_next(report)


def tell_counts(report: "ImportReport") -> None:
    """Print how many rows were read, taken and left out."""
    print_note(summarize_counts(report) + (translate("import.dry") if report.dry_run else ""))


def tell_findings(findings: Sequence[Finding]) -> None:
    """Print one line for each kind of finding in a column: how many, where, the first value."""
    kinds: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in _of_columns(findings):
        kinds.setdefault((finding.severity, finding.code, finding.column), []).append(finding)
    for (severity, _, _), found in sorted(
        kinds.items(), key=lambda item: (GRAVITY.index(item[0][0]), -len(item[1]))
    ):
        rows = ", ".join(str(f.row) for f in found[:SHOWN_ROWS])
        facts = {
            "severity": translate(f"severity.{severity}"),
            "count": len(found),
            "rows": rows + (" …" if len(found) > SHOWN_ROWS else ""),
        }
        print_note(translate("import.finding", **{**found[0].answer(current_language()), **facts}))


def _of_columns(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings where those on whole columns of one kind stand together as one."""
    shown = [finding for finding in findings if not finding.code.startswith("COLUMN_")]
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.code.startswith("COLUMN_"):
            kinds.setdefault(finding.code, []).append(finding)
    for found in kinds.values():
        columns = "、".join(finding.column for finding in found)
        shown.append(replace(found[0], column=columns))
    return shown


def tell_preview(preview: "Preview") -> None:
    """Print how the file is read: encoding, coordinate system, columns, the first rows."""
    if preview.crs_column:
        print_note(translate("import.preview_crs_column", column=preview.crs_column))
    elif preview.crs:
        print_note(translate("import.preview_crs", crs=preview.crs))
    elif preview.crs is not None:
        print_note(translate("import.preview_crs_missing"))
    if preview.encoding:
        print_note(translate("import.preview_encoding", encoding=preview.encoding))
    mapped = "，".join(f"{header} → {name}" for name, header in preview.mapping.items())
    print_note(translate("import.preview_mapping", mapping=mapped))
    for key, headers in (("unmapped", preview.unmapped), ("refused", preview.refused)):
        if headers:
            print_note(translate(f"import.preview_{key}", headers="、".join(headers)))
    shown = [*preview.mapping.values(), *preview.unmapped]
    shown = [header for header in shown if header not in preview.refused][:12]
    rows = [
        [str(row), *(cells.get(header, "")[:SHOWN_CELL] for header in shown)]
        for row, cells in preview.rows.items()
    ]
    print_table([translate("import.row"), *shown], rows, title=translate("import.preview_rows"))


def _tell_next(report: "ImportReport") -> None:
    change = report.change
    if change.inserted + change.updated:
        print_note(translate("import.undo_with", run=report.run))
    if report.quarantined:
        print_note(translate("import.mend_with", run=report.run))
    if report.solved:
        print_note(translate("import.solved", count=report.solved))
