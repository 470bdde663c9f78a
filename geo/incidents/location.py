"""Where an incident belongs: areas of its day, border and outside rules, the own jurisdiction."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Engine

from geo.access import principal
from geo.access.principal import Principal
from geo.areas import lookup
from geo.areas.place_answer import PlaceAnswer
from geo.base.errors import ForbiddenError, InputError
from geo.incidents.book import IntakeBook, IntakeBooks
from geo.store.revisions import LayerRevisions

MOST_OUTSIDE_M: Final = 5_000.0
"""A place farther from every grid is a mistake of coordinates."""

LOCATED_BY: Final = ("map", "address", "code", "device", "area")


@dataclass(frozen=True)
class Located:
    """The answer about a place, or about a grid or community that stands for one."""

    status: str
    grid_code: str | None
    community_code: str | None
    township_code: str | None
    candidates: tuple[str, ...] = ()
    nearest_code: str | None = None
    nearest_m: float | None = None
    area_unit_id: int | None = None
    day: date | None = None
    lon: float | None = None
    lat: float | None = None
    areas: tuple[str, ...] = field(default=())

    def columns(self) -> dict[str, Any]:
        """Return the columns of the incident."""
        return {
            "status": self.status,
            "grid_code": self.grid_code,
            "community_code": self.community_code,
            "township_code": self.township_code,
            "candidates": list(self.candidates),
            "nearest_code": self.nearest_code,
            "nearest_m": self.nearest_m,
            "area_unit_id": self.area_unit_id,
            "area_day": self.day,
            "lon": self.lon,
            "lat": self.lat,
        }


@dataclass(frozen=True)
class TypedPlace:
    """A place as typed: coordinates, or the code of a grid or community.

    `grid_code` is the grid that somebody chose of the candidates of coordinates at a border.
    """

    lon: float | None = None
    lat: float | None = None
    system: str = "wgs84"
    accuracy_m: float = 0.0
    area_code: str | None = None
    grid_code: str | None = None


def locate_incident(
    engine: Engine,
    who: Principal,
    books: IntakeBooks,
    now: LayerRevisions,
    asked: TypedPlace,
    *,
    day: date,
) -> Located:
    """Return where an incident belongs by the areas of its day.

    Parameters
    ----------
    who
        Who takes it: the place, or one of its candidates, must be in a granted area.
    books
        Areas in memory.
    now
        Revisions that were read after the question came.
    asked
        The place.
    day
        On which it occurred.

    Raises
    ------
    InputError
        If there is no place, or it is far from every grid.
    ForbiddenError
        If it is in nobody's jurisdiction that is granted.
    """
    book = books.book(who, now)
    if asked.lon is None or asked.lat is None:
        found = _by_area(book, asked, day)
    else:
        found = _by_place(engine, who, books, now, book, asked, day)
    require_granted(book, who, found)
    return found


def require_granted(book: IntakeBook, who: Principal, found: Located) -> None:
    """Refuse a place that is in no granted area.

    Parameters
    ----------
    book
        Areas by code.
    who
        Who takes the incident.
    found
        Where it is: of a place outside all grids the nearest one counts.

    Raises
    ------
    ForbiddenError
        Without a word on where it is instead.
    """
    if who.everything:
        return
    granted = set(who.areas)
    codes = [*found.candidates, *found.areas] or [found.nearest_code or ""]
    for code in codes:
        area = book.areas.get(code)
        if area is not None and not granted.isdisjoint(area.path):
            return
    raise ForbiddenError("intake.elsewhere")


def _by_area(book: IntakeBook, asked: TypedPlace, day: date) -> Located:
    if not asked.area_code:
        raise InputError("intake.position")
    area = book.area(asked.area_code)
    chain = book.above(area.code)
    codes = {each.level: each.code for each in chain}
    grid = codes.get("grid")
    return Located(
        "inside" if grid else "missing",
        grid,
        codes.get("community"),
        codes.get("township"),
        (grid,) if grid else (),
        area_unit_id=area.unit_id,
        day=day,
        areas=tuple(each.code for each in chain),
    )


def _by_place(
    engine: Engine,
    who: Principal,
    books: IntakeBooks,
    now: LayerRevisions,
    book: IntakeBook,
    asked: TypedPlace,
    day: date,
) -> Located:
    everything = principal.system_principal(who.account)
    lons, lats = lookup.one_place(float(asked.lon or 0), float(asked.lat or 0), asked.system)
    lon, lat = float(lons[0]), float(lats[0])
    if day == now.day or book.areas_since is None or day >= book.areas_since:
        found = books.places(everything, now).ask(lon, lat, asked.accuracy_m)
    else:
        found = lookup.locate_one(engine, everything, lon, lat, accuracy_m=asked.accuracy_m, at=day)
    if not found["grid_code"] and not _metres(found) <= MOST_OUTSIDE_M:
        raise InputError(
            "intake.outside",
            nearest=found["nearest_code"],
            metres=round(_metres(found)),
            most=round(MOST_OUTSIDE_M),
        )
    return _located(book, _chosen(book, found, asked.grid_code), lon, lat, day)


def _chosen(book: IntakeBook, found: PlaceAnswer, grid: str | None) -> PlaceAnswer:
    """Return an answer with the grid that somebody chose of its candidates first."""
    if not grid or grid == found["grid_code"]:
        return found
    if grid not in found["candidates"]:
        known = "、".join(found["candidates"])
        raise InputError("intake.candidate", found=grid[:100], known=known)
    above = {area.level: area.code for area in book.above(grid)}
    return {
        **found,
        "grid_code": grid,
        "candidates": [grid, *(code for code in found["candidates"] if code != grid)],
        "community_code": above.get("community"),
        "township_code": above.get("township"),
    }


def _metres(found: PlaceAnswer) -> float:
    """Return the distance to the nearest grid, of which there is one wherever anything is taken."""
    return float(found["nearest_m"] or 0.0)


def _located(book: IntakeBook, found: PlaceAnswer, lon: float, lat: float, day: date) -> Located:
    grid = found["grid_code"] or None
    chain = book.above(grid) if grid else []
    above = [code for code in (grid, found["community_code"], found["township_code"]) if code]
    known = tuple(each.code for each in chain) or tuple(above)
    return Located(
        found["status"],
        grid,
        found["community_code"] or None,
        found["township_code"] or None,
        tuple(found["candidates"]),
        found["nearest_code"] or None,
        round(_metres(found), 1),
        chain[0].unit_id if chain else None,
        day,
        lon,
        lat,
        known,
    )
