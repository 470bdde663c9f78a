"""Vector tiles of the layers for who asks, kept in memory until something in them is written to."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import export_log
from geo.access.audit.export_log import Layer
from geo.access.principal import Principal
from geo.base.errors import ForbiddenError, NotFoundError
from geo.exchange.publish import collections
from geo.exchange.store import tile_rows
from geo.exchange.store.tile_rows import SOURCES, Place, Tile
from geo.store import installation, revisions
from geo.store.revisions import Revisions

LAYERS: Final = tuple(SOURCES)
LAST_ZOOM: Final = 22
MOST_BYTES: Final = 64_000_000
MOST_FRAMES: Final = 8
NUMBERS_ZOOM: Final = 17
"""To here numbers are told for rows that are too many to be read; squares stay that large."""

_AREAS: Final = ("area", "setting")
_CAMERAS: Final = ("camera", "viewshed", *_AREAS)
WRITTEN: Final = {
    "cameras": _CAMERAS,
    "viewsheds": _CAMERAS,
    "gaps": ("coverage", *_CAMERAS),
    "incidents": ("incident", "unit", *_AREAS),
    "places": ("place", *_AREAS),
    "entrances": ("entrance", *_AREAS),
    "centres": ("centre", *_AREAS),
    "roads": ("road", *_AREAS),
    "buildings": ("building", *_AREAS),
    "water": ("water", *_AREAS),
    "addresses": ("address", *_AREAS),
    "poles": ("pole", *_AREAS),
    "privacy-zones": ("privacy_zone", *_AREAS),
}
"""Layers of tables whose writes make a tile stale; of areas `_AREAS` alone."""

Rows = list[tuple[str, str, bytes]]


@dataclass(frozen=True)
class Kept:
    """A tile as it is sent, with the tag by which a browser asks whether it is still the same."""

    tile: Tile
    tag: str


class Tiles:
    """The tiles of a process: the newest kept, the oldest let go."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._lock, self._bytes = engine, Lock(), 0
        self._kept: OrderedDict[Hashable, tuple[Revisions, Kept]] = OrderedDict()
        self._frames: OrderedDict[Hashable, tuple[Revisions, Rows]] = OrderedDict()

    def read_tile(
        self,
        reader: Principal,
        layer: str,
        of: tuple[int, int, int],
        *,
        bulk: int,
        reason: str | None = None,
    ) -> Kept:
        """Return a tile; rows that are too many to be read are told as numbers.

        Parameters
        ----------
        reader
            Who asks.
        layer
            One of `LAYERS`.
        of
            Which tile: zoom, column, row.
        bulk
            Rows of protected layers an hour beyond which reading is an export.
        reason
            Why so many are read.

        Raises
        ------
        NotFoundError
            If there is no such layer or tile.
        ForbiddenError
            If more is read than may be, and numbers would tell as much.
        """
        place = Place(*of)
        reader.require_layer(layer)
        if layer not in SOURCES:
            raise NotFoundError("layer.unknown", name=layer, known=", ".join(LAYERS))
        if not _is_tile(place):
            raise NotFoundError("tiles.no_tile", **place._asdict(), last=LAST_ZOOM)
        found = self._tile(reader, layer, place)
        rows = found.tile.shown
        if layer not in collections.PROTECTED or not rows:
            return found
        part = Layer(f"tiles/{layer}", f"{place.z}/{place.y}/{place.x}", rows)
        if export_log.count_shown_layer(self._engine, reader, part, most=bulk, reason=reason):
            return found
        if not SOURCES[layer].points or place.z > NUMBERS_ZOOM:
            raise ForbiddenError("outgoing.bulk", what=part.name, found=rows, most=bulk)
        return self._tile(reader, layer, place, bins=2 ** max(min(NUMBERS_ZOOM - place.z, 6), 0))

    def _tile(
        self, reader: Principal, layer: str, place: Place, *, bins: int | None = None
    ) -> Kept:
        key = (layer, place, bins, reader.key)
        fenced = SOURCES[layer].fenced
        open_ = transaction.open_as if fenced else transaction.open_read_only
        with open_(self._engine, reader) as connection:
            revision = _of_layer(revisions.read_revisions(connection), layer)
            found = self._find(key, revision)
            if found is None and not _is_given(reader, layer):
                found = self._keep(key, revision, _drawn(connection, reader, layer, place, bins))
        if found is None:
            found = self._keep(key, revision, self._of_rows(reader, layer, place, revision))
        return found

    def _of_rows(self, reader: Principal, layer: str, place: Place, revision: Revisions) -> Tile:
        """Return a tile of rows that are computed, not selected."""
        rows = self._rows(reader, layer, revision)
        with transaction.open_read_only(self._engine, reader) as connection:
            given = {**reader.parameters, **tile_rows.given_rows(rows)}
            return tile_rows.draw_tile(connection, layer, tile_rows.GIVEN, place, given)

    def _rows(self, reader: Principal, layer: str, revision: Revisions) -> Rows:
        key = (layer, reader.key)
        with self._lock:
            kept = self._frames.get(key)
        if kept is not None and kept[0] == revision:
            return kept[1]
        frame = collections.rows_of(self._engine, reader, layer)
        kinds = frame["certainty" if layer == "viewsheds" else "grid_code"].astype(str)
        codes = frame.iloc[:, 0].astype(str)
        rows = list(zip(codes, kinds, frame.geometry.to_wkb(), strict=True))
        with self._lock:
            self._frames[key] = (revision, rows)
            if len(self._frames) > MOST_FRAMES:
                self._frames.popitem(last=False)
        return rows

    def _find(self, key: Hashable, revision: Revisions) -> Kept | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != revision:
                return None
            self._kept.move_to_end(key)
            return kept[1]

    def _keep(self, key: Hashable, revision: Revisions, tile: Tile) -> Kept:
        kept = Kept(tile, blake2b(tile.content, digest_size=12).hexdigest())
        with self._lock:
            before = self._kept.pop(key, None)
            self._bytes += len(tile.content) - (len(before[1].tile.content) if before else 0)
            self._kept[key] = (revision, kept)
            while self._bytes > MOST_BYTES and len(self._kept) > 1:
                _, (_, oldest) = self._kept.popitem(last=False)
                self._bytes -= len(oldest.tile.content)
        return kept


def layer_fields(layer: str) -> dict[str, str]:
    """Return the attributes of a layer's features, each with what it is, as TileJSON names them.

    Raises
    ------
    NotFoundError
        If there is no such layer.
    """
    if layer not in SOURCES:
        raise NotFoundError("layer.unknown", name=layer, known=", ".join(LAYERS))
    numbers = {"heading_deg", "hfov_deg", "range_m", "height_m", "detail"}
    kinds = {name: "Number" if name in numbers else "String" for name in SOURCES[layer].full}
    return {**kinds, **({"exact": "Boolean"} if "exact" in kinds else {})}


def _is_tile(place: Place) -> bool:
    side = 2**place.z if 0 <= place.z <= LAST_ZOOM else 0
    return 0 <= place.x < side and 0 <= place.y < side


def _is_given(reader: Principal, layer: str) -> bool:
    """Return whether rows are computed: gaps, and outlines of cells of cameras that are coarse."""
    return layer == "gaps" or (layer == "viewsheds" and reader.coarse)


def _of_layer(found: Revisions, layer: str) -> Revisions:
    """Return the revisions that a layer's tiles depend on, with the day."""
    wanted = ("", *WRITTEN.get(layer, _AREAS))
    return tuple(each for each in found if each[0] in wanted)


def _drawn(
    connection: Connection, reader: Principal, layer: str, place: Place, bins: int | None
) -> Tile:
    source = SOURCES[layer]
    given = dict(reader.parameters)
    if source.metric:
        given["srid"] = installation.metric_srid(connection)
    return tile_rows.draw_tile(connection, layer, source, place, given, bins=bins)
