"""States of cameras, online or offline, as reported by files and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base import clock
from geo.base.local_time import with_zone
from geo.cameras.known_codes import keep_registered
from geo.cameras.store import states as stored
from geo.cameras.store.events import add_camera_events
from geo.files.checks import Calendar, Finding, FindingAnswer
from geo.files.readers import Table
from geo.files.schema.layers import find_layer
from geo.store import db
from geo.store.tables import Change

if TYPE_CHECKING:
    import pandas as pd

    from geo.files.checks.checked_rows import CheckedRows

LAYER = "camera-status"
# Clocks of recorders differ a little from ours.
AHEAD = timedelta(minutes=10)


@dataclass(frozen=True)
class WrittenStates:
    """What a message of states changed, and what could not be used of it.

    `switched` are the codes of the cameras whose connection is another now.
    """

    read: int
    change: Change
    quarantined: int
    findings: tuple[Finding, ...]
    switched: tuple[str, ...]


@dataclass(frozen=True)
class StatesAnswer:
    """What a message of states changed, for an answer; figures are amended later."""

    read: int
    inserted: int
    updated: int
    unchanged: int
    quarantined: int
    findings: list[FindingAnswer]
    amended: None = None


def receive_states(
    engine: Engine,
    reader: Principal,
    rows: Sequence[Mapping[str, object]],
    *,
    timezone: str,
    patience_s: float | None = None,
) -> WrittenStates:
    """Take states as they are pushed; figures follow when they are next amended or computed.

    The same message twice changes nothing. Cameras that are not the reader's count as unknown.

    Parameters
    ----------
    rows
        `code`, `status` (online, offline, unknown or a word for it) and, if known, `since` (a
        datetime or ISO text). Findings count them from 1.
    timezone
        Zone of times that state none (an IANA name).
    patience_s
        How long to wait for an import that runs meanwhile; None: to its end.

    Raises
    ------
    LayerError
        If no row has a code, or none a state.
    UnavailableError
        If somebody else still imports after `patience_s`; nothing was written then.
    """
    found = check_pushed(rows, timezone)
    return write_states(engine, reader, found, timezone=timezone, patience_s=patience_s)


def check_pushed(rows: Sequence[Mapping[str, object]], timezone: str) -> CheckedRows:
    """Return pushed rows as checked by :mod:`geo.files.checks.check`, without the database.

    Parameters
    ----------
    rows
        Header → cell, as in the message.
    timezone
        IANA name: zone of times that state none.

    Raises
    ------
    LayerError
        If no row has a code, or none a state.
    """
    import pandas as pd

    from geo.files.checks.check import check_rows
    from geo.files.readers.control_characters import without_controls

    index = pd.RangeIndex(1, len(rows) + 1, name="row")
    stated = pd.DataFrame([dict(row) for row in rows], index=index, dtype=object)
    stated = stated.where(stated.notna(), None)
    table = without_controls(
        Table(tuple(map(str, stated.columns)), stated, None, None, header_row=0)
    )
    calendar = Calendar(clock.today(timezone), timezone)
    return check_rows(table, find_layer(LAYER), calendar=calendar)


def write_states(
    engine: Engine,
    reader: Principal,
    found: CheckedRows,
    *,
    timezone: str,
    patience_s: float | None = None,
) -> WrittenStates:
    """Write checked states in a transaction of their own; see :func:`receive_states`.

    Parameters
    ----------
    reader
        Only cameras granted to it count as known; the message is audited.
    found
        Rows as from :func:`check_pushed`.
    timezone
        IANA name: zone of times that state none.
    patience_s
        How long to wait for an import that is running, seconds; None: as long as it takes.
    """
    with transaction.open_as(engine, reader) as connection:
        if patience_s is None:
            db.take_turn(connection, db.IMPORTING)
        else:
            db.take_turn_within(connection, db.IMPORTING, patience_s)
        usable = screen_states(connection, found, timezone=timezone)
        states = usable.rows.assign(since=zone_times(usable.rows["since"], timezone))
        change, switched = bring_in(connection, states, run=None)
        add_camera_events(connection, "state", switched)
        facts = {"read": found.read, "written": change.inserted + change.updated}
        audit.record(connection, reader, "import.camera-status", facts=facts)
    return WrittenStates(found.read, change, usable.quarantined, usable.findings, tuple(switched))


def describe_taken(taken: WrittenStates, lang: str) -> StatesAnswer:
    """Return the result of a message for an answer, its findings with advice.

    Parameters
    ----------
    taken
        As from :func:`receive_states`.
    lang
        "zh" or "en".
    """
    change = taken.change
    return StatesAnswer(
        taken.read,
        change.inserted,
        change.updated,
        change.unchanged,
        taken.quarantined,
        [each.answer(lang) for each in taken.findings],
    )


def screen_states(connection: Connection, checked: CheckedRows, *, timezone: str) -> CheckedRows:
    """Return the usable rows of checked states; unknown cameras and future states are quarantined.

    A state of the future would suppress every message until then.

    Parameters
    ----------
    connection
        Open transaction.
    checked
        Rows as from :func:`geo.files.checks.check.check_rows`.
    timezone
        IANA name: zone of times that state none.
    """
    known = keep_registered(connection, checked)
    now = clock.now()
    since = zone_times(known.rows["since"].dropna(), timezone)
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
    import pandas as pd

    codes = rows["code"].tolist()
    newest = stored.newest_states(connection, codes)
    goes_on = rows["since"].isna() & (rows["code"].map(newest) == rows["status"])
    new = pd.DataFrame(rows.loc[~goes_on, ["code", "status", "since"]])
    new["since"] = pd.to_datetime(new["since"].fillna(clock.now()), utc=True)
    new = new.rename(columns={"code": "camera_code"})
    new = new.drop_duplicates(["camera_code", "since"], keep="last")
    changed = stored.merge_states(connection, new, run)
    switched = stored.switch_connections(connection, codes)
    return _change(rows, changed, switched), switched


def zone_times(times: pd.Series, timezone: str) -> pd.Series:
    """Return times (ISO text, datetimes, None) with their zone, the district's if they state none.

    One that its clocks skipped or showed twice is what :func:`with_zone` says.

    Parameters
    ----------
    timezone
        An IANA name.
    """
    import pandas as pd

    def one(value: object) -> pd.Timestamp | None:
        if not isinstance(value, str | datetime):
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return pd.Timestamp(with_zone(moment, timezone))

    return times.map(one).astype(object)


def _change(rows: pd.DataFrame, changed: pd.DataFrame, switched: Sequence[str]) -> Change:
    """Return the counts; a state known before that takes effect again counts as updated."""
    inserted = int(changed["is_new"].astype(bool).sum())
    again = set(switched) - set(changed["camera_code"])
    updated = len(changed) - inserted + len(again)
    return Change(inserted, updated, len(rows) - inserted - updated)
