"""Rows of a published layer that fit a question: filtered, sorted, counted, page by page.

All of it is asked of what the statement of the layer gives to who asks. That statement ends with
LIMIT, behind which PostgreSQL moves no condition: no filter is evaluated on a row or a value that
is not shown, so neither answers nor errors nor counts tell anything of those.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo.base.json_objects import LayerRow
from geo.exchange.rules.published_columns import Columns, Kind, SortKey

AT_A_TIME: Final = 1_000
_TYPES: Final[Mapping[Kind, str]] = {
    "text": "text",
    "number": "double precision",
    "integer": "bigint",
    "boolean": "boolean",
    "date": "date",
    "time": "timestamptz",
}


@dataclass(frozen=True)
class Source:
    """Rows as they are shown to who asks: a statement, and what it binds."""

    statement: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class RowQuestion:
    """Which rows, in which order: `conditions` of SQL with what they bind; `after` a row.

    `after` holds the values of the sort keys, then the id, of the last row of the page before.
    """

    columns: Columns
    conditions: Sequence[str] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    sort: Sequence[SortKey] = ()
    after: Sequence[object] | None = None

    @property
    def key(self) -> str:
        """The column that is the id."""
        return next(iter(self.columns))


def metric_source(statement: str, values: Mapping[str, Any], columns: Columns, srid: int) -> Source:
    """Return rows of a layer that is kept in metres, placed in lon/lat.

    Parameters
    ----------
    statement
        Of the layer.
    values
        What it binds.
    columns
        Columns of the layer.
    srid
        Metric system of the database.
    """
    named = ", ".join(f'v."{name}"' for name in columns)
    placed = "ST_Transform(ST_SetSRID(v.geom, :metric), 4326) AS geom"
    moved = f"SELECT {named}, {placed} FROM ({statement}) v"
    return Source(moved, {**values, "metric": srid})


def given_source(rows: str, columns: Columns) -> Source:
    """Return rows that were computed, not selected.

    Parameters
    ----------
    rows
        JSON: a list of rows by column, each with ``shape``, its place as WKB in hex.
    columns
        Columns of the layer.
    """
    typed = ", ".join(f'"{name}" {_TYPES[kind]}' for name, kind in columns.items())
    key = next(iter(columns))
    statement = (
        f"SELECT r.*, ST_GeomFromWKB(decode(r.shape, 'hex'), 4326) AS geom"
        f" FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r ({typed}, shape text)"
        f' ORDER BY r."{key}" LIMIT NULL'
    )
    return Source(statement, {"rows": rows})


def of_one(
    source: Source, wanted: RowQuestion, code: str, *, before: str
) -> tuple[Source, RowQuestion]:
    """Return the source and what is wanted of it for one row.

    Parameters
    ----------
    source, wanted
        Of the layer.
    code
        Id of the row.
    before
        A text right before it, from where a statement goes on that knows ``after``.
    """
    values = dict(source.values)
    if "after" in values:
        values |= {"after": before, "limit": 1}
    conditions = [*wanted.conditions, f'CAST(p."{wanted.key}" AS text) = CAST(:one AS text)']
    one = replace(wanted, conditions=conditions, values={**wanted.values, "one": code})
    return replace(source, values=values), one


def count_rows(connection: Connection, source: Source, wanted: RowQuestion) -> int:
    """Return how many rows fit, on all pages.

    Parameters
    ----------
    connection
        Open transaction in which who asks is known.
    source
        The rows that are shown.
    wanted
        Which of them.
    """
    statement = f"SELECT count(*) FROM ({source.statement}) p{_where(wanted.conditions)}"
    values = {**source.values, **wanted.values}
    return int(connection.execute(text(statement), values).scalar_one())


def box_of(
    connection: Connection, source: Source, wanted: RowQuestion
) -> tuple[float, float, float, float] | None:
    """Return the box of all rows that fit, lon/lat; None where no place is.

    Parameters
    ----------
    connection, source, wanted
        As for :func:`count_rows`.
    """
    inner = f"SELECT ST_Extent(p.geom) AS box FROM ({source.statement}) p"
    statement = (
        "SELECT ST_XMin(b.box), ST_YMin(b.box), ST_XMax(b.box), ST_YMax(b.box)"
        f" FROM ({inner}{_where(wanted.conditions)}) b"
    )
    values = {**source.values, **wanted.values}
    west, south, east, north = connection.execute(text(statement), values).one()
    return None if west is None else (west, south, east, north)


def select_numbers(connection: Connection, source: Source, wanted: RowQuestion) -> NDArray[np.intp]:
    """Return the numbers ``n`` of all rows that fit, ascending.

    Parameters
    ----------
    connection, wanted
        As for :func:`count_rows`.
    source
        Rows that are shown, each with its number.
    """
    packed = "string_agg(int4send(CAST(p.n AS integer)), '')"
    statement = f"SELECT {packed} FROM ({source.statement}) p{_where(wanted.conditions)}"
    values = {**source.values, **wanted.values}
    found = connection.execute(text(statement), values).scalar_one()
    numbers = np.frombuffer(found or b"", dtype=">i4").astype(np.intp)
    numbers.sort()
    return numbers


def select_rows(
    connection: Connection,
    source: Source,
    wanted: RowQuestion,
    *,
    limit: int | None = None,
    more: Sequence[str] = (),
) -> Iterator[LayerRow]:
    """Yield the rows that fit in their order; ``geom`` is hex EWKB, lon/lat.

    Parameters
    ----------
    connection, source, wanted
        As for :func:`count_rows`.
    limit
        Most rows; None: all, read from the server in parts.
    more
        Further columns of the statement.
    """
    names = [f'p."{name}"' for name in (*wanted.columns, *more)]
    conditions, values = list(wanted.conditions), {**source.values, **wanted.values}
    keys = [*wanted.sort, SortKey(wanted.key, descending=False)]
    if wanted.after is not None:
        conditions.append(_behind(keys, wanted.columns, wanted.after, values))
    order = ", ".join(_ordered(key, wanted.columns) for key in keys)
    statement = (
        f"SELECT {', '.join(names)}, p.geom FROM ({source.statement}) p{_where(conditions)}"
        f" ORDER BY {order} LIMIT :most_rows"
    )
    options: dict[str, Any] = {"yield_per": AT_A_TIME} if limit is None else {}
    found = connection.execute(
        text(statement), {**values, "most_rows": limit}, execution_options=options
    )
    for row in found.mappings():
        yield dict(row)


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _name(key: SortKey, columns: Columns) -> str:
    name = f'p."{key.column}"'
    return f'{name} COLLATE "C"' if columns[key.column] == "text" else name


def _ordered(key: SortKey, columns: Columns) -> str:
    return f"{_name(key, columns)} {'DESC' if key.descending else 'ASC'} NULLS LAST"


def _behind(
    keys: Sequence[SortKey], columns: Columns, after: Sequence[object], values: dict[str, Any]
) -> str:
    """Return the condition that a row comes after another one; empty values come last."""
    parts, equal = [], ""
    for n, (key, value) in enumerate(zip(keys, after, strict=True)):
        name, bound = _name(key, columns), f"CAST(:after_{n} AS {_TYPES[columns[key.column]]})"
        values[f"after_{n}"] = value
        if value is not None:
            sign = "<" if key.descending else ">"
            parts.append(f"({equal}({name} {sign} {bound} OR {name} IS NULL))")
        equal += f"{name} IS NOT DISTINCT FROM {bound} AND "
    return f"({' OR '.join(parts)})"
