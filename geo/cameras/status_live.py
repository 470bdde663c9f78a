"""Figures that are updated at once when cameras go online or offline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Engine

from geo.access.principal import Principal
from geo.base.crs import WGS84
from geo.base.json_objects import Record
from geo.base.plain_rows import plain_rows
from geo.base.progress import Progress, ignore_progress
from geo.cameras import status as camera_status
from geo.coverage.incremental import Amendment, Live
from geo.coverage.store import results
from geo.files.checks import Finding
from geo.store import db
from geo.store.tables import Change


@dataclass(frozen=True)
class Reported:
    """What a report of states changed, and what could not be used of it.

    `amendment` is None where nothing was computed yet.
    """

    change: Change
    findings: tuple[Finding, ...]
    amendment: Amendment | None


def report(
    at: Live | Engine,
    reader: Principal,
    rows: Sequence[Mapping[str, object]],
    *,
    timezone: str,
    progress: Progress = ignore_progress,
) -> Reported:
    """Take states as they are pushed, and amend the newest run at once.

    The states are written in a transaction of their own, so that they hold even where computing
    fails; the next amendment then makes up for it.

    Parameters
    ----------
    at
        The run held in memory; or a database, whose newest run is taken up for this.
    reader, rows, timezone
        As for :func:`geo.cameras.status.receive_states`.

    Raises
    ------
    LayerError
        If no row has a code, or none a state.
    """
    found = camera_status.check_pushed(rows, timezone)
    engine = at.engine if isinstance(at, Live) else at
    live = at if isinstance(at, Live) else load_newest_run(engine, progress=progress)
    if live is None:
        taken = camera_status.write_states(engine, reader, found, timezone=timezone)
        return Reported(taken.change, taken.findings, None)

    def write() -> tuple[camera_status.WrittenStates, tuple[str, ...]]:
        done = camera_status.write_states(engine, reader, found, timezone=timezone)
        return done, done.switched

    taken, amendment = live.amended(write)
    return Reported(taken.change, taken.findings, amendment)


def load_newest_run(engine: Engine, *, progress: Progress = ignore_progress) -> Live | None:
    """Return the newest run, ready to be amended; None where nothing was computed yet.

    Parameters
    ----------
    progress
        Called at each step of loading.
    """
    with db.open_transaction(engine) as connection:
        run = results.newest_run(connection)
    return None if run is None else Live(engine, progress=progress)


def opened_gaps(
    amendment: Amendment, *, device_set: str = "online", certainty: str = "certain"
) -> list[Record]:
    """Return the gaps that an amendment opened, the largest first, at the coarsest detail.

    Parameters
    ----------
    amendment
        As from an amended run.
    device_set
        Name of the device set.
    certainty
        "certain" or "possible".

    Returns
    -------
    list
        One per piece of demand: ``grid_code``, ``opened_m2``, the ``area_m2`` of its largest part
        now, and a point in that part (``lon``, ``lat``, EPSG:4326).
    """
    found = amendment.opened
    chosen = found[
        (found["device_set"] == device_set)
        & (found["certainty"] == certainty)
        & (found["detail"] == found["detail"].min())
    ]
    largest = chosen.sort_values("area_m2", ascending=False, kind="stable").drop_duplicates("piece")
    gaps = largest.sort_values(["opened_m2", "grid_code"], ascending=[False, True])
    at = gaps.representative_point().to_crs(WGS84)
    table = pd.DataFrame(gaps[["grid_code", "opened_m2", "area_m2"]]).round(1)
    return plain_rows(table.assign(lon=at.x.round(7), lat=at.y.round(7)))
