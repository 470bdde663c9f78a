"""The texts of scripts and style sheets that a page carries inside itself."""

import re
from functools import cache
from importlib import resources

from geo.base.errors import StateError

_STATIC = resources.files("maps") / "web" / "static"
_SOURCE_MAP = re.compile(r"/[/*][#@] ?sourceMappingURL=\S+(?: ?\*/)?")
_LINKED_FILE = re.compile(r"url\((?!['\"]?data:)[^)]*\)")

STYLES = (
    "vendor/leaflet/leaflet.css",
    "vendor/leaflet.markercluster/MarkerCluster.css",
    "page/page.css",
)
LIBRARIES = (
    "vendor/leaflet/leaflet.js",
    "vendor/leaflet.markercluster/leaflet.markercluster.js",
)
SCRIPTS = tuple(
    f"page/{noun}.js"
    for noun in (
        "words",
        "kinds",
        "data",
        "sheet",
        "names",
        "drawing",
        "room",
        "marks",
        "legend",
        "parts",
        "figures",
        "seeing",
        "panel",
        "search",
        "page",
    )
)


@cache
def read_script(name: str) -> str:
    """Return a script, without the link to its source map."""
    return _SOURCE_MAP.sub("", _read(name)).strip()


@cache
def read_style(name: str) -> str:
    """Return a style sheet, without links to files: the page uses none of their pictures."""
    return _LINKED_FILE.sub("none", _SOURCE_MAP.sub("", _read(name))).strip()


def _read(name: str) -> str:
    """Return the text of one file, saying what to do where it is missing."""
    try:
        return (_STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StateError("map.error.assets", file=name) from None
