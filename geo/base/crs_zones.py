"""Zones of the Chinese national systems: which one an easting says by the number before it."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import pyproj


@dataclass(frozen=True)
class _Zones:
    """The zones of one datum and width: EPSG codes with the number in x, and without."""

    first: int  # number of the first zone
    count: int
    prefixed: int  # codes of the first zone
    plain: int


# of 3 and of 6 degrees
_ZONES: Final = {
    "China Geodetic Coordinate System 2000": (
        _Zones(25, 21, 4513, 4534),
        _Zones(13, 11, 4491, 4502),
    ),
    "Xian 1980": (_Zones(25, 21, 2349, 2370), _Zones(13, 11, 2327, 2338)),
    "Beijing 1954": (_Zones(25, 21, 2401, 2422), _Zones(13, 11, 21413, 21453)),
}
_MILLION: Final = 1_000_000.0
_LEAST: Final = 100_000.0
_MOST: Final = 900_000.0


def zone_meant(x: float, srid: int) -> int | None:
    """Return the SRID implied by the zone number of an easting, None where it implies none.

    39 504 331 m carries zone number 39; 504 331 m belongs to a system whose eastings have no
    number.

    Parameters
    ----------
    x
        Easting in metres, with or without the zone number in front.
    srid
        EPSG code declared for it: it says the datum and the width of the zones.

    Examples
    --------
    >>> zone_meant(39504331.5, 4548), zone_meant(504331.5, 4527), zone_meant(504331.5, 4548)
    (4527, 4548, None)
    """
    number, rest = int(x // _MILLION), x % _MILLION
    if not _LEAST <= rest <= _MOST:
        return None
    for zones in _ZONES.get(datum_of(srid), ()):
        if 0 <= (place := number - zones.first) < zones.count:
            return zones.prefixed + place
        if number == 0 and 0 <= (place := srid - zones.prefixed) < zones.count:
            return zones.plain + place
    return None


@cache
def datum_of(srid: int) -> str:
    """Return the name of the datum that a system rests on."""
    geodetic = pyproj.CRS.from_epsg(srid).geodetic_crs
    return "" if geodetic is None else str(geodetic.name)
