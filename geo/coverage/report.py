"""Figures of the newest run beside reported, registered and located numbers of cameras."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine
from typing_extensions import TypedDict

from geo.access import transaction
from geo.access.principal import Principal
from geo.areas.store import names as area_names
from geo.base.errors import NotFoundError
from geo.base.json_objects import FreeColumns, Record
from geo.coverage.kinds import DEVICE_SETS, MEASURED, SURE
from geo.coverage.store import cameras as stored_cameras
from geo.coverage.store import results

if TYPE_CHECKING:
    import geopandas as gpd

AREA_KEYS = (
    *("level", "code", "name", "device_set", "detail", "certainty"),
    *MEASURED,
    "obstacles_known",
)


@dataclass(frozen=True)
class CameraCounts:
    """Numbers of cameras of an owner kind (None: unknown); None for what is not granted."""

    owner_kind: str | None
    reported: int | None
    registered: int | None
    located: int | None
    computed: int | None


class CoverageReport(TypedDict):
    """Figures of a run: areas by `AREA_KEYS`, and the cameras behind them.

    While `pending`, an edit is in the certain figures of all devices and not yet in the others.
    """

    run: int
    computed_at: str
    pending: bool
    incidents_until: str | None
    assumptions: Mapping[str, Any]
    areas: list[Record]
    cameras: list[CameraCounts]


def read_report(
    engine: Engine,
    reader: Principal,
    *,
    by: str | None = None,
    area: str | None = None,
    device_set: str | None = None,
    detail: float | None = None,
    certainty: str | None = None,
) -> CoverageReport:
    """Return the newest figures; filters that are None are not applied.

    Figures where cameras are hidden from the principal: :mod:`geo.coverage.coarse_figures`.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    by
        Level of areas.
    area
        Code of an area.
    device_set, certainty
        Names of a device set and a certainty.
    detail
        Pixel density, px/m.

    Raises
    ------
    StateError
        If nothing was computed yet.
    NotFoundError
        If there are no figures of that level, area, device set, detail or certainty.
    """
    with transaction.open_read_only(engine, reader) as connection:
        run = results.require_newest(connection)
        from geo.coverage.coarse_figures import granted_figures

        rows = _granted(connection, reader, results.figure_rows(connection, run.id))
        rows = granted_figures(connection, reader, rows)
        cameras = camera_counts(connection, reader)
    wanted = {
        "level": by,
        "code": area,
        "device_set": device_set,
        "detail": detail,
        "certainty": certainty,
    }
    for column, value in wanted.items():
        if value is None:
            continue
        rows = [row for row in rows if row[column] == value]
        if not rows:
            raise NotFoundError("coverage.no_figures", column=column, value=value)
    return {
        "run": run.id,
        "computed_at": run.computed_at.isoformat(timespec="seconds"),
        "pending": run.pending,
        "incidents_until": iso_time(run.incidents_until),
        "assumptions": run.assumptions,
        "areas": [_plain(row) for row in rows],
        "cameras": cameras,
    }


def iso_time(at: datetime | None) -> str | None:
    """Return a time in the format of our JSON."""
    return None if at is None else at.isoformat(timespec="seconds")


def _granted(connection: Connection, reader: Principal, rows: list[Record]) -> list[Record]:
    if reader.everything:
        return rows
    own = area_names.granted_codes(connection, reader.parameters)
    return [row for row in rows if (row["level"], row["code"]) in own]


def camera_counts(connection: Connection, reader: Principal) -> list[CameraCounts]:
    """Return reported, registered, located and computed numbers of cameras by owner kind.

    *Reported* is what the district's own papers say (columns ``reported_skynet`` and
    ``reported_social`` of its area); *registered* the imported rows; *located* those inside the
    district; *computed* those with a viewshed. Cameras without an owner kind are a row of their
    own, if there are any.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    reader
        Only granted cameras count; None for kinds that are not granted.
    """
    counted = stored_cameras.count_cameras(connection, reader.parameters)
    # what the district's papers say is said of the whole district
    reported = _reported(connection) if reader.everything else {}
    rows = []
    for row in counted:
        kind = row["owner_kind"]
        if kind is not None or row["registered"]:
            known = kind is None or kind in reader.classes
            names = ("registered", "located", "computed")
            numbers = (int(row[name]) if known else None for name in names)
            rows.append(CameraCounts(kind, reported.get(kind), *numbers))
    return rows


def read_gaps(
    engine: Engine,
    reader: Principal,
    *,
    device_set: str = "all",
    certainty: str = "certain",
    detail: float | None = None,
) -> gpd.GeoDataFrame:
    """Return the gaps of the newest run, EPSG:4326, each with a point inside (``lon``, ``lat``).

    *Expected* has no gaps: a mean over headings has no border. Limits of what is shown:
    :func:`geo.coverage.coarse_gaps.granted_gaps`.

    Parameters
    ----------
    reader
        Needs exact gaps somewhere.
    device_set
        Name of a device set.
    certainty
        "certain" or "possible".
    detail
        Pixel density, px/m; None for the coarsest that was computed.

    Raises
    ------
    StateError
        If nothing was computed yet.
    NotFoundError
        If `device_set` or `certainty` is none that is computed.
    ForbiddenError
        If exact gaps are granted nowhere.
    """
    reader.exact().require_depth("gaps")
    for column, value, known in (
        ("device_set", device_set, DEVICE_SETS),
        ("certainty", certainty, SURE),
    ):
        if value not in known:
            key = "coverage.gaps_expected" if value == "expected" else "coverage.no_figures"
            raise NotFoundError(key, column=column, value=value)
    with transaction.open_read_only(engine, reader) as connection:
        run = results.require_newest(connection)
        computed = results.read_details(connection, run.id)
        if detail is not None and detail not in computed:
            raise NotFoundError("coverage.no_figures", column="detail", value=detail)
        from geo.coverage.coarse_gaps import granted_gaps

        found = granted_gaps(
            connection,
            reader,
            run.id,
            device_set=device_set,
            detail=computed[0] if detail is None else detail,
            certainty=certainty,
        )
    from geo.base.crs import WGS84
    from geo.base.reprojection import reproject_layer

    points = found.representative_point().to_crs(WGS84)
    return reproject_layer(found).assign(lon=points.x.round(7), lat=points.y.round(7))


def incidents_until(engine: Engine, reader: Principal) -> str | None:
    """Return the time up to which incidents are in the newest run.

    Parameters
    ----------
    reader
        Opens the transaction; no grant is needed, a time says nothing of a place.

    Returns
    -------
    str or None
        ISO 8601 with offset; None where the run had no incidents.

    Raises
    ------
    StateError
        If nothing was computed yet.
    """
    with transaction.open_read_only(engine, reader) as connection:
        return iso_time(results.require_newest(connection).incidents_until)


def _reported(connection: Connection) -> dict[str | None, int]:
    merged: FreeColumns = {}
    for attributes in area_names.district_attributes(connection):
        merged.update(attributes)
    found: dict[str | None, int] = {}
    for kind in ("skynet", "social"):
        value = str(merged.get(f"reported_{kind}", ""))
        if value.isdecimal():
            found[kind] = int(value)
    return found


def _plain(row: Record) -> Record:
    cells = {name: row[name] for name in AREA_KEYS}
    clean: Record = {
        k: None if isinstance(v, float) and math.isnan(v) else v for k, v in cells.items()
    }
    clean["k_area_m2"] = [round(v, 3) for v in clean["k_area_m2"]]
    clean["detail"] = _number(clean["detail"])
    return clean


def _number(detail: float) -> float:
    """Return 20 for 20.0: densities are whole but for one."""
    return int(detail) if float(detail).is_integer() else detail
