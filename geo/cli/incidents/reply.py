"""``govgrid incident reply``: orders of 12345 that are done, and what differs from its list."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo.cli.app import acting_reader, read_settings
from geo.cli.choices import ForceOption
from geo.cli.incidents.intake import JsonOption, room

if TYPE_CHECKING:
    from geo.base.settings import Settings
    from geo.exchange.publish.hotline_reply import ReplyWish

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
    from geo.exchange.publish.hotline_reply import ReplyWish

    config = read_settings(context)
    if (out is None) == (compare is None):
        raise InputError("hotline.which")
    if compare is not None:
        _compare(context, config, compare, as_json_=as_json_)
        return
    if out is not None:
        wish = ReplyWish(column or [], remember=remember, again=again, reason=reason)
        _write(context, config, out, wish, force=force, as_json_=as_json_)


def _write(
    context: typer.Context,
    config: "Settings",
    out: Path,
    wish: "ReplyWish",
    *,
    force: bool,
    as_json_: bool,
) -> None:
    from geo.cli.app import current_language
    from geo.cli.output import as_json, print_note, require_new, translate
    from geo.exchange.publish import hotline_reply
    from geo.files import writers
    from geo.operations import database

    writers.require_ending(out, known=hotline_reply.ENDINGS)
    require_new(out, force=force)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "export")
        locale = {"timezone": config.timezone, "lang": current_language()}
        count = hotline_reply.write_reply(engine, who, out, wish, **locale)
    if as_json_:
        as_json({"file": str(out), "rows": count})
    else:
        print_note(translate("hotline.written", file=out, count=count))


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
