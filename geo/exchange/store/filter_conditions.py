"""Filters as conditions of SQL: columns of a list, values bound, kinds that fit each other.

What is made here may fail for no row: no division, no cast of a stored value, no pattern that
PostgreSQL refuses. So it tells nothing of rows that it is evaluated on and that are not shown.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from geo.base.crs_uris import LONLAT, AxisCRS
from geo.base.errors import InputError
from geo.exchange.rules import asked_places
from geo.exchange.rules.filters import Expression
from geo.exchange.rules.published_columns import GEOMETRY, Columns, require_column

_COMPARED: Final = frozenset({"=", "<>", "<", ">", "<=", ">="})
_SPATIAL: Final = {
    f"s_{name}": f"ST_{name.capitalize()}"
    for name in (
        *("intersects", "disjoint", "contains", "within", "touches", "crosses", "overlaps"),
        "equals",
    )
}
# Of two periods from s to e: what each relation of CQL2 says of their ends.
_TEMPORAL: Final = {
    "t_after": "{s1} > {e2}",
    "t_before": "{e1} < {s2}",
    "t_contains": "{s1} < {s2} AND {e1} > {e2}",
    "t_disjoint": "({e1} < {s2} OR {s1} > {e2})",
    "t_during": "{s1} > {s2} AND {e1} < {e2}",
    "t_equals": "{s1} = {s2} AND {e1} = {e2}",
    "t_finishedby": "{s1} < {s2} AND {e1} = {e2}",
    "t_finishes": "{s1} > {s2} AND {e1} = {e2}",
    "t_intersects": "{s1} <= {e2} AND {e1} >= {s2}",
    "t_meets": "{e1} = {s2}",
    "t_metby": "{s1} = {e2}",
    "t_overlappedby": "{s1} > {s2} AND {s1} < {e2} AND {e1} > {e2}",
    "t_overlaps": "{s1} < {s2} AND {e1} > {s2} AND {e1} < {e2}",
    "t_startedby": "{s1} = {s2} AND {e1} > {e2}",
    "t_starts": "{s1} = {s2} AND {e1} < {e2}",
}
OPERATORS: Final = (
    *("and", "or", "not", *sorted(_COMPARED), "between", "in", "like", "isNull", "casei"),
    *(*_SPATIAL, *_TEMPORAL),
)
_CASTS: Final = {
    "text": "text",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "time": "timestamptz",
}


class _Term(NamedTuple):
    """A value in SQL and its kind: of `_CASTS`, "shape", or "period" with both its ends."""

    sql: str
    kind: str
    end: str = ""


@dataclass
class Conditions:
    """Makes conditions on the columns of a row ``p``; `values` are what they bind.

    Parameters
    ----------
    columns
        Columns that may be named.
    zone
        Zone of the district, in which a day begins.
    crs
        In which coordinates of filters are.
    """

    columns: Columns
    zone: str
    crs: AxisCRS = LONLAT
    values: dict[str, Any] = field(default_factory=dict)

    def of(self, expression: Expression) -> str:
        """Return the condition of a filter.

        Raises
        ------
        InputError
            If it names what there is not, or compares what cannot be compared.
        """
        if isinstance(expression, bool):
            return str(expression).upper()
        if not isinstance(expression, dict):
            raise _misfit("filter", expression)
        if "property" in expression:
            return self._of_kind(expression, "boolean").sql
        name, given = str(expression.get("op", "")), expression.get("args")
        arguments = given if isinstance(given, list) else []
        return self._operation(name.lower(), name, arguments)

    def within(self, shape: Any) -> str:  # noqa: ANN401 - a shapely geometry
        """Return the condition that a row meets a shape (lon/lat)."""
        return f"ST_Intersects(p.geom, {self._shape(shape)})"

    def during(self, column: str, period: asked_places.Period) -> str:
        """Return the condition that a moment lies within a period.

        Parameters
        ----------
        column
            Of the moment.
        period
            From when to when.
        """
        ends = [(">=", period.start), ("<=", period.end)]
        parts = [f"p.{_quoted(column)} {s} {self._bind(v, 'time')}" for s, v in ends if v]
        return f"({' AND '.join(parts)})"

    def _operation(self, name: str, written: str, arguments: list[Expression]) -> str:
        if name in ("and", "or"):
            return f"({f' {name.upper()} '.join(map(self.of, _some(arguments, written)))})"
        if name in _COMPARED:
            return self._compared(name, *_exactly(arguments, 2, written))
        if name in _SPATIAL:
            a, b = (self._of_kind(e, "shape") for e in _exactly(arguments, 2, written))
            return f"{_SPATIAL[name]}({a.sql}, {b.sql})"
        if name in _TEMPORAL:
            return self._related(name, *_exactly(arguments, 2, written))
        single: Mapping[str, Callable[[list[Expression], str], str]] = {
            "not": self._negated,
            "isnull": self._missing,
            "between": self._between,
            "in": self._listed,
            "like": self._alike,
        }
        if name not in single:
            raise InputError("ogc.operator", found=written[:60], known=", ".join(OPERATORS))
        return single[name](arguments, written)

    def _negated(self, arguments: list[Expression], written: str) -> str:
        return f"(NOT {self.of(_exactly(arguments, 1, written)[0])})"

    def _missing(self, arguments: list[Expression], written: str) -> str:
        (of,) = _exactly(arguments, 1, written)
        if not isinstance(of, dict) or "property" not in of:
            raise _misfit(written, of)
        return f"({self._term(of).sql} IS NULL)"

    def _compared(self, sign: str, a: Expression, b: Expression) -> str:
        first, second = self._fitting(a, b)
        ordered = first.kind != "boolean" or sign in ("=", "<>")
        if not ordered or first.kind in ("shape", "period"):
            raise _misfit(sign, a)
        return f"({first.sql} {sign} {second.sql})"

    def _between(self, arguments: list[Expression], written: str) -> str:
        of, low, high = _exactly(arguments, 3, written)
        return f"({self._compared('>=', of, low)} AND {self._compared('<=', of, high)})"

    def _listed(self, arguments: list[Expression], written: str) -> str:
        of, among = _exactly(arguments, 2, written)
        if not isinstance(among, list) or not among:
            raise _misfit(written, among)
        return f"({' OR '.join(self._compared('=', of, each) for each in among)})"

    def _alike(self, arguments: list[Expression], written: str) -> str:
        of, pattern = _exactly(arguments, 2, written)
        literal = pattern["args"][0] if _is_operation(pattern, "casei") else pattern
        if not isinstance(literal, str):
            raise _misfit(written, pattern)
        if (len(literal) - len(literal.rstrip("\\"))) % 2:
            raise InputError("ogc.pattern", found=literal[:60])
        a, b = self._of_kind(of, "text"), self._of_kind(pattern, "text")
        return f"({a.sql} LIKE {b.sql})"

    def _related(self, name: str, a: Expression, b: Expression) -> str:
        first, second = self._period(a), self._period(b)
        ends = {"s1": first.sql, "e1": first.end, "s2": second.sql, "e2": second.end}
        return f"({_TEMPORAL[name].format(**ends)})"

    def _fitting(self, a: Expression, b: Expression) -> tuple[_Term, _Term]:
        """Return two values of one kind; a text beside a date or time is read as one."""
        first, second = self._term(a), self._term(b)
        if first.kind == second.kind:
            return first, second
        kinds = {first.kind, second.kind}
        if kinds == {"date", "time"}:
            return self._moment(a, first), self._moment(b, second)
        if "text" in kinds and kinds & {"date", "time"}:
            other = "date" if "date" in kinds else "time"
            return self._read_as(a, first, other), self._read_as(b, second, other)
        raise InputError("ogc.kinds", first=first.kind, second=second.kind)

    def _moment(self, expression: Expression, term: _Term) -> _Term:
        if term.kind == "time":
            return term
        return self._period(expression)._replace(kind="time", end="")

    def _read_as(self, expression: Expression, term: _Term, kind: str) -> _Term:
        if term.kind == kind:
            return term
        if not isinstance(expression, str):
            raise InputError("ogc.kinds", first=term.kind, second=kind)
        parse: Callable[[str], object] = (
            asked_places.parse_day if kind == "date" else asked_places.parse_moment
        )
        return _Term(self._bind(parse(expression), kind), kind)

    def _of_kind(self, expression: Expression, kind: str) -> _Term:
        term = self._term(expression)
        if term.kind != kind:
            raise InputError("ogc.kinds", first=term.kind, second=kind)
        return term

    def _term(self, expression: Expression) -> _Term:
        """Return a value: a literal, a column, a shape, or a text in small letters."""
        if isinstance(expression, dict):
            return self._of_object(expression)
        if isinstance(expression, bool):
            return _Term(self._bind(expression, "boolean"), "boolean")
        if isinstance(expression, str):
            return _Term(self._bind(expression, "text"), "text")
        if isinstance(expression, int | float):
            return _Term(self._bind(_finite(expression), "number"), "number")
        raise _misfit("filter", expression)

    def _of_object(self, given: dict[str, Any]) -> _Term:
        if "property" in given:
            return self._column(str(given["property"]))
        if "bbox" in given:
            return self._of_box(given["bbox"])
        if "type" in given:
            return _Term(self._shape(asked_places.parse_shape(given, self.crs)), "shape")
        if isinstance(given.get("date"), str):
            return _Term(self._bind(asked_places.parse_day(given["date"]), "date"), "date")
        if isinstance(given.get("timestamp"), str):
            return _Term(self._bind(asked_places.parse_moment(given["timestamp"]), "time"), "time")
        if "interval" in given:
            return self._interval(given["interval"])
        if _is_operation(given, "casei"):
            return _Term(f"lower({self._of_kind(given['args'][0], 'text').sql})", "text")
        raise InputError(
            "ogc.operator", found=str(given.get("op", given))[:60], known=", ".join(OPERATORS)
        )

    def _column(self, name: str) -> _Term:
        if name == GEOMETRY:
            return _Term("p.geom", "shape")
        require_column(name, self.columns)
        kind: str = self.columns[name]
        return _Term(f"p.{_quoted(name)}", "number" if kind == "integer" else kind)

    def _of_box(self, given: object) -> _Term:
        numbers = given if isinstance(given, list) else []
        if not all(isinstance(each, int | float) for each in numbers):
            numbers = []
        box = asked_places.box_shape([float(each) for each in numbers], self.crs, given)
        return _Term(self._shape(box), "shape")

    def _period(self, expression: Expression) -> _Term:
        """Return a value as a period: a moment begins and ends at once, a day at its midnights."""
        if isinstance(expression, str):
            found = asked_places.whole_period(expression, self.zone)
            return self._ends(found.start, found.end)
        term = self._term(expression)
        if term.kind == "time":
            return _Term(term.sql, "period", term.sql)
        if term.kind == "date":
            self.values["zone"] = self.zone
            begin = f"(CAST({term.sql} AS timestamp) AT TIME ZONE CAST(:zone AS text))"
            end = f"({begin} + interval '1 day' - interval '1 microsecond')"
            return _Term(begin, "period", end)
        if term.kind != "period":
            raise InputError("ogc.kinds", first=term.kind, second="time")
        return term

    def _interval(self, given: object) -> _Term:
        ends = given if isinstance(given, list) else []
        first, last = _exactly(ends, 2, "interval")
        start, end = self._end(first), self._end(last)
        before = start.sql if start else "CAST('-infinity' AS timestamptz)"
        after = end.end if end else "CAST('infinity' AS timestamptz)"
        return _Term(before, "period", after)

    def _end(self, given: Expression) -> _Term | None:
        return None if given in asked_places.OPEN else self._period(given)

    def _ends(self, start: object, end: object) -> _Term:
        return _Term(self._bind(start, "time"), "period", self._bind(end, "time"))

    def _shape(self, shape: Any) -> str:  # noqa: ANN401 - a shapely geometry
        name = f"q{len(self.values)}"
        self.values[name] = shape.wkb
        return f"ST_GeomFromWKB(CAST(:{name} AS bytea), 4326)"

    def _bind(self, value: object, kind: str) -> str:
        name = f"q{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {_CASTS[kind]})"


def _quoted(name: str) -> str:
    """Return the name of a column of the list in quotes: some, as *class*, are words of SQL."""
    return f'"{name}"'


def _finite(number: float) -> float:
    try:
        found = float(number)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise InputError("ogc.number")
    return found


def _is_operation(given: Expression, name: str) -> bool:
    if not isinstance(given, dict) or str(given.get("op", "")).lower() != name:
        return False
    _exactly(given.get("args") if isinstance(given.get("args"), list) else [], 1, name)
    return True


def _exactly(arguments: Any, count: int, name: str) -> Sequence[Expression]:  # noqa: ANN401
    if len(arguments) != count:
        raise InputError("ogc.arguments", name=name[:60], found=len(arguments), expected=count)
    found: Sequence[Expression] = arguments
    return found


def _some(arguments: list[Expression], name: str) -> list[Expression]:
    if not arguments:
        raise InputError("ogc.arguments", name=name[:60], found=0, expected="2 …")
    return arguments


def _misfit(name: str, given: object) -> InputError:
    return InputError("ogc.misfit", name=name[:60], found=str(given)[:60])
