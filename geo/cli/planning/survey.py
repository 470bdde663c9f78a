"""``govgrid survey``: which headings to survey first, with the form and the sheets to do it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from geo.base.errors import InputError
from geo.base.settings import Settings
from geo.cli.app import app, read_settings, require_unlimited
from geo.cli.choices import ForceOption
from geo.cli.room import Room

SHOWN = 20
COLUMNS = ("rank", "code", "name", "grid_code", "form", "depends_m2", "entrances", "lon", "lat")
GRID_COLUMNS = ("rank", "grid_code", "name", "cameras", "depends_m2", "entrances")

room = Room()
app.add_typer(room, name="survey")


@room.command("list")
def list_(
    context: typer.Context,
    by_grid: Annotated[bool, typer.Option("--by-grid")] = False,
    area: str | None = None,
    eight_way: Annotated[bool, typer.Option("--eight-way")] = False,
    limit: Annotated[int | None, typer.Option(min=0)] = None,
    out: Path | None = None,
    sheets: Path | None = None,
    reason: str | None = None,
    force: ForceOption = False,
    as_json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List the unknown headings, those on which the figures depend most first."""
    from geo.access.audit import export_log
    from geo.cli.output import as_json, print_note, require_new, translate
    from geo.files import writers
    from geo.operations import database
    from geo.planning import survey

    config = read_settings(context)
    _require_files(out, sheets)
    require_new(out, sheets, force=force)
    with database.open_database(config) as engine:
        who = require_unlimited(engine, "export")
        listed = survey.survey_list(engine, area=area, eight_way=eight_way, limit=limit or 0)
        for file in filter(None, (out, sheets)):
            rows = len(listed.cameras)
            export_log.register_file(engine, who, file, what="survey", rows=rows, reason=reason)
        stamp = export_log.watermark_text(who, reason, timezone=config.timezone, lang=_lang())
        if out is not None:
            count = survey.write_form(
                engine, listed, out, mark=config.mark, lang=_lang(), stamp=stamp
            )
            print_note(translate("export.written", file=out, count=count))
        if sheets is not None:
            page = _page(vars(survey.sheet_ground(engine, listed)), config, stamp)
            with writers.draft_of(sheets) as draft:
                draft.write_text(page, encoding="utf-8")
            print_note(translate("survey.sheets_written", file=sheets, count=len(listed.grids)))
    if as_json_:
        as_json(vars(survey.describe_survey(listed)))
    elif out is None and sheets is None:
        _tell(listed, by_grid=by_grid, most=SHOWN if limit is None else 0)


def _require_files(out: Path | None, sheets: Path | None) -> None:
    from geo.files import writers

    if out is not None and out.suffix.lower() not in (".xlsx", ".csv"):
        raise InputError("export.ending", file=out.name, known=".xlsx .csv")
    if sheets is not None and sheets.suffix.lower() not in (".html", ".htm"):
        raise InputError("export.ending", file=sheets.name, known=".html")
    for path in (out, sheets):
        if path is not None:
            writers.require_writable(path)


def _page(layers: dict[str, Any], config: Settings, stamp: str) -> str:
    from maps.sheets import SheetContent, render_sheets

    mark = " · ".join(filter(None, (config.mark, stamp)))
    content = SheetContent(mark=mark, notice=config.notice, timezone=config.timezone, **layers)
    return render_sheets(content, lang=_lang())


def _lang() -> str:
    from geo.cli.app import current_language

    return current_language()


def _tell(listed: Any, *, by_grid: bool, most: int) -> None:  # noqa: ANN401 - a Survey
    from geo.cli.output import print_note, print_table, translate

    frame = listed.grids if by_grid else listed.cameras
    columns = GRID_COLUMNS if by_grid else COLUMNS
    if frame.empty:
        print_note(translate("survey.nothing"))
        return
    shown = (frame.head(most) if most else frame).to_dict("records")
    at = listed.run.computed_at.isoformat(timespec="seconds")
    title = translate("survey.title", run=listed.run.id, computed_at=at)
    rows = [[_cell(name, row[name]) for name in columns] for row in shown]
    print_table([translate(f"column.{name}") for name in columns], rows, title=title)
    if len(shown) < len(frame):
        print_note(translate("survey.more", count=len(frame) - len(shown)))
    print_note(translate("survey.meaning"))


def _cell(column: str, value: Any) -> Any:  # noqa: ANN401 - as a table has it
    from geo.cli.output import translate

    if column in ("lon", "lat"):
        return f"{value:.6f}"
    if column == "form":
        return translate(f"map.form.{value}") if isinstance(value, str) else None
    if column == "grid_code":
        return value or translate("survey.outside")
    return value if isinstance(value, str | int | float) else None
