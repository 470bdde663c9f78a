"""The figures of areas on a map page: shares of one kind, official criteria as a range."""

import pandas as pd

from geo.coverage.kinds import SURE

KEY = ["level", "code"]
SHARES = (
    "area_m2",
    "open_ground_m2",
    "demand_m2",
    "covered_demand_m2",
    "covered_demand_share",
    "covered_open_ground_m2",
    "covered_share",
)
# Shares whose range from certain to possible stands above the figures of an area.
RANGES = ("covered_demand_share", "covered_share")
CRITERIA = {
    "places": "places_seen",
    "entrances": "entrances_seen",
    "road_m": "road_seen_m",
    "junctions": "junctions_seen",
    "crossings": "crossings_seen",
}


def of_areas(
    figures: pd.DataFrame, *, device_set: str, detail: float, certainty: str
) -> pd.DataFrame:
    """Return level, code, :data:`SHARES`, the criteria, and what is seen of each.

    What is seen certainly and possibly of a criterion, and such a share of :data:`RANGES`, stands
    in columns like `places_certain` and `places_possible`, whatever `certainty` the others are of.

    Parameters
    ----------
    figures
        As from ``coverage.store.results.figures``.
    """
    kind = (figures["device_set"] == device_set) & (figures["detail"] == detail)
    own = figures.loc[kind & (figures["certainty"] == certainty)]
    columns = own[[*KEY, "obstacles_known", "longest_blind_m", *SHARES, *CRITERIA]]
    for sure in SURE:
        names = {seen: f"{whole}_{sure}" for whole, seen in CRITERIA.items()}
        names |= {share: f"{share}_{sure}" for share in RANGES}
        rows = figures.loc[kind & (figures["certainty"] == sure), [*KEY, *names]]
        columns = columns.merge(rows.rename(columns=names), on=KEY, how="left")
    return columns
