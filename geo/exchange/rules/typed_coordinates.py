"""Coordinates typed into a search box."""

import math
import re
import unicodedata
from typing import Final, NamedTuple

from geo.base import chinese_shifts
from geo.files.checks.position.angles import angles_of

EARTH_RADIUS_M: Final = 6_371_008.8
# two whole numbers are a house and a flat sooner than a place
_MEANT: Final = re.compile(r"\d[.°度]\s*\d?|[东西南北经纬]|[NSEW]", re.IGNORECASE)
_WORDS: Final = (("经度", "东经"), ("纬度", "北纬"), (r"\blon\b", "东经"), (r"\blat\b", "北纬"))
_CHINA: Final = (73.0, 136.0, 3.0, 54.0)


class Typed(NamedTuple):
    """A place as typed (EPSG:4326), and where it is if it was read off a GCJ-02 map."""

    lon: float
    lat: float
    gcj02_lon: float
    gcj02_lat: float
    apart_m: float


def parse_coordinates(text: str) -> Typed | None:
    """Return the place that a text names by its coordinates; None where it names none.

    Decimal degrees, degrees with minutes and seconds, letters or words of the hemispheres, one pair
    in either order: what no letter or word says, the ranges of China do.
    """
    plain = unicodedata.normalize("NFKC", text).replace(":", " ").casefold()
    for word, said in _WORDS:
        plain = re.sub(word, said, plain)
    pair = angles_of(plain) if _MEANT.search(plain) else []
    if not pair:
        return None
    first, second = pair
    lon, lat = first.degrees, second.degrees
    has_axis = first.axis is not None or second.axis is not None
    if not has_axis and not _in_china(lon, lat) and (_in_china(lat, lon) or abs(lat) > 90):
        lon, lat = lat, lon
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        return None
    true_lon, true_lat = (float(each) for each in chinese_shifts.gcj02_to_wgs84(lon, lat))
    return Typed(lon, lat, true_lon, true_lat, _apart_m(lon, lat, true_lon, true_lat))


def _in_china(lon: float, lat: float) -> bool:
    west, east, south, north = _CHINA
    return west <= lon <= east and south <= lat <= north


def _apart_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the metres between two places that are near each other."""
    east = math.radians(other_lon - lon) * math.cos(math.radians((lat + other_lat) / 2))
    return EARTH_RADIUS_M * math.hypot(east, math.radians(other_lat - lat))
