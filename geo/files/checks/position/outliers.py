"""Strays: positions far off all the others, where no district is known to measure them by."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.files.checks.cells.finding import Defect, Finding

LEAST: Final = 20
TIMES: Final = 5.0  # a district's edge is not five times as far off as 95 of 100 places
LEAST_KM: Final = 50.0
_KM_A_DEGREE: Final = 111.2


def find_outliers(
    lonlat: NDArray[np.float64], rows: NDArray[np.int64], column: str, given: NDArray[np.float64]
) -> list[Finding]:
    """Return a warning for each position far from the middle of all of a file.

    Parameters
    ----------
    lonlat
        Degrees, EPSG:4326, shape ``(n, 2)``.
    rows
        Their rows in the file, shape ``(n,)``.
    column
        The column that findings name.
    given
        The first coordinate as given, for the finding's value.

    Returns
    -------
    list of Finding
        For those more than 50 km from the median position and more than five times as far as
        19 of 20; none where there are fewer than 20 positions.
    """
    if len(lonlat) < LEAST:
        return []
    middle = np.median(lonlat, axis=0)
    turn = (lonlat[:, 0] - middle[0] + 180) % 360 - 180
    east = turn * np.cos(np.radians(middle[1]))
    away_km = _KM_A_DEGREE * np.hypot(east, lonlat[:, 1] - middle[1])
    far = away_km > max(LEAST_KM, TIMES * float(np.quantile(away_km, 0.95)))
    return [
        Defect("POSITION_FAR", facts={"distance_km": round(float(away_km[at]))}).at(
            int(rows[at]), column, f"{given[at]:.10g}"
        )
        for at in np.flatnonzero(far)
    ]
