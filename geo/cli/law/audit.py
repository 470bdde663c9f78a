"""``govgrid audit``: what was done by whom, and whether the log of it is whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from geo.base.errors import InputError
from geo.cli.app import acting_reader, app, current_language, read_settings
from geo.cli.choices import ForceOption
from geo.cli.room import Room

if TYPE_CHECKING:
    from geo.access.audit.chain import Head
    from geo.access.audit.log import Filters
    from geo.access.audit.verify import Proof
    from geo.base.settings import Settings

BROKEN = 3
LINES = 2
COLUMNS = ("id", "at", "account", "action", "object", "outcome", "note")

room = Room()
app.add_typer(room, name="audit")

JsonOption = Annotated[bool, typer.Option("--json")]
FromOption = Annotated[str, typer.Option("--from", metavar="DAY")]
ToOption = Annotated[str, typer.Option("--to", metavar="DAY")]
Outcome = Literal["done", "refused", "failed"] | None


@room.command()
def verify(
    context: typer.Context,
    head: Annotated[
        str | None,
        typer.Option(metavar="HASH|FILE"),
    ] = None,
    as_json_: JsonOption = False,
) -> None:
    """Compute the chain again and name the first row that does not hold.

    Exit code 0: whole; 3: broken, or a head that was written down does not stand in it.
    The heads in the home's audit/heads.csv are looked for as well.
    """
    from geo.access.audit import checkpoints
    from geo.access.audit import verify as audit_verification
    from geo.cli.output import as_json
    from geo.operations import database

    config = read_settings(context)
    expected = checkpoints.read_checkpoints(checkpoints.file_of(config.home))
    if head is not None:
        expected += checkpoints.parse_checkpoints(head)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "audit")
        proof = audit_verification.verify_chain(engine, who, expected=expected)
    if as_json_:
        as_json(proof.as_plain())
    else:
        _tell_proof(proof)
    if not proof.walk.whole:
        raise typer.Exit(BROKEN)


@room.command()
def head(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all")] = False,
    as_json_: JsonOption = False,
) -> None:
    """Print the head of the chain, fit for paper, and add it to the home's audit/heads.csv."""
    from geo.access.audit import checkpoints
    from geo.access.audit import log as audit_log
    from geo.cli.output import as_json
    from geo.operations import database

    config = read_settings(context)
    file = checkpoints.file_of(config.home)
    with database.open_database(config) as engine:
        now = audit_log.chain_state(engine, acting_reader(context, engine, "audit")).head
    if now is not None:
        checkpoints.write_checkpoint(file, now, _today(config))
    heads = checkpoints.read_checkpoints(file)
    shown = heads if every else heads[-1:]
    if as_json_:
        rows = [{"date": h.day, "seal_no": h.seal_no, "hash": h.seal.hex()} for h in shown]
        as_json({"heads": rows})
    else:
        _tell_heads(shown)


@room.command("list")
def list_(
    context: typer.Context,
    account: str = "",
    action: str = "",
    since: FromOption = "",
    until: ToOption = "",
    outcome: Outcome = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json_: JsonOption = False,
) -> None:
    """List what was done, the newest first."""
    from geo.access.audit import log as audit_log
    from geo.cli.output import as_json, print_note, print_table, translate
    from geo.operations import database

    config = read_settings(context)
    wanted = _filters(config, account, action, since, until, outcome)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "audit")
        rows = [vars(row) for row in audit_log.list_page(engine, who, wanted, limit=limit)]
    if as_json_:
        as_json({"rows": rows})
    elif rows:
        shown = [[_cell(name, row, config) for name in COLUMNS] for row in rows]
        print_table([translate(f"audit_column.{name}") for name in COLUMNS], shown)
    else:
        print_note(translate("audit.none"))


@room.command()
def redact(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1)],
    reason: Annotated[str, typer.Option()],
) -> None:
    """Take the note of a row away for good; the chain stays whole."""
    from geo.access.audit import log as audit_log
    from geo.cli.output import print_note, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        audit_log.redact_note(engine, acting_reader(context, engine), number, reason=reason)
    print_note(translate("audit.redacted", id=number))


@room.command()
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="OUT")],
    account: str = "",
    action: str = "",
    since: FromOption = "",
    until: ToOption = "",
    outcome: Outcome = None,
    reason: str | None = None,
    force: ForceOption = False,
) -> None:
    """Write what was done, with the seals, to a file."""
    from geo.access.audit import log as audit_log
    from geo.cli.output import print_note, require_new, translate
    from geo.operations import database

    require_new(out, force=force)
    config = read_settings(context)
    wanted = _filters(config, account, action, since, until, outcome)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "audit")
        count = audit_log.export_rows(
            engine,
            who,
            wanted,
            out,
            reason=reason,
            timezone=config.timezone,
            lang=current_language(),
        )
    print_note(translate("export.written", file=out, count=count))


def _filters(
    config: "Settings", account: str, action: str, since: str, until: str, outcome: str | None
) -> "Filters":
    from geo.access.audit import log as audit_log

    return audit_log.parse_filters(
        timezone=config.timezone,
        account=account,
        action=action,
        outcome=outcome or "",
        since=since,
        until=until,
    )


def _tell_proof(proof: "Proof") -> None:
    from geo.cli.output import print_note, translate

    walk, tail, broken = proof.walk, proof.tail, proof.walk.broken
    print_note(translate("audit.walked", rows=walk.rows, redacted=walk.redacted))
    if walk.destroyed:
        print_note(translate("audit.destroyed", rows=walk.destroyed))
    if broken is not None:
        facts = {"seal_no": broken.seal_no, "id": broken.id or "—", "count": broken.count}
        print_note(
            translate("audit.broken", why=translate(f"audit.break.{broken.kind}", **facts), **facts)
        )
    for each, stands in walk.stands.items():
        if not stands:
            state = "unreached" if stands is None else "gone"
            number = "—" if each.seal_no is None else each.seal_no
            print_note(
                translate(f"audit.head_{state}", no=number, day=each.day, groups=each.groups)
            )
    if walk.stands and all(walk.stands.values()):
        print_note(translate("audit.heads_stand", count=len(walk.stands)))
    if tail.count:
        print_note(
            translate("audit.tail_late" if tail.late else "audit.tail", **_tail_facts(proof))
        )
    if not proof.noted:
        print_note(translate("audit.not_noted"))
    print_note(translate("audit.whole" if walk.whole else "audit.not_whole"))


def _tail_facts(proof: "Proof") -> dict[str, Any]:
    return {"count": proof.tail.count, "age_s": round(proof.tail.age_s)}


def _tell_heads(heads: "list[Head]") -> None:
    from geo.cli.output import print_note, translate

    if not heads:
        raise InputError("audit.no_head")
    for each in heads:
        groups = each.groups.split()
        size = len(groups) // LINES
        typer.echo(translate("audit.head_line_of", day=each.day, no=each.seal_no))
        for start in range(0, len(groups), size):
            typer.echo("    " + " ".join(groups[start : start + size]))
    print_note(translate("audit.head_advice"))


def _today(config: "Settings") -> Any:  # noqa: ANN401 - a date, loaded late
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return datetime.now(ZoneInfo(config.timezone)).date()


def _cell(name: str, row: dict[str, Any], config: "Settings") -> object:
    from zoneinfo import ZoneInfo

    from geo.access.audit import log as audit_log
    from geo.cli.output import translate

    value = row[name]
    if name == "at":
        return f"{value.astimezone(ZoneInfo(config.timezone)):%Y-%m-%d %H:%M:%S}"
    if name == "action":
        return audit_log.action_name(value, current_language())
    if name == "outcome":
        return translate(f"audit_outcome.{value}")
    if name == "id":
        return str(value)
    return translate("audit.note_gone") if value is None else value
