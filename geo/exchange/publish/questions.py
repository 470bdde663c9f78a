"""Questions to a published layer: what is asked for, and the rows that fit, for who asks."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from geo.access.principal import Principal
from geo.base.crs import WGS84
from geo.base.crs_uris import LONLAT, AxisCRS, offered_systems, parse_crs_uri
from geo.base.errors import InputError, NotFoundError, StateError, StoreError
from geo.base.json_objects import LayerRow
from geo.base.storable_text import is_text
from geo.exchange.publish import collections
from geo.exchange.rules import asked_places, filters, published_columns
from geo.exchange.rules.filters import Language
from geo.exchange.rules.published_columns import Columns
from geo.exchange.store import asked_rows
from geo.exchange.store.asked_rows import RowQuestion, Source
from geo.exchange.store.filter_conditions import Conditions
from geo.store import db, installation

FREE: Final = "attributes"
"""The column of what a source has beside the known ones."""
PLAIN: Final = frozenset({"viewsheds", "gaps"})
"""Layers without free columns."""
_WHOLE: Final = 2**63 - 1


@dataclass(frozen=True)
class LayerQuestion:
    """What a request asks of a layer, as it is written there; "" is not asked.

    `properties` is None where all are wanted.
    """

    filter: str = ""
    filter_lang: Language = "cql2-text"
    filter_crs: str = ""
    bbox: str = ""
    bbox_crs: str = ""
    datetime: str = ""
    sortby: str = ""
    properties: str | None = None
    crs: str = ""

    @property
    def selects(self) -> bool:
        """Whether it leaves rows out."""
        return bool(self.filter or self.bbox or self.datetime)

    @property
    def arranges(self) -> bool:
        """Whether rows are to be sorted, cut to some columns, or placed in another system."""
        return bool(self.sortby or self.crs) or self.properties is not None


@dataclass(frozen=True)
class Page:
    """Rows of a page, how many there are on all pages, and what the next one begins after."""

    rows: Sequence[LayerRow]
    matched: int
    after: str | None
    wanted: RowQuestion
    crs: AxisCRS


def known_systems(engine: Engine) -> tuple[AxisCRS, ...]:
    """Return the systems in which layers can be had."""
    with db.open_transaction(engine) as connection:
        return _systems(connection)


def read_page(
    engine: Engine,
    reader: Principal,
    layer: str,
    asked: LayerQuestion,
    *,
    after: str = "",
    limit: int,
    zone: str,
) -> Page:
    """Return a page of the rows that fit, as they are shown to who asks.

    Parameters
    ----------
    engine
        Pool of the service.
    reader
        Principal whose grants apply.
    layer
        Name of the collection.
    asked
        What is asked of it.
    after
        As the page before says; "" for the first one.
    limit
        Most rows.
    zone
        Zone of the district.

    Raises
    ------
    InputError
        If something asked for cannot be understood or computed.
    """
    with open_rows(engine, reader, layer, asked, zone=zone) as (connection, source, wanted, crs):
        matched = asked_rows.count_rows(connection, source, wanted)
        behind = _following(wanted, after)
        found = list(
            asked_rows.select_rows(
                connection, source, behind, limit=limit + 1, more=free_columns(layer, asked)
            )
        )
    rows = found[:limit]
    more = _written(wanted, rows[-1]) if len(found) > limit else None
    return Page(rows, matched, more, wanted, crs)


def read_one(
    engine: Engine, reader: Principal, layer: str, code: str, asked: LayerQuestion, *, zone: str
) -> Page:
    """Return a page of one feature.

    Parameters
    ----------
    engine, reader, layer, asked, zone
        As for :func:`read_page`.
    code
        Id of the feature.

    Raises
    ------
    NotFoundError
        If there is none of this code that `reader` may see.
    """
    with open_rows(engine, reader, layer, asked, zone=zone) as (connection, source, wanted, crs):
        one = asked_rows.of_one(source, wanted, code, before=collections.code_before(code))
        more = free_columns(layer, asked)
        found = list(asked_rows.select_rows(connection, *one, limit=1, more=more))
    if not found:
        raise NotFoundError("layer.no_item", name=layer, code=code)
    return Page(found, 1, None, wanted, crs)


def read_numbers(
    connection: Connection, layer: str, shown: Source, asked: LayerQuestion, *, zone: str
) -> NDArray[np.intp]:
    """Return which of the rows that are shown fit, by their numbers, ascending.

    Parameters
    ----------
    connection
        Open transaction that may read the layer.
    shown
        The rows that are shown to who asks, with their numbers.
    layer, asked, zone
        As for :func:`read_page`.
    """
    with _computing(asked):
        wanted, _ = _wanted(connection, layer, asked, zone)
        return asked_rows.select_numbers(connection, shown, wanted)


@contextmanager
def open_rows(
    engine: Engine, reader: Principal, layer: str, asked: LayerQuestion, *, zone: str
) -> Iterator[tuple[Connection, Source, RowQuestion, AxisCRS]]:
    """Open a transaction that reads a layer as it is shown to who asks, with what is wanted of it.

    Parameters
    ----------
    engine, reader, layer, asked, zone
        As for :func:`read_page`.
    """
    reader.require_layer(layer)
    columns = published_columns.columns_of(layer)
    computed = layer == "gaps" or (layer == "viewsheds" and reader.coarse)
    given = _computed(engine, reader, layer, columns) if computed else None
    with _computing(asked), collections.open_layer(engine, reader, layer) as connection:
        wanted, crs = _wanted(connection, layer, asked, zone)
        source = given or _selected(connection, reader, layer)
        yield connection, source, wanted, crs


def free_columns(layer: str, asked: LayerQuestion) -> tuple[str, ...]:
    """Return the further column that features of a layer are made of, if any.

    Parameters
    ----------
    layer
        Name of the collection.
    asked
        What is asked of it: of chosen columns no others are shown.
    """
    return () if layer in PLAIN or asked.properties is not None else (FREE,)


@contextmanager
def _computing(asked: LayerQuestion) -> Iterator[None]:
    """Say that a filter cannot be computed where the database refuses it."""
    try:
        yield
    except StoreError as error:
        if error.key != "store.refused" or not asked.filter:
            raise
        raise InputError("ogc.not_computed") from error


def _selected(connection: Connection, reader: Principal, layer: str) -> Source:
    statement = collections.STATEMENTS[layer]
    values = {**reader.parameters, "after": "", "limit": None, "others": True}
    if layer not in collections.METRIC:
        return Source(statement, values)
    metric = installation.metric_srid(connection)
    columns = published_columns.columns_of(layer)
    return asked_rows.metric_source(statement, values, columns, metric)


def _computed(engine: Engine, reader: Principal, layer: str, columns: Columns) -> Source:
    try:
        frame = collections.rows_of(engine, reader, layer, others=True, srid=WGS84)
    except StateError:  # nothing was computed yet
        return asked_rows.given_source("[]", columns)
    shapes = frame.geometry.to_wkb(hex=True)
    rows = json.loads(frame.drop(columns=frame.geometry.name).to_json(orient="records"))
    # beside a missing one a whole number became a fraction
    whole = [name for name, kind in columns.items() if kind == "integer"]
    named_rows = [
        {**row, "shape": shape, **{n: int(row[n]) for n in whole if row[n] is not None}}
        for row, shape in zip(rows, shapes, strict=True)
    ]
    return asked_rows.given_source(json.dumps(named_rows), columns)


def _systems(connection: Connection) -> tuple[AxisCRS, ...]:
    try:
        return offered_systems(installation.metric_srid(connection))
    except StateError:
        return offered_systems(None)


def _wanted(
    connection: Connection, layer: str, asked: LayerQuestion, zone: str
) -> tuple[RowQuestion, AxisCRS]:
    columns = published_columns.columns_of(layer)
    named = any((asked.crs, asked.bbox_crs, asked.filter_crs))
    system = partial(parse_crs_uri, offered=_systems(connection)) if named else None
    crs, in_box, in_filter = (
        system(each) if system and each else LONLAT
        for each in (asked.crs, asked.bbox_crs, asked.filter_crs)
    )
    made = Conditions(columns, zone, in_filter)
    conditions = []
    if asked.filter:
        conditions.append(made.of(filters.parse_filter(asked.filter, asked.filter_lang)))
    if asked.bbox:
        conditions.append(made.within(asked_places.parse_box(asked.bbox, in_box)))
    if asked.datetime:
        period = asked_places.parse_period(asked.datetime, zone)
        moment = published_columns.MOMENTS.get(layer)
        if moment is not None:
            conditions.append(made.during(moment, period))
    sort = published_columns.parse_sort(asked.sortby, columns) if asked.sortby else ()
    if asked.properties is not None:
        published_columns.parse_selection(asked.properties, columns)
    return RowQuestion(columns, conditions, made.values, sort), crs


def _following(wanted: RowQuestion, after: str) -> RowQuestion:
    """Return what is wanted behind the page before."""
    if not after:
        return wanted
    names = [*(key.column for key in wanted.sort), wanted.key]
    try:
        values = _decoded(after) if wanted.sort else [after]
        if len(values) != len(names):
            raise InputError("ogc.after")
        read = [_value(v, wanted.columns[n]) for v, n in zip(values, names, strict=True)]
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise InputError("ogc.after") from error
    return RowQuestion(wanted.columns, wanted.conditions, wanted.values, wanted.sort, read)


def _written(wanted: RowQuestion, row: LayerRow) -> str:
    """Return what the page behind a row begins after."""
    if not wanted.sort:
        return str(row[wanted.key])
    values = [row[key.column] for key in wanted.sort] + [row[wanted.key]]
    text = json.dumps(values, ensure_ascii=False, default=_iso, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _iso(value: date | datetime) -> str:
    return value.isoformat()


def _decoded(after: str) -> list[Any]:
    padded = after + "=" * (-len(after) % 4)
    found = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    if not isinstance(found, list):
        raise InputError("ogc.after")
    return found


def _value(given: Any, kind: str) -> object:  # noqa: ANN401 - a value of JSON
    """Return the value of a column as a page before had it."""
    if given is None:
        return None
    if kind == "text" and isinstance(given, str) and is_text(given):
        return given
    if kind == "integer" and abs(int(given)) <= _WHOLE:
        return int(given)
    if kind == "number" and isinstance(given, int | float):
        return float(given)
    if kind == "boolean" and isinstance(given, bool):
        return given
    if kind == "date" and isinstance(given, str):
        return asked_places.parse_day(given)
    if kind == "time" and isinstance(given, str):
        return asked_places.parse_moment(given)
    raise InputError("ogc.after")
