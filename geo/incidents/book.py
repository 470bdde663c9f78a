"""What intake looks up, in memory at its newest revision: categories, duties, units, areas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Final

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.areas.places import Places, PlaceView
from geo.areas.store import grids
from geo.base.errors import InputError
from geo.incidents.rules import holidays, routing
from geo.incidents.rules.routing import Asset, Duties, Proposal
from geo.incidents.rules.working_time import Calendar
from geo.incidents.store import book as stored
from geo.incidents.store.book import BookRows, Category, Grade, KnownArea, Source, Unit
from geo.store import revisions
from geo.store.revisions import LayerRevisions

LAYERS: Final = ("area", "calendar", "category", "place", "pole", "setting", "unit")
SHOWN: Final = 20


@dataclass(frozen=True)
class IntakeBook:
    """Rows that intake looks up, by code or name."""

    rows: BookRows
    areas_since: date | None
    categories: Mapping[str, Category]
    sources: Mapping[str, Source]
    grades: Mapping[str, Grade]
    units: Mapping[str, Unit]
    areas: Mapping[str, KnownArea]
    by_unit_id: Mapping[int, KnownArea]
    assets: Mapping[str, Asset]
    tables: dict[date, Duties] = field(default_factory=dict, compare=False)

    def category(self, written: str) -> Category:
        """Return a category by code or name.

        Raises
        ------
        InputError
            With the names of the known ones.
        """
        found = self.categories.get(written.strip())
        if found is None or not found.active:
            known = [each.name for each in self.rows.categories if each.active]
            raise InputError("intake.category", found=written[:100], known="、".join(known[:SHOWN]))
        return found

    def source(self, written: str) -> Source:
        """Return a source by code or by its name in either language.

        Raises
        ------
        InputError
            With the names of the known ones.
        """
        found = self.sources.get(written.strip())
        if found is None:
            known = "、".join(each.zh for each in self.rows.sources)
            raise InputError("intake.source", found=written[:100], known=known)
        return found

    def area(self, code: str) -> KnownArea:
        """Return an area of today by its code.

        Raises
        ------
        InputError
            If there is none.
        """
        found = self.areas.get(code.strip())
        if found is None:
            raise InputError("intake.area", found=code[:100])
        return found

    def asset(self, code: str | None) -> Asset | None:
        """Return what an incident is about if it has a unit of its own."""
        return self.assets.get(code) if code else None

    def chain(self, category: Category) -> list[str]:
        """Return the words by which duties may name a category, its own before those above it."""
        words: list[str] = []
        seen: set[str] = set()
        step: Category | None = category
        while step is not None and step.code not in seen:
            seen.add(step.code)
            words += [step.name, step.code]
            step = self.categories.get(step.upper_code or "")
        return words

    def above(self, code: str) -> list[KnownArea]:
        """Return an area and those above it, the smallest first."""
        area = self.areas.get(code)
        if area is None:
            return []
        found = [self.by_unit_id[unit] for unit in area.path if unit in self.by_unit_id]
        return found[::-1]

    def duties(self, day: date) -> Duties:
        """Return the routing table of a day."""
        found = self.tables.get(day)
        if found is None:
            rows = self.rows
            found = routing.duty_table(rows.duties, rows.desks, rows.pairings, day=day)
            self.tables.clear()  # today's, in almost every case
            self.tables[day] = found
        return found

    def rank(
        self, areas: Sequence[str], category: Category, asset: Asset | None, day: date
    ) -> list[Proposal]:
        """Return the units that fit, best first.

        Parameters
        ----------
        areas
            Codes, the smallest first.
        category
            Of the incident.
        asset
            What it is about, if that has a unit of its own.
        day
            On which duties must hold.
        """
        return routing.rank_units(self.duties(day), areas, self.chain(category), asset)

    def calendar(self, timezone: str, unit: str | None = None) -> Calendar:
        """Return when work is done; a unit with hours of its own has only these.

        Parameters
        ----------
        timezone
            IANA name of the district.
        unit
            Whose hours; None: those of the site.
        """
        own = [hours for code, hours in self.rows.hours if code == unit and unit is not None]
        hours = own or [hours for code, hours in self.rows.hours if code is None]
        days = {**holidays.shipped_days(timezone), **dict(self.rows.days)}
        return Calendar(timezone, hours, days)

    def area_name(self, code: str) -> str:
        """Return the name of an area, else its code."""
        area = self.areas.get(code)
        return area.name if area is not None and area.name else code


class IntakeBooks:
    """The book at its newest revision, and where places belong; one a process."""

    def __init__(self, engine: Engine, places: Places) -> None:
        self._engine = engine
        self._places = places
        self._lock = Lock()
        self._kept: tuple[tuple[int, ...], IntakeBook] | None = None

    def book(self, who: Principal, now: LayerRevisions) -> IntakeBook:
        """Return the book at these revisions or newer ones.

        Parameters
        ----------
        who
            Who asks.
        now
            Revisions that were read after the question came.
        """
        with self._lock:
            if self._kept is None or self._kept[0] != now.of(LAYERS):
                self._kept = self._read(who)
            return self._kept[1]

    def places(self, who: Principal, now: LayerRevisions) -> PlaceView:
        """Return where places belong, of the areas that a principal may see.

        Parameters
        ----------
        who
            Who asks.
        now
            Revisions that were read after the question came.
        """
        return self._places.view(who, now)

    def revisions(self, who: Principal) -> LayerRevisions:
        """Return the revisions of this moment."""
        with transaction.open_read_only(self._engine, who) as connection:
            return revisions.current_revisions(connection)

    def _read(self, who: Principal) -> tuple[tuple[int, ...], IntakeBook]:
        apart = self._engine.execution_options(isolation_level="REPEATABLE READ")
        with transaction.open_as(apart, who) as connection:
            made = revisions.current_revisions(connection).of(LAYERS)
            rows, since = stored.read_book(connection), grids.areas_since(connection)
        return made, make_book(rows, since)


def make_book(rows: BookRows, areas_since: date | None) -> IntakeBook:
    """Return a book of rows; a category of the site comes before a shipped one of its name.

    Parameters
    ----------
    rows
        As read.
    areas_since
        Day from which the areas are as today.
    """
    categories: dict[str, Category] = {}
    for each in rows.categories:
        categories.setdefault(each.code, each)
    for each in rows.categories:
        categories.setdefault(each.name, each)
    sources = {
        word: each for each in reversed(rows.sources) for word in (each.zh, each.en, each.code)
    }
    return IntakeBook(
        rows,
        areas_since,
        categories,
        sources,
        {each.code: each for each in rows.grades},
        {each.code: each for each in rows.units},
        {each.code: each for each in rows.areas},
        {each.unit_id: each for each in rows.areas},
        {each.code: each for each in rows.assets},
    )
