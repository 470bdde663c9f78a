"""Edits of areas: one is given other cells or borders, one is split, several become one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.roles import edit_action
from geo.base.errors import InputError, NotFoundError, RowError
from geo.exchange import edits
from geo.exchange.imports import one_row
from geo.exchange.imports.one_row import Row
from geo.files.checks import Finding
from geo.files.schema.layers import find_layer
from geo.store import installation, outbox
from geo.store.outbox import Event

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

LAYER: Final = "areas"
KEPT: Final = ("name", "kind", "local_code")


@dataclass(frozen=True)
class Part:
    """A part of an area that is split: its code, and its name, None for that of the whole."""

    code: str
    name: str | None = None


@dataclass(frozen=True)
class PartitionDefect:
    """A gap, an overlap or the like between areas of one level."""

    kind: str
    codes: list[str]
    area_m2: float


@dataclass(frozen=True)
class AreasEdited:
    """The run of an edit, its findings, and the defects of the partition from that day on."""

    run: int
    findings: tuple[Finding, ...]
    defects: tuple[PartitionDefect, ...]


def put_area(
    engine: Engine,
    who: Principal,
    code: str,
    properties: Mapping[str, object],
    shape: BaseGeometry | None,
    *,
    valid_from: date | None,
    timezone: str,
) -> AreasEdited:
    """Bring in one area, new or known; the partition may have defects by it, which are named.

    Parameters
    ----------
    who
        Must be permitted to edit, without a limit to some areas.
    code
        Code of the area.
    properties
        By the fields of the layer; those that are missing stay.
    shape
        Its ground, lon/lat; None: as it is.
    valid_from
        Day from which another boundary holds; without one only other cells are corrected.
    timezone
        IANA name of the district.

    Raises
    ------
    RowError
        If the area has an error by the rules of imports; nothing was written.
    InputError
        If a version that begins later stands in the way.
    """
    with _editing(engine, who) as connection:
        known = _known(connection, valid_from)
        own = known[known["code"] == code]
        cells: dict[str, object] = dict(properties)
        if len(own) == 1:
            before = own.iloc[0]
            cells = {"name": before["name"], "level": before["level"], **cells}
            shape = before.geometry if shape is None else shape
        rows = [Row(code, {"code": code, **cells}, shape)]
        change = _Change(rows, "edited", [code], valid_from)
        return _taken(connection, who, change, timezone)


def split_area(
    engine: Engine,
    who: Principal,
    code: str,
    line: BaseGeometry,
    parts: Sequence[Part],
    *,
    valid_from: date,
    timezone: str,
) -> AreasEdited:
    """Split an area along a line; the partition stays as whole as it was.

    Parameters
    ----------
    who
        As for :func:`put_area`.
    code
        Code of the area; it ends unless a part has it.
    line
        Line, lon/lat, that crosses the area from border to border.
    parts
        The two parts: the first lies left of the line in its direction.
    valid_from
        Day from which they hold.
    timezone
        IANA name of the district.

    Raises
    ------
    NotFoundError
        If there is no such area on the day.
    InputError
        If the line does not cut the area in two, or a part has the code of another area.
    """
    from geo.areas.rules import division

    with _editing(engine, who) as connection:
        known = _known(connection, valid_from)
        whole = _one(known, code)
        shapes = division.split_along(whole.geometry, line)
        if shapes is None:
            raise InputError("area.line", code=code)
        _require_free(known, whole["level"], [part.code for part in parts], [code])
        rows = [
            _row(known, whole, part.code, part.name, shape)
            for part, shape in zip(parts, shapes, strict=True)
        ]
        ending = [code] if code not in {part.code for part in parts} else []
        codes = [part.code for part in parts]
        change = _Change(rows, "split", codes, valid_from, ending)
        return _whole(connection, who, change, known, timezone)


def merge_areas(
    engine: Engine,
    who: Principal,
    into: Part,
    codes: Sequence[str],
    *,
    valid_from: date,
    timezone: str,
) -> AreasEdited:
    """Merge areas into one; the partition stays as whole as it was.

    Parameters
    ----------
    who
        As for :func:`put_area`.
    into
        Code and name of what they become: the code of one of them, or a new one.
    codes
        Codes of the areas, two or more of one level that lie side by side.
    valid_from
        Day from which it holds.
    timezone
        IANA name of the district.

    Raises
    ------
    NotFoundError
        If there is no area of one of the codes on the day.
    InputError
        If they are of several levels or do not touch, or the code is that of another area.
    """
    from geo.areas.rules import division

    with _editing(engine, who) as connection:
        known = _known(connection, valid_from)
        olds = [_one(known, code) for code in dict.fromkeys(codes)]
        if len(olds) < 2 or len({old["level"] for old in olds}) > 1:
            raise InputError("area.merge_levels", codes="、".join(codes))
        shape = division.unite_areas([old.geometry for old in olds])
        if shape is None:
            raise InputError("area.merge_apart", codes="、".join(codes))
        _require_free(known, olds[0]["level"], [into.code], codes)
        like = next((old for old in olds if old["code"] == into.code), olds[0])
        rows = [_row(known, like, into.code, into.name, shape)]
        ending = [old["code"] for old in olds if old["code"] != into.code]
        change = _Change(rows, "merged", [into.code, *ending], valid_from, ending)
        return _whole(connection, who, change, known, timezone)


@dataclass(frozen=True)
class _Change:
    """What is written: rows, what it is called, the codes concerned, those that end, from when."""

    rows: Sequence[Row]
    kind: str
    codes: Sequence[str]
    valid_from: date | None
    ending: Sequence[str] = ()


def _editing(engine: Engine, who: Principal) -> Any:  # noqa: ANN401 - a context
    who.require(edit_action(LAYER))
    editor = who.cut(edit_action(LAYER))
    editor.require_whole()
    return transaction.open_as(engine, editor)


def _known(connection: Connection, at: date | None) -> gpd.GeoDataFrame:
    from geo.areas.store import versions

    edits.take_turn(connection)
    return versions.valid_areas(connection, at=at)


def _one(known: gpd.GeoDataFrame, code: str) -> Any:  # noqa: ANN401 - a row
    found = known[known["code"] == code]
    if len(found) != 1:
        raise NotFoundError("layer.no_item", name=LAYER, code=code)
    return found.iloc[0]


def _require_free(
    known: gpd.GeoDataFrame, level: str, codes: Sequence[str], own: Sequence[str]
) -> None:
    taken = known[(known["level"] == level) & known["code"].isin(set(codes) - set(own))]
    if len(taken) or len(set(codes)) < len(codes):
        raise InputError("area.code_taken", code="、".join(codes))


def _row(
    known: gpd.GeoDataFrame,
    like: Any,  # noqa: ANN401 - a row
    code: str,
    name: str | None,
    shape: BaseGeometry,
) -> Row:
    cells = {each: like[each] for each in KEPT if isinstance(like[each], str)}
    cells |= {"code": code, "level": like["level"], "name": name or like["name"]}
    upper = known["code"].get(like["parent_unit_id"])
    if isinstance(upper, str):
        cells["parent_code"] = upper
    if code != like["code"]:
        cells.pop("local_code", None)
    return Row(code, cells, shape)


def _whole(
    connection: Connection,
    who: Principal,
    change: _Change,
    known: gpd.GeoDataFrame,
    timezone: str,
) -> AreasEdited:
    """Take rows; refuse them all where the partition would have more defects than before."""
    before = _defects(connection, known)
    done = _taken(connection, who, change, timezone)
    if len(done.defects) > len(before):
        raise InputError("area.not_whole", number=len(done.defects) - len(before))
    return done


def _taken(connection: Connection, who: Principal, change: _Change, timezone: str) -> AreasEdited:
    from geo.areas.store import versions

    layer, digest = find_layer(LAYER), _digest(change.rows)
    run = one_row.begin_run(connection, who, LAYER, f"http:{who.account}", digest)
    taken = one_row.take_rows(
        connection,
        run,
        layer,
        change.rows,
        timezone=timezone,
        valid_from=change.valid_from,
        ending=change.ending,
    )
    if taken.refused:
        raise RowError(taken.findings)
    since = str(change.valid_from or "")
    facts = {"run": run, "layer": LAYER, "kind": change.kind, "valid_from": since}
    audit.record(connection, who, f"edit.{LAYER}", ",".join(change.codes), facts=facts)
    for code in change.codes:
        outbox.add_event(connection, Event(LAYER, change.kind, code, data={"run": run}))
    now = versions.valid_areas(connection, at=change.valid_from)
    return AreasEdited(run, taken.findings, _defects(connection, now))


def _defects(connection: Connection, areas: gpd.GeoDataFrame) -> tuple[PartitionDefect, ...]:
    from geo.areas.rules import partition
    from geo.areas.store.versions import MADE_CODE

    own = areas[areas["code"] != MADE_CODE]
    if own.empty:
        return ()
    metric = own.to_crs(installation.metric_srid(connection))
    found = partition.find_defects(metric[["code", "level", "geometry"]])
    return tuple(
        PartitionDefect(row["kind"], list(row["codes"]), round(row["area_m2"], 2))
        for row in found[["kind", "codes", "area_m2"]].to_dict("records")
    )


def _digest(rows: Sequence[Row]) -> str:
    said = [[dict(row.cells), None if row.shape is None else row.shape.wkt] for row in rows]
    written = json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()
