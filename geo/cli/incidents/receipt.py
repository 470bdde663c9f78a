"""``govgrid incident receipt``: a receipt that came back, looked up or written down."""

from typing import TYPE_CHECKING, Annotated

import typer

from geo.cli.app import acting_reader, read_settings
from geo.cli.incidents.intake import JsonOption, MomentOption, room

if TYPE_CHECKING:
    from geo.incidents.receipts import Registered
    from geo.incidents.whistle_answer import ReceiptSheet


@room.command()
def receipt(
    context: typer.Context,
    number: str,
    unit: str | None = None,
    post: str | None = None,
    signed: MomentOption = None,
    arrived: MomentOption = None,
    done: MomentOption = None,
    result: str | None = None,
    return_kind: Annotated[str | None, typer.Option("--return")] = None,
    reason: str | None = None,
    version: int | None = None,
    redact: bool = False,
    not_personal: bool = False,
    as_json_: JsonOption = False,
) -> None:
    """Write a receipt down for its unit; with a number alone say what it is of."""
    from geo.cli.app import current_language
    from geo.cli.data.places import parse_moment
    from geo.cli.output import as_json
    from geo.incidents import receipts
    from geo.incidents.receipts import Receipt
    from geo.operations import database

    config = read_settings(context)
    times = [parse_moment(each, config.timezone) for each in (signed, arrived, done)]
    texts = (post, *times, result, return_kind, reason)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine)
        found = receipts.read_receipt(engine, who, number)
        if not any(texts):
            as_json(found) if as_json_ else _print_sheet(found, config.timezone)
            return
        named = unit or found.unit
        seen = [each for each in found.units if named in (None, each.unit_code)]
        given = Receipt(
            number=number,
            version=seen[0].version if version is None and seen else version,
            unit=named,
            post=post,
            signed_at=times[0],
            arrived_at=times[1],
            done_at=times[2],
            result=result,
            return_kind=return_kind,
            reason=reason,
            redact=redact,
            not_personal=not_personal,
        )
        written = receipts.register_receipt(
            engine,
            who,
            given,
            timezone=config.timezone,
            whistle_level=config.whistle_level,
            lang=current_language(),
        )
    as_json(written) if as_json_ else _print(written)


def _print(done: "Registered") -> None:
    from geo.cli.output import print_line, translate

    parts = "、".join(translate(f"lifecycle.move.{name}") for name in done.registered)
    print_line(translate("receipt.registered", code=done.code, unit=done.unit, parts=parts))


def _print_sheet(found: "ReceiptSheet", timezone: str) -> None:
    from geo.base.local_time import local_minute
    from geo.cli.output import print_line, print_table, translate

    print_line(f"{found.code} {found.title}")
    rows = []
    for each in found.units:
        times = (each.acknowledged_at, each.reported_in_at, each.done_at)
        rows.append(
            [
                f"{each.unit_code} {each.unit_name or ''}".strip(),
                translate(f"whistle.state.{each.state}"),
                *("" if at is None else local_minute(at, timezone) for at in times),
            ]
        )
    heads = ("order.unit", "order.state", "order.signed_at", "order.arrived_at", "order.done_at")
    print_table([translate(name) for name in heads], rows)
