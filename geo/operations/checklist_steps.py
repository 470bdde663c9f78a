"""The steps of starting up: each layer, what it serves, and what to type for it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Step:
    """A layer of the checklist.

    Attributes
    ----------
    key
        Its name; of its sentences too (``setup.layer.KEY``, ``setup.missing.KEY``).
    count
        SQL that counts its rows.
    serves
        What works by it: words ``setup.use.…``.
    core
        Whether something of the daily work does not work without it.
    command
        What brings it in; FILE stands for the file.
    sources
        Layers, as ``import`` names them, that bring it in.
    level
        For areas.
    """

    key: str
    count: str
    serves: tuple[str, ...]
    core: bool
    command: str
    sources: tuple[str, ...]
    level: str = ""


# The outline of the other areas is no district that anybody gave.
_COUNT_AREAS = "SELECT count(*) FROM govgrid.area_now WHERE level = '{}' AND code <> '~district'"


def _areas(key: str, level: str, *serves: str, core: bool = False) -> Step:
    return Step(
        key=key,
        count=_COUNT_AREAS.format(level),
        serves=serves,
        core=core,
        command=f"govgrid import areas FILE --level {level} --crs wgs84",
        sources=("areas",),
        level=level,
    )


def _step(
    layer: str,
    table: str,
    *serves: str,
    core: bool = False,
    placed: bool = True,
    also: tuple[str, ...] = (),
) -> Step:
    crs = " --crs wgs84" if placed else ""
    return Step(
        key=layer,
        count=f"SELECT count(*) FROM govgrid.{table}",
        serves=serves,
        core=core,
        command=f"govgrid import {layer} FILE{crs}",
        sources=(layer, *also),
    )


# In the order in which they are best brought in: areas first, then what stands in the way and what
# must be seen, cameras, who is sent, by when, and what helps to search.
STEPS: Final = (
    _areas("district", "district", "totals"),
    _areas("townships", "township", "totals"),
    _areas("communities", "community", "totals", "pairing"),
    _areas("grids", "grid", "locate", "coverage", "dispatch", core=True),
    _step("buildings", "building", "coverage", "seeing", core=True),
    _step("roads", "road", "demand", core=True),
    _step("water", "water", "ground"),
    _step("farmland", "farmland", "ground"),
    _step("places", "place", "demand", core=True),
    _step("entrances", "entrance", "demand"),
    _step("privacy-zones", "privacy_zone", "demand", "law", core=True),
    _step("restricted-zones", "restricted_zone", "law"),
    _step("cameras", "camera", "coverage", "seeing", core=True, also=("catalog",)),
    Step(
        key="headings",
        count="SELECT 0",  # counted by camera, with those that need one
        serves=("coverage", "seeing"),
        core=True,
        command="govgrid survey list --out headings.xlsx",
        sources=("headings", "cameras", "catalog"),
    ),
    Step(
        key="positions",
        count="SELECT 0",
        serves=("coverage", "locate"),
        core=False,
        command="govgrid import positions FILE --crs wgs84",
        sources=("positions",),
    ),
    _step("camera-status", "camera_status", "online", placed=False),
    _step("units", "unit", "dispatch", core=True, placed=False),
    _step("duties", "unit_duty", "dispatch", core=True, placed=False),
    _step("pairings", "pairing", "pairing", placed=False),
    _step("categories", "category", "deadline", core=True, placed=False),
    _step("calendar", "calendar", "deadline", core=True, placed=False),
    _step("filings", "filing", "law", placed=False),
    _step("consents", "consent", "law", placed=False),
    _step("permits", "permit", "law", placed=False),
    _step("centres", "centre", "map"),
    _step("addresses", "address", "search"),
    _step("poles", "pole", "search", "siting"),
    _step("incidents", "incident", "demand", "map"),
)
