"""``govgrid incident ledger | bulletin``."""

from pathlib import Path
from typing import Annotated

import typer

from geo.cli.app import acting_reader, read_settings
from geo.cli.choices import ForceOption
from geo.cli.incidents.figures import DayOption, parse_day
from geo.cli.incidents.intake import JsonOption, room

SHOWN = ("no", "day", "title", "grid", "category", "unit", "outcome", "closed_on")


@room.command()
def ledger(
    context: typer.Context,
    area: str,
    month: str | None = None,
    year: str | None = None,
    since: DayOption = None,
    until: DayOption = None,
    number: int | None = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.xlsx|FILE.pdf")] = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Print the ledger of a community, grid or township."""
    from geo.cli.app import current_language
    from geo.cli.output import as_json, print_note, print_table, require_new, translate
    from geo.files.writers import draft_of, require_ending
    from geo.incidents import ledger as use_case
    from geo.incidents import ledger_answer
    from geo.incidents.ledger import LedgerQuery
    from geo.operations import database

    config, lang = read_settings(context), current_language()
    ending = None if out is None else require_ending(out, known=(".xlsx", ".pdf"))
    require_new(out, force=force)
    query = LedgerQuery(area, month, year, parse_day(since), parse_day(until), number)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "statistics")
        found = use_case.read_ledger(
            engine,
            who,
            query,
            timezone=config.timezone,
            month_starts=config.statistics_month_day,
            lang=lang,
        )
    if out is not None:
        from geo.documents import ledger_paper

        make = ledger_paper.ledger_pdf if ending == ".pdf" else ledger_paper.ledger_bytes
        content = make(found, mark=config.mark, lang=lang)
        with draft_of(out) as draft:
            draft.write_bytes(content)
        print_note(str(out))
    answer = ledger_answer.describe_ledger(found, lang)
    if as_json_:
        as_json(answer)
    elif out is None:
        heads = [translate(f"ledger.column.{name}") for name in SHOWN]
        print_table(heads, [[getattr(row, name) for name in SHOWN] for row in found.rows])


@room.command()
def bulletin(
    context: typer.Context,
    month: str,
    out: Annotated[Path | None, typer.Argument(metavar="FILE.docx")] = None,
    area: str | None = None,
    template: Annotated[Path | None, typer.Option(metavar="FILE.docx")] = None,
    text: Annotated[Path | None, typer.Option(metavar="FILE.txt")] = None,
    template_out: Annotated[Path | None, typer.Option(metavar="FILE.docx")] = None,
    force: ForceOption = False,
) -> None:
    """Write the monthly bulletin, or print its text."""
    from geo.cli.output import print_line, print_note, require_new
    from geo.files.writers import draft_of, require_ending
    from geo.incidents import bulletin as use_case
    from geo.operations import database

    config = read_settings(context)
    for file in (out, template_out):
        if file is not None:
            require_ending(file, known=(".docx",))
    require_new(out, template_out, force=force)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "statistics")
        found = use_case.compose_bulletin(
            engine,
            who,
            month,
            timezone=config.timezone,
            month_starts=config.statistics_month_day,
            area=area,
        )
    if text is not None:
        found = use_case.replace_text(found, read_text(text))
    if out is None and template_out is None:
        print_line(use_case.write_text(found))
        return
    from geo.documents import bulletin_paper

    made = {template_out: bulletin_paper.template_bytes} if template_out else {}
    if out is not None:
        chosen = template or config.bulletin_template
        made[out] = lambda: bulletin_paper.bulletin_bytes(found, chosen)
    for file, make in made.items():
        content = make()
        with draft_of(file) as draft:
            draft.write_bytes(content)
        print_note(str(file))


def read_text(file: Path) -> str:
    """Return the text of a file in UTF-8.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    from geo.base.errors import InputError

    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("bulletin.text_file", file=file) from error
