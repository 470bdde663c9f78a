"""``govgrid user`` and ``govgrid key``: accounts, grants, keys of programs."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from geo.base.errors import InputError
from geo.cli.app import app, reader, settings
from geo.cli.choices import ForceOption
from geo.cli.room import Room

room = Room()
keys = Room()
app.add_typer(room, name="user")
app.add_typer(keys, name="key")

NameArgument = Annotated[str, typer.Argument(metavar="NAME")]
ClassOption = Annotated[list[str] | None, typer.Option("--class")]
DayOption = Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"])]
JsonOption = Annotated[bool, typer.Option("--json")]
ACCOUNTS = ("name", "kind", "holder", "unit_name", "state", "last_login_at")
GRANTS = ("id", "account", "role", "area", "classes", "depth", "until")


@room.command()
def add(
    context: typer.Context,
    name: NameArgument,
    kind: str = "person",
    holder: str = "",
    unit_code: str | None = None,
    unit_name: str = "",
    role: str | None = None,
    area: str | None = None,
) -> None:
    """Make an account and print its one-time password, this once."""
    from geo.access.accounts import accounts
    from geo.cli.output import note, told
    from geo.operations import database

    if area is not None and role is None:
        raise InputError("account.area_alone", area=area)
    with database.opened(settings(context)) as engine:
        who = reader(context, engine, "accounts")
        if role is not None:
            reader(context, engine, "grants")
        password = accounts.add(
            engine,
            who,
            name,
            kind=kind,
            holder=holder,
            unit_code=unit_code,
            unit_name=unit_name,
            grant=None if role is None else (role, area),
        )
    note(told("account.made", name=name))
    if password:
        note(told("account.password", password=password))
    if role is not None:
        _say_given(name, role, area)


@room.command()
def grant(
    context: typer.Context,
    name: NameArgument,
    role: Annotated[str, typer.Argument(metavar="ROLE")],
    area: str | None = None,
    classes: ClassOption = None,
    depth: str | None = None,
    until: DayOption = None,
) -> None:
    """Give an account a role in an area; the same again changes classes, depth and end."""
    from geo.access.accounts import grants
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        who = reader(context, engine, "grants")
        day = until.date() if until else None
        grants.give(engine, who, name, role, area, classes=classes, depth=depth, until=day)
    _say_given(name, role, area)


@room.command()
def ungrant(
    context: typer.Context, number: Annotated[str, typer.Argument(metavar="GRANT")]
) -> None:
    """Take a grant back; `user grants` shows their numbers."""
    from geo.access.accounts import grants
    from geo.cli.output import note, told
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        grants.take(engine, reader(context, engine, "grants"), number)
    note(told("grant.was_taken"))


@room.command("grants")
def grants_(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME")] = None,
    as_json_: JsonOption = False,
) -> None:
    """List what is granted, to one account or to all."""
    from geo.access.accounts import grants
    from geo.cli.output import as_json, note, table, told
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        rows = grants.listed(engine, reader(context, engine, "grants"), account=name)
    if as_json_:
        as_json({"grants": rows})
    elif rows:
        shown = [{**row, "area": row["area_code"] or told("grant.everything")} for row in rows]
        table([told(f"user_column.{each}") for each in GRANTS], [_cells(r, GRANTS) for r in shown])
    else:
        note(told("grant.none"))


@room.command()
def disable(context: typer.Context, name: NameArgument) -> None:
    """Let an account in no more; its log-ins end, its keys hold no more."""
    _changed(context, name, "disable", "was_disabled")


@room.command()
def enable(context: typer.Context, name: NameArgument) -> None:
    """Let a disabled account in again."""
    _changed(context, name, "enable", "was_enabled")


@room.command()
def unlock(context: typer.Context, name: NameArgument) -> None:
    """Let an account try again that failed to log in too often."""
    _changed(context, name, "unlock", "was_unlocked")


@room.command()
def reset(context: typer.Context, name: NameArgument) -> None:
    """Print a new one-time password; the old one, the authenticator and log-ins hold no more."""
    from geo.access.accounts import accounts
    from geo.cli.output import note, told
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        password = accounts.reset(engine, reader(context, engine, "accounts"), name)
    note(told("account.was_reset", name=name))
    note(told("account.password", password=password))


@room.command()
def link(
    context: typer.Context,
    name: NameArgument,
    issuer: Annotated[str, typer.Argument(metavar="ISSUER")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT")],
) -> None:
    """Bind an account to whom the identity provider knows as SUBJECT."""
    from geo.access.accounts import accounts
    from geo.cli.output import note, told
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        accounts.link(engine, reader(context, engine, "accounts"), name, issuer, subject)
    note(told("account.was_linked", name=name))


@room.command("list")
def list_(context: typer.Context, as_json_: JsonOption = False) -> None:
    """List all accounts."""
    from geo.access.accounts import accounts
    from geo.cli.output import as_json, note, table, told
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        rows = accounts.listed(engine, reader(context, engine, "accounts"))
    if as_json_:
        as_json({"accounts": rows})
    elif rows:
        table(
            [told(f"user_column.{each}") for each in ACCOUNTS], [_cells(r, ACCOUNTS) for r in rows]
        )
    else:
        note(told("account.none"))


@room.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx")],
    passwords: Annotated[Path | None, typer.Option(metavar="OUT.xlsx")] = None,
    check: Annotated[bool, typer.Option("--check")] = False,
) -> None:
    """Make the accounts of a table, all or none; `user template` writes an empty one."""
    from geo.access.accounts import bulk_import
    from geo.cli.output import note, told
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        who = reader(context, engine)
        done = bulk_import.bring_in(engine, who, file, passwords=passwords, check=check)
    key = "account_list.would" if check else "account_list.done"
    note(told(key, made=done.made, changed=done.changed, kept=done.kept, grants=done.grants))
    if passwords is not None and done.made and not check:
        note(told("account_list.passwords", file=passwords))


@room.command()
def template(
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx")], force: ForceOption = False
) -> None:
    """Write an empty table of accounts with its allowed words."""
    from geo.access.accounts import bulk_import
    from geo.cli.output import note, require_new, told

    require_new(out, force=force)
    bulk_import.template(out)
    note(told("account_list.template", file=out))


@keys.command("add")
def add_key(
    context: typer.Context,
    name: NameArgument,
    account: Annotated[str, typer.Option()],
    scope: Annotated[list[str], typer.Option()],
    days: int = 90,
) -> None:
    """Make a key for a program's account and print it on stdout, this once."""
    from geo.access.accounts import api_keys
    from geo.cli.output import line, note, told
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        who = reader(context, engine, "accounts")
        made = api_keys.make(engine, who, name, scopes=scope, days=days, account=account)
    note(told("key.made"))
    line(made)


@keys.command("list")
def list_keys(
    context: typer.Context,
    account: Annotated[str, typer.Option()],
    as_json_: JsonOption = False,
) -> None:
    """List the keys of an account; never the keys themselves."""
    from geo.access.accounts import api_keys
    from geo.cli.output import as_json, table, told
    from geo.operations import database

    columns = ("id", "name", "hint", "scopes", "expires_at", "used_at", "works")
    with database.opened(settings(context)) as engine:
        who = reader(context, engine, "accounts")
        rows = api_keys.listed(engine, who, account=account)
    if as_json_:
        as_json({"keys": rows})
    else:
        table([told(f"user_column.{n}") for n in columns], [_cells(row, columns) for row in rows])


@keys.command()
def revoke(context: typer.Context, number: Annotated[str, typer.Argument(metavar="KEY")]) -> None:
    """Revoke a key; `key list` shows their numbers."""
    from geo.access.accounts import api_keys
    from geo.cli.output import note, told
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        api_keys.revoke(engine, reader(context, engine, "accounts"), number)
    note(told("key.was_revoked"))


def _changed(context: typer.Context, name: str, what: str, said: str) -> None:
    from geo.access.accounts import accounts
    from geo.cli.output import note, told
    from geo.operations import database

    with database.opened(settings(context)) as engine:
        getattr(accounts, what)(engine, reader(context, engine, "accounts"), name)
    note(told(f"account.{said}", name=name))


def _say_given(name: str, role: str, area: str | None) -> None:
    from geo.cli.output import note, told

    where = area or told("grant.everything")
    note(told("grant.was_given", name=name, role=told(f"role.{role}"), area=where))


def _cells(row: dict[str, Any], columns: tuple[str, ...]) -> list[str]:
    from geo.cli.output import told

    return [_cell(name, row[name], told) for name in columns]


def _cell(name: str, value: object, told: Any) -> str:  # noqa: ANN401 - the words of this call
    if value is None:
        return ""
    words = {"role": "role", "depth": "depth", "state": "page_accounts", "kind": "account_kind"}
    if name in words:
        return str(told(f"{words[name]}.{value}"))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
