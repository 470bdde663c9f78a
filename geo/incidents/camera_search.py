"""Looking for the cameras of a place: what the system knows, and what a principal may know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine

from geo.access import principal
from geo.access.principal import Principal
from geo.access.roles import CLASSES, depth_no
from geo.base.errors import ForbiddenError, NotFoundError, StateError
from geo.base.settings import Settings
from geo.coverage import who_sees
from geo.coverage.who_sees import FoundLines, SightQuestion
from geo.incidents.desk import Desk
from geo.incidents.location import Located
from geo.incidents.rules import online
from geo.incidents.rules.online import OnlineSpell

if TYPE_CHECKING:
    from geo.coverage.place_sight import SightView

Window = tuple[datetime, datetime]
StateChanges = Mapping[str, Sequence[tuple[datetime, str]]]
RANKS: Final = {"sees": 0, "possible": 1, "near": 2}
_DIRECTION: Final = depth_no("direction")
LINE: Final = (
    *("code", "name", "relation", "why", "distance_m", "bearing_deg", "heading_deg", "px_per_m"),
    *("online", "unit", "phone", "supply_light"),
)
"""What a line has of the answer about a place."""


@dataclass(frozen=True)
class CameraLine:
    """A camera of an incident."""

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
    supply_light: str | None
    footage_until: datetime | None
    spell: OnlineSpell = field(default=OnlineSpell(None, ()))

    @property
    def order(self) -> tuple[int, bool, float, float, str]:
        """Certain, possible, near; those that were offline last; then by detail and distance."""
        offline = self.spell.share == 0
        return (RANKS[self.relation], offline, -(self.px_per_m or 0), self.distance_m, self.code)


@dataclass(frozen=True)
class CamerasSeen:
    """The cameras of an incident as one principal may know them."""

    lines: tuple[CameraLine, ...]
    withheld: int
    nearest_m: float | None
    at: datetime | None = None
    stale: int = 0
    recorded: bool = False


@dataclass(frozen=True)
class CamerasFound:
    """Cameras of a place as the system and as a principal knows them, their states to be added.

    `lines` are from memory, of both or of the system only; else both answers are there already.
    """

    lines: tuple[FoundLines, ...] = ()
    seen: CamerasSeen | None = None
    granted: CamerasSeen | None = None

    def with_states(
        self, connection: Connection, window: Window, config: Settings
    ) -> tuple[CamerasSeen | None, CamerasSeen | None]:
        """Return all cameras, and the granted ones; None where there are none.

        Parameters
        ----------
        connection
            As from :func:`geo.access.transaction.open_read_only`.
        window
            When it happened.
        config
            Zone and language.
        """
        if not self.lines:
            return self.seen, self.granted
        changes = who_sees.read_state_changes(connection, _own(self.lines), *window)
        seen, *granted = add_states(self.lines, changes, window, config)
        return seen, granted[0] if granted else None


def find_for_both(desk: Desk, who: Principal, located: Located, window: Window) -> CamerasFound:
    """Return the cameras of a place for the record and for the answer.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Whose grants apply.
    located
        The place.
    window
        When it happened.
    """
    if located.lon is None or located.lat is None:
        return CamerasFound()
    system = system_of(who)
    views = desk.view(system), desk.view(who)
    if views[0] is None or views[1] is None:
        seen = all_cameras(desk, who, located, window)
        return CamerasFound(seen=seen, granted=granted_cameras(desk, who, located, window, seen))
    place = located.lon, located.lat
    everything = who_sees.find_in_memory(desk.engine, system, views[0], *place)
    if sees_all(who):
        return CamerasFound((everything, everything))
    try:
        granted = who_sees.find_in_memory(desk.engine, who, views[1], *place)
    except (ForbiddenError, NotFoundError):
        return CamerasFound((everything,))
    return CamerasFound((everything, granted))


def all_cameras(desk: Desk, who: Principal, located: Located, window: Window) -> CamerasSeen | None:
    """Return all cameras of a place, whoever asks: they are recorded, and answered as granted.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who asks.
    located
        The place.
    window
        When it happened.
    """
    if located.lon is None or located.lat is None:
        return None
    try:
        return _look(desk, system_of(who), located, window)
    except StateError:  # no camera was brought in yet
        return None


def granted_cameras(
    desk: Desk,
    who: Principal,
    located: Located,
    window: Window,
    seen: CamerasSeen | None,
) -> CamerasSeen | None:
    """Return the cameras of a place as far as they are granted; None where none is.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Whose grants apply.
    located
        The place.
    window
        When it happened.
    seen
        All cameras.
    """
    if seen is None or located.lon is None or located.lat is None or sees_all(who):
        return seen
    try:
        return _look(desk, who, located, window)
    except (ForbiddenError, NotFoundError):
        return None


def look_for_cameras(
    engine: Engine,
    who: Principal,
    lon: float,
    lat: float,
    window: Window,
    config: Settings,
    *,
    view: "SightView | None" = None,
) -> CamerasSeen:
    """Return the cameras of a place in a window, computed now.

    Parameters
    ----------
    who
        Whose grants apply.
    lon, lat
        Degrees, EPSG:4326.
    window
        When it happened.
    config
        Zone and detail.
    view
        What the principal may know, in memory; None: it is read.
    """
    if view is not None:
        found = [who_sees.find_in_memory(engine, who, view, lon, lat)]
        changes = who_sees.state_changes(engine, who, _own(found), *window)
        return add_states(found, changes, window, config)[0]
    begin, end = window
    answer = who_sees.seeing_one(
        engine,
        who,
        lon,
        lat,
        at=begin,
        timezone=config.timezone,
        detail=config.detail_px_per_m,
        lang=config.lang,
    )
    own = [line["code"] for line in answer["cameras"] if line["unit"] or line["online"] is not None]
    return _seen(answer, who_sees.state_changes(engine, who, own, begin, end), window)


def add_states(
    found: Sequence[FoundLines], changes: StateChanges, window: Window, config: Settings
) -> list[CamerasSeen]:
    """Return cameras that were found in memory with their states in a window.

    Parameters
    ----------
    found
        Cameras of a place as several principals may know them.
    changes
        How the states of all of them changed.
    window
        When it happened.
    config
        Zone and language.
    """
    asked = SightQuestion(window[0], config.timezone, config.lang)
    answers = [who_sees.describe_found(each, changes, asked, window[0]) for each in found]
    return [_seen(each, changes, window) for each in answers]


def sees_all(who: Principal) -> bool:
    """Return whether nothing of any camera is hidden from a principal."""
    whole = who.everything and not who.coarse and who.classes >= frozenset(CLASSES)
    return who.system or (whole and depth_no(who.depth) >= _DIRECTION and len(who.grants) == 1)


def system_of(who: Principal) -> Principal:
    """Return the system itself, named as who asks: what is recorded is cut to nobody."""
    return principal.system_principal(who.account)


def _look(desk: Desk, who: Principal, located: Located, window: Window) -> CamerasSeen:
    lon, lat = located.lon or 0.0, located.lat or 0.0
    view = desk.view(who)
    return look_for_cameras(desk.engine, who, lon, lat, window, desk.config, view=view)


def _own(found: Sequence[FoundLines]) -> list[str]:
    return sorted({code for each in found for code in each.own})


def _seen(answer: Mapping[str, Any], changes: StateChanges, window: Window) -> CamerasSeen:
    lines = [_line(each, changes.get(each["code"], []), *window) for each in answer["cameras"]]
    lines.sort(key=lambda line: line.order)
    return CamerasSeen(tuple(lines), answer["withheld"], answer["nearest_m"])


def _line(
    camera: Mapping[str, Any],
    changes: Sequence[tuple[datetime, str]],
    begin: datetime,
    end: datetime,
) -> CameraLine:
    until = camera["footage_until"]
    return CameraLine(
        **{name: camera[name] for name in LINE},
        footage_until=datetime.fromisoformat(until) if until else None,
        spell=online.find_spell(changes, begin, end),
    )
