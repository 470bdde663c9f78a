"""The description of the service as OpenAPI 3.0, which GIS programs read; FastAPI writes 3.1."""

from collections.abc import Mapping
from typing import Any, Final

from geo.base.json_objects import Document

VERSION: Final = "3.0.3"
_SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "Key of a program"},
    "session": {"type": "apiKey", "in": "cookie", "name": "govgrid_session"},
}
_LEFT_OUT: Final = frozenset({"examples", "const", "propertyNames", "contentMediaType"})


def lower_openapi(described: Mapping[str, Any], address: str) -> Document:
    """Return a description of OpenAPI 3.1 as one of 3.0 that refers to nothing outside of itself.

    Parameters
    ----------
    described
        As FastAPI makes it.
    address
        Where the service is.
    """
    found: Document = _lowered(described)
    found["openapi"] = VERSION
    found["servers"] = [{"url": address}]
    found.setdefault("components", {})["securitySchemes"] = _SCHEMES
    found["security"] = [{name: []} for name in _SCHEMES]
    return found


def _lowered(node: Any, *, names: bool = False) -> Any:  # noqa: ANN401 - any value of JSON
    """Return a part of the description; of `names` the keys are names, not words of the format."""
    if isinstance(node, list):
        return [_lowered(each) for each in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {name: _lowered(each) for name, each in node.items()}
    found = {
        word: _lowered(each, names=word in ("properties", "schemas", "content", "paths"))
        for word, each in node.items()
        if word not in _LEFT_OUT
    }
    if "in" in found and "enum" in found.get("schema", ()):  # in an address nothing is no value
        found["schema"]["enum"] = [each for each in found["schema"]["enum"] if each is not None]
    return _schema(found, node)


def _schema(found: dict[str, Any], node: Mapping[str, Any]) -> Document:
    """Return a schema without the words that 3.0 does not know."""
    if "const" in node:
        found["enum"] = [node["const"]]
    if isinstance(node.get("examples"), list) and node["examples"]:
        found["example"] = node["examples"][0]
    for bound, word in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(bound), int | float) and not isinstance(found[bound], bool):
            found[word], found[bound] = found[bound], True
    if "prefixItems" in found:
        count = len(found.pop("prefixItems"))
        found |= {"items": {}, "minItems": count, "maxItems": count}
    if found.get("type") == "null":
        return {"nullable": True, "enum": [None]}
    return _nullable(found)


def _nullable(found: dict[str, Any]) -> Document:
    if not isinstance(found.get("anyOf"), list):
        return found
    nothing = {"nullable": True, "enum": [None]}
    kinds = [each for each in found["anyOf"] if each != nothing]
    if len(kinds) == len(found["anyOf"]):
        return found
    rest = {word: each for word, each in found.items() if word != "anyOf"}
    if len(kinds) == 1 and "$ref" not in kinds[0]:
        # a list of values says itself whether nothing is one of them
        listed = {"enum": [*kinds[0]["enum"], None]} if "enum" in kinds[0] else {}
        return {**kinds[0], **listed, **rest, "nullable": True}
    return {**rest, "anyOf": kinds, "nullable": True}
