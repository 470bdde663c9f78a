"""Proposal of a unit: the duty closest to the place that fits the incident, with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

# Rows of the duty table without a category serve every category.
ANY = ""


@dataclass(frozen=True)
class Proposal:
    """A unit, the area and category of the duty that named it; `reason` is a catalogue key."""

    unit_code: str
    area_code: str
    category: str
    reason: str


@dataclass(frozen=True)
class Duties:
    """Duty table and jurisdictions, looked up by (area code, category)."""

    by_duty: Mapping[tuple[str, str], str]
    by_area: Mapping[str, str]


def duty_lookup(rows: pd.DataFrame, units: pd.DataFrame) -> Duties:
    """Return the look-up of a duty table.

    Parameters
    ----------
    rows
        Columns ``unit_code``, ``area_code``, ``category`` (missing: every category).
    units
        Columns ``code``, ``area_code``, ``kind``. The duty desk of an area is its unit of kind
        值班室; without one, no unit is proposed by jurisdiction alone.
    """
    # Of two units with one duty the smaller code stands: it comes last and overwrites.
    ordered = rows.sort_values("unit_code", ascending=False)
    columns = (ordered[name] for name in ("area_code", "category", "unit_code"))
    desks = units[units["kind"] == "值班室"].sort_values("code", ascending=False)
    return Duties(
        by_duty={
            (area, category if isinstance(category, str) else ANY): unit
            for area, category, unit in zip(*columns, strict=True)
        },
        by_area=dict(zip(desks["area_code"], desks["code"], strict=True)),
    )


def propose_unit(table: Duties, areas: Sequence[str], category: str | None) -> Proposal | None:
    """Return the unit for an incident, None if no duty fits.

    The order: grid × category, community × category, township × category, district × category; then
    the same areas for any category; then the duty desk of the nearest area that has one.

    Parameters
    ----------
    table
        Duty table, as from :func:`duty_lookup`.
    areas
        Codes of the areas that hold the incident, grid first, district last.
    category
        Category of the incident, None if unknown.
    """
    for wanted, reason in ((category, "routing.category"), (ANY, "routing.any")):
        for area in areas:
            unit = table.by_duty.get((area, wanted)) if wanted is not None else None
            if unit is not None:
                return Proposal(unit, area, wanted or "", reason)
    for area in areas:
        if area in table.by_area:
            return Proposal(table.by_area[area], area, "", "routing.desk")
    return None
