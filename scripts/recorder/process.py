"""Work in processes of their own, forked from one that has loaded the libraries already."""

import importlib
import os
import pkgutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 1800.0
PAUSE_S = 0.003
# Libraries only: a command loads the modules of govgrid itself, as it does on a terminal.
LIBRARIES = (
    *("alembic.command", "argon2", "cryptography.hazmat.primitives.ciphers", "ezdxf", "fastapi"),
    *("folium", "geopandas", "jinja2", "numba", "openpyxl", "pandas", "psycopg2", "pyarrow"),
    *("pydantic_settings", "pyogrio", "pyotp", "pyproj", "python_calamine", "requests", "rich"),
    *("segno", "shapely", "sqlalchemy.dialects.postgresql.psycopg2", "typer", "uvicorn"),
)


@dataclass(frozen=True)
class Done:
    """How a process ended and what it printed."""

    code: int
    out: str
    err: str


class Child:
    """A process that does some work; it ends with what the work returned, as its exit code."""

    def __init__(self, work: Callable[[], object], folder: Path, env: Mapping[str, str]) -> None:
        self._files = (tempfile.TemporaryFile(), tempfile.TemporaryFile())  # noqa: SIM115
        self._ends = time.monotonic() + PATIENCE_S
        self._code: int | None = None
        self._number = os.fork()
        if self._number == 0:
            _work(work, folder, env, *(file.fileno() for file in self._files))

    def ended(self) -> bool:
        """Return whether it has ended; one that takes too long is ended."""
        if self._code is None:
            if time.monotonic() > self._ends:
                os.kill(self._number, signal.SIGKILL)
            found, status = os.waitpid(self._number, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if found else None
        return self._code is not None

    def end(self) -> None:
        """End it now."""
        if not self.ended():
            os.kill(self._number, signal.SIGKILL)

    def done(self) -> Done:
        """Wait for its end and return it."""
        while not self.ended():
            time.sleep(PAUSE_S)
        texts = []
        for file in self._files:
            with file:
                file.seek(0)
                texts.append(file.read().decode("utf-8", "backslashreplace"))
        return Done(int(self._code or 0), *texts)


def govgrid(words: Sequence[str], *, folder: Path, env: Mapping[str, str]) -> Done:
    """Run ``govgrid`` with `words` in `folder` and return how it ended."""

    def main() -> object:
        from geo.cli import main as govgrid_main

        sys.argv = ["govgrid", *words]
        govgrid_main()
        return 0

    return Child(main, folder, env).done()


def side_by_side(
    works: Iterable[tuple[str, Callable[[], object]]],
    *,
    folder: Path,
    env: Mapping[str, str],
    most: int,
) -> Iterator[tuple[str, Done]]:
    """Do several works, `most` of them at once, and give how each ended by its name."""
    waiting, running = list(works), dict[str, Child]()
    try:
        while waiting or running:
            while waiting and len(running) < most:
                name, work = waiting.pop(0)
                running[name] = Child(work, folder, env)
            for name in [each for each, child in running.items() if child.ended()]:
                yield name, running.pop(name).done()
            time.sleep(PAUSE_S)
    finally:
        for child in running.values():
            child.end()


def load_libraries() -> None:
    """Load what most commands need; what is not there, they will miss themselves."""
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)


def load_govgrid() -> None:
    """Load all modules of govgrid, so that commands forked from here begin at once."""
    import geo

    for found in pkgutil.walk_packages(geo.__path__, "geo.", onerror=lambda _: None):
        if not found.name.endswith("__main__") and ".migrations" not in found.name:
            with suppress(Exception):
                importlib.import_module(found.name)


def _work(
    work: Callable[[], object], folder: Path, env: Mapping[str, str], out: int, err: int
) -> None:
    code: object = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(env)
        code = work()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        with suppress(Exception):
            if isinstance(code, str):
                sys.stderr.write(code + "\n")
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))
