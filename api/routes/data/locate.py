"""Which grid a place belongs to."""

import json
from functools import partial
from typing import Annotated, Any, Final

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict, Field, Strict

from api.answers.bodies import Body
from api.answers.times import Moment
from api.server.limits import allow_body
from api.server.memory_lane import AtHand, Parts
from api.session.deps import EngineDep, MayMap
from geo.access.principal import Principal
from geo.areas import lookup
from geo.areas.place_answer import PlaceAnswer
from geo.areas.places import MOST_POINTS, PlaceView
from geo.base.errors import CRSError

router = APIRouter()
JSON: Final = "application/json"
MOST_BYTES: Final = 1_000_000


class Points(Body):
    """Places that are asked for at once."""

    model_config = ConfigDict(allow_inf_nan=False)

    points: list[Annotated[tuple[float, float], Strict(False)]] = Field(max_length=MOST_POINTS)
    crs: str = Field(default="wgs84", max_length=40)
    accuracy_m: float = Field(default=0.0, ge=0, le=lookup.MOST_ACCURACY_M)


@router.get("/api/locate")
def locate(
    request: Request,
    engine: EngineDep,
    who: MayMap,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    crs: Annotated[str, Query(max_length=40)] = "wgs84",
    accuracy_m: Annotated[float, Query(ge=0, le=100_000, allow_inf_nan=False)] = 0.0,
    at: Moment | None = None,
) -> PlaceAnswer:
    """Return status, grid, candidates, community, township and the nearest grid."""
    if at is not None:
        day = at.date()
        return lookup.locate_one(engine, who, lon, lat, system=crs, accuracy_m=accuracy_m, at=day)
    lons, lats = lookup.one_place(lon, lat, crs)
    view: PlaceView = request.app.state.places.view(who, request.state.revisions)
    return view.ask(float(lons[0]), float(lats[0]), accuracy_m)


@router.post("/api/locate")
@allow_body(MOST_BYTES)
async def locate_many(request: Request, who: MayMap, asked: Points) -> dict[str, list[PlaceAnswer]]:
    """Return the same for up to 10,000 `points` (lon, lat) in one `crs`, in their order."""
    now, places = request.state.revisions, request.app.state.places
    work = partial(_each, lambda: places.view(who, now), asked)
    return {"places": await to_thread.run_sync(work)}


def _each(view: Any, asked: Points) -> list[PlaceAnswer]:  # noqa: ANN401 - makes a PlaceView
    if not asked.points:
        return []
    given = np.array(asked.points, dtype=float)
    lons, lats = lookup.to_wgs84(given[:, 0], given[:, 1], asked.crs)
    nowhere = np.flatnonzero(~np.isfinite(lons))
    if nowhere.size:
        lon, lat = asked.points[nowhere[0]]
        raise CRSError("crs.no_place_number", number=int(nowhere[0]) + 1, lon=lon, lat=lat)
    found: PlaceView = view()
    pairs = zip(lons.tolist(), lats.tolist(), strict=True)
    return [found.ask(lon, lat, asked.accuracy_m) for lon, lat in pairs]


def locate_at_hand(request: Request, who: Principal, asked: Parts) -> AtHand | None:
    """Return where a place in EPSG:4326 belongs if the areas are in memory.

    Parameters
    ----------
    request
        With the revisions of all layers, read after it came.
    who
        Who asks.
    asked
        Parts of path and query.
    """
    view = request.app.state.places.kept(who, request.state.revisions)
    place = lonlat_of(asked)
    if view is None or place is None or set(asked) != {"lon", "lat"}:
        return None
    text = json.dumps(view.ask(*place), ensure_ascii=False, separators=(",", ":"))
    return AtHand(text.encode(), JSON)


def lonlat_of(asked: Parts) -> tuple[float, float] | None:
    """Return the place of a query in EPSG:4326; None where it is none."""
    try:
        lon, lat = float(asked["lon"]), float(asked["lat"])
    except (KeyError, ValueError):
        return None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None
