"""``govgrid webhook``: programs elsewhere that are notified of incidents."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo.cli.app import acting_reader, app, read_settings
from geo.cli.room import Room

if TYPE_CHECKING:
    from geo.operations.store.webhooks import Webhook
    from geo.operations.webhooks.manage import NewWebhook

webhooks = Room()
app.add_typer(webhooks, name="webhook")
JsonOption = Annotated[bool, typer.Option("--json")]
COLUMNS = ("name", "url", "account", "kinds", "active", "waiting", "delivered_at", "error")
DELIVERED = ("at", "code", "kind", "state", "attempts", "status", "error", "next_at")


@webhooks.command("list")
def list_webhooks(context: typer.Context, as_json_: JsonOption = False) -> None:
    """List the webhooks; never their secrets."""
    from geo.cli.output import as_json
    from geo.operations import database
    from geo.operations.webhooks import manage

    with database.open_database(read_settings(context)) as engine:
        found = manage.list_webhooks(engine, acting_reader(context, engine, "accounts", whole=True))
    as_json({"webhooks": found}) if as_json_ else _print(COLUMNS, found)


@webhooks.command()
def add(
    context: typer.Context,
    name: str,
    url: str,
    account: Annotated[str, typer.Option()],
    kind: Annotated[list[str] | None, typer.Option()] = None,
) -> None:
    """Add a webhook and print its secret on stdout, this once."""
    from geo.operations import database
    from geo.operations.webhooks import manage

    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "accounts", whole=True)
        made = manage.add_webhook(
            engine, who, config, name=name, url=url, account=account, kinds=kind or manage.KINDS
        )
    _print_secret(made)


@webhooks.command()
def pause(context: typer.Context, name: str) -> None:
    """Switch a webhook off."""
    _switch(context, name, active=False)


@webhooks.command()
def resume(context: typer.Context, name: str) -> None:
    """Switch a webhook on again; it is not notified of what happened meanwhile."""
    _switch(context, name, active=True)


@webhooks.command()
def secret(context: typer.Context, name: str) -> None:
    """Give a webhook another secret and print it on stdout, this once."""
    from geo.operations import database
    from geo.operations.webhooks import manage

    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "accounts", whole=True)
        hook = manage.find_webhook(engine, who, name)
        made = manage.renew_secret(engine, who, config, hook.id)
    _print_secret(made)


@webhooks.command()
def deliveries(context: typer.Context, name: str, as_json_: JsonOption = False) -> None:
    """List the newest deliveries of a webhook, and how each went."""
    from geo.cli.output import as_json
    from geo.operations import database
    from geo.operations.webhooks import manage

    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "accounts", whole=True)
        hook = manage.find_webhook(engine, who, name)
        found = manage.list_deliveries(engine, who, hook.id)
    as_json({"deliveries": found}) if as_json_ else _print(DELIVERED, found)


@webhooks.command()
def remove(context: typer.Context, name: str) -> None:
    """Remove a webhook."""
    from geo.cli.output import print_note, translate
    from geo.operations import database
    from geo.operations.webhooks import manage

    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "accounts", whole=True)
        manage.remove_webhook(engine, who, manage.find_webhook(engine, who, name).id)
    print_note(translate("webhook.removed", name=name))


def _switch(context: typer.Context, name: str, *, active: bool) -> None:
    from geo.operations import database
    from geo.operations.webhooks import manage

    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "accounts", whole=True)
        hook = manage.find_webhook(engine, who, name)
        found = manage.switch_webhook(engine, who, config, hook.id, active=active)
    _print(COLUMNS, [found])


def _print_secret(made: "NewWebhook") -> None:
    from geo.cli.output import print_line, print_note, translate

    print_note(translate("webhook.made", name=made.webhook.name))
    print_line(made.secret)


def _print(names: tuple[str, ...], rows: "list[Webhook] | list[Any]") -> None:
    from geo.cli.output import print_table, translate

    print_table(
        [translate(f"webhook.column.{name}") for name in names],
        [[_cell(getattr(row, name)) for name in names] for row in rows],
    )


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
