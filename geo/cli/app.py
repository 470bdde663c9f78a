"""Root of the command line: options common to all commands, and the groups of commands."""

import importlib
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo import __version__
from geo.base import language as run_language
from geo.base import settings as installation
from geo.base.errors import ForbiddenError, InputError
from geo.base.settings import Settings
from geo.cli.room import Room

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geo.access.principal import Principal

ACCOUNT = "govgrid.account"
# They keep the database and the service running, which is nobody's in particular.
OWNER_ONLY = frozenset({"db", "init", "serve", "worker", "demo", "status", "report"})
_call: ContextVar[typer.Context] = ContextVar("call")

app = Room()


def read_settings(context: typer.Context) -> Settings:
    """Return the settings of this call: environment, overridden by the root's options."""
    found: Settings = context.find_object(Settings) or installation.read_settings()
    return found


def acting_reader(
    context: typer.Context, engine: "Engine", action: str | None = None, *, whole: bool = False
) -> "Principal":
    """Return the principal of this call: the system, or the account of ``--as``.

    Parameters
    ----------
    context
        Of the running command; it holds the account of ``--as``.
    action
        Permission that the principal needs; only grants that include it are kept. None: nothing is
        required.
    whole
        Whether a grant limited to some areas is refused.

    Raises
    ------
    ForbiddenError
        If the principal may not; the refusal is audited.
    """
    from geo.access.accounts.local_cli import acting_principal
    from geo.access.audit import record as audit

    found = acting_principal(engine, context.meta.get(ACCOUNT))
    try:
        if action is not None:
            found.require(action)
            found = found.cut(action)
        if whole:
            found.require_whole()
    except ForbiddenError as error:
        facts = {"reason": error.key, "action": action}
        audit.note_apart(
            engine, found, "access", context.command_path, outcome="refused", facts=facts
        )
        raise
    return found


def require_unlimited(engine: "Engine", action: str) -> "Principal":
    """Return the principal of the running command if no area limits it.

    Parameters
    ----------
    action
        Permission that the principal needs.

    Raises
    ------
    ForbiddenError
        If it has no such permission, or only in some areas.
    """
    return acting_reader(_call.get(), engine, action, whole=True)


def current_language() -> str:
    """Return the language of sentences to people."""
    return run_language.current_language()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"govgrid {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        Path | None,
        # Whether it can be read is the cluster's own question, with an answer of its own.
        typer.Option(readable=False),
    ] = None,
    database: Annotated[str | None, typer.Option(metavar="URL")] = None,
    lang: str | None = None,  # noqa: ARG001 - acted on before anything was read
    as_account: Annotated[str | None, typer.Option("--as", metavar="ACCOUNT")] = None,
    version: Annotated[  # noqa: ARG001 - acted on by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Set what every command works on."""
    if as_account is not None and context.invoked_subcommand in OWNER_ONLY:
        raise InputError("access.owner_only", command=context.invoked_subcommand)
    context.meta[ACCOUNT] = as_account
    _call.set(context)
    given: dict[str, Any] = {"home": home, "database_url": database}
    context.obj = installation.read_settings(
        **{name: value for name, value in given.items() if value is not None}
    )


# Each room registers its commands on `app` when it is imported.
for _room in (
    "system.database",
    "system.backup",
    "system.archive",
    "system.status",
    "system.setup",
    "data.imports",
    "data.exports",
    "data.checks",
    "data.areas",
    "planning.coverage",
    "planning.loss",
    "planning.survey",
    "data.places",
    "data.maps",
    "system.service",
    "system.demo",
    "system.home",
    "law.audit",
    "system.work",
    "system.webhook",
    "law.register",
    "law.filing",
    "law.compliance",
    "law.users",
    "incidents.intake",
    "incidents.life",
    "incidents.whistle",
    "incidents.figures",
    "incidents.reply",
    "incidents.papers",
    "incidents.paper",
    "incidents.receipt",
    "incidents.shift",
    "incidents.spots",
    "incidents.vocabularies",
):
    importlib.import_module(f"geo.cli.{_room}")
