"""Read names and docstrings of the public functions of geo, api and maps from their source."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("geo", "api", "maps")
_SECTION = re.compile(
    r"^Parameters\n-{3,}\n(.*?)(?=\n\n\w[\w ]*\n-{3,}\n|\Z)", re.DOTALL | re.MULTILINE
)
_REFERENCE = re.compile(
    r":(?:func|class|mod|meth|data|attr):`~?([\w.]+)`|`((?:geo|api|maps)\.[\w.]+)`"
)
_ANY_KEYS = re.compile(r"\bdict\[str, (?:Any|object)\]")
_ANY_MAPPING = re.compile(r"\bMapping\[str, (?:Any|object)\]")
_NAMED_OBJECTS = "geo.base.json_objects"
_ENTRY = re.compile(r"\b\w*(?:router|app)\.\w+\(|\.command\(")


@dataclass(frozen=True)
class Function:
    """A public function of a module, not a method.

    Attributes
    ----------
    parameters
        Names without stars, in order.
    is_entry
        Whether it is a route or a command: their texts are the OpenAPI description and the help.
    """

    module: str
    name: str
    path: str
    parameters: tuple[str, ...]
    docstring: str
    is_entry: bool

    @property
    def documented(self) -> tuple[str, ...] | None:
        """Return the names that the section Parameters explains, None without such a section."""
        section = _SECTION.search(self.docstring)
        if section is None:
            return None
        heads = [line for line in section[1].splitlines() if line and not line.startswith(" ")]
        return tuple(name.strip(" *") for head in heads for name in head.split(","))


@cache
def modules() -> Mapping[str, ast.Module]:
    """Return the syntax tree of each module by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            found[_module_name(path)] = ast.parse(path.read_text("utf-8"))
    return found


@cache
def functions() -> Mapping[tuple[str, str], Function]:
    """Return the public functions of all modules by module and name."""
    return {
        (module, node.name): _function(module, node)
        for module, tree in modules().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_"
    }


def shared() -> set[tuple[str, str]]:
    """Return the public functions that another module imports, by module and name."""
    return {
        used
        for module, tree in modules().items()
        for used in _used(module, tree)
        if used in functions() and used[0] != module
    }


def shared_words() -> set[str]:
    """Return the shared functions named by one word, as ``module.name``."""
    return {f"{module}.{name}" for module, name in shared() if "_" not in name}


def explained() -> list[Function]:
    """Return the functions whose parameters a docstring must explain: two or more, no entry."""
    return [each for each in functions().values() if len(each.parameters) > 1 and not each.is_entry]


def loosely_typed() -> set[str]:
    """Return the public functions whose signature leaves keys open, as ``module.name``.

    They take or return dictionaries of any keys, or return mappings of such; what they take as a
    mapping is read only, as the parameters of a statement. The aliases of `geo.base.json_objects`
    say what their keys are; any other alias counts as what it stands for.
    """
    return {
        f"{module}.{node.name}"
        for module, tree in modules().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_"
        if _leaves_keys_open(node, _aliases(module))
    }


def dangling() -> Iterator[str]:
    """Yield references in docstrings and comments that name nothing, each with its module."""
    for module in modules():
        text = _file(module).read_text("utf-8")
        for match in _REFERENCE.finditer(text):
            name = match[1] or match[2]
            if not _resolves(name, module):
                yield f"{module}: {name}"


def _module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _function(module: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    open_ended = [each for each in (arguments.vararg, arguments.kwarg) if each]
    return Function(
        module,
        node.name,
        _file(module).relative_to(ROOT).as_posix(),
        tuple(each.arg for each in [*named, *open_ended]),
        ast.get_docstring(node) or "",
        any(_ENTRY.search(ast.unparse(each)) for each in node.decorator_list),
    )


def _leaves_keys_open(
    node: ast.FunctionDef | ast.AsyncFunctionDef, aliases: Mapping[str, str]
) -> bool:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    taken = [_written(each.annotation, aliases) for each in every]
    returned = _written(node.returns, aliases)
    return any(map(_ANY_KEYS.search, (*taken, returned))) or bool(_ANY_MAPPING.search(returned))


def _written(annotation: ast.expr | None, aliases: Mapping[str, str]) -> str:
    """Return an annotation as it is written, without aliases and quotes."""
    told = "" if annotation is None else ast.unparse(annotation)
    return re.sub(r"[A-Za-z_]\w*", lambda match: aliases.get(match[0], match[0]), told)


def _aliases(module: str) -> dict[str, str]:
    """Return what the aliases stand for that a module defines, or imports from where they are."""
    found = dict(_own_aliases(module))
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.ImportFrom) and node.module in modules():
            for each in node.names:
                meaning = _own_aliases(node.module).get(each.name)
                if meaning is not None:
                    found[each.asname or each.name] = meaning
    return found


@cache
def _own_aliases(module: str) -> Mapping[str, str]:
    if module == _NAMED_OBJECTS:
        return {}
    found = {}
    for node in modules()[module].body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            meaning = ast.unparse(node.value)
            if isinstance(node.value, ast.Subscript) and isinstance(target, ast.Name):
                found[target.id] = meaning
    return found


def _used(module: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what a module imports or reads as an attribute of an imported module."""
    alias: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                yield node.module, each.name
                if f"{node.module}.{each.name}" in modules():
                    alias[each.asname or each.name] = f"{node.module}.{each.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield alias.get(node.value.id, module), node.attr


@cache
def _names(module: str) -> frozenset[str]:
    """Return the names that a module defines, imports or takes, methods and parameters included."""
    found = set()
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(each.asname or each.name).split(".")[0] for each in node.names}
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return frozenset(found)


def _resolves(name: str, module: str) -> bool:
    """Return whether a dotted name means a module, a name in one, or a name of `module`."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        if ".".join(parts[:count]) in modules():
            return _names(".".join(parts[:count])).issuperset(parts[count:])
    return parts[0] in _names(module)
