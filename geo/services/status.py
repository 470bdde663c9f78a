"""States of cameras, on line or off, as they are reported; the figures follow at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Engine, text

from geo import intake
from geo.crs import WGS84
from geo.intake import Finding, Intake
from geo.layers import layer
from geo.services.live import Amendment, Live
from geo.services.progress import Progress, silent
from geo.services.register import registered
from geo.sources import Table
from geo.store import db, frames, results, tables
from geo.store.tables import Change

LAYER = "camera-status"
# Clocks of recorders differ a little from ours.
AHEAD = timedelta(minutes=10)
NEWEST = (
    "SELECT DISTINCT ON (camera_code) camera_code, status FROM govgrid.camera_status"
    " WHERE camera_code = ANY(:codes) ORDER BY camera_code, since DESC"
)
SWITCH = (
    f"WITH s AS ({NEWEST})"  # noqa: S608 - a constant of this module
    " UPDATE govgrid.camera c SET connection = s.status FROM s"
    " WHERE c.code = s.camera_code AND c.connection IS DISTINCT FROM s.status RETURNING c.code"
)


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
    rows: Sequence[Mapping[str, object]],
    *,
    timezone: str,
    progress: Progress = silent,
) -> Reported:
    """Take states as they are pushed, and amend the newest run at once.

    The states are written in a transaction of their own, so that they hold even where computing
    fails; the next amendment then makes up for it.

    Parameters
    ----------
    at
        The run held in memory; or a database, whose newest run is taken up for this.
    rows
        `code`, `status` (online, offline, unknown or a word for it) and, if known, `since` (a
        datetime or ISO text). Findings count them from 1.
    timezone
        Zone of times that state none (an IANA name).

    Raises
    ------
    LayerError
        If no row has a code, or none a state.
    """
    checked = _checked(rows, timezone)
    engine = at.engine if isinstance(at, Live) else at
    live = at if isinstance(at, Live) else held(engine, progress=progress)
    if live is None:
        (change, findings), _ = _written(engine, checked, timezone)
        return Reported(change, findings, None)
    (change, findings), amendment = live.amended(lambda: _written(engine, checked, timezone))
    return Reported(change, findings, amendment)


def held(engine: Engine, *, progress: Progress = silent) -> Live | None:
    """Return the newest run as something to be amended; None where nothing was computed yet."""
    with db.transaction(engine) as connection:
        run = results.newest(connection)
    return None if run is None else Live(engine, progress=progress)


def opened(
    amendment: Amendment, *, device_set: str = "online", certainty: str = "certain"
) -> list[dict[str, Any]]:
    """Return the gaps that an amendment opened, the largest first, at the coarsest detail.

    One for each piece of demand: `grid_code`, `opened_m2`, the `area_m2` of its largest part now,
    and a place in that (`lon`, `lat`).
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
    rows = table.assign(lon=at.x.round(7), lat=at.y.round(7)).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def screened(connection: Connection, checked: Intake, *, timezone: str) -> Intake:
    """Return what can be used of states, as :func:`geo.intake.check` has them.

    Those of unknown cameras are quarantined, and those that shall begin later than now: a state of
    the future would hold off every message until then.
    """
    known = registered(connection, checked)
    now = datetime.now(ZoneInfo(timezone))
    since = zoned(known.rows["since"].dropna(), timezone)
    ahead = since.index[[moment > now + AHEAD for moment in since]]
    facts = {"today": now.isoformat(sep=" ", timespec="minutes")}
    found = [
        Finding(row, known.mapping["since"], "DATE_FUTURE", "error", str(moment), "", facts)
        for row, moment in zip(ahead.tolist(), known.rows["since"][ahead], strict=True)
    ]
    return replace(
        known,
        rows=known.rows.drop(index=ahead),
        findings=tuple(sorted((*known.findings, *found), key=lambda finding: finding.row)),
        quarantined=known.quarantined + len(found),
    )


def bring_in(
    connection: Connection, rows: pd.DataFrame, *, run: int | None
) -> tuple[Change, list[str]]:
    """Write states, and the newest state of each camera as its connection.

    An older message is kept, and changes nothing else. A state without a time holds from now on,
    unless the newest state of its camera says the same already.

    Parameters
    ----------
    rows
        `code` (of cameras there are), `status`, `since` (with zone, or None).
    run
        Number of the import, if it is one.

    Returns
    -------
    tuple
        The change, and the codes of the cameras whose connection is another now.
    """
    codes = {"codes": rows["code"].tolist()}
    newest = frames.read(connection, NEWEST, codes).set_index("camera_code")["status"]
    goes_on = rows["since"].isna() & (rows["code"].map(newest) == rows["status"])
    new = pd.DataFrame(rows.loc[~goes_on, ["code", "status", "since"]])
    new["since"] = pd.to_datetime(new["since"].fillna(datetime.now(UTC)), utc=True)
    new = new.rename(columns={"code": "camera_code"})
    new = new.drop_duplicates(["camera_code", "since"], keep="last")
    changed = tables.merge(connection, "camera_status", new, key=("camera_code", "since"), run=run)
    switched = sorted(connection.execute(text(SWITCH), codes).scalars())
    return _change(rows, changed, switched), switched


def zoned(times: pd.Series, timezone: str) -> pd.Series:
    """Return times (text, datetimes or None) with their zone, the district's where they state none.

    Parameters
    ----------
    timezone
        An IANA name.
    """

    def one(value: object) -> pd.Timestamp | None:
        if not isinstance(value, str | datetime):
            return None
        stamp = pd.Timestamp(value)
        return stamp.tz_localize(timezone) if stamp.tzinfo is None else stamp

    return times.map(one).astype(object)


def _checked(rows: Sequence[Mapping[str, object]], timezone: str) -> Intake:
    index = pd.RangeIndex(1, len(rows) + 1, name="row")
    told = pd.DataFrame([dict(row) for row in rows], index=index, dtype=object)
    told = told.where(told.notna(), None)
    table = Table(tuple(map(str, told.columns)), told, None, None, header_row=0)
    return intake.check(table, layer(LAYER), today=datetime.now(ZoneInfo(timezone)).date())


def _written(
    engine: Engine, checked: Intake, timezone: str
) -> tuple[tuple[Change, tuple[Finding, ...]], list[str]]:
    """Write what can be used; return what that did, and the cameras it switched."""
    with db.transaction(engine) as connection:
        db.take_turn(connection, db.IMPORTING)
        usable = screened(connection, checked, timezone=timezone)
        states = usable.rows.assign(since=zoned(usable.rows["since"], timezone))
        change, switched = bring_in(connection, states, run=None)
    return (change, usable.findings), switched


def _change(rows: pd.DataFrame, changed: pd.DataFrame, switched: Sequence[str]) -> Change:
    """Return the counts; a state known before that takes effect again counts as updated."""
    inserted = int(changed["is_new"].astype(bool).sum())
    again = set(switched) - set(changed["camera_code"])
    updated = len(changed) - inserted + len(again)
    return Change(inserted, updated, len(rows) - inserted - updated)
