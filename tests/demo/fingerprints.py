"""What identifies the content of a file of the synthetic district; run it to write them anew.

``python -m tests.demo.fingerprints`` after a change of the district that is meant.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import shapely
from python_calamine import CalamineWorkbook

from geo.demo import build_files

STORED = Path(__file__).with_name("fingerprints.json")
DECIMALS = 7  # of a degree: a centimetre


def fingerprint(path: Path) -> str:
    """Return the hash of the rows of a file, places to the centimetre."""
    if path.suffix == ".xlsx":
        sheets = CalamineWorkbook.from_path(str(path))
        return _hash(map(repr, sheets.get_sheet_by_index(0).to_python()))
    if path.suffix in {".gpkg", ".geojson"}:
        rows = gpd.read_file(path)
        shapes = shapely.to_wkt(rows.geometry.to_numpy(), rounding_precision=DECIMALS)
        return _hash(
            map(repr, zip(shapes, *(rows[c] for c in rows if c != "geometry"), strict=True))
        )
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = {each.path.name: fingerprint(each.path) for each in build_files(Path(folder))}
    STORED.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
