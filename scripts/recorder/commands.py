"""The command line: what each command takes, and what its calls print, return and write."""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from . import documents, process, town
from .home import Home
from .normal import Normal
from .scenes import SCENES, SLOW
from .texts import Texts

Known = dict[str, tuple[int, int]]
# The database itself, and what stands in no file of its user.
UNSEEN = ("postgres", "pgdata", "log", "socket", "cluster.lock")


def interface(home: Home) -> dict[str, Any]:
    """Return each command by its words: what it is for, what it takes, its page of help."""
    asked = process.Child(_walk, home.folder, home.environment()).done()
    if asked.code:
        raise RuntimeError(f"the commands could not be listed: {asked.err}")
    found: dict[str, Any] = json.loads(asked.out)
    pages = process.Child(partial(_pages, home, tuple(found)), home.folder, home.environment())
    for words, page in json.loads(pages.done().out).items():
        found[words]["page of help"] = page
    return found


def _pages(home: Home, commands: tuple[str, ...]) -> int:
    """Print the pages of help of commands as JSON."""
    process.load_govgrid()
    pages = {each: home.run(*each.split()[1:], "--help").out.splitlines() for each in commands}
    sys.stdout.write(json.dumps(pages, ensure_ascii=False))
    return 0


def scene(name: str, home: Home, folder: Path) -> dict[str, Any]:
    """Return what the calls of a scene showed, on a copy of the town of their own."""
    database, texts = folder.name.replace("-", "_"), Texts()
    town.write(folder)
    address = home.copy(database)
    env = home.environment(GOVGRID_DATABASE_URL=address, GOVGRID_HOME=str(folder / "home"))
    normal = Normal({address: "<database>", **home.places(folder)})
    try:
        return {
            "found": calls(SCENES[name], folder, env, normal, texts),
            "texts": texts.found,
        }
    finally:
        home.drop(database)


def alone(name: str, home: Home, folder: Path) -> dict[str, Any]:
    """Return what the calls of a scene showed that begins with an empty home of its own."""
    texts, own = Texts(), Home(folder)
    folder.chmod(0o711)
    try:
        found = calls(SLOW[name], folder, own.environment(), Normal(home.places(folder)), texts)
    finally:
        own.run("db", "stop")
    return {"found": found, "texts": texts.found}


def of_home(lines: tuple[str, ...], home: Home, texts: Texts) -> list[dict[str, Any]]:
    """Return what calls showed on the private database itself."""
    folder = home.folder
    if not (folder / "cameras.csv").exists():
        town.write(folder)
    return calls(lines, folder, home.environment(), Normal(home.places(folder)), texts)


def calls(
    lines: tuple[str, ...], folder: Path, env: dict[str, str], normal: Normal, texts: Texts
) -> list[dict[str, Any]]:
    """Return what calls showed, one after the other, in a folder with the files of the town."""
    kept: dict[str, str] = {}
    found = []
    known = _files(folder)
    for line in lines:
        typed, _, keep = line.partition(" >> ")
        words = [kept.get(word[1:], word) if word[0] == "$" else word for word in _words(typed)]
        done = process.govgrid(words, folder=folder, env=env)
        now = _files(folder)
        changed = [path for path, state in now.items() if known.get(path) != state]
        found.append(
            {
                "call": f"govgrid {typed}",
                "code": done.code,
                "stdout": texts.kept(normal.json_or_lines(done.out)),
                "stderr": texts.kept(normal.json_or_lines(done.err)),
                "files": {
                    normal.text(path): _written(folder / path, normal, texts)
                    for path in sorted(changed)
                },
                "removed": [path for path in known if path not in now],
            }
        )
        known = now
        if keep:
            name, pattern = keep.split(" ", 1)
            match = re.search(pattern, done.out + done.err)
            kept[name] = match[1] if match else f"no-{name}"
    return found


def _words(typed: str) -> list[str]:
    return shlex.split(typed)


def _files(folder: Path) -> Known:
    """Return the files below a folder, those of the database apart, and when each was written."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part in UNSEEN for part in parts):
            state = path.stat()
            found["/".join(parts)] = (state.st_mtime_ns, state.st_size)
    return found


def _written(path: Path, normal: Normal, texts: Texts) -> dict[str, Any]:
    mode = oct(path.stat().st_mode & 0o777)
    content = path.read_bytes()
    if "secrets" in path.parts:
        return {"mode": mode, "bytes": len(content)}
    return {"mode": mode, "text": texts.kept(documents.lines(content, path.suffix, normal))}


def _walk() -> int:
    """Print all commands as JSON: run in a process of its own, which loads them all."""
    from typer.main import get_command

    from geo.cli.app import app

    found = _commands(get_command(app), None)
    described = {" ".join(words): _described(each) for words, each in found}
    sys.stdout.write(json.dumps(described, ensure_ascii=False))
    return 0


def _commands(
    command: Any,
    above: Any,
    words: tuple[str, ...] = ("govgrid",),
) -> Iterator[tuple[tuple[str, ...], Any]]:
    context = command.context_class(command, info_name=words[-1], parent=above)
    yield words, command
    if hasattr(command, "list_commands"):
        for name in command.list_commands(context):
            yield from _commands(command.get_command(context, name), context, (*words, name))


def _described(command: Any) -> dict[str, Any]:
    return {
        "help": (command.help or "").splitlines(),
        "hidden": bool(command.hidden),
        "no arguments: help": bool(command.no_args_is_help),
        "takes": [_parameter(each) for each in command.params],
    }


def _parameter(found: Any) -> dict[str, Any]:
    """Return all that a parameter says of itself in plain values, and its type."""
    declared = found.type_descriptor
    kind = declared.annotation
    named = kind.__name__ if isinstance(kind, type) else repr(kind)
    told = {**vars(declared.parameter_info), **vars(found)}
    plain = {name: value for name, value in told.items() if _is_plain(value)}
    return {**plain, "of": found.param_type_name, "type": named}


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float)
