"""Try mutants one after the other, each in a fork of a process that has the libraries loaded.

Reads one mutant a line (JSON) from standard input and answers with its outcome. Runs in a copy of
the project: the mutated file is put back after each trial.
"""

import json
import os
import resource
import sys
from importlib import import_module
from pathlib import Path

from scripts.mutation.rooms import room_tests

LIBRARIES = ("pandas", "geopandas", "pyogrio", "openpyxl", "ezdxf", "numba", "hypothesis", "pytest")
# Ends a mutant that loops for ever; the tests of the slowest room take a fifth of it.
CPU_LIMIT_S = 300
PASSED, FAILED, INTERRUPTED = 0, 1, 2  # of pytest


def main() -> None:
    """Answer each line until standard input closes."""
    for name in LIBRARIES:
        import_module(name)
    for line in sys.stdin:
        mutant = json.loads(line)
        print(outcome(mutant["module"], mutant["code"]), flush=True)


def outcome(module: str, code: str) -> str:
    """Return "caught", "survived" or, where pytest ran no test, "broken"."""
    path = Path(module)
    before = path.read_text("utf-8")
    path.write_text(code, encoding="utf-8")
    try:
        child = os.fork()
        if child == 0:
            _run_tests(module)
        status = os.waitpid(child, 0)[1]
    finally:
        path.write_text(before, encoding="utf-8")
    if os.WIFSIGNALED(status):
        return "caught"
    return {PASSED: "survived", FAILED: "caught", INTERRUPTED: "caught"}.get(
        os.waitstatus_to_exitcode(status), "broken"
    )


def _run_tests(module: str) -> None:
    """Run the tests of the module's room and end the process; never return."""
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))
    log = os.open("trial.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (0, 1, 2):
        os.dup2(log, stream)
    options = [
        "-x",
        "-q",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
        "-m",
        "not compiled",
    ]
    os._exit(int(pytest.main([*options, *room_tests(module)])))


if __name__ == "__main__":
    main()
