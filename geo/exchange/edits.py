"""Edits of single rows: each is an import of one row, with its checks, its log and its undo."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import RESTRICTED_LAYERS, Principal
from geo.access.roles import edit_action
from geo.base.errors import (
    ConditionError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RowError,
    StaleError,
    StateError,
)
from geo.cameras import view_rows
from geo.exchange import edited_rows
from geo.exchange.imports import one_row
from geo.files.checks import Finding
from geo.files.schema.camera_fields import VIEWS
from geo.files.schema.layers import Layer
from geo.store import db, idempotency, outbox
from geo.store.idempotency import KeyedRequest
from geo.store.outbox import Event
from geo.store.single_rows import StoredRow

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

PATIENCE_S: Final = 5.0
ANY: Final = "*"
MAKES, CHANGES, ENDS = "created", "edited", "deleted"


@dataclass(frozen=True)
class Edit:
    """What is to become of a row: properties by field, and its place if it is given another.

    `expected` is the version that was edited, None for a new row, "*": whichever.
    """

    layer: str
    code: str | None
    properties: Mapping[str, object] = field(default_factory=dict)
    shape: BaseGeometry | None = None
    expected: str | None = None


@dataclass(frozen=True)
class Edited:
    """What came of an edit: the row's code and version ("" where it is gone), its run, findings.

    `again` says that it had been done before by the same key.
    """

    code: str
    version: str
    run: int
    findings: tuple[Finding, ...] = ()
    again: bool = False


def create_item(
    engine: Engine, who: Principal, edit: Edit, *, timezone: str, key: KeyedRequest | None = None
) -> Edited:
    """Add a row.

    Parameters
    ----------
    who
        Must be permitted to edit the layer, at this place.
    edit
        The row; without a code it gets one.
    timezone
        IANA name, for times that state none.
    key
        With it the same request is done once.

    Raises
    ------
    RowError
        If the row has an error by the rules of imports; nothing was written.
    StateError
        If there is one of this code.
    ForbiddenError
        If `who` may not edit this, or not there.
    """
    return _done(engine, who, edit, MAKES, timezone, key)


def change_item(engine: Engine, who: Principal, edit: Edit, *, timezone: str) -> Edited:
    """Change some properties of a row, or its place; what is not named stays.

    Parameters
    ----------
    who
        Must be permitted to edit the layer, where the row is and where it comes to be.
    edit
        What changes.
    timezone
        IANA name, for times that state none.

    Raises
    ------
    RowError, ForbiddenError
        As for :func:`create_item`.
    NotFoundError
        If there is no such row that `who` may edit.
    ConditionError, StaleError
        If the version is not said, or another one by now.
    """
    return _done(engine, who, edit, CHANGES, timezone, None)


def delete_item(engine: Engine, who: Principal, edit: Edit, *, timezone: str) -> Edited:
    """Delete a row; an undo of the run brings it back.

    Parameters
    ----------
    who, edit, timezone
        As for :func:`change_item`.

    Raises
    ------
    NotFoundError, ForbiddenError, ConditionError, StaleError
        As for :func:`change_item`.
    """
    return _done(engine, who, edit, ENDS, timezone, None)


def shape_of(geometry: Mapping[str, Any] | None) -> BaseGeometry | None:
    """Return the shape of a GeoJSON geometry, None for none.

    Raises
    ------
    InputError
        If it is no geometry, or has numbers that are none.
    """
    if geometry is None:
        return None
    import shapely
    from shapely.errors import ShapelyError

    try:
        found = shapely.from_geojson(json.dumps(geometry, allow_nan=False))
    except (ShapelyError, ValueError, RecursionError) as error:
        raise InputError("edit.geometry") from error
    if found is None or found.is_empty or not all(map(math.isfinite, found.bounds)):
        raise InputError("edit.geometry")
    return found


def request_key(who: Principal, path: str, key: str, edit: Edit) -> KeyedRequest | None:
    """Return what a request with an Idempotency-Key asks for; None where it brings no key.

    Parameters
    ----------
    who
        Account.
    path
        Path of the request.
    key
        The key, "" for none.
    edit
        What is to be written.
    """
    if not key:
        return None
    return KeyedRequest(who.id or who.account, "POST", path, key, _digest(edit, MAKES).encode())


def _done(
    engine: Engine, who: Principal, edit: Edit, kind: str, timezone: str, key: KeyedRequest | None
) -> Edited:
    if edit.layer not in edited_rows.EDITABLE:
        raise NotFoundError("edit.layer", name=edit.layer, known=", ".join(edited_rows.EDITABLE))
    layer, action = edited_rows.editable_layer(edit.layer), edit_action(edit.layer)
    who.require(action)
    editor = who.cut(action)
    if layer.shape == "none" and edit.layer not in edited_rows.PARTS:
        editor.require_whole()
    with transaction.open_as(engine, editor) as connection:
        take_turn(connection)
        kept = None if key is None else idempotency.find_answer(connection, key)
        if kept is not None:
            return Edited(kept["code"], kept["version"], kept["run"], again=True)
        done = _written(connection, editor, layer, edit, kind, timezone)
        if key is not None:
            answer = {"code": done.code, "version": done.version, "run": done.run}
            idempotency.keep_answer(connection, key, answer)
        return done


def _written(
    connection: Connection, who: Principal, layer: Layer, edit: Edit, kind: str, timezone: str
) -> Edited:
    before = None if edit.code is None else edited_rows.read_row(connection, layer, edit.code)
    if kind != MAKES and before is not None and not _is_granted(connection, who, before):
        before = None  # whether there is a row elsewhere, and of which version, is not said
    _require_kind(connection, edit, kind, before)
    source = f"http:{who.account}"
    run = one_row.begin_run(connection, who, layer.name, source, _digest(edit, kind))
    if kind == ENDS:
        one_row.delete_row(connection, run, layer, str(edit.code), delete=_deleter(layer, run))
        code, findings = str(edit.code), tuple[Finding, ...]()
    else:
        code, findings = _taken(connection, run, layer, edit, before, timezone)
    after = edited_rows.read_row(connection, layer, code)
    if kind != ENDS and after is None:  # row-level security lets nothing be written elsewhere
        raise ForbiddenError("edit.elsewhere", code=code)
    shapes = [row.shape for row in (before, after) if row is not None and row.shape is not None]
    _require_places(connection, who, shapes)
    facts = {"run": run, "layer": layer.name, "kind": kind}
    # the audit is read by others than who may read the zones
    named = layer.name if layer.name in RESTRICTED_LAYERS else code
    audit.record(connection, who, f"edit.{layer.name}", named, facts=facts)
    _tell(connection, layer.name, kind, code, run, (before, after))
    return Edited(code, "" if after is None else after.version, run, findings)


def _is_granted(connection: Connection, who: Principal, row: StoredRow) -> bool:
    return row.shape is None or edited_rows.are_granted(connection, who, [row.shape])


def _taken(
    connection: Connection,
    run: int,
    layer: Layer,
    edit: Edit,
    before: StoredRow | None,
    timezone: str,
) -> tuple[str, tuple[Finding, ...]]:
    row = one_row.row_of(layer, edit.code, edit.properties, edit.shape, before)
    taken = one_row.take_rows(connection, run, layer, [row], timezone=timezone)
    if taken.refused:
        raise RowError(taken.findings)
    return row.code, taken.findings


def _require_kind(connection: Connection, edit: Edit, kind: str, before: StoredRow | None) -> None:
    if kind == MAKES:
        if edit.layer in edited_rows.OF_CAMERAS:
            raise InputError("edit.verified_only", layer=edit.layer)
        if before is not None:
            raise StateError("edit.exists", code=edit.code)
        if edit.layer == VIEWS.name:
            view_rows.require_next(connection, edit.code or "")
        return
    if before is None:
        raise NotFoundError("layer.no_item", name=edit.layer, code=edit.code)
    if kind == ENDS and edit.layer in edited_rows.OF_CAMERAS:
        raise InputError("edit.verified_only", layer=edit.layer)
    if edit.expected is None:
        raise ConditionError("edit.unconditional")
    if edit.expected not in (ANY, before.version):
        raise StaleError("edit.stale", code=edit.code)


def _require_places(connection: Connection, who: Principal, shapes: list[bytes]) -> None:
    """Refuse rows that were or come to be outside of what `who` may edit."""
    if not edited_rows.are_granted(connection, who, shapes):
        raise ForbiddenError("edit.outside", account=who.account)


def _deleter(layer: Layer, run: int) -> Callable[[Connection, str], None] | None:
    return partial(view_rows.delete_last, run=run) if layer.name == VIEWS.name else None


def _tell(
    connection: Connection,
    layer: str,
    kind: str,
    code: str,
    run: int,
    rows: tuple[StoredRow | None, StoredRow | None],
) -> None:
    from shapely import from_wkb

    there = [row for row in rows if row is not None]
    boxes = [from_wkb(row.shape).bounds for row in there if row.shape is not None]
    cameras = layer in edited_rows.PARTS or layer == "cameras"
    if layer == VIEWS.name:  # to others it is the camera that changed
        kind, code = CHANGES, view_rows.split_code(code)[0]
    owner_kind = str(there[-1].values.get("owner_kind") or "unknown") if cameras else None
    restricted = layer in RESTRICTED_LAYERS
    event = Event(
        "cameras" if cameras else layer,
        kind,
        code,
        action=edit_action(layer) if restricted else "map",
        boxes=boxes or None,
        owner_kind=owner_kind,
        data={"run": run},
    )
    outbox.add_event(connection, event)


def take_turn(connection: Connection) -> None:
    """Wait for an import that runs, but not for long.

    Raises
    ------
    UnavailableError
        If it still runs after some seconds.
    """
    db.take_turn_within(connection, db.IMPORTING, PATIENCE_S)


def _digest(edit: Edit, kind: str) -> str:
    shape = None if edit.shape is None else edit.shape.wkt
    said = [kind, edit.layer, edit.code, dict(edit.properties), shape]
    written = json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()
