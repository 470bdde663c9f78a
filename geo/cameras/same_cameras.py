"""Cameras that come again under another code: one that is there already, or was moved meanwhile."""

from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection

from geo.base.crs import WGS84, metric_srid, project
from geo.cameras.store import codes as stored
from geo.files.checks import Finding
from geo.files.checks.cells.finding import Defect, Severity
from geo.files.checks.check import in_order
from geo.files.checks.checked_rows import CheckedRows
from geo.files.checks.rows.duplicate_codes import MARK

SAME_M: Final = 1.0  # the same place, written with fewer digits
NEAR_M: Final = 30.0
# of a name that one camera has and one row
FAR_M: Final = 500.0


class SameCameras:
    """Compares the new cameras of a file with those of the same name that the file leaves out."""

    def __init__(self, connection: Connection, run: int) -> None:
        self._connection, self._run = connection, run
        self._named: set[str] = set()

    def screened(self, checked: CheckedRows) -> CheckedRows:
        """Return a part of a register in which no camera comes a second time unnoticed.

        A row without a code at the place of a known camera without one is that camera. One near by
        is an error, as is a row at the same place where only one of the two has a code: nobody can
        tell whether it is the same camera. Otherwise a row with a code of its own is a warning.
        """
        rows = checked.rows
        self._named |= set(rows["code"])
        pairs = self._pairs(rows)
        if pairs.empty:
            return checked
        same = pairs["metres"] <= SAME_M
        both_made = pairs["made"] & pairs["known_made"]
        either_made = pairs["made"] | pairs["known_made"]
        alone = pairs["alone"].to_numpy()
        near = pairs["metres"] <= np.where(alone, FAR_M, NEAR_M)
        found = [
            *_findings(checked, pairs[same & ~both_made & either_made], "CAMERA_TWIN", "error"),
            *_findings(checked, pairs[same & ~either_made], "CAMERA_TWIN", "warning"),
            *_findings(checked, pairs[~same & near & pairs["made"]], "CAMERA_MOVED", "error"),
            *_findings(
                checked,
                pairs[~same & near & either_made & ~pairs["made"]],
                "CAMERA_MOVED",
                "warning",
            ),
        ]
        lost = sorted({finding.row for finding in found if finding.severity == "error"})
        return replace(
            checked,
            rows=_renamed(rows, pairs[same & both_made]).drop(index=lost),
            findings=in_order((*checked.findings, *found), ()),
            quarantined=checked.quarantined + len(lost),
        )

    def _pairs(self, rows: gpd.GeoDataFrame) -> pd.DataFrame:
        """Return each new row with the nearest camera of its name that the file does not name."""
        there = stored.known_codes(self._connection, rows["code"].tolist())
        new = rows[~rows["code"].isin(there)]
        names = sorted(set(new["name"].dropna()))
        known = stored.read_namesakes(self._connection, names, self._run)
        known = known[~known["known"].isin(self._named)]
        placed = pd.DataFrame(new[["code", "name"]]).assign(row=new.index, at=new.geometry)
        pairs = placed.merge(
            pd.DataFrame(known.drop(columns=known.geometry.name)).assign(there=known.geometry),
            on="name",
        )
        pairs = pairs[pairs["there"].notna()].copy()
        if pairs.empty:
            return pairs
        pairs["metres"] = _metres(pairs)
        pairs["made"] = pairs["code"].str.startswith(MARK)
        pairs["known_made"] = pairs["known"].str.startswith(MARK)
        pairs["alone"] = pairs.groupby("name")["row"].transform("size") == 1
        return pairs.sort_values(["row", "metres"]).drop_duplicates("row")


def _metres(pairs: pd.DataFrame) -> NDArray[np.float64]:
    here, there = (np.asarray(pairs[name], dtype=object) for name in ("at", "there"))
    srid = metric_srid(here[0].x, here[0].y)
    flat = [project(points, source=WGS84, target=srid) for points in (here, there)]
    return np.asarray(shapely.distance(*flat), dtype=np.float64)


def _findings(
    checked: CheckedRows, pairs: pd.DataFrame, code: str, severity: Severity
) -> list[Finding]:
    named = "code" if "code" in checked.mapping else "name"
    column = checked.mapping.get(named, "")
    found = []
    for pair in pairs.to_dict("records"):
        facts = {"run": pair["run"], "distance_m": round(float(pair["metres"]))}
        defect = Defect(code, str(pair["known"]), facts)
        found.append(defect.at(int(pair["row"]), column, str(pair[named]), severity=severity))
    return found


def _renamed(rows: gpd.GeoDataFrame, same: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return rows under the codes that their cameras have already."""
    known = same.drop_duplicates("known").set_index("row")["known"]
    codes = rows["code"].copy()
    codes.loc[known.index] = known
    return rows.assign(code=codes)
