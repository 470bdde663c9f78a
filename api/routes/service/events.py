"""What happens, sent while it happens to those who may know of it."""

import asyncio
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response

from api.server import lanes
from api.server.event_response import MEDIA_TYPE, EventStream
from api.server.event_streams import EventStreams, Subscription, describe_event
from api.session.deps import SettingsDep, ShownMap
from geo.access.event_access import may_receive
from geo.base import clock
from geo.base.errors import UnavailableError
from geo.operations.event_feed import Position, StoredEvent

router = APIRouter()
PATIENCE_S: Final = 5.0
PAUSE_S: Final = 0.05
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/json": {}, MEDIA_TYPE: {}}}
}


@router.get("/api/events", response_class=Response, responses=ANSWERS)
async def events(
    request: Request,
    who: ShownMap,
    settings: SettingsDep,
    after: Annotated[str, Query(max_length=40)] = "",
    last_event_id: Annotated[str, Header(max_length=40)] = "",
) -> Response:
    """Tell what happens, as a stream to who accepts `text/event-stream`.

    Others are given what happened so far. A message `change` names layer, kind, code and time of
    what happened; read the row for the rest. `heartbeat` says the time of the server, `reset` that
    everything has to be read anew. Each has an id: with the last one (`Last-Event-ID`, or `after`)
    nothing is missed and nothing comes twice. Without it the stream begins with now.
    """
    last = after or last_event_id
    position = Position.parse(last) if last else None
    streams: EventStreams = request.app.state.streams
    await _started(streams)
    if MEDIA_TYPE in request.headers.get("accept", ""):
        return await _stream(request, streams, streams.open(who.account), position)
    missed, position = await _missed(streams, position)
    reader, zone = request.state.reader, ZoneInfo(settings.timezone)
    seen = [each for each in missed or () if may_receive(reader, each)]
    found = [{"id": str(each.position), **describe_event(each, zone)} for each in seen]
    now = clock.now().astimezone(zone).isoformat(timespec="milliseconds")
    return JSONResponse(
        {"position": str(position), "time": now, "reset": missed is None, "events": found}
    )


async def _started(streams: EventStreams) -> None:
    """Wait for the first events to be read, but not for ever."""
    for _ in range(int(PATIENCE_S / PAUSE_S)):
        if streams.feed.position is not None:
            return
        await asyncio.sleep(PAUSE_S)
    raise UnavailableError("events.starting")


async def _stream(
    request: Request, streams: EventStreams, opened: Subscription, position: Position | None
) -> Response:
    try:
        missed, position = await _missed(streams, position)
    except BaseException:
        streams.leave(opened)
        raise
    return EventStream(request, streams, opened, missed, position)


async def _missed(
    streams: EventStreams, position: Position | None
) -> tuple[tuple[StoredEvent, ...] | None, Position]:
    """Return what happened after a position (None: not known any more), and where that leads."""
    if position is None:
        return (), streams.feed.newest()
    read = streams.feed.events_after
    missed = await to_thread.run_sync(read, position, limiter=lanes.EVENTS)
    if missed is None:
        return None, streams.feed.newest()
    return missed, missed[-1].position if missed else position
