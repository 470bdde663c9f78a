"""A toy town near 117.05 E, 30.50 N: two grids meet at x = 0, a slab stands in the eastern one."""

import json
from pathlib import Path

from sqlalchemy import Engine

from geo.access import principal
from geo.exchange.imports import run as imports
from geo.exchange.imports.options import ImportOptions

# One step is 9.6 m eastwards and 11.1 m northwards.
STEP = 1e-4
ORIGIN = (117.05, 30.50)


def place(x: float, y: float) -> list[float]:
    """Return lon, lat of a point of the toy town."""
    return [round(ORIGIN[0] + x * STEP, 7), round(ORIGIN[1] + y * STEP, 7)]


def rectangle(x0: float, y0: float, x1: float, y1: float) -> dict:
    """Return a GeoJSON polygon in the toy town."""
    ring = [place(*corner) for corner in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]
    return {"type": "Polygon", "coordinates": [ring]}


def write_geojson(path: Path, features: list[tuple[dict, dict]]) -> Path:
    """Write (properties, geometry) pairs; the file states no CRS, as RFC 7946 has it."""
    rows = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    body = {"type": "FeatureCollection", "features": rows}
    path.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    return path


def bring_in(engine: Engine, layer: str, path: Path, **options):
    """Import a file of the toy town."""
    given = {"crs": "wgs84", "level": "grid" if layer == "areas" else None, **options}
    return imports.import_file(
        engine,
        layer,
        path,
        ImportOptions(**given),
        who=principal.system_principal("test"),
        timezone="Asia/Shanghai",
    )
