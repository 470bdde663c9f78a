"""``govgrid audit``: what was done by whom, and whether the log of it is whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from geo.base.errors import InputError
from geo.cli.app import app, language, reader, settings
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

    config = settings(context)
    expected = checkpoints.read(checkpoints.file_of(config.home))
    if head is not None:
        expected += checkpoints.given(head)
    with database.opened(config) as engine:
        who = reader(context, engine, "audit")
        proof = audit_verification.verify(engine, who, expected=expected)
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

    config = settings(context)
    file = checkpoints.file_of(config.home)
    with database.opened(config) as engine:
        now = audit_log.state(engine, reader(context, engine, "audit")).head
    if now is not None:
        checkpoints.write(file, now, _today(config))
    heads = checkpoints.read(file)
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
    from geo.cli.output import as_json, note, table, told
    from geo.operations import database

    config = settings(context)
    wanted = _filters(config, account, action, since, until, outcome)
    with database.opened(config) as engine:
        who = reader(context, engine, "audit")
        rows = audit_log.page(engine, who, wanted, limit=limit)
    if as_json_:
        as_json({"rows": rows})
    elif rows:
        shown = [[_cell(name, row, config) for name in COLUMNS] for row in rows]
        table([told(f"audit_column.{name}") for name in COLUMNS], shown)
    else:
        note(told("audit.none"))


@room.command()
def redact(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1)],
    reason: Annotated[str, typer.Option()],
) -> None:
    """Take the note of a row away for good; the chain stays whole."""
    from geo.access.audit import log as audit_log
    from geo.cli.output import note, told
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        audit_log.redact(engine, reader(context, engine), number, reason=reason)
    note(told("audit.redacted", id=number))


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
    from geo.cli.output import note, require_new, told
    from geo.operations import database

    require_new(out, force=force)
    config = settings(context)
    wanted = _filters(config, account, action, since, until, outcome)
    with database.opened(config) as engine:
        who = reader(context, engine, "audit")
        count = audit_log.export(
            engine,
            who,
            wanted,
            out,
            reason=reason,
            timezone=config.timezone,
            lang=language(),
        )
    note(told("export.written", file=out, count=count))


def _filters(
    config: "Settings", account: str, action: str, since: str, until: str, outcome: str | None
) -> "Filters":
    from geo.access.audit import log as audit_log

    return audit_log.filters(
        timezone=config.timezone,
        account=account,
        action=action,
        outcome=outcome or "",
        since=since,
        until=until,
    )


def _tell_proof(proof: "Proof") -> None:
    from geo.cli.output import note, told

    walk, tail, broken = proof.walk, proof.tail, proof.walk.broken
    note(told("audit.walked", rows=walk.rows, redacted=walk.redacted))
    if broken is not None:
        facts = {"seal_no": broken.seal_no, "id": broken.id or "—", "count": broken.count}
        note(told("audit.broken", why=told(f"audit.break.{broken.kind}", **facts), **facts))
    for each, stands in walk.stands.items():
        if not stands:
            state = "unreached" if stands is None else "gone"
            number = "—" if each.seal_no is None else each.seal_no
            note(told(f"audit.head_{state}", no=number, day=each.day, groups=each.groups))
    if walk.stands and all(walk.stands.values()):
        note(told("audit.heads_stand", count=len(walk.stands)))
    if tail.count:
        note(told("audit.tail_late" if tail.late else "audit.tail", **_tail_facts(proof)))
    if not proof.noted:
        note(told("audit.not_noted"))
    note(told("audit.whole" if walk.whole else "audit.not_whole"))


def _tail_facts(proof: "Proof") -> dict[str, Any]:
    return {"count": proof.tail.count, "age_s": round(proof.tail.age_s)}


def _tell_heads(heads: "list[Head]") -> None:
    from geo.cli.output import note, told

    if not heads:
        raise InputError("audit.no_head")
    for each in heads:
        groups = each.groups.split()
        size = len(groups) // LINES
        typer.echo(told("audit.head_line_of", day=each.day, no=each.seal_no))
        for start in range(0, len(groups), size):
            typer.echo("    " + " ".join(groups[start : start + size]))
    note(told("audit.head_advice"))


def _today(config: "Settings") -> Any:  # noqa: ANN401 - a date, loaded late
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return datetime.now(ZoneInfo(config.timezone)).date()


def _cell(name: str, row: dict[str, Any], config: "Settings") -> object:
    from zoneinfo import ZoneInfo

    from geo.access.audit import log as audit_log
    from geo.cli.output import told

    value = row[name]
    if name == "at":
        return f"{value.astimezone(ZoneInfo(config.timezone)):%Y-%m-%d %H:%M:%S}"
    if name == "action":
        return audit_log.action_name(value, language())
    if name == "outcome":
        return told(f"audit_outcome.{value}")
    if name == "id":
        return str(value)
    return told("audit.note_gone") if value is None else value
