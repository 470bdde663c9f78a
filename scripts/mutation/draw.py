"""Draw a seeded sample of mutants; run by the interpreter that has cosmic-ray, prints JSON."""

import argparse
import ast
import hashlib
import json
import random
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec

CONTRACT = "pure computing knows no database, HTTP or settings"
Place = tuple[str, tuple[int, int]]


def main() -> None:
    """Print as many mutants as `--sample` says, each of another place of the code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", type=Path, required=True)
    given = parser.parse_args()
    modules = [path for room in pure_rooms() for path in sorted(room.rglob("*.py"))]
    places = mutable_places(modules, given.database)
    rng = random.Random(given.seed)
    drawn = rng.sample(sorted(places), len(places))
    mutants = (mutant(rng.choice(places[place])) for place in drawn)
    running = islice(filter(compiles, mutants), given.sample)
    print(json.dumps({"places": len(places), "mutants": list(running)}))


def compiles(mutant: dict) -> bool:
    """Return whether a mutant is Python at all: some changes of signs are not."""
    try:
        ast.parse(mutant["code"])
    except SyntaxError:
        return False
    return True


def pure_rooms() -> list[Path]:
    """Return the folders that the import contract on pure computing names."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (rooms,) = (each["source_modules"] for each in contracts if each["name"] == CONTRACT)
    return sorted(path for room in rooms for path in Path().glob(room.replace(".", "/")))


def mutable_places(modules: list[Path], database: Path) -> dict[Place, list[MutationSpec]]:
    """Return the mutations of each place; annotations and compiler decorators are left out."""
    database.unlink(missing_ok=True)
    found = defaultdict(list)
    with use_db(database, WorkDB.Mode.create) as work:
        init(modules, work, {})
        for item in work.work_items:
            (spec,) = item.mutations
            found[str(spec.module_path), spec.start_pos].append(spec)
    unfit = {str(path): set(inert_lines(path.read_text("utf-8"))) for path in modules}
    return {place: specs for place, specs in found.items() if place[1] not in unfit[place[0]]}


def inert_lines(source: str) -> Iterator[tuple[int, int]]:
    """Yield the places (line, column) at which a mutation cannot change what runs."""
    tree = ast.parse(source)
    lines = source.splitlines()
    for node in ast.walk(tree):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        parts += [each for each in getattr(node, "decorator_list", ()) if "njit" in ast.dump(each)]
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            parts.append(node)
        for part in filter(None, parts):
            yield from _places(part, lines)


def _places(node: ast.AST, lines: list[str]) -> Iterator[tuple[int, int]]:
    for line in range(node.lineno, node.end_lineno + 1):
        # from the sign of a decorator on
        first = node.col_offset - 1 if line == node.lineno else 0
        last = node.end_col_offset if line == node.end_lineno else len(lines[line - 1])
        yield from ((line, column) for column in range(first, last + 1))


def mutant(spec: MutationSpec) -> dict:
    """Return the changed text of a module and the line that differs, before and after."""
    path = Path(spec.module_path)
    before = path.read_text("utf-8")
    operator = get_operator(spec.operator_name)(**spec.operator_args)
    after = mutate_code(before, operator, spec.occurrence)
    line = spec.start_pos[0]
    return {
        "module": str(path),
        "line": line,
        "digest": hashlib.sha256(before.encode()).hexdigest(),
        "operator": spec.operator_name.removeprefix("core/"),
        "before": before.splitlines()[line - 1].strip(),
        "after": after.splitlines()[line - 1].strip(),
        "code": after,
    }


if __name__ == "__main__":
    main()
