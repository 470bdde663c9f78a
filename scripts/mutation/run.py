"""Try a drawn sample of mutants in copies of the project and report which no test notices."""

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import sqrt
from pathlib import Path
from typing import Any

from scripts.mutation.rooms import noticing_tests, room_tests, statement_contexts

ROOT = Path(__file__).resolve().parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.json")
Mutant = dict[str, Any]
Request = dict[str, Any]
Waiting = queue.SimpleQueue[Request | None]


def main() -> None:
    """Print the report; end with 1 if fewer mutants are caught than the goal says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sample", type=Path)
    parser.add_argument("--goal", type=float, default=0.9)
    parser.add_argument("--out", type=Path, help="file for all results")
    given = parser.parse_args()
    sample = json.loads(given.sample.read_text("utf-8"))
    mutants = [each for each in sample["mutants"] if not is_equivalent(each)]
    results = try_all(mutants, given.sample.parent)
    if given.out:
        given.out.write_text(json.dumps(results, ensure_ascii=False), encoding="utf-8")
    left_out = len(sample["mutants"]) - len(mutants)
    print(f"{sample['places']} places, {len(sample['mutants'])} drawn, {left_out} equivalent")
    for line in report(results):
        print(line)
    sys.exit(sum(each["outcome"] == "caught" for each in results) < given.goal * len(results))


def is_equivalent(mutant: Mutant) -> bool:
    """Return whether the list of equivalent mutants has this one (and why, for who reads it)."""
    known = json.loads(EQUIVALENT.read_text("utf-8"))
    keys = ("module", "before", "after")
    return any(all(mutant[key] == each[key] for key in keys) for each in known)


def try_all(mutants: Iterable[Mutant], folder: Path) -> list[Mutant]:
    """Return the mutants with their ``outcome``, each tried by the tests that run its line.

    Parameters
    ----------
    mutants
        As ``draw.py`` prints them.
    folder
        Where copies of the project are made, one for each core.
    """
    mutants = list(mutants)
    contexts = _measured_contexts(mutants, folder)
    requests = [{**each, "tests": _tests_of(each, contexts)} for each in mutants]
    return [{**each, "outcome": found or "broken"} for each, found in _ask(requests, folder)]


def _measured_contexts(mutants: Iterable[Mutant], folder: Path) -> dict[str, Any]:
    """Return what runs each line of the mutated modules; stop where their tests fail."""
    rooms: dict[tuple[str, ...], set[str]] = {}
    for each in mutants:
        rooms.setdefault(tuple(sorted(room_tests(each["module"]))), set()).add(each["module"])
    requests = [{"modules": sorted(m), "tests": list(tests)} for tests, m in rooms.items()]
    answers = list(_ask(requests, folder))
    if failing := [each["modules"] for each, found in answers if not found]:
        sys.exit(f"the tests of these fail on unchanged code, see trial.log: {failing}")
    return {module: lines for _, found in answers for module, lines in found.items()}


def _tests_of(mutant: Mutant, contexts: Mapping[str, Any]) -> list[str]:
    module = mutant["module"]
    source = (ROOT / module).read_text("utf-8")
    running = statement_contexts(source, mutant["line"], contexts[module])
    return noticing_tests(room_tests(module), running)


def report(results: list[Mutant]) -> Iterator[str]:
    """Yield a line for each survivor, for each room, and for all (with the 95 % interval)."""
    for each in sorted(results, key=lambda each: (each["module"], each["line"])):
        if each["outcome"] != "caught":
            where = f"{each['outcome']}: {each['module']}:{each['line']}"
            yield f"{where}\n    - {each['before']}\n    + {each['after']}"
    rooms = Counter(_room(each) for each in results)
    caught = Counter(_room(each) for each in results if each["outcome"] == "caught")
    yield from (f"{room}: {caught[room]} of {rooms[room]}" for room in sorted(rooms))
    low, high = interval(caught.total(), len(results))
    share = caught.total() / len(results)
    yield f"caught {caught.total()} of {len(results)}: {share:.1%} (95 %: {low:.1%} to {high:.1%})"


def interval(hits: int, tries: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    Examples
    --------
    >>> [round(bound, 3) for bound in interval(90, 100)]
    [0.826, 0.945]
    """
    z = 1.96
    middle = (hits + z * z / 2) / (tries + z * z)
    half = z / (tries + z * z) * sqrt(hits * (tries - hits) / tries + z * z / 4)
    return middle - half, middle + half


def _room(mutant: Mutant) -> str:
    return str(Path(mutant["module"]).parent)


def _ask(requests: Iterable[Request], folder: Path) -> list[tuple[Request, Any]]:
    """Return requests with their answers, from as many copies of the project as there are cores."""
    waiting: Waiting = queue.SimpleQueue()
    done: list[tuple[Request, Any]] = []
    for request in requests:
        waiting.put(request)
    copies = [folder / f"copy-{number}" for number in range(os.cpu_count() or 1)]
    threads = [threading.Thread(target=_serve, args=(waiting, done, copy)) for copy in copies]
    for thread in threads:
        waiting.put(None)
        thread.start()
    for thread in threads:
        thread.join()
    return done


def _serve(waiting: Waiting, done: list[tuple[Request, Any]], copy: Path) -> None:
    """Hand requests to a process that works in a copy of its own."""
    _copy_project(copy)
    paths = os.pathsep.join((str(copy), str(ROOT / "var" / "mutants" / "lib")))
    with subprocess.Popen(
        [sys.executable, "-m", "scripts.mutation.trial"],
        cwd=copy,
        env={
            **os.environ,
            "NUMBA_DISABLE_JIT": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": paths,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin
        assert server.stdout
        while (request := waiting.get()) is not None:
            server.stdin.write(json.dumps(request) + "\n")
            server.stdin.flush()
            answer = json.loads(server.stdout.readline() or "null")
            if "line" in request:
                place = f"{request['module']}:{request['line']}"
                print(answer, place, request["after"], file=sys.stderr, flush=True)
            done.append((request, answer))
        server.stdin.close()


def _copy_project(copy: Path) -> None:
    """Make `copy` anew from the files that are in the repository, and the packed assets."""
    shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    vendored = "maps/web/static/vendor"
    (copy / vendored).symlink_to(ROOT / vendored)


if __name__ == "__main__":
    main()
