"""Help of a command from the catalogue: usage, description, arguments and options."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from geo.base.words import load_catalogue, say

if TYPE_CHECKING:
    from typer import Context

WIDEST: Final = 100
MOST_LEFT: Final = 36
KINDS: Final = (
    ("int", "integer"),
    ("float", "number"),
    ("%Y", "day"),
    ("path", "path"),
    ("file", "path"),
    ("dir", "path"),
)
"""What typer calls kinds of values, and the word for each."""


def help_text(context: "Context", lang: str) -> str:
    """Return the help page of a command as plain text, wrapped to the terminal.

    Parameters
    ----------
    context
        Of the command that is described.
    lang
        "zh" or "en".
    """
    console = Console(file=io.StringIO(), width=min(Console().width, WIDEST), highlight=False)
    words = _words(context)
    console.print(Text(usage_line(context, lang)))
    console.print()
    console.print(Padding(Text(say(_key(words, "_"), lang)), (0, 2)))
    for title, rows in _sections(context, words, lang):
        if rows:
            console.print()
            console.print(Text(say(f"usage.{title}", lang)))
            console.print(Padding(_grid(rows), (0, 0, 0, 2)))
    drawn = console.file.getvalue()  # type: ignore[attr-defined]
    return "".join(f"{line.rstrip()}\n" for line in drawn.splitlines())


def usage_line(context: "Context", lang: str) -> str:
    """Return the usage line of a command: its words, arguments and marks for options.

    Parameters
    ----------
    context
        Of the command that is described.
    lang
        "zh" or "en".
    """
    command: Any = context.command
    words = [context.command_path]
    arguments = [each for each in command.params if _is_argument(each)]
    words += [name if each.required else f"[{name}]" for each in arguments if (name := _name(each))]
    words.append(say("usage.options_mark", lang))
    if hasattr(command, "commands"):
        words.append(say("usage.commands_mark", lang))
    return say("usage.usage", lang) + " ".join(words)


def help_of(words: tuple[str, ...], name: str) -> str:
    """Return the catalogue key of an option or argument: the command's own, else the shared one.

    Parameters
    ----------
    words
        Words of the command, as ``("import", "runs")``.
    name
        Name of the option or argument.
    """
    own = _key(words, name)
    return own if own in load_catalogue() else f"help.any.{name}"


def _sections(
    context: "Context", words: tuple[str, ...], lang: str
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    command: Any = context.command
    params = command.params
    texts = {each.name: say(help_of(words, each.name), lang) for each in params}
    yield (
        "arguments",
        [(_name(each), _whole(texts[each.name], [])) for each in params if _is_argument(each)],
    )
    options = [
        (_typed(each, context, lang), _whole(texts[each.name], _limits(each, lang)))
        for each in params
        if not _is_argument(each)
    ]
    yield "options", [*options, ("--help", say("usage.help", lang))]
    names = getattr(command, "commands", {})
    yield (
        "commands",
        [(name, say(_key((*words, name), "_"), lang).split("\n")[0]) for name in names],
    )


def _grid(rows: list[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2), pad_edge=False)
    grid.add_column(max_width=MOST_LEFT, overflow="fold")
    grid.add_column(overflow="fold")
    for left, right in rows:
        grid.add_row(Text(left), Text(right))
    return grid


def _typed(option: Any, context: "Context", lang: str) -> str:  # noqa: ANN401 - typer's own
    """Return how an option is typed: its names, and what stands behind it."""
    names = " / ".join([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return names
    return f"{names} {option.metavar or _kind(option, context, lang)}"


def _kind(option: Any, context: "Context", lang: str) -> str:  # noqa: ANN401
    found = option.display_type(context).strip("<>").removeprefix("list[").removesuffix("]")
    if "|" in found:
        return f"[{found}]"
    word = next((word for sign, word in KINDS if found.startswith(sign)), "text")
    return say(f"metavar.{word}", lang)


def _limits(option: Any, lang: str) -> list[str]:  # noqa: ANN401
    """Return what else is to be known of an option: needed, limits, what it is where not given."""
    info = option.type_descriptor.parameter_info
    said = []
    if option.required:
        said.append(say("usage.required", lang))
    if option.multiple:
        said.append(say("usage.repeatable", lang))
    if info.min is not None:
        said.append(say("usage.at_least", lang, low=info.min))
    if info.max is not None:
        said.append(say("usage.at_most", lang, high=info.max))
    if option.default not in (None, "", False) and not option.is_flag:
        said.append(say("usage.default", lang, value=option.default))
    return said


def _whole(text: str, said: list[str]) -> str:
    return f"{text} [{'; '.join(said)}]" if said else text


def _name(argument: Any) -> str:  # noqa: ANN401
    return str(argument.metavar or argument.name.upper())


def _is_argument(param: Any) -> bool:  # noqa: ANN401
    return bool(param.param_type_name == "argument")


def _words(context: "Context") -> tuple[str, ...]:
    """Return the words by which a command is called, without the program's own name."""
    found: list[str] = []
    each: Any = context
    while each.parent is not None:
        found.insert(0, each.info_name)
        each = each.parent
    return tuple(found)


def _key(words: tuple[str, ...], name: str) -> str:
    return ".".join(("help", *words, name))
