"""Vector tiles of the layers for who asks, kept in memory until something in them is written to."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.audit import export_log
from geo.access.audit.export_log import Layer
from geo.access.principal import Principal
from geo.base.errors import ForbiddenError, NotFoundError
from geo.exchange import tile_drawing
from geo.exchange.publish import collections
from geo.exchange.publish.items import Items
from geo.exchange.store import tile_rows
from geo.exchange.store.tile_rows import SOURCES, Tile, TileAddress
from geo.exchange.tile_drawing import Rows
from geo.store import revisions
from geo.store.revisions import LayerRevisions

if TYPE_CHECKING:
    from geo.exchange.publish.camera_points import CameraPoints, ShownPoints

LAYERS: Final = tuple(SOURCES)
LAST_ZOOM: Final = 22
MOST_BYTES: Final = 64_000_000
MOST_FRAMES: Final = 8
MOST_COUNTED: Final = 100_000
NUMBERS_ZOOM: Final = 17
"""Down to this zoom numbers stand for rows that are too many to read; squares stay that large."""

_AREAS: Final = ("area", "setting")
_CAMERAS: Final = ("camera", "viewshed", *_AREAS)
WRITTEN: Final = {
    "cameras": ("camera", *_AREAS),
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

Made = tuple[int, ...]
"""The day and the revisions of `WRITTEN` of which something was made."""


@dataclass(frozen=True)
class KeptTile:
    """A tile as it is sent, with the tag by which a browser asks whether it is still the same."""

    tile: Tile
    tag: str
    made: Made


class Tiles:
    """The tiles of a process: the newest kept, the oldest let go.

    Parameters
    ----------
    items
        The cameras in memory, of which their tiles are made.
    """

    def __init__(self, engine: Engine, items: Items) -> None:
        self._engine, self._items, self._lock, self._bytes = engine, items, Lock(), 0
        self._kept: OrderedDict[Hashable, KeptTile] = OrderedDict()
        self._frames: OrderedDict[Hashable, tuple[Made, Rows]] = OrderedDict()
        self._points: CameraPoints | None = None
        self._shown: OrderedDict[Hashable, ShownPoints] = OrderedDict()
        self._counted: OrderedDict[Hashable, tuple[datetime, str]] = OrderedDict()

    def kept(
        self, reader: Principal, layer: str, of: tuple[int, int, int], now: LayerRevisions
    ) -> KeptTile | None:
        """Return a tile that is at hand, counted within the hour; waits for nobody.

        One of cameras whose points are at hand is drawn, in two milliseconds at most.

        Parameters
        ----------
        reader
            Who asks.
        layer
            Name of the layer.
        of
            Which tile: zoom, column, row.
        now
            Revisions that were read after the question came.
        """
        key, made = (layer, of, None, reader.key), now.of(_written(layer))
        found = self._kept.get(key)
        if found is None or found.made != made:
            shown = self._shown.get(reader.key) if layer == "cameras" else None
            if shown is None or _of_cameras(shown) != made or not _is_tile(TileAddress(*of)):
                return None
            tile = shown.draw(TileAddress(*of), most=tile_rows.MOST_POINTS, bins=None)
            found = self._keep(key, _made(tile, made))
        if layer not in collections.PROTECTED or not found.tile.shown or reader.system:
            return found
        return found if self._counted.get((reader.id, layer, of)) == (_hour(), found.tag) else None

    def read_tile(
        self,
        reader: Principal,
        layer: str,
        of: tuple[int, int, int],
        now: LayerRevisions,
        *,
        bulk: int,
        reason: str | None = None,
    ) -> KeptTile:
        """Return a tile; numbers stand for rows that are too many to be read.

        Parameters
        ----------
        reader
            Who asks.
        layer
            One of `LAYERS`.
        of
            Which tile: zoom, column, row.
        now
            Revisions that were read after the question came.
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
        place = TileAddress(*of)
        reader.require_layer(layer)
        if layer not in SOURCES:
            raise NotFoundError("layer.unknown", name=layer, known=", ".join(LAYERS))
        if not _is_tile(place):
            raise NotFoundError("tiles.no_tile", **place._asdict(), last=LAST_ZOOM)
        found = self._tile(reader, layer, place, now)
        rows = found.tile.shown
        if layer not in collections.PROTECTED or not rows:
            return found
        part = Layer(f"tiles/{layer}", f"{place.z}/{place.y}/{place.x}", rows)
        hour = _hour()
        if self._counted.get((reader.id, layer, place)) == (hour, found.tag):
            return found
        if export_log.count_shown_layer(self._engine, reader, part, most=bulk, reason=reason):
            self._count(reader, layer, place, (hour, found.tag))
            return found
        if not SOURCES[layer].points or place.z > NUMBERS_ZOOM:
            raise ForbiddenError("outgoing.bulk", what=part.name, found=rows, most=bulk)
        bins = 2 ** max(min(NUMBERS_ZOOM - place.z, 6), 0)
        return self._tile(reader, layer, place, now, bins=bins)

    def _count(
        self, reader: Principal, layer: str, place: TileAddress, at: tuple[datetime, str]
    ) -> None:
        with self._lock:
            self._counted[reader.id, layer, place] = at
            if len(self._counted) > MOST_COUNTED:
                self._counted.popitem(last=False)

    def _tile(
        self,
        reader: Principal,
        layer: str,
        place: TileAddress,
        now: LayerRevisions,
        *,
        bins: int | None = None,
    ) -> KeptTile:
        key = (layer, place, bins, reader.key)
        made = now.of(_written(layer))
        kept = self._find(key, made)
        if kept is not None and kept.made == made:
            return kept
        if kept is not None and self._is_untouched(reader, layer, place, kept, made):
            return self._keep(key, replace(kept, made=made))
        if layer == "cameras":
            shown = self._shown_points(reader, now)
            most = tile_rows.MOST_POINTS
            tile = shown.draw(place, most=most, bins=bins)
            return self._keep(key, _made(tile, _of_cameras(shown)))
        # What is written from now on makes it stale: its rows are of these revisions or newer ones.
        return self._keep(key, _made(self._read(reader, layer, place, made, bins), made))

    def _read(
        self, reader: Principal, layer: str, place: TileAddress, made: Made, bins: int | None
    ) -> Tile:
        computed = tile_drawing.is_computed(reader, layer)
        rows = self._rows(reader, layer, made) if computed else None
        with tile_drawing.open_source(self._engine, reader, layer) as connection:
            if rows is None:
                return tile_drawing.draw_stored(connection, reader, layer, place, bins=bins)
            return tile_drawing.draw_computed(connection, reader, layer, place, rows)

    def _is_untouched(
        self, reader: Principal, layer: str, place: TileAddress, kept: KeptTile, made: Made
    ) -> bool:
        """Return whether no row in a tile was written, nor one that comes into it."""
        if layer not in tile_rows.BOXED or kept.tile.codes is None:
            return False
        (day, before, *others), (today, now, *same) = kept.made, made
        if (day, others) != (today, same) or now < before:
            return False
        with transaction.open_read_only(self._engine, reader) as connection:
            codes = revisions.changed_codes(connection, WRITTEN[layer][0], before=before, now=now)
            if codes is None or not codes.isdisjoint(kept.tile.codes):
                return False
            return not tile_rows.any_in_tile(connection, layer, place, sorted(codes))

    def _shown_points(self, reader: Principal, now: LayerRevisions) -> "ShownPoints":
        from geo.exchange.publish.camera_points import camera_points, shown_points

        view = self._items.view("cameras", reader, now)
        with self._lock:
            shown = self._shown.get(reader.key)
            if shown is not None and shown.view is view:
                return shown
            if self._points is None:
                self._points = camera_points(view.rows)
            elif self._points.rows is not view.rows:
                self._points = self._points.follow(view.rows)
            shown = self._shown[reader.key] = shown_points(self._points, view)
            if len(self._shown) > MOST_FRAMES:
                self._shown.popitem(last=False)
        return shown

    def _rows(self, reader: Principal, layer: str, made: Made) -> Rows:
        key = (layer, reader.key)
        with self._lock:
            kept = self._frames.get(key)
        if kept is not None and kept[0] == made:
            return kept[1]
        rows = tile_drawing.computed_rows(self._engine, reader, layer)
        with self._lock:
            self._frames[key] = (made, rows)
            if len(self._frames) > MOST_FRAMES:
                self._frames.popitem(last=False)
        return rows

    def _find(self, key: Hashable, made: Made) -> KeptTile | None:
        """Return what is kept of a tile, newer or older than asked for."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.made == made:
                self._kept.move_to_end(key)
            return kept

    def _keep(self, key: Hashable, kept: KeptTile) -> KeptTile:
        with self._lock:
            before = self._kept.pop(key, None)
            self._bytes += len(kept.tile.content) - (len(before.tile.content) if before else 0)
            self._kept[key] = kept
            while self._bytes > MOST_BYTES and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.tile.content)
        return kept


def _made(tile: Tile, made: Made) -> KeptTile:
    return KeptTile(tile, blake2b(tile.content, digest_size=12).hexdigest(), made)


def _of_cameras(shown: "ShownPoints") -> Made:
    """Return of which revisions tiles are: those of the view are of viewsheds as well."""
    day, camera, _, *areas = shown.view.revisions
    return (day, camera, *areas)


def _written(layer: str) -> tuple[str, ...]:
    return WRITTEN.get(layer, _AREAS)


def _hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


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


def _is_tile(place: TileAddress) -> bool:
    side = 2**place.z if 0 <= place.z <= LAST_ZOOM else 0
    return 0 <= place.x < side and 0 <= place.y < side
