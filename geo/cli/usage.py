"""Errors of usage in the language of the run: typer has them in English only."""

import re
from typing import Any, Final

from geo.base.words import say

_NEAR: Final = r"(?: \(Possible options: (?P<near>.+)\))?"
# What typer says, and the key of the same; groups are the facts.
SAID: Final = tuple(
    (re.compile(pattern, re.DOTALL), key)
    for pattern, key in (
        (rf"No such option: (?P<option>\S+){_NEAR}", "no_option"),
        (r"No such command '(?P<word>.*?)'\.?(?: Did you mean (?P<near>.+)\?)?", "no_command"),
        (r"Missing command\.", "no_words"),
        (r"Missing \w+ '(?P<name>.+?)'\..*", "missing"),
        (r"Got unexpected extra argument\(s\) \((?P<words>.+)\)", "extra"),
        (r"Option '(?P<option>.+)' requires an argument\.", "no_value"),
        (r"Option '(?P<option>.+)' does not take a value\.", "value_unwanted"),
        (r"Invalid value for '(?P<name>.+?)': (?P<reason>.+)", "invalid"),
    )
)
REASONS: Final = tuple(
    (re.compile(pattern, re.DOTALL), key)
    for pattern, key in (
        (r"Input should be a valid integer.*", "integer"),
        (r"Input should be a (?:valid|finite) number.*", "number"),
        (r"Input should be greater than or equal to (?P<low>\S+)", "lower"),
        (r"Input should be less than or equal to (?P<high>\S+)", "higher"),
        (r"(?:Value error, )?'(?P<found>.*)' is not one of (?P<known>.+)\.", "choice"),
        (r"(?:Value error, )?'(?P<found>.*)' does not match the formats? .+", "day"),
    )
)

HELP_INSTEAD: Final = "NoArgsIsHelpError"
"""What typer calls a group of commands without one of them: its message is the help."""


def translate_sentence(message: str, lang: str) -> str:
    """Return a sentence of typer from the catalogue; an unknown one stays English.

    Parameters
    ----------
    message
        As typer says it.
    lang
        "zh" or "en".
    """
    for pattern, key in SAID:
        found = pattern.fullmatch(message)
        if found is not None:
            return _said(key, found.groupdict(), lang)
    return message


def describe_error(error: Any, lang: str) -> str:  # noqa: ANN401 - typer's own, private
    """Return the text of a usage error: the sentence, the usage line, and the command for help.

    Parameters
    ----------
    error
        Raised by typer, with its context as ``ctx``.
    lang
        "zh" or "en".
    """
    context = getattr(error, "ctx", None)
    said = translate_sentence(error.format_message(), lang)
    if context is None or type(error).__name__ == HELP_INSTEAD:
        return said
    from geo.cli.help_page import usage_line

    return "\n".join(
        (said, usage_line(context, lang), say("usage.see", lang, command=context.command_path))
    )


def _said(key: str, found: dict[str, str | None], lang: str) -> str:
    facts = {name: _plain(name, said) for name, said in found.items() if said is not None}
    near = facts.pop("near", None)
    if "reason" in facts:
        facts["reason"] = _reason(facts["reason"], lang)
    said = say(f"usage.{key}", lang, **facts)
    joint = "" if lang == "zh" else " "
    return said if near is None else said + joint + say("usage.near", lang, near=near)


def _reason(reason: str, lang: str) -> str:
    for pattern, key in REASONS:
        found = pattern.fullmatch(reason)
        if found is not None:
            facts = {name: _plain(name, said) for name, said in found.groupdict().items()}
            return say(f"usage.{key}", lang, **facts)
    return reason.rstrip(".")


def _plain(name: str, said: str) -> str:
    """Return a fact as people read it: lists without quotes, arguments as the help has them."""
    if name in ("near", "known"):
        return said.replace("'", "")
    return said.upper() if name == "name" and said[0] != "-" else said
