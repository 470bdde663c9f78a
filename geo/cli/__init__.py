"""The command line: parse, call one use case, print."""

import sys

from geo.base.errors import GovgridError


def main() -> None:
    """Run the command line; a failure is one sentence on stderr and its exit code."""
    try:
        from geo.cli.app import app, language
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        app(standalone_mode=True)
    except GovgridError as error:
        sys.stderr.write(error.text(language()) + "\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        from geo.base.words import say

        reason = error.strerror or str(error)
        sys.stderr.write(
            say("system.refused", language(), what=error.filename, reason=reason) + "\n"
        )
        sys.exit(2)
