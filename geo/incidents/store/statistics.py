"""Counts of incidents: live, of summed days, of issued periods; named scopes and names of keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.incidents.rules.periods import Issue, Scope
from geo.incidents.rules.rates import COUNTS, FLOW, FigureRow

AREA_LEVELS: Final = ("township", "community", "grid")
KEYS: Final = ("category", "grade", "level", "unit", "paired", "source", "month")
_FACTS: Final = (
    "govgrid.count_facts(:basis, govgrid.day_start(:since), govgrid.day_start(:until + 1), :key,"
    " :starts, CAST(:wanted AS jsonb))"
)
_TALLIED: Final = "govgrid.count_tallied(:basis, :since, :until, :key, :starts)"
_ISSUED: Final = (
    "(SELECT * FROM govgrid.statistics_issue_count"
    " WHERE issue = :issue AND by_key = :key AND basis = :basis)"
)
_WITHIN: Final = (
    "(t.township_code = ANY(:{name}) OR t.community_code = ANY(:{name})"
    " OR t.grid_code = ANY(:{name}))"
)
_SUMS: Final = ", ".join(f"sum(t.{name})::bigint AS {name}" for name in COUNTS)
_CODES: Final = text(
    "SELECT array_agg(code) AS codes, bool_or(level = 'grid' AND unit_id = ANY(CAST(:areas AS"
    " bigint[]))) AS by_grid FROM govgrid.area_now"
    " WHERE string_to_array(ltree2text(path), '.')::bigint[] && CAST(:areas AS bigint[])"
)
_ISSUES: Final = text(
    "SELECT id, since, until, issued_at, issued_by FROM govgrid.statistics_issue"
    " WHERE since = :since AND until = :until"
)
_ALL_ISSUES: Final = text(
    "SELECT id, since, until, issued_at, issued_by FROM govgrid.statistics_issue"
    " ORDER BY since DESC, until DESC"
)
_ISSUE: Final = text(
    "INSERT INTO govgrid.statistics_issue (since, until, issued_by) VALUES (:since, :until, :by)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_FREEZE: Final = text(
    f"INSERT INTO govgrid.statistics_issue_count SELECT :issue, :key, f.* FROM {_FACTS} f"
)
_SCOPES: Final = text(
    "SELECT name, areas, since, until FROM govgrid.statistics_scope ORDER BY name"
)
_SET_SCOPE: Final = text(
    "INSERT INTO govgrid.statistics_scope (name, areas, since, until, changed_by)"
    " VALUES (:name, CAST(:areas AS text[]), :since, :until, :by) ON CONFLICT (name) DO UPDATE SET"
    " areas = excluded.areas, since = excluded.since, until = excluded.until,"
    " changed_at = govgrid.now(), changed_by = excluded.changed_by"
)
_DROP_SCOPE: Final = text("DELETE FROM govgrid.statistics_scope WHERE name = :name RETURNING name")
_AREAS: Final = text(
    "SELECT DISTINCT ON (code) code, level, name FROM govgrid.area_name WHERE code = ANY(:codes)"
    " ORDER BY code, level"
)
_LISTED: Final = text("SELECT code, name FROM govgrid.area_now WHERE level = :level ORDER BY code")
_NAMES: Final[Mapping[str, str]] = {
    "unit": "SELECT code, name, name AS en FROM govgrid.unit",
    "paired": "SELECT code, name, name AS en FROM govgrid.unit",
    "source": "SELECT code, zh, en FROM govgrid.incident_source",
    "grade": "SELECT code, zh, en FROM govgrid.incident_grade",
}
_WORDS: Final[Mapping[str, str]] = {
    "source": "SELECT code FROM govgrid.source_word WHERE word = replace(:word, ' ', '')",
    "category": "SELECT name FROM govgrid.category_word WHERE word = :word",
    "grade": "SELECT code FROM govgrid.incident_grade WHERE :word IN (code, zh, en)",
    "unit": "SELECT code FROM govgrid.unit WHERE :word IN (code, name) ORDER BY code LIMIT 1",
}
_SENSITIVE: Final = text("SELECT DISTINCT name FROM govgrid.category WHERE sensitive")
_NOW: Final = text("SELECT govgrid.now()")
_START: Final = text("SELECT govgrid.day_start(:day)")
_REFRESH: Final = text("SELECT govgrid.refresh_tally(:most)")


@dataclass(frozen=True)
class StatisticsQuestion:
    """Which incidents are counted, and by what.

    `within` holds lists of area codes of which each must be met; None of `codes`: all areas are
    granted. `wanted` cuts to a category, grade, level, unit, source.
    """

    by: str
    since: date
    until: date
    starts: int
    wanted: Mapping[str, str]
    within: tuple[tuple[str, ...], ...] = ()
    codes: tuple[str, ...] | None = None
    by_grid: bool = False


@dataclass(frozen=True)
class AreaCondition:
    """A condition on areas, and the codes that it names by parameter."""

    sql: str
    codes: Mapping[str, list[str]]


def count_incidents(connection: Connection, asked: StatisticsQuestion) -> list[FigureRow]:
    """Return the counts of each key, by what was collected and by what was closed in the period.

    Days that nobody wrote to since they were summed are taken as summed, where nothing but areas
    and months is asked for.

    Parameters
    ----------
    connection
        Open transaction with row-level security set; one state of the database.
    asked
        What is counted.
    """
    live = asked.by_grid or bool(asked.wanted) or asked.by in {*KEYS, "grid"} - {"month"}
    return _rows(connection, _FACTS if live else _TALLIED, asked, {})


def read_issued(connection: Connection, issue: int, asked: StatisticsQuestion) -> list[FigureRow]:
    """Return the counts of an issued period as they went out.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    issue
        Its id.
    asked
        By what; what `wanted` cuts to was not issued.
    """
    return _rows(connection, _ISSUED, asked, {"issue": issue})


def _rows(
    connection: Connection, source: str, asked: StatisticsQuestion, more: Mapping[str, Any]
) -> list[FigureRow]:
    from geo.store import statements

    condition = area_condition(asked)
    parameters = {
        "key": asked.by if asked.by in KEYS else "",
        "since": asked.since,
        "until": asked.until,
        "starts": asked.starts,
        "wanted": statements.to_json(dict(asked.wanted)),
        **condition.codes,
        **more,
    }
    key = {"district": "''"}.get(asked.by, "t.key")
    key = f"coalesce(t.{asked.by}_code, '')" if asked.by in AREA_LEVELS else key
    statement = text(
        f"SELECT {key} AS key, {_SUMS} FROM {source} t WHERE {condition.sql} GROUP BY 1 ORDER BY 1"
    )
    collected, closed = (
        {
            row["key"]: row
            for row in connection.execute(statement, {**parameters, "basis": basis}).mappings()
        }
        for basis in ("collected", "closed")
    )
    return [
        FigureRow(each, _counts(collected.get(each), COUNTS), _counts(closed.get(each), FLOW))
        for each in sorted(collected.keys() | closed.keys())
    ]


def area_condition(asked: StatisticsQuestion) -> AreaCondition:
    """Return the condition on the areas of rows ``t``."""
    codes = {f"within{n}": list(each) for n, each in enumerate(asked.within)}
    if asked.codes is not None:
        codes["codes"] = list(asked.codes)
    return AreaCondition(" AND ".join(_WITHIN.format(name=name) for name in codes) or "true", codes)


def _counts(row: Mapping[Any, Any] | None, names: Sequence[str]) -> dict[str, int]:
    return {name: 0 if row is None else int(row[name]) for name in names}


def codes_of(connection: Connection, areas: Sequence[int]) -> tuple[tuple[str, ...], bool]:
    """Return the codes of granted areas and of those in them, and whether a grid alone is granted.

    Parameters
    ----------
    connection
        Open transaction.
    areas
        unit_ids of the grants.
    """
    found = connection.execute(_CODES, {"areas": list(areas)}).one()
    return tuple(found.codes or ()), bool(found.by_grid)


def find_issue(connection: Connection, since: date, until: date) -> Issue | None:
    """Return the issue of a period, None if its figures did not go out.

    Parameters
    ----------
    connection
        Open transaction.
    since, until
        First and last day.
    """
    row = connection.execute(_ISSUES, {"since": since, "until": until}).one_or_none()
    return None if row is None else Issue(*row)


def list_issues(connection: Connection) -> list[Issue]:
    """Return the issued periods, the newest first."""
    return [Issue(*row) for row in connection.execute(_ALL_ISSUES)]


def freeze_period(connection: Connection, asked: StatisticsQuestion, by: str) -> int | None:
    """Write down the figures of a period by every key; None where they went out before.

    Parameters
    ----------
    connection
        Open transaction with row-level security set; one state of the database.
    asked
        Its days.
    by
        Who issues them.
    """
    period = {"since": asked.since, "until": asked.until}
    issue: int | None = connection.execute(_ISSUE, {**period, "by": by}).scalar_one_or_none()
    if issue is None:
        return None
    for key in ("", *(each for each in KEYS if each != "month")):
        for basis in ("collected", "closed"):
            row = {**period, "issue": issue, "key": key, "basis": basis}
            connection.execute(_FREEZE, {**row, "starts": asked.starts, "wanted": "{}"})
    return issue


def read_scopes(connection: Connection) -> dict[str, Scope]:
    """Return the named scopes by name."""
    rows = connection.execute(_SCOPES)
    return {
        row.name: Scope(
            row.name, None if row.areas is None else tuple(row.areas), row.since, row.until
        )
        for row in rows
    }


def write_scope(connection: Connection, scope: Scope, by: str) -> None:
    """Add a scope, or replace the one of its name.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    scope
        With areas, days, or both.
    by
        Account.
    """
    row = {"name": scope.name, "since": scope.since, "until": scope.until, "by": by}
    areas = None if scope.areas is None else list(scope.areas)
    connection.execute(_SET_SCOPE, {**row, "areas": areas})


def delete_scope(connection: Connection, name: str) -> bool:
    """Delete a scope; False where there is none of this name.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    name
        Of the scope.
    """
    return connection.execute(_DROP_SCOPE, {"name": name}).scalar_one_or_none() is not None


def area_levels(connection: Connection, codes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return level and name of areas of any time, by code; what is none is not in it.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Of areas.
    """
    rows = connection.execute(_AREAS, {"codes": list(codes)})
    return {row.code: (row.level, row.name) for row in rows}


def areas_of_level(connection: Connection, level: str) -> list[tuple[str, str]]:
    """Return code and name of the areas of today of a level, in administrative order.

    Parameters
    ----------
    connection
        Open transaction.
    level
        Of the areas.
    """
    return [tuple(row) for row in connection.execute(_LISTED, {"level": level})]


def names_of(connection: Connection, by: str) -> dict[str, tuple[str, str]]:
    """Return the names of keys in Chinese and English, where a table has them.

    Parameters
    ----------
    connection
        Open transaction.
    by
        What is counted by.
    """
    if by not in _NAMES:
        return {}
    return {row[0]: (row[1], row[2]) for row in connection.execute(text(_NAMES[by]))}


def find_word(connection: Connection, what: str, word: str) -> str | None:
    """Return the key for a word by which people name a source, category, grade or unit.

    Parameters
    ----------
    connection
        Open transaction.
    what
        Which of them.
    word
        As typed.
    """
    found: str | None = connection.execute(text(_WORDS[what]), {"word": word}).scalar_one_or_none()
    return found


def present_moment(connection: Connection) -> datetime:
    """Return the present moment of the district, as the transaction has it."""
    moment: datetime = connection.execute(_NOW).scalar_one()
    return moment


def start_of(connection: Connection, day: date) -> datetime:
    """Return the moment at which a day of the district begins.

    Parameters
    ----------
    connection
        Open transaction.
    day
        Any.
    """
    moment: datetime = connection.execute(_START, {"day": day}).scalar_one()
    return moment


def refresh_tally(connection: Connection, most: int) -> int:
    """Sum some of the days anew that were written since, the newest first; return how many.

    Parameters
    ----------
    connection
        Open transaction of the owner, which reads one state of the database.
    most
        Most days at once.
    """
    return int(connection.execute(_REFRESH, {"most": most}).scalar_one())


def sensitive_categories(connection: Connection) -> frozenset[str]:
    """Return the names of the sensitive categories."""
    return frozenset(connection.execute(_SENSITIVE).scalars())
