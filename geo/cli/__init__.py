"""The command line: parse, call one use case, print."""

import os
import sys
from collections.abc import Callable

from geo.base import language, marking
from geo.base.errors import GovgridError, InputError
from geo.base.words import LANGUAGES

INTERRUPTED = 130


def main() -> None:
    """Run the command line; a failure is one sentence on stderr and its exit code."""
    try:
        exit_with_sentence(lambda: sys.exit(_run(sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def exit_with_sentence(work: Callable[[], object]) -> None:
    """Do `work`; end the process with one sentence on stderr where it fails."""
    try:
        work()
    except GovgridError as error:
        sys.stderr.write(error.text(language.current_language()) + "\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        from geo.base.words import say

        reason = error.strerror or str(error)
        facts = {"what": error.filename, "reason": reason}
        sys.stderr.write(say("system.refused", language.current_language(), **facts) + "\n")
        sys.exit(2)


def _run(typed: list[str]) -> int:
    """Run what was typed, in one language from the first word on; return the exit code."""
    os.environ[language.VARIABLE] = _language(typed)
    for word in typed:
        marking.require_unmarked(word, "text")
    import typer

    from geo.cli.app import app

    command = typer.main.get_command(app)
    try:
        code = command.main(typed, prog_name="govgrid", standalone_mode=False)
    except typer.TyperException as error:
        from geo.cli import usage

        sys.stderr.write(usage.describe_error(error, language.current_language()) + "\n")
        return error.exit_code
    return code if isinstance(code, int) else 0


def _language(typed: list[str]) -> str:
    """Return the language of ``--lang``, else that of the environment.

    Raises
    ------
    InputError
        If it is none that there is.
    """
    asked = os.environ.get(language.VARIABLE, "")
    for at, word in enumerate(typed):
        if word == "--lang" and at + 1 < len(typed):
            asked = typed[at + 1]
        elif word.startswith("--lang="):
            asked = word.partition("=")[2]
    if asked and language.find_language(asked) is None:
        raise InputError("language.unknown", found=asked, known=", ".join(LANGUAGES))
    return language.find_language(asked) or language.current_language()
