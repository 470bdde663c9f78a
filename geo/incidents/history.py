"""Incidents of a file as history: located and routed; the file's values win, nobody is notified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from geo.incidents import file_areas, file_limits, file_places
from geo.incidents.file_areas import UnknownArea
from geo.incidents.rules.hotline import add_supplement
from geo.incidents.rules.lifecycle import DUE_STATES
from geo.incidents.store import history as stored
from geo.incidents.store import hotline as stored_hotline
from geo.store import tables
from geo.store.tables import Change

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from sqlalchemy import Connection

SIDE_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "on_hold": ("in_progress", "on_hold"),
        "self_handled": ("done", "self_handled"),
        "referred_up": ("assigned", ""),
    }
)
"""Words of files that are no state of the life cycle: the state and the flag they stand for."""

FIELDS: Final = (
    *("title", "category", "description", "source", "state", "occurred_at", "reported_at"),
    *(
        "closed_at",
        "due_at",
        "accuracy_m",
        "address",
        "grade",
        "level",
        "result",
        "outcome",
        "located_code",
        "geom",
    ),
)
"""What a file gives, and what a person may change here afterwards."""


@dataclass(frozen=True)
class ChangedHere:
    """A value of a row that was changed here and comes otherwise in the file."""

    row: int
    field: str
    here: str
    given: str


@dataclass(frozen=True)
class HistoryCounts:
    """What an import of incidents changed, and what it left as it was changed here."""

    change: Change
    kept: tuple[ChangedHere, ...]
    unknown: tuple[UnknownArea, ...] = ()


def bring_in(
    connection: Connection,
    rows: gpd.GeoDataFrame,
    *,
    run: int,
    timezone: str,
    unknown_states: Mapping[int, str],
) -> HistoryCounts:
    """Write incidents of a file; a row that comes again changes only what nobody changed here.

    Parameters
    ----------
    connection
        Open transaction of the import.
    rows
        Usable rows, EPSG:4326, by row number, without columns that the file lacks.
    run
        Number of the import run.
    timezone
        IANA name.
    unknown_states
        Row number → state as written, where it is no known word.
    """
    import pandas as pd

    if rows.empty:
        return HistoryCounts(Change(), ())
    days = file_places.days_of(rows, timezone)
    rows, unknown = file_areas.resolve_words(connection, rows, days)
    before = stored.read_known(connection, rows["code"])
    words = stored_hotline.hotline_words(connection)
    given = split_states(add_supplements(rows, before, words), before.index)
    merged, kept, base = _three_way(given, before)
    frame = merged.assign(
        state_given=merged.index.to_series().map(lambda row: unknown_states.get(int(row))),
        imported=pd.Series(base, index=merged.index, dtype=object),
    )
    fresh = ~frame["code"].isin(before.index)
    placed = fresh | _moved(frame, before)
    parts = [
        _derived(connection, frame[placed], timezone, fresh[placed]),
        frame[~placed],
    ]
    done = Change()
    for part in parts:
        done += _written(connection, part, run)
    return HistoryCounts(done, kept, unknown)


def add_supplements(
    rows: gpd.GeoDataFrame, before: gpd.GeoDataFrame, words: frozenset[str]
) -> gpd.GeoDataFrame:
    """Return rows whose work orders of the hotline keep their text: a new one is added to it.

    Parameters
    ----------
    rows
        Rows of a file.
    before
        The stored incidents by code.
    words
        By which a source is the hotline.
    """
    if "description" not in rows or before.empty:
        return rows
    known = before.reindex(rows["code"]).set_axis(rows.index)
    again = known["source"].isin(words) & rows["description"].notna()
    if not again.any():
        return rows
    pairs = zip(known["description"][again], rows["description"][again], strict=True)
    texts = rows["description"].astype(object).copy()
    texts[again] = [add_supplement(k if isinstance(k, str) else None, new) for k, new in pairs]
    return rows.assign(description=texts)


def split_states(rows: gpd.GeoDataFrame, known: pd.Index) -> gpd.GeoDataFrame:
    """Return rows whose ``state`` is one of the life cycle, with the flags beside it.

    A new row without a state is closed where it has a time of closure, else reported; of a row
    that is known it stays.

    Parameters
    ----------
    rows
        Rows of a file.
    known
        Codes that are stored already.
    """
    import pandas as pd

    blank = pd.Series(None, index=rows.index, dtype=object)
    word = rows["state"].astype(object) if "state" in rows else blank
    closed = rows["closed_at"].notna() if "closed_at" in rows else pd.Series(False, rows.index)
    word = word.where(word.notna() | ~closed, "closed")
    word = word.where(word.notna() | rows["code"].isin(known), "reported")
    sides = {name: state for name, (state, _) in SIDE_STATES.items()}
    flags = {flag: word == name for name, (_, flag) in SIDE_STATES.items() if flag}
    return rows.assign(state=word.replace(sides), **flags)


def _three_way(
    rows: gpd.GeoDataFrame, before: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, tuple[ChangedHere, ...], list[dict[str, Any]]]:
    """Return rows as they are to be stored, what was kept, and what the file gave.

    A field that nobody changed here since the last file (or that has the file's value already)
    takes the value of the file; else it keeps its own, and the difference is a finding.
    """
    known = before.reindex(rows["code"]).set_axis(rows.index)
    exists = rows["code"].isin(before.index)
    last = known["imported"].map(lambda v: v if isinstance(v, dict) else {})
    base: list[dict[str, Any]] = [dict(each) for each in last]
    kept: list[ChangedHere] = []
    merged = rows.copy()
    for name in [each for each in FIELDS if _column(rows, each) is not None]:
        column = str(_column(rows, name))
        new, now = stored.canonical_texts(rows[column]), stored.canonical_texts(known[name])
        for place, text in enumerate(new):
            if text is not None:
                base[place][name] = text
        then = last.map(lambda v, name=name: v.get(name))
        then = then.where(then.notna() & (known["version"] > 1), now)
        foreign = (
            exists
            & new.notna()
            & (stored.comparable_texts(name, now) != stored.comparable_texts(name, then))
        )
        foreign &= stored.comparable_texts(name, now) != stored.comparable_texts(name, new)
        stays = foreign | (exists & new.isna())
        merged[column] = rows[column].where(~stays, known[name])
        if name == "state":
            for flag in ("on_hold", "self_handled"):
                same = stays | (exists & (new == now))  # a flag goes with the state it came with
                held = known[flag].map(lambda v: v is True)
                merged[flag] = rows[flag].where(~stays, held) | (same & held)
        differs = foreign & (
            stored.comparable_texts(name, new) != stored.comparable_texts(name, then)
        )
        kept += [ChangedHere(int(n), name, str(now[n]), str(new[n])) for n in rows.index[differs]]
    return merged, tuple(kept), base


def _column(rows: gpd.GeoDataFrame, field: str) -> str | None:
    name = rows.geometry.name if field == "geom" else field
    return str(name) if name in rows else None


def _moved(frame: gpd.GeoDataFrame, before: gpd.GeoDataFrame) -> pd.Series:
    """Return which known rows lie elsewhere, at another time or of another category than before."""
    known = before.reindex(frame["code"]).set_axis(frame.index)
    moved = stored.canonical_texts(frame.geometry) != stored.canonical_texts(known["geom"])
    for name in (
        *("category", "occurred_at", "reported_at", "accuracy_m", "due_at", "located_code"),
    ):
        if name in frame:
            moved |= stored.canonical_texts(frame[name]) != stored.canonical_texts(known[name])
    return moved


def _derived(
    connection: Connection, frame: gpd.GeoDataFrame, timezone: str, fresh: pd.Series
) -> gpd.GeoDataFrame:
    """Return rows with their areas, the unit that is proposed, and their limit."""
    if frame.empty:
        return frame
    if "due_at" in frame:  # what was computed here is no limit of the file
        stated = frame["imported"].map(lambda given: "due_at" in given)
        frame = frame.assign(due_at=frame["due_at"].where(stated))
    found = file_places.locate_rows(connection, frame, timezone)
    found = _named_areas(connection, frame, found)
    limits = file_limits.limit_rows(connection, frame, timezone)
    whole = frame.join(found).join(limits)
    if "due_at" in frame:
        whole["due_at"] = frame["due_at"].where(frame["due_at"].notna(), limits["computed_due_at"])
    else:
        whole["due_at"] = limits["computed_due_at"]
    handled = fresh & whole["state"].isin(DUE_STATES)
    whole["unit_code"] = whole["proposed_unit_code"].where(handled)
    whole = whole.drop(columns="computed_due_at")
    return whole if fresh.all() else whole.drop(columns="unit_code")


def _named_areas(
    connection: Connection, frame: gpd.GeoDataFrame, found: pd.DataFrame
) -> pd.DataFrame:
    """Return where rows lie, those without a place by the area that the file names."""
    if "located_code" not in frame:
        return found
    named = file_areas.locate_by_area(connection, frame, found["area_day"])
    placed = found.assign(area_unit_id=None, located_by=None).astype(
        {"area_unit_id": object, "located_by": object}
    )
    for column in named.columns:
        placed.loc[named.index, column] = named[column]
    placed.loc[named.index, "located_by"] = "area"
    inside = named.index[named["grid_code"].notna()]
    placed.loc[inside, "status"] = "inside"
    return placed


def _written(connection: Connection, part: gpd.GeoDataFrame, run: int) -> Change:
    import geopandas as gpd

    if part.empty:
        return Change()
    rows = gpd.GeoDataFrame(part)
    changed = stored.merge_incidents(connection, rows, run=run)
    fresh = changed["is_new"].astype(bool) if len(changed) else changed["is_new"]
    stored.write_imported(connection, list(changed["code"][fresh]), run=run)
    stored_hotline.write_orders_of_file(connection, list(changed["code"][fresh]))
    stored.write_updated(connection, list(changed["code"][~fresh]), run=run)
    return tables.change_of(rows, changed)
