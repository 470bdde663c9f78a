"""Run tests in forks of a process that has the libraries loaded.

Reads a request a line (JSON) from standard input and answers it with a line. Runs in a copy of the
project: a mutated file is put back after its trial.
"""

import json
import os
import resource
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from heapq import nsmallest
from importlib import import_module
from pathlib import Path

from scripts.mutation.rooms import MOST_QUICK

LIBRARIES = (
    *("pandas", "geopandas", "pyogrio", "openpyxl", "ezdxf", "numba", "hypothesis", "pytest"),
    "coverage",
)
# Ends a mutant that loops for ever; the tests of the slowest room take a fifth of it.
CPU_LIMIT_S = 300
PASSED, FAILED, INTERRUPTED = 0, 1, 2  # of pytest
CONTEXTS = Path("contexts.json")


def main() -> None:
    """Answer each line until standard input closes."""
    for name in LIBRARIES:
        import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        if "code" in request:
            of = (request[name] for name in ("module", "code", "quick", "tests"))
            answer: object = outcome(*of)
        else:
            answer = line_contexts(request["modules"], request["tests"])
        print(json.dumps(answer), flush=True)


def outcome(module: str, code: str, quick: Sequence[str], tests: Sequence[str]) -> str:
    """Return "caught", "survived" or, where pytest ran no test, "broken".

    Parameters
    ----------
    module
        Path of the module that is changed.
    code
        Its changed text.
    quick
        Single tests that come first: if one of them fails, the files are not tried.
    tests
        Test files that can notice it; without any nothing does.
    """
    if not tests:
        return "survived"
    path = Path(module)
    before = path.read_text("utf-8")
    path.write_text(code, encoding="utf-8")
    try:
        if quick and (found := _verdict(quick)) == "caught":
            return found
        return _verdict(tests)
    finally:
        path.write_text(before, encoding="utf-8")


def _verdict(tests: Sequence[str]) -> str:
    status = _in_fork(lambda: _run_pytest(["-x", *tests]))
    if status < 0:
        return "caught"
    return {PASSED: "survived", FAILED: "caught", INTERRUPTED: "caught"}.get(status, "broken")


def line_contexts(
    modules: Sequence[str], tests: Sequence[str]
) -> dict[str, dict[int, list[str]]] | None:
    """Return which test files run each line of some modules; None where a test fails.

    Parameters
    ----------
    modules
        Paths of the modules.
    tests
        Paths of the test files.

    Returns
    -------
    dict or None
        By module and line: "" for what an import runs, "call FILE" for a test and "setup FILE" for
        a fixture before one; "test SECONDS TEST" for each of the quickest tests.
    """
    status = _in_fork(lambda: _measure(modules, tests))
    return None if status else json.loads(CONTEXTS.read_text("utf-8"))


def _in_fork(work: Callable[[], int]) -> int:
    """Return the exit code of some work, negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        log = os.open("trial.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for stream in (0, 1, 2):
            os.dup2(log, stream)
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run_pytest(arguments: Sequence[str], plugins: Sequence[object] = ()) -> int:
    import pytest

    quiet = ["-q", "--assert=plain", "-p", "no:cacheprovider", "-m", "not compiled and not postgis"]
    if not plugins:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))
    return int(pytest.main([*quiet, *arguments], plugins=list(plugins)))


def _measure(modules: Sequence[str], tests: Sequence[str]) -> int:
    """Run all tests and write down which of them run each line."""
    import coverage

    measured = coverage.Coverage(data_file=None, include=list(modules), config_file=False)
    plugin = _Contexts(measured)
    measured.start()
    status = _run_pytest(tests, [plugin])
    measured.stop()
    data = measured.get_data()
    found = {}
    for each in modules:
        lines = data.contexts_by_lineno(str(Path(each).absolute()))
        found[each] = {line: _by_file(held, plugin.seconds) for line, held in lines.items()}
    CONTEXTS.write_text(json.dumps(found), encoding="utf-8")
    return status


def _by_file(contexts: Sequence[str], seconds: Mapping[str, float]) -> list[str]:
    """Return the contexts of a line by files, and its quickest tests."""
    files = {each.partition("::")[0] for each in contexts}
    called = (each.removeprefix("call ") for each in contexts if each.startswith("call "))
    quick = nsmallest(MOST_QUICK, ((seconds[each], each) for each in called))
    return [*sorted(files), *(f"test {took_s:09.4f} {each}" for took_s, each in quick)]


class _Contexts:
    """Plugin of pytest that names what runs after the test, and keeps how long each takes."""

    def __init__(self, measured: "coverage.Coverage") -> None:  # noqa: F821
        self.measured = measured
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.measured.switch_context(f"setup {nodeid}")

    def pytest_runtest_call(self, item: "pytest.Item") -> None:  # noqa: F821
        self.measured.switch_context(f"call {item.nodeid}")

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:  # noqa: F821
        self.seconds[report.nodeid] += report.duration


if __name__ == "__main__":
    main()
