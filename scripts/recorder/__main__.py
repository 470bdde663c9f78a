"""``scripts/record``: see there."""

import argparse
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from . import commands, compare, executable, process, service
from .home import Home
from .scenes import BEGIN, COLD, END, SCENES, SETUP, SLOW
from .texts import Texts

AT_ONCE = 2
APART: dict[str, Callable[[Home, Path], dict[str, Any]]] = {
    "service": service.service,
    "executable": executable.executable,
    **{name: partial(commands.alone, name) for name in SLOW},
}
"""What is recorded otherwise than by calls in a scene."""


def main() -> int:
    """Record or compare, and return the exit code."""
    known = argparse.ArgumentParser(prog="scripts/record", description=__doc__)
    known.add_argument("out", nargs="?", type=Path, help="the file to write, .json")
    known.add_argument("--compare", nargs=2, type=Path, metavar=("BEFORE", "AFTER"))
    known.add_argument("--only", help="record what has this in its name only; to try things out")
    asked = known.parse_args()
    if asked.compare:
        return compare.main(*asked.compare)
    if asked.out is None:
        known.error("say where to write: scripts/record OUT.json")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the database is stopped then as well
    began = time.monotonic()
    found = record(asked.only or "")
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)
    asked.out.write_text(text + "\n", encoding="utf-8")
    for name, count in found["counts"].items():
        print(f"{count:7,} {name}", file=sys.stderr)
    print(f"wrote {asked.out} in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


def record(only: str) -> dict[str, Any]:
    """Return all that is recorded; `only` leaves scenes out whose names do not hold it."""
    checkout, found_at = Path(os.environ["RECORDED"]), find_spec("geo")
    if not (found_at and found_at.origin and Path(found_at.origin).is_relative_to(checkout)):
        raise SystemExit(
            f"{checkout}: its .venv holds the program of another folder; scripts/setup"
        )
    process.load_libraries()
    texts = Texts()
    # the database runs as another account under root, and must be able to enter
    with tempfile.TemporaryDirectory(prefix="record-") as name:
        home = Home(Path(name))
        home.folder.chmod(0o711)
        try:
            found = {
                "commands": commands.interface(home),
                "calls": {"begin": commands.of_home(BEGIN, home, texts)},
            }
            home.hasten()
            found["calls"]["setup"] = commands.of_home(SETUP, home, texts)
            _beside(home, only, found, texts)
            found["calls"]["end"] = commands.of_home(END, home, texts)
        finally:
            home.run("db", "stop")
    return {**found, "texts": texts.found, "counts": _counts(found)}


def _beside(home: Home, only: str, found: dict[str, Any], texts: Texts) -> None:
    """Record the service and the scenes, two at once, each in a process of its own."""
    names = [name for name in (*APART, *SCENES) if only in name]
    names = [name for name in names if name == only or name not in SLOW]
    works = [(name, partial(_print, name, home)) for name in names]
    env = home.environment(RECORDED=os.environ["RECORDED"])
    began = time.monotonic()
    for name, done in process.side_by_side(works, folder=home.folder, env=env, most=AT_ONCE):
        if done.code:
            raise RuntimeError(f"{name}: {done.err}")
        told = json.loads(done.out)
        texts.found |= told["texts"]
        place, key = (found, name) if name == "service" else (found["calls"], name)
        place[key] = told["found"]
        used = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        print(f"{time.monotonic() - began:5.0f} s, CPU {used:4.0f} s {name}", file=sys.stderr)


def _print(name: str, home: Home) -> int:
    """Print what is recorded under a name as JSON."""
    folder = home.folder / re.sub(r"\W", "-", name).lower()
    folder.mkdir()
    if name not in COLD:
        process.load_govgrid()
    found = APART[name](home, folder) if name in APART else commands.scene(name, home, folder)
    sys.stdout.write(json.dumps(found, ensure_ascii=False))
    return 0


def _counts(found: dict[str, Any]) -> dict[str, int]:
    service = found.get("service", {})
    return {
        "commands": len(found["commands"]),
        "options and arguments": sum(len(each["takes"]) for each in found["commands"].values()),
        "calls of commands": sum(map(len, found["calls"].values())),
        "routes": len(service.get("routes", [])),
        "answers of routes": sum(map(len, service.get("answers", {}).values())),
    }


if __name__ == "__main__":
    sys.exit(main())
