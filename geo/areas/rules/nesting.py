"""What each area belongs to, over time: the area its parent's code names, else the one by place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.areas.rules import partition
from geo.areas.rules.partition import LEVELS

Days = NDArray[np.int64]

# Earlier and later than any date.
NEVER, FOREVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max
COLUMNS = ("unit_id", "valid_from", "valid_to", "parent_unit_id", "path")


@dataclass(frozen=True)
class Calendar:
    """The dates on which anything changes: period 0 ends on the first, the last has no end."""

    bounds: Days

    @classmethod
    def of(cls, versions: pd.DataFrame) -> "Calendar":
        """Return the calendar of versions with ``valid_from`` and ``valid_to`` (None: no bound)."""
        days = np.concatenate([_days(versions["valid_from"], 0), _days(versions["valid_to"], 0)])
        return cls(np.unique(days[days > 0]))

    def stays(self, versions: pd.DataFrame) -> pd.DataFrame:
        """Return one row for each period of each version: positions ``version``, ``period``."""
        first = np.searchsorted(self.bounds, _days(versions["valid_from"], NEVER), side="right")
        last = np.searchsorted(self.bounds, _days(versions["valid_to"], FOREVER), side="left")
        count = last - first + 1
        version = np.repeat(np.arange(len(versions)), count)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return pd.DataFrame({"version": version, "period": first[version] + within})

    def begin(self, period: int) -> date | None:
        """Return the first day of a period; None where it has none."""
        return date.fromordinal(int(self.bounds[period - 1])) if period > 0 else None

    def end(self, period: int) -> date | None:
        """Return the first day behind a period; None where it has no end."""
        return date.fromordinal(int(self.bounds[period])) if period < len(self.bounds) else None


def nest_areas(versions: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what each area belongs to, and since when and until when.

    Parameters
    ----------
    versions
        One row a version of an area: `unit_id`, `code`, `level`, `parent_given` (a code, or
        missing), `valid_from`, `valid_to` (dates, the latter not included; None: no bound) and
        polygons, lon/lat.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row for each stretch of time in which nothing changed: the parent is the area
        of a level above whose code was given (of several the nearest level), else that of the
        nearest level above with which it shares ground, and there most of it
        (:func:`geo.areas.rules.partition.shared_ground`). `path` runs from the top down to the
        area, `unit_id` joined by dots.

    Examples
    --------
    >>> from shapely import box
    >>> both = gpd.GeoDataFrame(
    ...     {"unit_id": [1, 2], "code": ["D", "G"], "level": ["district", "grid"]}
    ...     | {"parent_given": None, "valid_from": None, "valid_to": [date(2026, 10, 1), None]},
    ...     geometry=[box(0, 0, 2, 1), box(0, 0, 1, 1)],
    ... )
    >>> nest_areas(both)[["unit_id", "valid_to", "path"]].values.tolist()
    [[1, datetime.date(2026, 10, 1), '1'], [2, datetime.date(2026, 10, 1), '1.2'], [2, None, '2']]
    """
    versions = versions.reset_index(drop=True)
    calendar = Calendar.of(versions)
    stays = calendar.stays(versions).join(
        pd.DataFrame(versions[["unit_id", "code", "level", "parent_given"]]), on="version"
    )
    stays["parent"] = pd.Series(pd.NA, index=stays.index, dtype="Int64")
    for level in LEVELS[1:]:
        mine = stays["level"] == level
        stays.loc[mine, "parent"] = _parents(stays[mine], stays, versions, level)
    stays["path"] = _paths(stays)
    return _stretches(stays, calendar)


def top_outlines(versions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the ground of the topmost level while there is no district above it.

    Parameters
    ----------
    versions
        As for :func:`nest_areas`.

    Returns
    -------
    GeoDataFrame
        `valid_from`, `valid_to` and the outline, one row for each stretch of time in which the
        same versions were topmost; empty where there is a district at all times.
    """
    versions = versions.reset_index(drop=True)
    calendar = Calendar.of(versions)
    stays = calendar.stays(versions)
    stays["rank"] = versions["level"].map(LEVELS.index).to_numpy()[stays["version"]]
    top = stays[stays["rank"] == stays.groupby("period")["rank"].transform("min")]
    held = top[top["rank"] > 0].groupby("period")["version"].agg(tuple)
    rows: list[dict[str, Any]] = []
    for period, members in zip(held.index.tolist(), held, strict=True):
        if rows and rows[-1]["members"] == members and rows[-1]["last"] == period - 1:
            rows[-1]["last"] = period
        else:
            rows.append({"members": members, "first": period, "last": period})
    return gpd.GeoDataFrame(
        {
            "valid_from": _dates([calendar.begin(row["first"]) for row in rows]),
            "valid_to": _dates([calendar.end(row["last"]) for row in rows]),
        },
        geometry=[partition.joint_outline(versions.iloc[list(row["members"])]) for row in rows],
        crs=versions.crs,
    )


def _parents(
    children: pd.DataFrame, stays: pd.DataFrame, versions: gpd.GeoDataFrame, level: str
) -> pd.Series:
    """Return the parent's ``unit_id`` of each row of `children`, missing where there is none."""
    uppers = partition.upper_levels(level)
    parent = _by_code(children, stays[stays["level"].isin(uppers)])
    for upper in uppers:
        lacking = children[parent.isna()]
        above = stays[stays["level"] == upper]
        if not lacking.empty and not above.empty:
            parent = parent.fillna(_by_place(lacking, above, versions))
    return parent


def _by_code(children: pd.DataFrame, above: pd.DataFrame) -> pd.Series:
    named = children.reset_index().dropna(subset="parent_given")
    known = above.assign(rank=above["level"].map(LEVELS.index))
    found = named[["index", "period", "parent_given"]].merge(
        known[["period", "code", "unit_id", "rank"]],
        left_on=["period", "parent_given"],
        right_on=["period", "code"],
    )
    nearest = found.sort_values("rank", ascending=False).drop_duplicates("index")
    return _whole(nearest.set_index("index")["unit_id"], children.index)


def _by_place(children: pd.DataFrame, above: pd.DataFrame, versions: gpd.GeoDataFrame) -> pd.Series:
    small, large = (versions.loc[each["version"].unique()] for each in (children, above))
    pairs = partition.shared_ground(small, large)
    asked = children.reset_index()[["index", "version", "period"]]
    there = above[["version", "period", "unit_id"]].rename(columns={"version": "candidate"})
    found = asked.merge(pairs, left_on="version", right_on="child").merge(
        there, on=["candidate", "period"]
    )
    order = ["index", "shared", "unit_id"]
    best = found.sort_values(order, ascending=[True, False, True]).drop_duplicates("index")
    return _whole(best.set_index("index")["unit_id"], children.index)


def _whole(units: pd.Series, index: "pd.Index[Any]") -> pd.Series:
    return pd.Series(units.astype("Int64").reindex(index))


def _paths(stays: pd.DataFrame) -> pd.Series:
    """Return the path of each row, from the top level down: parents have theirs already."""
    paths = pd.Series("", index=stays.index, dtype=object)
    known: dict[tuple[int, int], str] = {}
    for level in LEVELS:
        mine = stays[stays["level"] == level]
        keys = list(zip(mine["period"], mine["unit_id"], strict=True))
        uppers = zip(mine["period"], mine["parent"].fillna(-1), strict=True)
        above = [known.get(upper) for upper in uppers]
        own = [
            str(u) if up is None else f"{up}.{u}" for (_, u), up in zip(keys, above, strict=True)
        ]
        known |= dict(zip(keys, own, strict=True))
        paths.loc[mine.index] = np.array(own, dtype=object)
    return paths


def _stretches(stays: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Join the periods in which an area had the same path, which ends with its parent and it."""
    table = stays.sort_values(["unit_id", "period"])
    before = table[["unit_id", "period", "path"]].shift()
    same = (
        (table["unit_id"] == before["unit_id"])
        & (table["period"] == before["period"] + 1)
        & (table["path"] == before["path"])
    )
    joined = table.groupby((~same).cumsum()).agg(
        unit_id=("unit_id", "first"),
        first=("period", "first"),
        last=("period", "last"),
        parent_unit_id=("parent", "first"),
        path=("path", "first"),
    )
    joined["valid_from"] = _dates([calendar.begin(period) for period in joined["first"]])
    joined["valid_to"] = _dates([calendar.end(period) for period in joined["last"]])
    return joined[list(COLUMNS)].reset_index(drop=True)


def _days(dates: pd.Series, nothing: int) -> Days:
    return np.array([nothing if pd.isna(d) else d.toordinal() for d in dates], dtype=np.int64)


def _dates(days: Sequence[date | None]) -> NDArray[np.object_]:
    found = np.empty(len(days), dtype=object)
    found[:] = days
    return found
