"""Positions: each in its own coordinate system, screened, and brought to lon/lat."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.base.crs import (
    Geometries,
    InputCRS,
    area_of_use,
    is_lonlat,
    require_zone,
    to_lonlat,
)
from geo.base.errors import CRSError
from geo.files.checks.cells.finding import Finding, Severity
from geo.files.checks.position.declared_crs import (
    Systems,
    declared_notes,
    row_notes,
    systems_of,
    unshifted_notes,
    words_of,
)
from geo.files.checks.position.district import Outside, find_outside
from geo.files.checks.position.raw_position import Site, given_positions, site_of
from geo.files.readers import Table


@dataclass(frozen=True)
class Positions:
    """Geometries in lon/lat (None where unusable), one per row, and what was noticed.

    `systems` are the rows' declared systems, `given` their geometries as they stood in the file.
    `suspects` and `mirrored` see :class:`geo.files.checks.position.district.Outside`.
    """

    geometry: Geometries
    given: Geometries
    systems: Systems
    findings: tuple[Finding, ...]
    suspects: tuple[Finding, ...] = ()
    mirrored: int = 0


def locate_rows(
    table: Table,
    mapping: Mapping[str, str],
    *,
    crs: InputCRS | None,
    bounds: BaseGeometry | None,
    needed: bool,
    watched: bool,
    certain: bool = False,
) -> Positions:
    """Return the positions of all rows in lon/lat with their findings.

    Parameters
    ----------
    crs
        The user's declaration; else the file's own word counts. A column 坐标系 wins over both.
    bounds
        The district, lon/lat.
    needed
        Whether a row without a position is an error or only a warning.
    watched
        Whether positions outside `bounds` but within 20 km are worth a warning.
    certain
        Whether the system is known to be right: one whose shift is unknown is taken without.

    Raises
    ------
    CRSError
        If neither column, file nor declaration says the system, most rows contradict it, or its
        shift is unknown.
    """
    site = site_of(table, mapping)
    given, findings = given_positions(table, mapping, site, needed=needed)
    if shapely.is_missing(given).all():
        nothing = Systems((None,), np.zeros(len(given), dtype=np.intp))
        return Positions(given, given, nothing, tuple(findings))
    if bounds is not None:
        shapely.prepare(bounds)
    column = mapping.get("crs")
    srids = shapely.get_srid(given)
    given = shapely.set_srid(given, 0)
    srids = np.maximum(srids, 0)
    systems = systems_of(table, column, crs, srids)
    findings += unshifted_notes(table, column, systems, site, certain=certain)
    usable, screened = _screen(given, systems, site, needed=needed)
    _require_metres(usable, systems)
    moved, turned = _move(usable, systems, site, bounds)
    findings += declared_notes(table, crs, srids) + screened + turned
    out = Outside([])
    if bounds is not None:
        out = find_outside(moved, systems, bounds, site, watched=watched)
        findings += out.findings
    suspects = out.suspects
    if column is not None:
        words = words_of(table, column)
        said = dict(zip(site.rows, words, strict=True))
        suspects = tuple(replace(each, column=column, value=said[each.row]) for each in suspects)
        findings += row_notes(words, systems, moved, site, column)
    else:
        silent = systems.where(lambda kind: kind is None) & ~shapely.is_missing(given)
        findings += [site.note(int(at), "CRS_MISSING") for at in np.flatnonzero(silent)]
    return Positions(moved, given, systems, tuple(findings), suspects, out.mirrored)


def _screen(
    given: Geometries, systems: Systems, site: Site, *, needed: bool
) -> tuple[Geometries, list[Finding]]:
    """Take out what is no position in any system: 0,0 and filling numbers such as -999,-999."""
    usable = given.copy()
    usable[systems.where(lambda kind: kind is None)] = None
    points = shapely.get_type_id(usable) == shapely.GeometryType.POINT
    x, y = shapely.get_x(usable), shapely.get_y(usable)
    zero = points & (x == 0) & (y == 0)
    degrees = systems.where(lambda kind: kind is not None and kind.is_degrees)
    filling = points & degrees & (x == y) & (np.abs(x) > 90)
    usable[zero | filling] = None
    severity: Severity = "error" if needed else "warning"
    return usable, [
        site.note(int(at), code, severity=severity)
        for code, rows in (("ZERO_COORDINATES", zero), ("COORDINATES_RANGE", filling))
        for at in np.flatnonzero(rows)
    ]


def _require_metres(given: Geometries, systems: Systems) -> None:
    """Refuse degrees that are declared to be metres, and metres of another zone.

    Both would lie somewhere on the globe.
    """
    for number, system in enumerate(systems.kinds):
        if system is None or system.is_degrees:
            continue
        x0, y0, x1, y1 = shapely.bounds(given[systems.of_row == number]).T
        there = np.isfinite(x0)
        if not there.any():
            continue
        small = (np.fmax(np.abs(x0), np.abs(x1)) <= 180) & (np.fmax(np.abs(y0), np.abs(y1)) <= 90)
        if 2 * small.sum() > there.sum():
            at = int(np.argmax(small))
            facts = {"x": f"{x0[at]:.10g}", "y": f"{y0[at]:.10g}", "crs": system.name}
            raise CRSError("crs.degrees", **facts)
        require_zone(float(np.median(x0[there])), float(np.median(y0[there])), system)


def _move(
    given: Geometries, systems: Systems, site: Site, bounds: BaseGeometry | None
) -> tuple[Geometries, list[Finding]]:
    """Bring all rows to lon/lat; report those that fit only with the axes exchanged."""
    moved = np.full(len(given), None, dtype=object)
    turned = moved.copy()
    for number, system in enumerate(systems.kinds):
        rows = np.flatnonzero((systems.of_row == number) & ~shapely.is_missing(given))
        if system is not None:
            moved[rows], turned[rows] = _both_ways(given[rows], system, bounds)
    swapped = ~shapely.is_missing(turned)
    off = ~shapely.is_missing(moved) & ~is_lonlat(moved)
    moved[off] = None
    findings = [
        site.note(int(at), "LONLAT_SWAPPED", _lonlat_text(turned[at]))
        for at in np.flatnonzero(swapped)
    ]
    return moved, findings + [site.note(int(at), "COORDINATES_RANGE") for at in np.flatnonzero(off)]


def _both_ways(
    given: Geometries, system: InputCRS, bounds: BaseGeometry | None
) -> tuple[Geometries, Geometries]:
    """Return lon/lat as read, and as read with exchanged axes where only that fits.

    A latitude beyond 90° that is a fair longitude tells by itself; else the district decides, or
    the area for which a projection is made.
    """
    here = to_lonlat(given, system, lenient=True)
    turned = np.full(len(given), None, dtype=object)
    lost = ~is_lonlat(here)
    if bounds is None and not system.is_degrees:
        bounds = area_of_use(system)
    suspect = lost if bounds is None else lost | ~shapely.intersects(bounds, here)
    if suspect.any():
        exchanged = shapely.transform(given[suspect], lambda xy: xy[:, ::-1])
        turned[suspect] = to_lonlat(exchanged, system, lenient=True)
    fits = is_lonlat(turned) & lost & system.is_degrees
    if bounds is not None:
        fits |= shapely.intersects(bounds, turned)
    turned[~fits] = None
    here[fits] = None
    if lost[~fits].any():
        to_lonlat(given[~fits], system)  # raises where the system, not a row, is wrong
    return here, turned


def _lonlat_text(geometry: BaseGeometry) -> str:
    x, y = shapely.get_coordinates(geometry)[0]
    return f"{x:.6f} {y:.6f}"
