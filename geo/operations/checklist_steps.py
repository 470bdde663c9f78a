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
    serves: tuple[str, ...]
    core: bool
    command: str
    sources: tuple[str, ...]
    level: str = ""


def _areas(key: str, level: str, *serves: str, core: bool = False) -> Step:
    return Step(
        key=key,
        serves=serves,
        core=core,
        command=f"govgrid import areas FILE --level {level} --crs wgs84",
        sources=("areas",),
        level=level,
    )


def _step(
    layer: str,
    *serves: str,
    core: bool = False,
    placed: bool = True,
    also: tuple[str, ...] = (),
) -> Step:
    crs = " --crs wgs84" if placed else ""
    return Step(
        key=layer,
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
    _step("buildings", "coverage", "seeing", core=True),
    _step("roads", "demand", core=True),
    _step("water", "ground"),
    _step("farmland", "ground"),
    _step("places", "demand", core=True),
    _step("entrances", "demand"),
    _step("privacy-zones", "demand", "law", core=True),
    _step("restricted-zones", "law"),
    _step("cameras", "coverage", "seeing", core=True, also=("catalog",)),
    Step(
        key="headings",
        serves=("coverage", "seeing"),
        core=True,
        command="govgrid survey list --out headings.xlsx",
        sources=("headings", "cameras", "catalog"),
    ),
    Step(
        key="positions",
        serves=("coverage", "locate"),
        core=False,
        command="govgrid import positions FILE --crs wgs84",
        sources=("positions",),
    ),
    _step("camera-status", "online", placed=False),
    _step("units", "dispatch", core=True, placed=False),
    _step("duties", "dispatch", core=True, placed=False),
    _step("pairings", "pairing", placed=False),
    _step("categories", "deadline", core=True, placed=False),
    _step("calendar", "deadline", core=True, placed=False),
    _step("filings", "law", placed=False),
    _step("consents", "law", placed=False),
    _step("permits", "law", placed=False),
    _step("centres", "map"),
    _step("addresses", "search"),
    _step("poles", "search", "siting"),
    _step("incidents", "demand", "map"),
)
