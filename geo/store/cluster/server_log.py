"""What PostgreSQL writes to its log and on stderr, in one line."""

from pathlib import Path

COMPLAINTS = ("FATAL", "PANIC", "could not", "error:")


def last_complaint(folder: Path) -> str:
    """Return the last line in a folder of logs that says what went wrong, "?" if there is none.

    Parameters
    ----------
    folder
        Holds ``*.log``, read in the order in which they were last written.
    """
    reports = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime)
    lines = [
        line
        for report in reports
        for line in report.read_text(encoding="utf-8", errors="replace").splitlines()
        if any(word in line for word in COMPLAINTS)
    ]
    return lines[-1].strip() if lines else "?"


def first_line(text: str) -> str:
    """Return the first line of a text that is not blank, "?" if there is none."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "?")
