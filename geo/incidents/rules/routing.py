"""Proposal of a unit: the duty closest to the place that fits the incident, with the reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

ANY: Final = ""
"""Duties without a category serve every category."""

DESK: Final = "值班室"
"""Kind of the units that are the duty desk of their area."""

MOST_ALTERNATIVES: Final = 5


@dataclass(frozen=True)
class Proposal:
    """A unit, the area and category of the duty that named it; `reason` is a catalogue key.

    `source` is the code of the row of the routing table, or of the thing that has a unit of its
    own; "" where the duty desk of the area stands in.
    """

    unit_code: str
    area_code: str
    category: str
    reason: str
    source: str = ""


@dataclass(frozen=True)
class Duty:
    """A row of the routing table: a unit serves an area, for a category or for all."""

    unit_code: str
    area_code: str
    category: str | None = None
    code: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Return whether it is valid on a day, its last day included."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Duties:
    """Routing table of one day, looked up by (area code, category), and the units of areas."""

    by_duty: Mapping[tuple[str, str], Duty]
    by_area: Mapping[str, str]
    paired: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Asset:
    """A place or pole with a unit of its own: whoever owns it goes, whatever area it is in."""

    code: str
    name: str
    unit_code: str


def duty_table(
    duties: Iterable[Duty],
    desks: Iterable[tuple[str, str]],
    pairings: Iterable[tuple[str, str]] = (),
    *,
    day: date | None = None,
) -> Duties:
    """Return the routing table of a day. Of two units with one duty the smaller code stands.

    Parameters
    ----------
    duties
        Rows of the routing table.
    desks
        Duty desks: area and unit. Without one, no unit is proposed by jurisdiction alone.
    pairings
        Area and the unit paired with it.
    day
        Rows that do not hold then are left out; None: all rows.
    """
    valid = [duty for duty in duties if day is None or duty.holds(day)]
    valid.sort(key=lambda duty: duty.unit_code, reverse=True)
    paired: dict[str, tuple[str, ...]] = {}
    for area, unit in sorted(pairings):
        paired[area] = (*paired.get(area, ()), unit)
    return Duties(
        by_duty={(duty.area_code, duty.category or ANY): duty for duty in valid},
        by_area=dict(sorted(desks, key=lambda desk: desk[1], reverse=True)),
        paired=paired,
    )


def propose_unit(
    table: Duties,
    areas: Sequence[str],
    category: str | Sequence[str] | None,
    asset: Asset | None = None,
) -> Proposal | None:
    """Return the unit for an incident, None if no duty fits: the first of :func:`rank_units`.

    Parameters
    ----------
    table
        As from :func:`duty_table`.
    areas
        Codes of the areas that hold the incident, grid first, district last.
    category
        Category of the incident, or itself and those above it; None if unknown.
    asset
        What the incident is about, if it has a unit of its own.
    """
    return next(_fitting(table, areas, category, asset), None)


def rank_units(
    table: Duties,
    areas: Sequence[str],
    category: str | Sequence[str] | None,
    asset: Asset | None = None,
) -> list[Proposal]:
    """Return the units that fit an incident, best first, each once.

    The order: the unit of the thing itself; grid × category, community × category, township ×
    category, district × category; the same areas for any category; the paired unit; the duty desk
    of the nearest area that has one. A category counts before the one above it, in each area.

    Parameters
    ----------
    table
        As from :func:`duty_table`.
    areas
        Codes of the areas that hold the incident, grid first, district last.
    category
        Category of the incident, or itself and those above it; None if unknown.
    asset
        What the incident is about, if it has a unit of its own.
    """
    found: dict[str, Proposal] = {}
    for proposal in _fitting(table, areas, category, asset):
        found.setdefault(proposal.unit_code, proposal)
    return list(found.values())[: MOST_ALTERNATIVES + 1]


def _fitting(
    table: Duties,
    areas: Sequence[str],
    category: str | Sequence[str] | None,
    asset: Asset | None,
) -> Iterator[Proposal]:
    if asset is not None:
        yield Proposal(asset.unit_code, asset.name, "", "routing.asset", asset.code)
    wanted = [category] if isinstance(category, str) else list(category or ())
    for words, reason in ((wanted, "routing.category"), ([ANY], "routing.any")):
        for area in areas:
            for word in words:
                duty = table.by_duty.get((area, word))
                if duty is not None:
                    yield Proposal(duty.unit_code, area, word, reason, duty.code)
    for area in areas:
        for unit in table.paired.get(area, ()):
            yield Proposal(unit, area, "", "routing.paired")
    for area in areas:
        if area in table.by_area:
            yield Proposal(table.by_area[area], area, "", "routing.desk")
