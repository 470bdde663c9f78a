"""``govgrid user`` and ``govgrid key``: accounts, grants, keys of programs."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from geo.base.errors import InputError
from geo.cli.app import acting_reader, app, read_settings
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
    from geo.cli.output import print_note, translate
    from geo.operations import database

    if area is not None and role is None:
        raise InputError("account.area_alone", area=area)
    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "accounts")
        if role is not None:
            acting_reader(context, engine, "grants")
        password = accounts.add_account(
            engine,
            who,
            name,
            kind=kind,
            holder=holder,
            unit_code=unit_code,
            unit_name=unit_name,
            grant=None if role is None else (role, area),
        )
    print_note(translate("account.made", name=name))
    if password:
        print_note(translate("account.password", password=password))
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

    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "grants")
        day = until.date() if until else None
        grants.give_grant(engine, who, name, role, area, classes=classes, depth=depth, until=day)
    _say_given(name, role, area)


@room.command()
def ungrant(
    context: typer.Context, number: Annotated[str, typer.Argument(metavar="GRANT")]
) -> None:
    """Take a grant back; `user grants` shows their numbers."""
    from geo.access.accounts import grants
    from geo.cli.output import print_note, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        grants.revoke_grant(engine, acting_reader(context, engine, "grants"), number)
    print_note(translate("grant.was_taken"))


@room.command("grants")
def grants_(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME")] = None,
    as_json_: JsonOption = False,
) -> None:
    """List what is granted, to one account or to all."""
    from geo.access.accounts import grants
    from geo.cli.output import as_json, print_note, print_table, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        found = grants.list_grants(engine, acting_reader(context, engine, "grants"), account=name)
    rows = [vars(row) for row in found]
    if as_json_:
        as_json({"grants": rows})
    elif rows:
        shown = [{**row, "area": row["area_code"] or translate("grant.everything")} for row in rows]
        print_table(
            [translate(f"user_column.{each}") for each in GRANTS],
            [_cells(r, GRANTS) for r in shown],
        )
    else:
        print_note(translate("grant.none"))


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
    """Print a new one-time password; the old one, authenticator, card and log-ins hold no more."""
    from geo.access.accounts import accounts
    from geo.cli.output import print_note, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        password = accounts.reset_password(engine, acting_reader(context, engine, "accounts"), name)
    print_note(translate("account.was_reset", name=name))
    print_note(translate("account.password", password=password))


@room.command()
def card(
    context: typer.Context,
    name: NameArgument,
    out: Annotated[Path | None, typer.Option(metavar="CARD.html")] = None,
    force: ForceOption = False,
) -> None:
    """Issue a card of one-time codes and show it, this once; the one before holds no more."""
    from geo.access.login import code_card
    from geo.cli.output import print_line, print_note, require_new, translate
    from geo.documents import code_card_paper
    from geo.operations import database

    config = read_settings(context)
    if out is not None:
        require_new(out, force=force)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "accounts")
        made = code_card.issue_card(engine, who, name, config=config)
    if out is None:
        print_note(translate("account.card_issued", name=made.account))
        for number, code in enumerate(made.codes, start=1):
            print_line(f"{number:02d} {code[:4]} {code[4:]}")
        return
    code_card_paper.write_card(
        made, out, timezone=config.timezone, mark=config.mark, lang=config.lang
    )
    print_note(translate("account.card_written", name=made.account, file=out))


@room.command("revoke-card")
def revoke_card(context: typer.Context, name: NameArgument) -> None:
    """Make the codes of an account's card worthless."""
    from geo.access.login import code_card
    from geo.cli.output import print_note, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        code_card.revoke_card(engine, acting_reader(context, engine, "accounts"), name)
    print_note(translate("account.card_was_revoked", name=name))


@room.command()
def certificate(
    context: typer.Context,
    name: NameArgument,
    certificate: Annotated[str | None, typer.Argument(metavar="CERTIFICATE")] = None,
    remove: Annotated[bool, typer.Option("--remove")] = False,
) -> None:
    """Register the client certificate of an account, or remove it."""
    from geo.access.login import client_certificate
    from geo.cli.output import print_note, translate
    from geo.operations import database

    if (certificate is None) != remove:
        raise InputError("account.certificate_alone")
    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "accounts")
        if certificate is None:
            client_certificate.remove_certificate(engine, who, name)
            print_note(translate("account.certificate_removed", name=name))
            return
        found = client_certificate.register_certificate(engine, who, name, certificate)
    print_note(translate("account.certificate_set", name=name, found=found))


@room.command()
def link(
    context: typer.Context,
    name: NameArgument,
    issuer: Annotated[str, typer.Argument(metavar="ISSUER")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT")],
) -> None:
    """Bind an account to whom the identity provider knows as SUBJECT."""
    from geo.access.accounts import accounts
    from geo.cli.output import print_note, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        accounts.link_identity(
            engine, acting_reader(context, engine, "accounts"), name, issuer, subject
        )
    print_note(translate("account.was_linked", name=name))


@room.command("list")
def list_(context: typer.Context, as_json_: JsonOption = False) -> None:
    """List all accounts."""
    from geo.access.accounts import accounts
    from geo.cli.output import as_json, print_note, print_table, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        found = accounts.list_accounts(engine, acting_reader(context, engine, "accounts"))
    rows = [vars(row) for row in found]
    if as_json_:
        as_json({"accounts": rows})
    elif rows:
        print_table(
            [translate(f"user_column.{each}") for each in ACCOUNTS],
            [_cells(r, ACCOUNTS) for r in rows],
        )
    else:
        print_note(translate("account.none"))


@room.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx")],
    passwords: Annotated[Path | None, typer.Option(metavar="OUT.xlsx")] = None,
    check: Annotated[bool, typer.Option("--check")] = False,
) -> None:
    """Make the accounts of a table, all or none; `user template` writes an empty one."""
    from geo.access.accounts import bulk_import
    from geo.cli.output import print_note, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine)
        done = bulk_import.bring_in(engine, who, file, passwords=passwords, check=check)
    key = "account_list.would" if check else "account_list.done"
    print_note(
        translate(key, made=done.made, changed=done.changed, kept=done.kept, grants=done.grants)
    )
    if passwords is not None and done.made and not check:
        print_note(translate("account_list.passwords", file=passwords))


@room.command()
def template(
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx")], force: ForceOption = False
) -> None:
    """Write an empty table of accounts with its allowed words."""
    from geo.access.accounts import bulk_import
    from geo.cli.output import print_note, require_new, translate

    require_new(out, force=force)
    bulk_import.write_template(out)
    print_note(translate("account_list.template", file=out))


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
    from geo.cli.output import print_line, print_note, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "accounts")
        made = api_keys.make_key(engine, who, name, scopes=scope, days=days, account=account)
    print_note(translate("key.made"))
    print_line(made)


@keys.command("list")
def list_keys(
    context: typer.Context,
    account: Annotated[str, typer.Option()],
    as_json_: JsonOption = False,
) -> None:
    """List the keys of an account; never the keys themselves."""
    from geo.access.accounts import api_keys
    from geo.cli.output import as_json, print_table, translate
    from geo.operations import database

    columns = ("id", "name", "hint", "scopes", "expires_at", "used_at", "works")
    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "accounts")
        rows = [vars(row) for row in api_keys.list_keys(engine, who, account=account)]
    if as_json_:
        as_json({"keys": rows})
    else:
        print_table(
            [translate(f"user_column.{n}") for n in columns], [_cells(row, columns) for row in rows]
        )


@keys.command()
def revoke(context: typer.Context, number: Annotated[str, typer.Argument(metavar="KEY")]) -> None:
    """Revoke a key; `key list` shows their numbers."""
    from geo.access.accounts import api_keys
    from geo.cli.output import print_note, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        api_keys.revoke(engine, acting_reader(context, engine, "accounts"), number)
    print_note(translate("key.was_revoked"))


def _changed(context: typer.Context, name: str, what: str, said: str) -> None:
    from geo.access.accounts import accounts
    from geo.cli.output import print_note, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        getattr(accounts, what)(engine, acting_reader(context, engine, "accounts"), name)
    print_note(translate(f"account.{said}", name=name))


def _say_given(name: str, role: str, area: str | None) -> None:
    from geo.cli.output import print_note, translate

    where = area or translate("grant.everything")
    print_note(translate("grant.was_given", name=name, role=translate(f"role.{role}"), area=where))


def _cells(row: dict[str, Any], columns: tuple[str, ...]) -> list[str]:
    from geo.cli.output import translate

    return [_cell(name, row[name], translate) for name in columns]


def _cell(name: str, value: object, translate_word: Any) -> str:  # noqa: ANN401 - the words of this call
    if value is None:
        return ""
    words = {"role": "role", "depth": "depth", "state": "page_accounts", "kind": "account_kind"}
    if name in words:
        return str(translate_word(f"{words[name]}.{value}"))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
