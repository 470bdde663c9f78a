"""Duplicates: one device entered twice, seen by its place."""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.files.checks.cells.finding import Defect, Finding, Severity
from geo.files.checks.cells.headings import VIEWS
from geo.files.checks.position.default_coordinates import ROWS, SHARE

_DECIMALS: Final = 7  # of a degree: about 1 cm
_POINT: Final = int(shapely.GeometryType.POINT)
_UNKNOWN: Final = np.uint64(0)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)  # odd, so no form is lost

Marks = NDArray[np.uint64]


class CameraPlaces:
    """The cameras of one file, part by part, in a few numbers each.

    Several cameras on one pole are usual. Two that also look the same way and are of one form are
    hardly two; nor are two of one name of which no heading is known.
    """

    def __init__(self) -> None:
        self._column = ""
        # place, what it looks at, form, name
        self._marks: list[Marks] = []
        self._codes: list[NDArray[np.bytes_]] = []
        self._rows: list[NDArray[np.int64]] = []

    def add(self, rows: gpd.GeoDataFrame, mapping: Mapping[str, str]) -> None:
        """Remember the usable cameras of a part, as `CheckedRows` has them."""
        points = rows[shapely.get_type_id(rows.geometry.to_numpy()) == _POINT]
        self._column = mapping.get("code", mapping.get("name", ""))
        places = _places(shapely.get_coordinates(points.geometry.to_numpy()))
        words = (_headings(points), _hashes(points["form"]), _hashes(points["name"]))
        self._marks.append(np.stack([places, *words]))
        codes = [str(code).encode() for code in points["code"]]
        self._codes.append(np.array(codes, dtype=np.bytes_))
        self._rows.append(points.index.to_numpy(dtype=np.int64))

    def findings(self) -> list[Finding]:
        """Return a finding for each camera at the place of an earlier one that it may be."""
        rows = np.concatenate(self._rows) if self._rows else np.empty(0, dtype=np.int64)
        if rows.size == 0:
            return []
        places, headings, forms, names = np.concatenate(self._marks, axis=1)
        codes = np.concatenate(self._codes)
        alone, blind = ~_heaped(places), headings == _UNKNOWN
        # sums of hashes serve as keys: a chance of one in a million that two of a million meet
        seen, called = places + headings + _SPREAD * forms, places + names
        found = [
            *_repeated(seen, np.flatnonzero(alone & ~blind), "warning"),
            *_repeated(called, np.flatnonzero(alone & blind & (names != _UNKNOWN)), "note"),
        ]
        return [
            Defect("PLACE_DUPLICATE", facts={"first": int(rows[first])}).at(
                int(rows[at]), self._column, codes[at].decode(), severity=severity
            )
            for at, first, severity in sorted(found)
            if codes[at] != codes[first]
        ]


def _repeated(
    keys: Marks, chosen: NDArray[np.intp], severity: Severity
) -> list[tuple[int, int, Severity]]:
    """Return each chosen place that has the key of an earlier one, with the first of that key."""
    _, first, same = np.unique(keys[chosen], return_index=True, return_inverse=True)
    earliest = first[same]
    later = np.flatnonzero(earliest != np.arange(len(chosen)))
    return [(int(chosen[at]), int(chosen[earliest[at]]), severity) for at in later]


def _heaped(places: Marks) -> NDArray[np.bool_]:
    """Tell which stand at a position that is reported as a geocoder's default anyway."""
    _, same, times = np.unique(places, return_inverse=True, return_counts=True)
    return np.asarray(times[same] >= max(ROWS, SHARE * len(places)), dtype=np.bool_)


def _places(degrees: NDArray[np.float64]) -> Marks:
    """Return a number for each position, the same within 7 decimals."""
    lon, lat = np.round(degrees * 10**_DECIMALS).astype(np.int64).T
    return np.asarray(pd.util.hash_array((lon << 32) + lat), dtype=np.uint64)


def _headings(rows: gpd.GeoDataFrame) -> Marks:
    """Return a number for all that a camera looks at, 0 where that is not known."""
    first = rows["heading_deg"].to_numpy(dtype=np.float64).round(1)
    marks = np.asarray(pd.util.hash_array(first), dtype=np.uint64)
    marks[np.isnan(first)] = _UNKNOWN
    several = np.flatnonzero(rows[VIEWS].notna())
    view_headings = [[view["heading_deg"] for view in views] for views in rows[VIEWS].iloc[several]]
    marks[several] = _hashes(pd.Series(list(map(str, view_headings)), dtype=object))
    return marks


def _hashes(cells: pd.Series) -> Marks:
    """Return a number for each text, 0 where there is none."""
    texts = cells.to_numpy(dtype=object)
    hashes = np.asarray(pd.util.hash_array(texts), dtype=np.uint64)
    hashes[pd.isna(texts)] = _UNKNOWN
    return hashes
