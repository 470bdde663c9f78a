"""Groups of commands that explain themselves in the language of the run."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from geo.base import language

if TYPE_CHECKING:
    from typer import Context


class Command(TyperCommand):
    """Command whose help text is in the catalogue."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer's own, private
        """Write the help into the formatter."""
        formatter.write(_page(ctx))


class Group(TyperGroup):
    """Group of commands whose help text is in the catalogue."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer's own, private
        """Write the help into the formatter."""
        formatter.write(_page(ctx))


class Room(typer.Typer):
    """A group of commands; without one of them it shows its help."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - as typer takes them
        super().__init__(
            cls=Group,
            no_args_is_help=True,
            add_completion=False,
            pretty_exceptions_enable=False,
            rich_markup_mode=None,
            **options,
        )

    def command(self, name: str | None = None, **options: Any) -> Callable[..., Any]:  # noqa: ANN401
        """Return a decorator that makes a function a command of the room."""
        return super().command(name, **{"cls": Command, **options})


def _page(context: "Context") -> str:
    from geo.cli.help_page import help_text  # it draws with rich, and few ask for help

    return help_text(context, language.current_language())
