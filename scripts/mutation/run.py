"""Try a drawn sample of mutants in copies of the project and report which no test notices.

Each result is written down at once, so that a run that ends early can be taken up again.
"""

import argparse
import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import sqrt
from pathlib import Path
from typing import Any

from scripts.mutation.rooms import noticing_tests, quick_tests, room_tests, statement_contexts

ROOT = Path(__file__).resolve().parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.json")
Mutant = dict[str, Any]
Request = dict[str, Any]
Waiting = queue.SimpleQueue[Request | None]
Take = Callable[[Request, Any], None]


def main() -> None:
    """Print the report; end with 1 if fewer mutants are caught than the goal says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sample", type=Path)
    parser.add_argument("--goal", type=float, default=0.9)
    parser.add_argument("--out", type=Path, required=True, help="file for all results")
    parser.add_argument("--resume", action="store_true", help="try those without a result")
    parser.add_argument("--retry", action="store_true", help="try those that survived as well")
    parser.add_argument("--report", action="store_true", help="try none")
    given = parser.parse_args()
    sample = json.loads(given.sample.read_text("utf-8"))
    drawn = [each for each in sample["mutants"] if is_current(each)]
    mutants = [each for each in drawn if not is_equivalent(each)]
    if not (given.resume or given.retry or given.report):
        given.out.write_text("", encoding="utf-8")
    if not given.report:
        known = recorded(mutants, given.out)
        left = untried(mutants, known, again=given.retry)
        try_all(mutants, left, given.out, given.sample.parent)
    results = recorded(mutants, given.out)
    for line in headings(sample, drawn, mutants):
        print(line)
    for line in report(results):
        print(line)
    sys.exit(sum(each["outcome"] == "caught" for each in results) < given.goal * len(results))


def headings(sample: dict[str, Any], drawn: list[Mutant], mutants: list[Mutant]) -> Iterator[str]:
    """Yield how many mutants were drawn and which of them are left out.

    Parameters
    ----------
    sample
        As ``draw.py`` prints it.
    drawn
        Those of modules that have not changed since.
    mutants
        Those of them that are not equivalent.
    """
    yield f"{sample['places']} places, {len(sample['mutants'])} drawn"
    if changed := len(sample["mutants"]) - len(drawn):
        yield f"{changed} of modules that changed since"
    yield f"{len(drawn) - len(mutants)} equivalent"


def is_current(mutant: Mutant) -> bool:
    """Return whether the module is still the one that the mutant was made of."""
    path = ROOT / mutant["module"]
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == mutant["digest"]


def is_equivalent(mutant: Mutant) -> bool:
    """Return whether the list of equivalent mutants has this one (and why, for who reads it)."""
    known = json.loads(EQUIVALENT.read_text("utf-8"))
    keys = ("module", "before", "after")
    return any(all(mutant[key] == each[key] for key in keys) for each in known)


def recorded(mutants: Iterable[Mutant], out: Path) -> list[Mutant]:
    """Return the mutants that have a result, with their last ``outcome`` and their ``first``."""
    found: dict[str, list[str]] = {}
    lines = out.read_text("utf-8").splitlines() if out.exists() else []
    for key, outcome in map(json.loads, lines):
        found.setdefault(key, []).append(outcome)
    tried = ((each, found[_key(each)]) for each in mutants if _key(each) in found)
    return [{**each, "outcome": found[-1], "first": found[0]} for each, found in tried]


def untried(mutants: Iterable[Mutant], known: Iterable[Mutant], *, again: bool) -> list[Mutant]:
    """Return the mutants without a result.

    Parameters
    ----------
    mutants
        All of the sample.
    known
        Those with a result.
    again
        Also those that were not caught.
    """
    done = {_key(each) for each in known if not again or each["outcome"] == "caught"}
    return [each for each in mutants if _key(each) not in done]


def try_all(mutants: Iterable[Mutant], wanted: Iterable[Mutant], out: Path, folder: Path) -> None:
    """Try mutants by the tests that run their lines and add each result to a file.

    Parameters
    ----------
    mutants
        As ``draw.py`` prints them.
    wanted
        Those of them to try.
    out
        File of results, which gets a line each: key and outcome.
    folder
        Where copies of the project are made, one for each core.
    """
    wanted = list(wanted)
    contexts = _measured_contexts(mutants, {each["module"] for each in wanted}, folder)
    requests = [{**each, **_tests_of(each, contexts)} for each in wanted]
    with out.open("a", encoding="utf-8") as file:

        def take(request: Request, found: str | None) -> None:
            file.write(json.dumps([_key(request), found or "broken"]) + "\n")
            file.flush()

        _ask(requests, folder, take)


def _key(mutant: Mutant) -> str:
    return hashlib.sha256(f"{mutant['module']}\0{mutant['code']}".encode()).hexdigest()


def _measured_contexts(mutants: Iterable[Mutant], wanted: set[str], folder: Path) -> dict[str, Any]:
    """Return what runs each line of some modules; stop where their tests fail.

    What was measured is kept until a module or a test of the room changes.
    """
    rooms: dict[tuple[str, ...], set[str]] = {}
    for each in mutants:
        rooms.setdefault(tuple(sorted(room_tests(each["module"]))), set()).add(each["module"])
    kept = {
        tests: folder / f"contexts-{_digest(tests, modules)}.json"
        for tests, modules in rooms.items()
        if modules & wanted
    }
    requests = [
        {"modules": sorted(rooms[tests]), "tests": list(tests)}
        for tests in sorted(kept, key=len, reverse=True)
        if not kept[tests].exists()
    ]
    failing = []

    def take(request: Request, found: dict[str, Any] | None) -> None:
        if found:
            kept[tuple(request["tests"])].write_text(json.dumps(found), encoding="utf-8")
        else:
            failing.append(request["modules"])

    _ask(requests, folder, take)
    if failing:
        sys.exit(f"the tests of these fail on unchanged code, see trial.log: {failing}")
    held = [json.loads(path.read_text("utf-8")) for path in kept.values()]
    return {module: lines for each in held for module, lines in each.items()}


def _digest(tests: Iterable[str], modules: Iterable[str]) -> str:
    paths = [*tests, *sorted(modules)]
    texts = b"\0".join(name.encode() + (ROOT / name).read_bytes() for name in paths)
    return hashlib.sha256(texts).hexdigest()[:16]


def _tests_of(mutant: Mutant, contexts: Mapping[str, Any]) -> dict[str, list[str]]:
    module = mutant["module"]
    source = (ROOT / module).read_text("utf-8")
    running = statement_contexts(source, mutant["line"], contexts[module])
    tests = noticing_tests(room_tests(module), running)
    return {"tests": tests, "quick": quick_tests(running)}


def report(results: list[Mutant]) -> Iterator[str]:
    """Yield a line for each survivor, for each room, and for all (with the 95 % interval)."""
    if not results:
        return
    for each in sorted(results, key=lambda each: (each["module"], each["line"])):
        if each["outcome"] != "caught":
            where = f"{each['outcome']}: {each['module']}:{each['line']}"
            yield f"{where}\n    - {each['before']}\n    + {each['after']}"
    rooms = Counter(_room(each) for each in results)
    caught = Counter(_room(each) for each in results if each["outcome"] == "caught")
    yield from (f"{room}: {caught[room]} of {rooms[room]}" for room in sorted(rooms))
    for name, word in (("first", "caught at first"), ("outcome", "caught")):
        hits = sum(each[name] == "caught" for each in results)
        low, high = interval(hits, len(results))
        share = hits / len(results)
        yield f"{word} {hits} of {len(results)}: {share:.1%} (95 %: {low:.1%} to {high:.1%})"


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


def _ask(requests: Iterable[Request], folder: Path, take: Take) -> None:
    """Hand over requests with their answers, from as many copies of the project as there are cores.

    `take` gets one answer after the other.
    """
    waiting: Waiting = queue.SimpleQueue()
    for request in requests:
        waiting.put(request)
    if waiting.empty():
        return
    one_at_a_time = threading.Lock()
    copies = [folder / f"copy-{number}" for number in range(os.cpu_count() or 1)]
    threads = [
        threading.Thread(target=_serve, args=(waiting, take, one_at_a_time, copy))
        for copy in copies
    ]
    for thread in threads:
        waiting.put(None)
        thread.start()
    for thread in threads:
        thread.join()


def _serve(waiting: Waiting, take: Take, one_at_a_time: threading.Lock, copy: Path) -> None:
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
            with one_at_a_time:
                take(request, answer)
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
