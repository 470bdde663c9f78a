"""Tiles of a foreign basemap (天地图), fetched by the server and kept in memory for its pages."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final
from urllib.parse import urlencode, urlsplit

import requests
from urllib3.exceptions import HTTPError

from geo.base.errors import InputError, NotFoundError, UnavailableError
from geo.base.settings import PREFIX
from geo.viewing.snapshot import Snapshot, fetch_within, plain_session

KINDS: Final = ("vec", "cva", "img", "cia")
"""Map, its names, pictures from the air, their names: all in Web Mercator."""
FIRST_ZOOM, LAST_ZOOM = 1, 18
PATIENCE_S: Final = 4.0
REST_S: Final = 60.0
"""How long nothing is asked after it did not answer: a page asks for dozens of tiles at once."""
KEPT_S: Final = 86_400.0
MOST_BYTES: Final = 48_000_000
SLOW: Final = "viewing.snapshot_slow"
Key = tuple[str, int, int, int]


class Basemap:
    """The tiles of one service; its address and key come from the settings and go nowhere else.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(
        self, address: str, key: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._address, self._key, self._clock = require_address(address), key, clock
        self._kept: OrderedDict[Key, tuple[float, Snapshot]] = OrderedDict()
        self._lock, self._bytes, self._rests_until = Lock(), 0, float("-inf")

    def tile(self, kind: str, zoom: int, column: int, row: int) -> Snapshot:
        """Return a tile, the newest of the last day.

        Parameters
        ----------
        kind
            One of `KINDS`.
        zoom, column, row
            Which tile of Web Mercator, rows from the north.

        Raises
        ------
        NotFoundError
            If there is no such tile.
        UnavailableError
            If the service does not answer.
        """
        side = 2**zoom if FIRST_ZOOM <= zoom <= LAST_ZOOM else 0
        if kind not in KINDS or not (0 <= column < side and 0 <= row < side):
            raise NotFoundError("basemap.no_tile")
        key = (kind, zoom, column, row)
        found = self._find(key)
        return found or self._keep(key, self._fetched(key))

    def _find(self, key: Key) -> Snapshot | None:
        with self._lock:
            at, found = self._kept.get(key, (0.0, None))
            if found is None or self._clock() - at > KEPT_S:
                return None
            self._kept.move_to_end(key)
            return found

    def _fetched(self, key: Key) -> Snapshot:
        if self._clock() < self._rests_until:
            raise UnavailableError("basemap.silent")
        try:
            with plain_session() as session:
                until = time.monotonic() + PATIENCE_S
                found = fetch_within(session, self._tile_address(key), until)
        except (requests.RequestException, HTTPError, OSError):
            # an error of the connection names the address, and the address holds the key
            found = Snapshot(fault=SLOW)
        if found.fault == SLOW:
            self._rests_until = self._clock() + REST_S
            raise UnavailableError("basemap.silent")
        if found.fault:
            raise NotFoundError("basemap.no_tile")
        return found

    def _tile_address(self, key: Key) -> str:
        kind, zoom, column, row = key
        asked = {
            "SERVICE": "WMTS",
            "REQUEST": "GetTile",
            "VERSION": "1.0.0",
            "LAYER": kind,
            "STYLE": "default",
            "TILEMATRIXSET": "w",
            "FORMAT": "tiles",
            "TILEMATRIX": zoom,
            "TILEROW": row,
            "TILECOL": column,
            "tk": self._key,
        }
        return f"{self._address}/{kind}_w/wmts?{urlencode(asked)}"

    def _keep(self, key: Key, found: Snapshot) -> Snapshot:
        with self._lock:
            _, before = self._kept.pop(key, (0.0, Snapshot()))
            self._bytes += len(found.content) - len(before.content)
            self._kept[key] = (self._clock(), found)
            while self._bytes > MOST_BYTES and len(self._kept) > 1:
                _, (_, oldest) = self._kept.popitem(last=False)
                self._bytes -= len(oldest.content)
        return found


def require_address(address: str) -> str:
    """Return the address of a service without what follows its host.

    Raises
    ------
    InputError
        If it is no http(s) address, or has a path, a question or a password.
    """
    parts = urlsplit(address)
    plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not plain or parts.path.strip("/") or parts.query or parts.fragment:
        raise InputError("basemap.setting", name=f"{PREFIX}TIANDITU_ADDRESS", found=address[:100])
    return f"{parts.scheme}://{parts.netloc}"
