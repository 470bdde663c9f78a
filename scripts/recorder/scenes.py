"""What is typed on the command line: scenes, each on a copy of the toy town of its own.

A line of ``calls/*.txt`` is a call of ``govgrid`` in a folder with the files of the town; what
stands in braces there is a key of `WORDS`. ``line >> NAME pattern`` keeps what the pattern finds in
its output, for ``$NAME`` in a later line.
"""

from pathlib import Path
from typing import Final

from .town import COMMUNITY, EAST, LAYERS, WEST, place

NUMBER: Final = "00000000-0000-0000-0000-000000000001"
WORDS: Final = {
    "{NUMBER}": NUMBER,
    "{EAST}": EAST,
    "{WEST}": WEST,
    "{COMMUNITY}": COMMUNITY,
    "{HERE}": "{} {}".format(*place(4, 0)),
    "{FAR}": "{} {}".format(*place(-15, -15)),
    "{BORDER}": "{} {}".format(*place(0, 0)),
}
ROLES: Final = (
    *("operator", "dispatcher", "planner", "administrator", "security_administrator"),
    *("auditor", "responder", "display"),
)
FORMATS: Final = ("geojson", "gpkg", "shp", "parquet", "csv", "xlsx", "dxf")
SHOWN: Final = (
    *("districts", "townships", "communities", "grids", "areas", "buildings", "roads", "water"),
    *("farmland", "privacy-zones", "restricted-zones", "poles", "places", "entrances"),
    *("addresses", "centres", "units", "duties", "pairings", "categories", "calendar", "filings"),
    *("consents", "permits", "cameras", "camera-status", "headings", "positions", "incidents"),
    *("viewsheds", "gaps", "coverage", "runs"),
)


def _lines(name: str) -> tuple[str, ...]:
    text = (Path(__file__).parent / "calls" / f"{name}.txt").read_text("utf-8")
    for word, meant in WORDS.items():
        text = text.replace(word, meant)
    return tuple(text.splitlines())


def _of_role(role: str, area: str = "") -> tuple[str, ...]:
    kind = "display" if role == "display" else "person"
    where = f" --area {area}" if area else ""
    asked = [f"--as li {line.replace('OUT', f'out{n}')}" for n, line in enumerate(_lines("role"))]
    return (
        "user add other --role responder",
        f"user add li --kind {kind} --holder 李娜 --unit-name 综治中心 --role {role}{where}",
        *asked,
    )


def _exports() -> tuple[str, ...]:
    formed = [
        f"export {layer} {layer}-{crs}.{ending} --crs {crs}"
        for layer in ("grids", "cameras")
        for ending in FORMATS
        for crs in ("wgs84", "zone")
    ]
    templates = [
        f"import template {layer} {layer}.xlsx" for layer in sorted({n for n, *_ in LAYERS})
    ]
    return (*(f"export {layer} {layer}.csv" for layer in SHOWN), *formed, *templates)


BEGIN: Final = _lines("begin")
"""What makes the database, from nothing."""

SETUP: Final = (
    *_lines("migrated"),
    *(f"import {layer} {file} --crs wgs84 {more}".strip() for layer, file, more in LAYERS),
    "setup status",
    "coverage compute --json",
)
"""What makes the town; all scenes begin with its end."""

SCENES: Final[dict[str, tuple[str, ...]]] = {
    "reads": _lines("reads"),
    "reads in English": tuple(f"--lang en {line}" for line in _lines("reads")),
    "imports": _lines("imports"),
    "areas": _lines("areas"),
    "bad": _lines("bad"),
    "bad in English": tuple(f"--lang en {line}" for line in _lines("bad")),
    "filing": _lines("filing"),
    "people": _lines("people"),
    "exports": _exports(),
    **{f"as {role}": _of_role(role) for role in ROLES},
    "as operator of the west": _of_role("operator", WEST),
    "as planner of the west": _of_role("planner", WEST),
}
SLOW: Final[dict[str, tuple[str, ...]]] = {
    "demo": ("demo --once", "setup status --json", "coverage report --json", "db stop")
}
"""Scenes of some minutes in an empty home, recorded only where they are asked for by name."""

COLD: Final = ("service", "executable", "reads", "demo")
"""Where each command loads the modules of govgrid itself, as on a terminal; elsewhere they are
loaded once, which is quicker."""

END: Final = ("db stop", "db stop", "db status", "db status --json")
