"""Rows of layers as they are published, and which of them a reader may see."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.access.principal import Principal
from geo.base.json_objects import LayerRow
from geo.cameras.store import layers as camera_layers
from geo.exchange.store.asked_rows import Source

AT_A_TIME: Final = 5_000

_LEVELS: Final = {
    "districts": "district",
    "townships": "township",
    "communities": "community",
    "grids": "grid",
}
_PLAIN: Final = {
    "buildings": ("building", "name, kind, height_m"),
    "roads": ("road", "name, class, width_m"),
    "water": ("water", "name, kind"),
    "farmland": ("farmland", "name, kind"),
    "privacy-zones": ("privacy_zone", "name, kind"),
    "poles": ("pole", "name, kind, height_m, powered, networked, management_unit"),
    "places": ("place", "name, kind, weight, radius_m"),
    "entrances": ("entrance", "name, place_code, kind"),
    "addresses": ("address", "name, kind, alias"),
    "centres": ("centre", "name, level, area_code, address, duty_post, duty_phone"),
}
_SOME: Final = "(CAST(:codes AS text[]) IS NULL OR {key} = ANY(CAST(:codes AS text[])))"
_ORDER: Final = ' ORDER BY {key} COLLATE "C"'
_KNOWN: Final = "unnest(CAST(:codes AS text[])) WITH ORDINALITY AS g (code, n)"


def _level(level: str) -> tuple[str, str, str]:
    key = {"key": "a.code"}
    of_level = f" FROM govgrid.area_now a {{}}WHERE a.level = '{level}' AND "
    parent = "LEFT JOIN govgrid.area_now p ON p.unit_id = a.parent_unit_id "
    columns = "a.code, a.name, a.kind, p.code AS parent_code, a.local_code, a.attributes, a.geom"
    known = f"{parent}JOIN {_KNOWN} ON g.code = a.code "
    return (
        f"SELECT {columns}{of_level.format(parent)}{_SOME.format(**key)}{_ORDER.format(**key)}",
        f"SELECT a.code{of_level.format('')}{predicates.AREA.format(path='a.path')}",
        f"SELECT {columns}, g.n{of_level.format(known)}true LIMIT NULL",
    )


def _plain(table: str, columns: str) -> tuple[str, str, str]:
    key = {"key": "code"}
    some, order = _SOME.format(**key), _ORDER.format(**key)
    placed = predicates.PLACE.format(geom="geom")
    return (
        f"SELECT code, {columns}, attributes, geom FROM govgrid.{table} WHERE {some}{order}",
        f"SELECT code FROM govgrid.{table} WHERE {placed}",
        f"SELECT code, {columns}, attributes, geom, g.n"
        f" FROM govgrid.{table} JOIN {_KNOWN} USING (code) LIMIT NULL",
    )


_CAMERAS: Final = (
    f"SELECT * FROM govgrid.published_camera WHERE {_SOME.format(key='code')}"
    f"{_ORDER.format(key='code')}",
    f"SELECT g.code, g.depth, g.exact, g.distance_m FROM {predicates.CAMERAS} g"
    " WHERE g.depth >= 1 OR g.depth IS NULL",
    camera_layers.SHOWN,
)
_STATEMENTS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        **{name: _level(level) for name, level in _LEVELS.items()},
        **{name: _plain(*of) for name, of in _PLAIN.items()},
        "cameras": _CAMERAS,
    }
)
NAMES: Final = tuple(_STATEMENTS)
"""The layers that are published from what is kept in memory."""


def source_of(name: str) -> str:
    """Return the layer whose revision counts writes to what a published one shows."""
    if name in _LEVELS:
        return "area"
    return "camera" if name == "cameras" else _PLAIN[name][0]


def read_rows(
    connection: Connection, name: str, codes: list[str] | None = None
) -> Iterator[LayerRow]:
    """Yield the rows of a layer, ascending; geometry as hex EWKB.

    Parameters
    ----------
    connection
        Transaction that sees all ground and equipment.
    name
        One of :data:`NAMES`.
    codes
        Of these rows only; None: all.
    """
    found = connection.execute(
        text(_STATEMENTS[name][0]), {"codes": codes}, execution_options={"yield_per": AT_A_TIME}
    )
    for row in found.mappings():
        yield dict(row)


def shown_source(name: str, known: Mapping[str, object]) -> Source:
    """Return the rows of a layer that are known to be shown, with ``n``, which of these each is.

    Parameters
    ----------
    name
        One of :data:`NAMES`.
    known
        Their ``codes``, as an array is written in PostgreSQL; of cameras also ``depths``,
        ``exacts`` and ``distances``, or one ``depth`` and ``exact`` where these are all.
    """
    if "depth" in known:
        return Source(camera_layers.SHOWN_ALIKE, known)
    return Source(_STATEMENTS[name][2], known)


def visible_rows(connection: Connection, name: str, reader: Principal) -> list[Any]:
    """Return the codes of the rows that a reader may see; of cameras depth, exact and distance.

    Parameters
    ----------
    connection
        Transaction that sees all ground and equipment.
    name
        One of :data:`NAMES`.
    reader
        Whose grants cut.
    """
    return list(connection.execute(text(_STATEMENTS[name][1]), reader.parameters))
