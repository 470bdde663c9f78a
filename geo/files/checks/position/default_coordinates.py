"""Default coordinates: one position that many rows of a file share, mostly a geocoder's default."""

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.crs import Geometries
from geo.files.checks.cells.finding import Defect, Finding
from geo.files.checks.position.outliers import find_outliers
from geo.files.checks.position.raw_position import Site

SHARE: Final = 0.01
ROWS: Final = 10
_POINT: Final = int(shapely.GeometryType.POINT)


class FilePositions:
    """The positions of one file, part by part, in eight bytes a number."""

    def __init__(self) -> None:
        self._read = 0
        self._column = ""
        # longitude and latitude, then the first number as given
        self._places: list[NDArray[np.float64]] = []
        self._rows: list[NDArray[np.int64]] = []

    def add(self, moved: Geometries, given: Geometries, site: Site) -> None:
        """Remember the points of a part: `moved` in lon/lat, `given` as they stood in the file."""
        self._read += len(site.rows)
        self._column = site.column
        points = np.flatnonzero(shapely.get_type_id(moved) == _POINT)
        places = shapely.get_coordinates(moved[points])
        self._places.append(np.column_stack([places, shapely.get_x(given[points])]))
        self._rows.append(np.asarray(site.rows, dtype=np.int64)[points])

    def find_repeated(self) -> list[Finding]:
        """Return a finding for each position far off all the others."""
        if not self._rows:
            return []
        places = np.concatenate(self._places)
        return find_outliers(places[:, :2], np.concatenate(self._rows), self._column, places[:, 2])

    def findings(self) -> list[Finding]:
        """Return a finding for each position that many rows share, at the first of them."""
        rows = np.concatenate(self._rows) if self._rows else np.empty(0, dtype=np.int64)
        if rows.size < ROWS:
            return []
        places = np.concatenate(self._places)
        _, first, times = np.unique(places[:, :2], axis=0, return_index=True, return_counts=True)
        most = max(ROWS, SHARE * self._read)
        return [
            Defect("POSITION_REPEATED", facts={"times": int(times[each])}).at(
                int(rows[first[each]]), self._column, f"{places[first[each], 2]:.10g}"
            )
            for each in np.flatnonzero(times >= most)
        ]
