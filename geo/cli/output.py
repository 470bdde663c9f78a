"""Output of commands: JSON on stdout, notes and errors for people on stderr."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from geo.base.progress import Progress, ignore_progress
from geo.base.words import say
from geo.cli.app import current_language

if TYPE_CHECKING:
    from geo.exchange.imports.run import ImportReport

WIDE = 200


def translate(key: str, **facts: object) -> str:
    """Return a sentence of the catalogue in the language of this call.

    Parameters
    ----------
    key
        Dotted path in the catalogue.
    **facts
        Values of the fields of the sentence.
    """
    return say(key, current_language(), **facts)


def print_note(text: str) -> None:
    """Write one line for people."""
    sys.stderr.write(text + "\n")


def print_line(text: str) -> None:
    """Write the answer of a command as one line on stdout."""
    sys.stdout.write(text + "\n")


def as_json(value: object) -> None:
    """Write the answer of a command as JSON on stdout."""
    # in one piece: the encoder that writes as it goes takes ten times as long
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain, allow_nan=False) + "\n")


def _plain(value: object) -> object:
    return vars(value) if is_dataclass(value) else str(value)


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = ""
) -> None:
    """Print a table on stdout; columns of numbers are aligned right.

    Parameters
    ----------
    columns
        Headings.
    rows
        As long as `columns` each; see :func:`format_cell` for values.
    title
        Line above the table, "" for none.
    """
    drawn = Table(title=title or None, title_justify="left")
    for position, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[position], int | float) for row in rows)
        drawn.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(format_cell(value) for value in row))
    console = Console()
    # A file or a pipe has no width of its own.
    Console(width=None if console.is_terminal else WIDE).print(drawn)


def format_cell(value: object) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return "—"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


class _Rate(ProgressColumn):
    """Pieces of work per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


@contextmanager
def show_progress(*, quiet_log: bool = False) -> Iterator[Progress]:
    """Draw a bar with rate and remaining time for each step.

    Where nobody watches (a pipe, a log) each step is one line, or none if `quiet_log`.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield ignore_progress if quiet_log else _lines()
        return
    columns = (
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console) as bars:
        yield _bar(bars)


def _bar(bars: Bars) -> Progress:
    steps: dict[str, Any] = {}

    def move(step: str, done: int, total: int) -> None:
        for other in [s for s in steps if s != step]:
            task = bars.tasks[steps.pop(other)]
            bars.update(task.id, total=task.total or 1, completed=task.total or 1)
        if step not in steps:
            steps[step] = bars.add_task(translate(step), total=total or None, completed=done)
        bars.update(steps[step], completed=done, total=total or None)

    return move


def _lines() -> Progress:
    seen: set[str] = set()

    def move(step: str, done: int, total: int) -> None:  # noqa: ARG001 - a bar would need it
        if step not in seen:
            seen.add(step)
            print_note(translate(step) + (f" ({total})" if total else "") + " …")

    return move


def summarize_counts(report: "ImportReport") -> str:
    """Return the one-line summary of an import."""
    change = report.change
    return translate(
        "import.counts",
        layer=f"{report.layer} {report.source}",
        read=report.read,
        inserted=change.inserted,
        updated=change.updated,
        unchanged=change.unchanged,
        repeated=report.repeated,
        quarantined=report.quarantined,
    )


def require_new(*files: Path | None, force: bool) -> None:
    """Raise if a file exists already and is not to be overwritten.

    Parameters
    ----------
    *files
        Files that will be written; None is ignored.
    force
        Whether ``--force`` allows to overwrite.

    Raises
    ------
    InputError
        With the first file that exists.
    """
    from geo.files import writers

    for file in files:
        if file is not None and not force:
            writers.require_new(file)


def private_folder(folder: Path) -> Path:
    """Return a folder of results, made if need be, that its owner alone may enter."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder
