"""Features as bytes of JSON, cut into segments, so that a page is a join of what is there."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import shapely

WORDS: Final = ("local_code", "site", "name", "area_reported", "address", "grid_code")
"""Texts that tell where a camera stands; blank where its place is not exact."""
PLACE: Final = ("position_verified_on", "reported_lon", "reported_lat")
SIGHT: Final = (
    *("heading_deg", "heading_source", "hfov_deg", "vfov_deg", "tilt_deg", "res_h_px"),
    *("range_m", "heading_verified_on"),
)
KNOWN: Final = (
    *("owner_kind", "point_class", "legal_basis", "form", "indoor", "supply_light"),
    *("mount_height_m", "connection", "status", "networked", "retention_days", "filing_no"),
    *("sign_present", "installed_on", "build_phase", "management_unit", "maintenance_unit"),
    *("duty_phone", "position_sigma_m"),
)
OWN: Final = (*WORDS, "position_source", *PLACE, *SIGHT, *KNOWN, "relation", "distance_m")
"""Columns of a camera beside its code; a free column of that name is called ``…_source``."""
TAKEN: Final = frozenset({*OWN, "code", "geom"})

# Segments of a camera: what is known of it, the words of its place, its sight, what ends the
# properties, its exact and its coarse place. The first five, together, are its whole feature.
KNOWN_AT, WORDS_AT, SIGHT_AT, FREE_AT, EXACT_AT, COARSE_AT, END = range(7)


def write_json(value: object) -> str:
    """Return a value as JSON; dates and times by RFC 3339, other things as text."""
    return json.dumps(value, ensure_ascii=False, default=_iso, separators=(",", ":"))


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _pairs(columns: Sequence[str], row: Mapping[str, Any]) -> str:
    return "".join(f',"{name}":{write_json(row.get(name))}' for name in columns)


OWN_END: Final = b',"relation":"own","distance_m":0.0'
NO_WORDS: Final = _pairs(
    (*WORDS, "position_source", *PLACE), {"position_source": "coarse"}
).encode()
NO_SIGHT: Final = _pairs(SIGHT, {}).encode()
_NOTHING: Final = _pairs((*KNOWN, *WORDS, "position_source", *PLACE, *SIGHT), {})


def camera_segments(row: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return the segments of a camera; `geom` and `coarse_geom` are hex EWKB."""
    free = free_pairs(row["attributes"], TAKEN)
    return (
        (_begin(row["code"]) + _pairs(KNOWN, row)).encode(),
        _pairs((*WORDS, "position_source", *PLACE), row).encode(),
        _pairs(SIGHT, row).encode(),
        OWN_END + free.encode(),
        _end(row["geom"]).encode(),
        _end(row["coarse_geom"]).encode(),
    )


def looking_in(code: str, distance_m: float) -> bytes:
    """Return the feature of another's camera that looks into what is granted.

    Parameters
    ----------
    code
        Of the camera.
    distance_m
        How far it is from what is granted, in steps.
    """
    seen = f',"relation":"looks_in","distance_m":{float(distance_m)}'
    return f'{_begin(code)}{_NOTHING}{seen}}},"geometry":null}},'.encode()


def feature_segment(row: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return the one segment of a row of another layer; `geom` is hex EWKB."""
    known = [name for name in row if name not in ("code", "attributes", "geom")]
    free = free_pairs(row.get("attributes"), {*known, "code", "geom"})
    written = _begin(row["code"]) + _pairs(known, row) + free + _end(row["geom"])
    return (written.encode(),)


def _begin(code: str) -> str:
    written = write_json(code)
    return f'{{"id":{written},"type":"Feature","properties":{{"code":{written}'


def _end(geometry: str | None) -> str:
    shape = "null" if geometry is None else shapely.to_geojson(shapely.from_wkb(geometry))
    return f'}},"geometry":{shape}}},'


def free_pairs(attributes: Mapping[str, Any] | None, taken: Any) -> str:  # noqa: ANN401 - a set
    """Return what a source has beside the known columns, each behind a comma.

    Parameters
    ----------
    attributes
        By name.
    taken
        Names that are something else already; a column of such a name is called ``…_source``.
    """
    return "".join(
        f",{write_json(name if name not in taken else f'{name}_source')}:{write_json(value)}"
        for name, value in (attributes or {}).items()
    )
