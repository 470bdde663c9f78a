"""Columns that layers are published with, by which they can be filtered and sorted."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from geo.base.errors import InputError, NotFoundError
from geo.base.words import load_catalogue, say
from geo.files.schema.layers import LAYERS

Kind = Literal["text", "number", "integer", "boolean", "date", "time"]
Columns = Mapping[str, Kind]
GEOMETRY: Final = "geometry"

_KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(
        (
            *("mount_height_m", "position_sigma_m", "heading_deg", "hfov_deg", "vfov_deg"),
            *("tilt_deg", "range_m", "reported_lon", "reported_lat", "distance_m", "height_m"),
            *("width_m", "weight", "radius_m", "accuracy_m", "detail", "area_m2", "road_m"),
        ),
        "number",
    ),
    **dict.fromkeys(
        ("retention_days", "res_h_px", "view_no", "rank", "entrances", "incidents"), "integer"
    ),
    **dict.fromkeys(("indoor", "networked", "sign_present", "powered"), "boolean"),
    **dict.fromkeys(("installed_on", "heading_verified_on", "position_verified_on"), "date"),
    **dict.fromkeys(("occurred_at", "reported_at", "due_at", "closed_at"), "time"),
}
_AREA: Final = "code name kind parent_code local_code"
_LAND: Final = "code name kind"
_CAMERA: Final = (
    "code local_code site name owner_kind point_class legal_basis form indoor supply_light"
    " mount_height_m connection status networked area_reported address retention_days filing_no"
    " sign_present installed_on build_phase management_unit maintenance_unit duty_phone"
    " position_sigma_m heading_deg heading_source hfov_deg vfov_deg tilt_deg res_h_px range_m"
    " heading_verified_on grid_code position_source position_verified_on reported_lon reported_lat"
    " relation distance_m"
)
_NAMES: Final = {
    **dict.fromkeys(("grids", "communities", "townships", "districts"), _AREA),
    "cameras": _CAMERA,
    "viewsheds": "code camera_code view_no detail certainty",
    "gaps": "rank grid_code area_m2 weight road_m entrances incidents",
    "incidents": "code title category description source state occurred_at reported_at due_at"
    " closed_at on_time accuracy_m address",
    "places": f"{_LAND} weight radius_m",
    "entrances": "code name place_code kind",
    "centres": "code name level area_code address duty_post duty_phone",
    "roads": "code name class width_m",
    "buildings": f"{_LAND} height_m",
    "water": _LAND,
    "addresses": f"{_LAND} alias",
    "poles": f"{_LAND} height_m powered networked management_unit",
    "privacy-zones": _LAND,
}
COLUMNS: Final[Mapping[str, Columns]] = MappingProxyType(
    {
        layer: MappingProxyType({name: _KINDS.get(name, "text") for name in names.split()})
        for layer, names in _NAMES.items()
    }
)
"""By collection, its columns in order, the first of which is the id of a feature."""
MOMENTS: Final = {"incidents": "reported_at"}
"""The column that a time is asked of; layers without one are of all times."""
SHAPES: Final = {
    **dict.fromkeys(("cameras", "incidents", "places", "entrances", "centres"), "point"),
    **dict.fromkeys(("addresses", "poles"), "point"),
    "roads": "line",
}
"""The shape of features; those of other layers are polygons."""


def columns_of(layer: str) -> Columns:
    """Return the columns of a collection.

    Raises
    ------
    NotFoundError
        If there is no such collection.
    """
    if layer not in COLUMNS:
        raise NotFoundError("layer.unknown", name=layer, known=", ".join(COLUMNS))
    return COLUMNS[layer]


def shape_of(layer: str) -> str:
    """Return what the features of a collection are: point, line or polygon."""
    return SHAPES.get(layer, "polygon")


def title_of(layer: str, column: str) -> str:
    """Return the Chinese name of a column: as forms have it, else its own word.

    A column that only a file has brought in is called what it is called there.

    Parameters
    ----------
    layer
        Name of the collection.
    column
        Name of the column.
    """
    form = LAYERS.get(layer) or LAYERS["areas"]
    found = next((field for field in form.fields if field.name == column), None)
    chinese = [] if found is None else [name for name in found.aliases if not name.isascii()]
    word = f"ogc_column.{column}"
    named = say(word, "zh") if word in load_catalogue() else column
    return chinese[0] if chinese else named


@dataclass(frozen=True)
class SortKey:
    """A column to sort by, and in which direction."""

    column: str
    descending: bool


def parse_sort(written: str, columns: Columns) -> tuple[SortKey, ...]:
    """Return the columns of a ``sortby``: comma-separated, ``-`` before one that descends.

    Parameters
    ----------
    written
        As in a request; the ``+`` of an address may have become a blank.
    columns
        Those that may be named.
    """
    found = []
    for each in filter(None, map(str.strip, written.split(","))):
        name = each[1:] if each[0] in "+-" else each
        require_column(name, columns)
        found.append(SortKey(name, each.startswith("-")))
    if not found or len({key.column for key in found}) < len(found):
        raise InputError("ogc.sort", found=written[:100])
    return tuple(found)


def parse_selection(written: str, columns: Columns) -> tuple[str, ...]:
    """Return the columns of a ``properties``: comma-separated; none for ``""``.

    Parameters
    ----------
    written
        As in a request.
    columns
        Those that may be named.
    """
    wanted = [each.strip() for each in written.split(",") if each.strip()]
    for name in wanted:
        require_column(name, columns)
    return tuple(name for name in columns if name in wanted)


def require_column(name: str, columns: Columns) -> None:
    """Refuse a name that is of no column.

    Parameters
    ----------
    name
        As in a request.
    columns
        Those that there are.

    Raises
    ------
    InputError
        With the names of those that there are.
    """
    if name not in columns:
        raise InputError("ogc.column", found=name[:100], known=", ".join(columns))
