"""Verbs of ``govgrid import``: templates, runs, undo, quarantine, retry, saved sources."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.base.errors import InputError
from geo.base.settings import Settings
from geo.cli.app import current_language, require_unlimited
from geo.cli.output import as_json, print_note, print_table, translate

if TYPE_CHECKING:
    from geo.exchange.imports.options import ImportOptions

# what is said about the way one file is read, and does not hold for another
_HOW_READ = ("sheet", "all_sheets", "header_row", "encoding")
RUN_COLUMNS = (
    "run",
    "at",
    "layer",
    "source",
    "state",
    "read",
    "inserted",
    "updated",
    "quarantined",
    "open",
)


def run_verb(verb: str, arguments: list[str], config: Settings, *, as_json: bool) -> None:
    """Run one of the verbs of ``govgrid import``.

    Parameters
    ----------
    verb
        "template", "runs", "sources", "show", "undo", "quarantine" or "forget".
    arguments
        Arguments after the verb, their number already checked.
    as_json
        Whether the result is printed as JSON.
    """
    if verb == "template":
        _template(*arguments)
    elif verb in ("runs", "sources"):
        _list(verb, config, plain=as_json)
    elif verb == "show":
        _show(config, parse_run(arguments[0]), plain=as_json)
    elif verb == "undo":
        _undo(config, parse_run(arguments[0]), plain=as_json)
    elif verb == "quarantine":
        _quarantine(config, parse_run(arguments[0]), Path(arguments[1]))
    else:
        _forget(config, *arguments)


def parse_run(text: str) -> int:
    """Return the number of a run.

    Raises
    ------
    InputError
        If the text is none.
    """
    if not text.isdecimal() or len(text) > 15:
        raise InputError("import.run_number", run=text)
    return int(text)


def retry_options(
    config: Settings, run: int, options: "ImportOptions"
) -> tuple[str, "ImportOptions"]:
    """Return the layer of a run and its declarations, for the file with its corrected rows.

    Parameters
    ----------
    run
        Number of the run whose quarantined rows come back.
    options
        As typed now: they win; sheet and encoding of the first file are not taken over.
    """
    from geo.exchange.imports import declarations
    from geo.exchange.imports import runs as import_runs
    from geo.operations import database

    with database.open_database(config) as engine:
        row = import_runs.show_run(engine, run, who=require_unlimited(engine, "import")).run
    filled = declarations.fill_options(options, row.options)
    # the file that mends is one of ours: neither sheet nor encoding of the first one
    read = {name: getattr(options, name) for name in _HOW_READ}
    own = replace(filled, **read, retry_of=run)
    return row.layer, own


def _template(layer_name: str, out: str) -> None:
    from geo.files.schema.layers import find_layer
    from geo.files.schema.templates import write_template

    write_template(find_layer(layer_name), Path(out))
    print_note(translate("import.template_written", file=out))


def _list(verb: str, config: Settings, *, plain: bool) -> None:
    from geo.exchange.imports import declarations
    from geo.exchange.imports import runs as import_runs
    from geo.operations import database

    with database.open_database(config) as engine:
        who = require_unlimited(engine, "import")
        if verb == "runs":
            found = import_runs.newest_runs(engine)
        else:
            found = declarations.list_sources(engine, who=who)
    if plain:
        as_json({verb: found.to_dict("records")})
        return
    if found.empty:
        print_note(translate(f"import.no_{verb}"))
        return
    columns = RUN_COLUMNS if verb == "runs" else ("layer", "source", "options", "at")
    rows = [[_cell(row[name], config) for name in columns] for row in found.to_dict("records")]
    print_table([translate(f"import.column.{name}") for name in columns], rows)


def _cell(value: Any, config: Settings) -> Any:  # noqa: ANN401 - a cell
    from zoneinfo import ZoneInfo

    if hasattr(value, "astimezone"):
        return value.astimezone(ZoneInfo(config.timezone)).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dict):
        return "，".join(f"{name}={said}" for name, said in value.items())
    if value in ("done", "held", "undone"):
        return translate(f"import.state.{value}")
    return value if isinstance(value, int) else str(value)


def _show(config: Settings, run: int, *, plain: bool) -> None:
    from geo.cli.data.import_report import finding_rows, tell_findings
    from geo.exchange.imports import runs as import_runs
    from geo.operations import database

    with database.open_database(config) as engine:
        report = import_runs.show_run(engine, run, who=require_unlimited(engine, "import"))
    if plain:
        as_json({**vars(report.run), "findings": finding_rows(report.findings)})
        return
    for name, value in vars(report.run).items():
        if value is not None and value != {}:
            print_note(f"{translate(f'import.column.{name}')}：{_cell(value, config)}")
    tell_findings(report.findings)


def _undo(config: Settings, run: int, *, plain: bool) -> None:
    from geo.exchange.imports import runs as import_runs
    from geo.operations import database

    with database.open_database(config) as engine:
        done = import_runs.undo_run(engine, run, who=require_unlimited(engine, "import"))
    if plain:
        as_json({"run": run, "removed": done.removed, "restored": done.restored})
    else:
        print_note(
            translate("import.undone", run=run, removed=done.removed, restored=done.restored)
        )


def _quarantine(config: Settings, run: int, out: Path) -> None:
    from geo.exchange.imports import runs as import_runs
    from geo.operations import database

    with database.open_database(config) as engine:
        who = require_unlimited(engine, "import")
        count = import_runs.write_quarantine(engine, run, out, who=who, lang=current_language())
    print_note(translate("import.quarantine_written", file=out, count=count, run=run))


def _forget(config: Settings, layer: str, source: str) -> None:
    from geo.exchange.imports import declarations
    from geo.operations import database

    with database.open_database(config) as engine:
        who = require_unlimited(engine, "import")
        declarations.forget_source(engine, layer, source, who=who)
    print_note(translate("import.forgotten", layer=layer, source=source))
