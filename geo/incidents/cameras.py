"""Cameras of an incident: recorded as answered, read as granted, computed anew when asked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from typing_extensions import TypedDict

from geo.access import predicates, transaction
from geo.access.principal import Principal
from geo.access.roles import depth_no
from geo.base.errors import ForbiddenError, NotFoundError
from geo.base.settings import Settings
from geo.base.words import say
from geo.coverage.store import cameras as camera_store
from geo.incidents import attachments
from geo.incidents.camera_search import (
    LINE,
    CameraLine,
    CamerasSeen,
    look_for_cameras,
    sees_all,
)
from geo.incidents.rules import camera_words, online
from geo.incidents.rules.online import OnlineSpell
from geo.incidents.store import incident_cameras as stored
from geo.incidents.store.incident_cameras import CameraAnswer, IncidentFacts, NewAnswer
from geo.store import revisions

if TYPE_CHECKING:
    from geo.coverage.place_sight import SightView

STALE_M: Final = 500.0
"""A camera that changed this near to an incident may see it by now."""
_POSITION: Final = depth_no("position")
_DIRECTION: Final = depth_no("direction")


class CameraInWords(TypedDict):
    """A camera of an incident with what people read; times as ISO texts."""

    code: str
    name: str | None
    relation: str
    why: str | None
    distance_m: float
    bearing_deg: float | None
    heading_deg: float | None
    px_per_m: float | None
    online: bool | None
    unit: str | None
    phone: str | None
    footage_until: str | None
    footage: str | None
    footage_light: str | None
    position: str
    detail: str | None
    online_share: float | None
    online_text: str | None
    night: str | None
    why_text: str | None


class CamerasAnswer(TypedDict):
    """Cameras of an incident; `none` says that nobody sees it, `stale` how many changed since."""

    cameras: list[CameraInWords]
    withheld: int
    ask: str | None
    nearest_m: float | None
    none: str | None
    stale: int
    recorded_at: str | None


def answer_of(
    seen: CamerasSeen, place: tuple[float, float], window: tuple[datetime, datetime], revision: int
) -> NewAnswer:
    """Return what is written of the cameras of an incident.

    Parameters
    ----------
    seen
        All cameras, as the system sees them.
    place
        Lon and lat.
    window
        When it happened.
    revision
        Of the layer of cameras, read before they were looked for.
    """
    nearest = min(seen.lines, key=lambda line: line.distance_m, default=None)
    facts = {
        "lon": place[0],
        "lat": place[1],
        "seen_from": window[0],
        "seen_to": window[1],
        "revision": revision,
        "nearest_camera": nearest.code if nearest else None,
        "nearest_m": nearest.distance_m if nearest else None,
        "nearest_why": nearest.why if nearest else None,
    }
    return NewAnswer(facts, [_row(rank, line) for rank, line in enumerate(seen.lines, 1)])


def read_cameras(
    engine: Engine,
    who: Principal,
    incident: UUID,
    config: Settings,
    *,
    now: bool = False,
    view: "SightView | None" = None,
) -> tuple[IncidentFacts, CamerasSeen]:
    """Return an incident and its cameras as recorded, as far as they are granted.

    Of cameras that are not granted exactly what is granted is computed now, by squares.

    Parameters
    ----------
    who
        Whose grants apply.
    incident
        Its id.
    config
        Zone and detail.
    now
        Whether they are computed anew; nothing is written.
    view
        What the principal may know, in memory; None: it is read.

    Raises
    ------
    NotFoundError
        If there is no such incident, or it is not granted.
    ForbiddenError
        If its exact place is not granted.
    """
    with transaction.open_as(engine, who) as connection:
        facts = stored.find_incident(connection, incident)
        if facts is None:
            raise NotFoundError("intake.unknown", code=incident)
        # distances and bearings tell where it is
        if not attachments.find_access(connection, who, incident).shows_place:
            raise ForbiddenError("attachment.no_place")
        answer = stored.newest_answer(connection, incident)
        rows = stored.answered_cameras(connection, incident, answer.no) if answer else []
    if facts.lon is None or facts.lat is None:
        return facts, CamerasSeen((), 0, None)
    if now or answer is None:
        place = (facts.lon, facts.lat)
        return facts, look_for_cameras(engine, who, *place, facts.window, config, view=view)
    return facts, _recorded(engine, who, facts, answer, rows, config, view)


def describe_cameras(
    seen: CamerasSeen, window: tuple[datetime, datetime], zone: str, lang: str
) -> CamerasAnswer:
    """Return the cameras of an incident as the interface tells them, with what people read.

    Parameters
    ----------
    seen
        As granted.
    window
        When it happened.
    zone
        IANA name: zone of the times.
    lang
        "zh" or "en".
    """
    described = [_described(line, window, zone, lang) for line in seen.lines]
    return {
        "cameras": described,
        "withheld": seen.withheld,
        "ask": say("seeing.ask", lang) if seen.withheld else None,
        "nearest_m": seen.nearest_m,
        "none": _none(seen, lang),
        "stale": seen.stale,
        "recorded_at": _iso(seen.at, zone),
    }


def _iso(moment: datetime | None, zone: str) -> str | None:
    return moment.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds") if moment else None


def _none(seen: CamerasSeen, lang: str) -> str | None:
    """Return the sentence where nobody sees a place; never where some are withheld."""
    if seen.withheld or any(line.relation != "near" for line in seen.lines):
        return None
    nearest = min(seen.lines, key=lambda line: line.distance_m, default=None)
    if nearest is None:
        return camera_words.describe_none(None, None, None, lang)
    return camera_words.describe_none(nearest.code, nearest.distance_m, nearest.why, lang)


def _described(
    line: CameraLine, window: tuple[datetime, datetime], zone: str, lang: str
) -> CameraInWords:
    footage = camera_words.find_footage(
        line.spell.share, line.footage_until, occurred=window[0], zone=zone, lang=lang
    )
    visible = line.relation != "near"
    until = footage.ask_by if visible else None
    return {
        "code": line.code,
        "name": line.name,
        "relation": line.relation,
        "why": line.why,
        "distance_m": line.distance_m,
        "bearing_deg": line.bearing_deg,
        "heading_deg": line.heading_deg,
        "px_per_m": line.px_per_m,
        "online": line.online,
        "unit": line.unit,
        "phone": line.phone,
        "footage_until": _iso(until, zone),
        "footage": footage.text if visible else None,
        "footage_light": footage.light if visible else None,
        "position": camera_words.describe_position(line.distance_m, line.bearing_deg, lang),
        "detail": camera_words.describe_detail(line.px_per_m, lang) if visible else None,
        "online_share": line.spell.share,
        "online_text": _online(line.spell, window, zone, lang),
        "night": say("camera_words.no_light", lang) if line.supply_light == "none" else None,
        "why_text": say(f"why.{line.why}", lang) if line.why else None,
    }


def _online(
    spell: OnlineSpell, window: tuple[datetime, datetime], zone: str, lang: str
) -> str | None:
    begin, end = window
    if begin == end and spell.share == 0:
        at = f"{begin.astimezone(ZoneInfo(zone)):%H:%M}"
        return say("camera_words.offline_then", lang, at=at)
    return online.describe_spell(spell, zone, lang) or None


def _row(rank: int, line: CameraLine) -> dict[str, Any]:
    offline = [[a.isoformat(), b.isoformat()] for a, b in line.spell.offline]
    until = line.footage_until.isoformat() if line.footage_until else None
    plain = {name: getattr(line, name) for name in LINE if name not in ("name", "supply_light")}
    return {
        **plain,
        "rank": rank,
        "online_share": line.spell.share,
        "offline": offline,
        "footage_until": until,
    }


def _recorded(
    engine: Engine,
    who: Principal,
    facts: IncidentFacts,
    answer: CameraAnswer,
    rows: Sequence[Mapping[str, Any]],
    config: Settings,
    view: "SightView | None",
) -> CamerasSeen:
    lines = [_stored_line(row) for row in rows]
    withheld, granted = 0, {line.code: _DIRECTION for line in lines}
    if not sees_all(who):
        granted = _exactly_granted(engine, who)
        place = (answer.lon, answer.lat)
        fresh = look_for_cameras(engine, who, *place, facts.window, config, view=view)
        lines = [_cut(line, granted[line.code]) for line in lines if line.code in granted]
        lines += [line for line in fresh.lines if line.code not in granted]
        lines.sort(key=lambda line: line.order)
        withheld = fresh.withheld
    return CamerasSeen(
        tuple(lines),
        withheld,
        min((line.distance_m for line in lines if line.unit or line.why), default=None),
        at=answer.at,
        stale=_count_stale(engine, who, answer, [line.code for line in lines], granted),
        recorded=True,
    )


def _exactly_granted(engine: Engine, who: Principal) -> dict[str, int]:
    """Return the depth of the cameras that are granted exactly, by code."""
    with transaction.open_read_only(engine, who) as connection:
        known = predicates.visible_cameras(connection, who)
    exact = known[known["exact"].astype(bool) & (known["depth"] >= _POSITION)]
    return {str(code): int(depth) for code, depth in exact["depth"].items()}


def _cut(line: CameraLine, depth: int) -> CameraLine:
    return line if depth >= _DIRECTION else replace(line, heading_deg=None, px_per_m=None)


def _stored_line(row: Mapping[str, Any]) -> CameraLine:
    gaps = tuple((datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in row["offline"])
    return CameraLine(
        **{name: row[name] for name in LINE},
        footage_until=row["footage_until"],
        spell=OnlineSpell(row["online_share"], gaps),
    )


def _count_stale(
    engine: Engine,
    who: Principal,
    answer: CameraAnswer,
    shown: Sequence[str],
    granted: Mapping[str, int],
) -> int:
    """Return how many cameras, of the shown ones, changed since the answer."""
    with transaction.open_read_only(engine, who) as connection:
        current = revisions.current_revisions(connection).by_layer["camera"]
        if current == answer.revision:
            return 0
        changed = revisions.changed_codes(connection, "camera", before=answer.revision, now=current)
        if changed is None:
            return len(shown)
        near = camera_store.cameras_near(
            connection, sorted(changed), answer.lon, answer.lat, STALE_M
        )
    known = near if sees_all(who) else near & set(granted)
    return len((changed & set(shown)) | known)
