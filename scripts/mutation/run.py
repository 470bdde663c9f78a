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
from collections.abc import Iterable, Iterator
from math import sqrt
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.json")
Mutant = dict[str, str]
Waiting = queue.SimpleQueue[Mutant | None]


def main() -> None:
    """Print the report; end with 1 if fewer mutants are caught than the goal says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sample", type=Path)
    parser.add_argument("--goal", type=float, default=0.9)
    parser.add_argument("--out", type=Path, help="file for all results")
    given = parser.parse_args()
    sample = json.loads(given.sample.read_text("utf-8"))
    mutants = [each for each in sample["mutants"] if not is_equivalent(each)]
    _require_passing(mutants, given.sample.parent)
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
    """Return the mutants with their ``outcome``, tried in as many copies as there are cores."""
    waiting: Waiting = queue.SimpleQueue()
    done: list[Mutant] = []
    for mutant in mutants:
        waiting.put(mutant)
    copies = [folder / f"copy-{number}" for number in range(os.cpu_count() or 1)]
    threads = [threading.Thread(target=_try, args=(waiting, done, copy)) for copy in copies]
    for thread in threads:
        waiting.put(None)
        thread.start()
    for thread in threads:
        thread.join()
    return done


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


def _require_passing(mutants: Iterable[Mutant], folder: Path) -> None:
    """Stop where the tests of a room fail, or there are none, on unchanged code."""
    modules = {_room(each): each["module"] for each in mutants}
    unchanged = [
        {"module": module, "code": (ROOT / module).read_text("utf-8")}
        for module in modules.values()
    ]
    tried = try_all(unchanged, folder)
    if failing := sorted(each["module"] for each in tried if each["outcome"] != "survived"):
        sys.exit(f"the tests of these fail on unchanged code, see trial.log: {failing}")


def _room(mutant: Mutant) -> str:
    return str(Path(mutant["module"]).parent)


def _try(waiting: Waiting, done: list[Mutant], copy: Path) -> None:
    """Hand mutants to a process that works in a copy of its own."""
    _copy_project(copy)
    with subprocess.Popen(
        [sys.executable, "-m", "scripts.mutation.trial"],
        cwd=copy,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin
        assert server.stdout
        while (mutant := waiting.get()) is not None:
            server.stdin.write(json.dumps(mutant) + "\n")
            server.stdin.flush()
            outcome = server.stdout.readline().strip()
            place = f"{mutant['module']}:{mutant['line']}" if "line" in mutant else "unchanged"
            print(outcome or "broken", place, mutant.get("after", ""), file=sys.stderr)
            done.append({**mutant, "outcome": outcome or "broken"})
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
