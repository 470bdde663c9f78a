"""Kinds of figures: device set, certainty, detail, and what is measured."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from geo.base.errors import InputError

DEVICE_SETS = ("all", "skynet", "social", "online")
CERTAINTIES = ("certain", "expected", "possible")
SURE = ("certain", "possible")  # of which there are viewsheds and gaps
# Why a view may see ground that it does not see for certain; numbered from 1, 0: it never does.
CAUSES = ("turning", "tolerance", "heading_unknown")
DETAILS = (20, 40, 80, 125, 250, 500, 1500)
# IEC 62676-4:2025, then the names of its edition of 2014 (DORI) as aliases; px/m
DETAIL_NAMES: Mapping[str, float] = MappingProxyType(
    {
        "overview": 20.0,
        "outline": 40.0,
        "discern": 80.0,
        "perceive": 125.0,
        "characterise": 250.0,
        "validate": 500.0,
        "scrutinise": 1500.0,
        "detect": 25.0,
        "observe": 62.5,
        "recognise": 125.0,
        "identify": 250.0,
    }
)
# The official criteria, as columns of figures.
CRITERIA = (
    *("places", "places_seen", "entrances", "entrances_seen", "junctions", "junctions_seen"),
    *("crossings", "crossings_seen", "road_m", "road_seen_m", "longest_blind_m"),
)
MEASURED = (
    "area_m2",
    "open_ground_m2",
    "demand_m2",
    "covered_demand_m2",
    "covered_demand_share",
    "covered_area_m2",
    "covered_open_ground_m2",
    "covered_share",
    "k_area_m2",
    "sliver_m2",
    *CRITERIA,
)


def detail_of(word: str | float) -> float:
    """Return the pixel density, px/m, of a number or a name.

    Raises
    ------
    InputError
        ``coverage.detail_invalid`` if it is neither a number above 0 nor one of `DETAIL_NAMES`.

    References
    ----------
    IEC 62676-4:2025, classes overview to scrutinise; IEC 62676-4:2014, detect to identify (DORI).

    Examples
    --------
    >>> detail_of("overview"), detail_of("observe"), detail_of("40"), detail_of(40)
    (20.0, 62.5, 40.0, 40.0)
    """
    name = str(word).strip().casefold().replace("ize", "ise")
    try:
        detail = DETAIL_NAMES[name] if name in DETAIL_NAMES else float(name)
    except ValueError:
        detail = math.nan
    if not (math.isfinite(detail) and detail > 0):
        raise InputError("coverage.detail_invalid", detail=word, known=", ".join(map(str, DETAILS)))
    return detail
