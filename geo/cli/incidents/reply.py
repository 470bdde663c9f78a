"""``govgrid incident reply``: orders of 12345 that are done, and what differs from its list."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo.cli.app import acting_reader, read_settings
from geo.cli.choices import ForceOption
from geo.cli.incidents.intake import JsonOption, room

if TYPE_CHECKING:
    from geo.base.settings import Settings

HEADS = ("number", "code", "difference", "here", "there")


@room.command()
def reply(
    context: typer.Context,
    out: Annotated[Path | None, typer.Argument()] = None,
    column: Annotated[list[str] | None, typer.Option(metavar="FIELD=HEADER")] = None,
    remember: bool = False,
    again: bool = False,
    compare: Path | None = None,
    reason: str | None = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Write replies to orders of 12345, or list what differs from its list."""
    from geo.base.errors import InputError

    config = read_settings(context)
    if (out is None) == (compare is None):
        raise InputError("hotline.which")
    if compare is not None:
        _compare(context, config, compare, as_json_=as_json_)
        return
    if out is not None:
        write_reply(
            context,
            out,
            column or [],
            remember=remember,
            again=again,
            reason=reason,
            force=force,
            as_json_=as_json_,
        )


def write_reply(
    context: typer.Context,
    out: Path,
    column: list[str],
    *,
    remember: bool = False,
    again: bool = False,
    reason: str | None = None,
    force: bool = False,
    as_json_: bool = False,
) -> None:
    """Write the replies to a file; it goes into the register of exports.

    Parameters
    ----------
    context
        Of the running command.
    out
        CSV or XLSX.
    column
        FIELD=HEADER each; none: those remembered, else all.
    remember
        Whether they count from now on.
    again
        Whether orders come as well that were replied before.
    reason
        Why it goes out.
    force
        Whether a file that is there is overwritten.
    as_json_
        Whether JSON is printed.
    """
    import pandas as pd

    from geo.access.audit import export_log
    from geo.cli.app import current_language
    from geo.cli.output import as_json, print_note, require_new, translate
    from geo.files import writers
    from geo.incidents import hotline
    from geo.incidents.rules.hotline import COLUMNS
    from geo.operations import database

    writers.require_ending(out, known=(".csv", ".xlsx"))
    require_new(out, force=force)
    config = read_settings(context)
    lang = current_language()
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "export")
        rows = hotline.list_replies(engine, who, again=again, timezone=config.timezone, lang=lang)
        heads = hotline.choose_columns(engine, column, remember=remember, lang=lang)
        export_log.register_file(
            engine, who, out, what="incidents-reply", rows=len(rows), reason=reason
        )
        mark = export_log.watermark_text(who, reason, timezone=config.timezone)
        frame = pd.DataFrame(rows, columns=list(COLUMNS))[list(heads)].rename(columns=heads)
        writers.write_file(frame, out, layer="12345", mark=mark)
        hotline.mark_replied(engine, who, [row["number"] for row in rows])
    if as_json_:
        as_json({"file": str(out), "rows": len(rows), "columns": heads})
    else:
        print_note(translate("hotline.written", file=out, count=len(rows)))


def _compare(context: typer.Context, config: "Settings", file: Path, *, as_json_: bool) -> None:
    from dataclasses import asdict

    from geo.cli.output import as_json, print_note, print_table, translate
    from geo.incidents import hotline
    from geo.operations import database

    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "incident")
        found = hotline.compare_list(engine, who, file)
    if as_json_:
        as_json({"differences": [asdict(each) for each in found]})
        return
    if not found:
        print_note(translate("hotline.same"))
        return
    print_table(
        [translate(f"hotline.head.{name}") for name in HEADS],
        [
            (
                each.number,
                each.code,
                translate(f"hotline.difference.{each.kind}"),
                translate(f"map.state.{each.here}") if each.here else "",
                each.there,
            )
            for each in found
        ],
    )
