"""Formats of answers: as ``f=`` says, else as ``Accept`` prefers, else the first one offered."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from geo.base.errors import InputError

JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
HTML: Final = "text/html"
PAGES: Final[Mapping[str, str]] = MappingProxyType({"json": JSON, "html": HTML})
"""By the value of ``f=``, the media type; the first one where nothing is said."""
FEATURE: Final[Mapping[str, str]] = MappingProxyType({"json": GEOJSON, "html": HTML})
FEATURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **FEATURE,
        "csv": "text/csv",
        "gpkg": "application/geopackage+sqlite3",
        "fgb": "application/flatgeobuf",
    }
)
ALIASES: Final = MappingProxyType({"geojson": "json"})
"""Names that mean another one."""


def choose_format(f: str, accept: str, offered: Mapping[str, str]) -> str:
    """Return the name of the format that is wanted.

    Parameters
    ----------
    f
        As in the address; "" for none.
    accept
        Header of the request.
    offered
        By name, their media types.

    Raises
    ------
    InputError
        If `f` names none of them.
    """
    if not f:
        return _accepted(accept[:500], tuple(offered.items()))
    name = ALIASES.get(f, f)
    if name not in offered:
        raise InputError("ogc.format", found=f[:40], known=", ".join(offered))
    return name


@lru_cache(maxsize=256)
def _accepted(accept: str, offered: tuple[tuple[str, str], ...]) -> str:
    kinds = {kind: name for name, kind in offered} | {JSON: "json"}
    wanted = sorted(enumerate(accept.split(",")), key=lambda each: (-_weight(each[1]), each[0]))
    for _, part in wanted:
        kind = part.partition(";")[0].strip().lower()
        if kind in kinds and _weight(part) > 0:
            return kinds[kind]
        if kind.endswith("/*") and _weight(part) > 0:
            break
    return offered[0][0]


def _weight(part: str) -> float:
    for each in part.split(";")[1:]:
        name, _, value = each.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
