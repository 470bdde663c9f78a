"""Which tests belong to a module, and which of them can notice a change of a line."""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITION = (*_FUNCTION, ast.ClassDef)
MOST_QUICK = 40
OF_ALL = ("tests/test_dataclasses.py",)


def room_tests(module: str) -> list[str]:
    """Return the test files of a module's room, those of the module itself first.

    Parameters
    ----------
    module
        Path from the root of the project, such as ``geo/coverage/sight/optics.py``.

    Returns
    -------
    list of str
        All test files of the innermost folder under ``tests/`` that mirrors the module's folder.
    """
    path = Path(module)
    parts = path.parent.parts[1:] if path.parts[0] == "geo" else path.parent.parts
    while not (folder := Path("tests", *parts)).is_dir():
        parts = parts[:-1]
    files = sorted(folder.rglob("test_*.py"))
    return [str(file) for file in sorted(files, key=lambda file: path.stem not in file.stem)]


def noticing_tests(tests: Sequence[str], contexts: Collection[str]) -> list[str]:
    """Return the test files that can notice a change of a line, those that run it first.

    What an import or a fixture runs may show in any test of the room, what an import runs in those
    that read the text of all modules as well.

    Parameters
    ----------
    tests
        All test files of the room.
    contexts
        What runs the line, as :func:`scripts.mutation.trial.line_contexts` returns it.
    """
    running = [each for each in tests if f"call {each}" in contexts]
    if all(each.startswith(("call ", "test ")) for each in contexts):
        return running
    others = [each for each in tests if each not in running]
    return [*running, *others, *(OF_ALL if "" in contexts else ())]


def quick_tests(contexts: Collection[str]) -> list[str]:
    """Return single tests that run a line, the quickest first: most changes show in these."""
    timed = sorted(each for each in contexts if each.startswith("test "))
    return [each.split(" ", 2)[2] for each in timed[:MOST_QUICK]]


def statement_contexts(source: str, line: int, contexts: Mapping[str, Sequence[str]]) -> set[str]:
    """Return what runs the statement that a line belongs to.

    What stands in no function is run by imports, whichever test was the first to import it; its
    quick tests are those that run what uses it in the module.

    Parameters
    ----------
    source
        Text of the module.
    line
        Number of the line, from 1.
    contexts
        What runs each line, by its number as text.
    """
    tree = ast.parse(source)
    if not any(isinstance(node, _FUNCTION) and _holds(node, line) for node in ast.walk(tree)):
        uses = (each for at in _uses(tree, line) for each in contexts.get(str(at), ()))
        return {"", *(each for each in uses if each.startswith("test "))}
    first, last = max(_statements(tree, line), default=(line, line))
    lines = map(str, range(first, last + 1))
    return {each for number in lines for each in contexts.get(number, ())}


def _uses(tree: ast.Module, line: int) -> Iterator[int]:
    """Yield the lines of what a line in no function defines, and those that name it."""
    names = set()
    for node in tree.body:
        last = node.end_lineno or node.lineno
        heads = getattr(node, "decorator_list", [])
        if not min([node.lineno, *(each.lineno for each in heads)]) <= line <= last:
            continue
        if isinstance(node, _DEFINITION):
            names.add(node.name)
            yield from range(node.lineno, last + 1)
        else:
            names |= {each.id for each in ast.walk(node) if _is_target(each)}
    yield from (each.lineno for each in ast.walk(tree) if getattr(each, "id", None) in names)


def _is_target(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _holds(function: ast.FunctionDef | ast.AsyncFunctionDef, line: int) -> bool:
    return function.body[0].lineno <= line <= (function.end_lineno or function.lineno)


def _statements(tree: ast.Module, line: int) -> Iterator[tuple[int, int]]:
    """Yield first and last line of the statements around a line; of a block only its head."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
            if node.lineno <= line <= last:
                yield node.lineno, last
