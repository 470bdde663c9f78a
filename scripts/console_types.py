"""Types of the interface as the console uses it, made of the service's own description.

``python -m scripts.console_types`` writes ``maps/console/src/api/schema.d.ts`` anew; with
``--check`` it says whether that file is still true. Only the paths that the console asks are in it,
so that a new route elsewhere changes nothing here.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from api.app import create_app
from geo.base.settings import Settings

ROOT = Path(__file__).parent.parent
TYPES = ROOT / "maps" / "console" / "src" / "api" / "schema.d.ts"
PATHS = {
    "/api/console/areas": ("get",),
    "/api/console/visitors": ("post",),
    "/api/incidents": ("get", "post"),
    "/api/incidents/{incident}": ("get", "patch"),
    "/api/incidents/{incident}/moves": ("post",),
    "/api/incidents/{incident}/cameras": ("get",),
    "/api/incidents/{incident}/order": ("get",),
    "/api/incidents/{incident}/supervision": ("get",),
    "/api/incidents/{incident}/report": ("get",),
    "/api/incidents/{incident}/evidence": ("get",),
    "/api/collections/{layer}/items": ("get",),
    "/api/collections/{layer}/items/{item}": ("get",),
    "/api/cameras/{code}/viewshed": ("get",),
    "/api/cameras/{code}/access": ("post",),
    "/api/cameras/seeing": ("get",),
    "/api/dispatches/{dispatch}/{step}": ("post",),
    "/api/locate": ("get",),
    "/api/routing/choices": ("get",),
    "/api/routing/try": ("post",),
    "/api/coverage": ("get",),
    "/api/search": ("get",),
    "/api/exports": ("post",),
    "/api/gaps": ("get",),
    "/api/statistics": ("get",),
    "/api/statistics/hot-spots": ("get",),
    "/api/whistles/attendance": ("get",),
    "/api/jobs/{number}": ("get",),
    "/api/jobs/{number}/result": ("get",),
    "/api/map-prints": ("post",),
}
TEXTS = ("description", "summary", "title", "examples")
"""What is left out beside bodies of requests: no type of the console follows from it."""

REF = "#/components/schemas/"


def describe_paths() -> dict[str, Any]:
    """Return the description of `PATHS`, with the schemas that they use and no others."""
    with tempfile.TemporaryDirectory() as home:
        whole = create_app(Settings(home=Path(home))).openapi()
    paths = {
        path: {method: _bare(whole["paths"][path][method]) for method in methods}
        for path, methods in PATHS.items()
    }
    schemas: dict[str, Any] = {}
    waiting = [*_named(paths)]
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = _bare(whole["components"]["schemas"][name])
            waiting += _named(schemas[name])
    about = {"openapi": whole["openapi"], "info": {"title": "govgrid", "version": ""}}
    return {**about, "paths": paths, "components": {"schemas": dict(sorted(schemas.items()))}}


def make_types() -> str:
    """Return the text of the file of types."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as described:
        json.dump(describe_paths(), described)
        described.flush()
        command = ["node_modules/.bin/openapi-typescript", described.name]
        made = subprocess.run(  # noqa: S603 - our own command
            command, cwd=ROOT, check=True, capture_output=True, text=True
        )
    return made.stdout


def _bare(tree: Any) -> Any:  # noqa: ANN401 - any part of the description
    if isinstance(tree, list):
        return [_bare(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        key: _bare(value)
        for key, value in tree.items()
        if key != "requestBody" and (key not in TEXTS or isinstance(value, dict))
    }


def _named(tree: Any) -> list[str]:  # noqa: ANN401 - any part of the description
    if isinstance(tree, list):
        return [name for each in tree for name in _named(each)]
    if not isinstance(tree, dict):
        return []
    found = [name for value in tree.values() for name in _named(value)]
    ref = tree.get("$ref")
    return [*found, ref.removeprefix(REF)] if isinstance(ref, str) else found


if __name__ == "__main__":
    types = make_types()
    if "--check" not in sys.argv:
        TYPES.write_text(types, encoding="utf-8")
    elif TYPES.read_text(encoding="utf-8") != types:
        sys.exit(
            f"{TYPES.relative_to(ROOT)} is stale: python -m scripts.console_types makes it anew"
        )
