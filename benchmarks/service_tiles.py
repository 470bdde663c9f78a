"""Tiles of the service beside those of tipg: kept ones, fresh ones, and of very many cameras."""

import math
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from rows import Row, row
from service_server import REASON, Measured, ask
from sqlalchemy import Engine

from geo.access.principal import system_principal
from geo.exchange.publish import camera_points
from geo.exchange.publish.items import Items
from geo.exchange.store.tile_rows import TileAddress
from geo.store import revisions

GOALS: Final = {"kept": 15.0, "fresh": 3.0}
ZOOMS: Final = (10, 12, 14, 16)
SECONDS: Final = 1.5
ROUNDS: Final = 2
OURS: Final = "/api/collections/{}/tiles/WebMercatorQuad/{}/{}/{}?reason=" + REASON
THEIRS: Final = "/collections/govgrid.{}/tiles/WebMercatorQuad/{}/{}/{}{}"
TABLES: Final = {"cameras": ("camera", ""), "grids": ("area", "?level=grid")}
LIMIT_BYTES: Final = 80_000

Tile = tuple[int, int, int]


def tile_of(z: int, lon: float, lat: float) -> Tile:
    """Return zoom, row and column of the tile of a place."""
    side, turned = 2**z, math.asinh(math.tan(math.radians(lat))) / math.pi
    return z, math.floor((1 - turned) / 2 * side), math.floor((lon + 180) / 360 * side)


def tiles_at(z: int, places: Sequence[tuple[float, float]]) -> list[Tile]:
    """Return the tiles of places, two at least, so that none is asked for twice running."""
    found = sorted({tile_of(z, *each) for each in places})
    return found if len(found) > 1 else [*found, (z, found[0][1] + 1, found[0][2])]


def tile_rows(
    servers: dict[str, Any], headers: dict[str, str], places: Sequence[tuple[float, float]]
) -> list[Row]:
    """Return a row for each layer and zoom; the servers are asked in turn.

    Parameters
    ----------
    servers
        Addresses by name: kept, fresh, and tipg where it is there.
    """
    rows = []
    for layer in TABLES:
        for z in ZOOMS:
            best = _asked(servers, headers, layer, tiles_at(z, places))
            for name, goal in GOALS.items():
                if name not in best:
                    continue
                peer = best.get("tipg")
                rows.append(
                    row(
                        f"{name} tile of {layer}, zoom {z} ({best[name]['bytes']:,.0f} bytes)",
                        None if best[name]["refused"] else best[name]["rate"],
                        "answers/s",
                        peer="tipg",
                        peer_value=None if peer is None or peer["refused"] else peer["rate"],
                        goal_ratio=goal,
                        more_is_better=True,
                    )
                )
    return rows


def _asked(
    servers: dict[str, Any], headers: dict[str, str], layer: str, tiles: Sequence[Tile]
) -> dict[str, Measured]:
    table, more = TABLES[layer]
    paths = {
        name: [
            THEIRS.format(table, z, x, y, more) if name == "tipg" else OURS.format(layer, z, y, x)
            for z, y, x in tiles
        ]
        for name in servers
    }
    found: dict[str, list[Measured]] = {name: [] for name in servers}
    for name, address in servers.items():
        ask(address, paths[name], headers, seconds=0.3, rounds=1)
    for _ in range(ROUNDS):
        for name, address in servers.items():
            asked = {} if name == "tipg" else headers
            found[name].append(ask(address, paths[name], asked, seconds=SECONDS, rounds=1))
    return {name: max(all_, key=lambda each: each["rate"]) for name, all_ in found.items()}


def crowded_rows(engine: Engine, folder: Any, places: Sequence[tuple[float, float]]) -> list[Row]:
    """Return size and time of the tile of zoom 12 with most cameras, thinned and in full."""
    items, who = Items(engine, folder), system_principal("os:bench")
    with engine.begin() as connection:
        now = revisions.current_revisions(connection)
    view = items.view("cameras", who, now)
    shown = camera_points.shown_points(camera_points.camera_points(view.rows), view)
    tiles = [TileAddress(z, x, y) for z, y, x in tiles_at(12, places)]
    crowded = max(tiles, key=lambda each: shown.draw(each, most=0, bins=None).total)
    thin, full = (_drawn(shown, crowded, most) for most in (2_000, 10**9))
    count = f"{thin[1].total:,} of {len(view.rows):,} cameras"
    work = f"tile of zoom 12 with {count}"
    many = thin[1].aggregated
    return [
        row(work, float(len(thin[1].content)), "bytes", goal=LIMIT_BYTES if many else None),
        row(
            work,
            thin[0],
            "ms",
            peer="one by one" if many else None,
            peer_value=full[0] if many else None,
            goal_ratio=5.0 if many else None,
        ),
    ]


def _drawn(shown: camera_points.ShownPoints, place: TileAddress, most: int) -> tuple[float, Any]:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        tile = shown.draw(place, most=most, bins=None)
        times.append(1000 * (time.perf_counter() - began))
    return float(np.min(times)), tile
