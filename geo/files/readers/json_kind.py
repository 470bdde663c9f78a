"""JSON that is no GeoJSON: what it is instead, and what to do."""

import json
import re
from pathlib import Path
from typing import Final

from geo.base.errors import SourceError

_OVERPASS: Final = frozenset({"osm3s", "generator", "version"})
_SHOWN: Final = 6


def kind_of_json(path: Path, raw: bytes) -> SourceError | None:
    """Return the error for JSON that is no GeoJSON, by what it is instead.

    None where it looks like GeoJSON, so that GDAL's own message says more.

    Parameters
    ----------
    path
        Named in the error.
    raw
        Content of the file.
    """
    try:
        content = json.loads(raw.decode("utf-8-sig", "replace"))
    except RecursionError:
        return None
    except ValueError as error:
        reason = re.sub(r" \(char \d+\)$", "", str(error))
        return SourceError("source.json", path=path.name, reason=reason)
    if isinstance(content, list):
        return SourceError("source.json_list", path=path.name)
    if not isinstance(content, dict):
        return SourceError("source.json_other", path=path.name, found=type(content).__name__)
    if isinstance(content.get("elements"), list) and _OVERPASS & content.keys():
        return SourceError("source.json_overpass", path=path.name)
    if content.get("type") == "Topology":
        return SourceError("source.json_topology", path=path.name)
    if "features" in content or "coordinates" in content or "geometry" in content:
        return None
    keys = ", ".join(list(content)[:_SHOWN]) or "{}"
    return SourceError("source.json_other", path=path.name, found=keys)
