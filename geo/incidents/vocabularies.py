"""Vocabularies of incidents as a site edits them: categories, sources, reasons, results, grades.

A row is retired (`active` false), never deleted: incidents and their history name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base.errors import ConditionError, InputError, NotFoundError, StaleError, StateError
from geo.incidents.rules import vocabulary as rules
from geo.incidents.rules.vocabulary import Vocabulary, find_vocabulary
from geo.incidents.store import vocabularies as stored
from geo.incidents.store.vocabularies import VocabularyRow
from geo.store import outbox
from geo.store.outbox import Event

ACTION: Final = "routing"
"""Permission to edit; it must not be limited to some areas, as vocabularies are the site's."""


@dataclass(frozen=True)
class Entry:
    """A row of a vocabulary for answers: its key as one word, fields by name, its version."""

    code: str
    values: Mapping[str, Any]
    version: str


def list_entries(engine: Engine, who: Principal, name: str) -> list[Entry]:
    """Return the rows of a vocabulary in their order, retired ones among them.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks.
    name
        Of the vocabulary.
    """
    vocabulary = find_vocabulary(name)
    with transaction.open_as(engine, who) as connection:
        return [_entry(vocabulary, row) for row in stored.read_rows(connection, vocabulary)]


def read_entry(engine: Engine, who: Principal, name: str, code: str) -> Entry:
    """Return one row of a vocabulary.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks.
    name
        Of the vocabulary.
    code
        Its key.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    found = next((e for e in list_entries(engine, who, name) if e.code == code.strip()), None)
    if found is None:
        raise NotFoundError("vocabulary.no_row", name=name, code=code[:100])
    return found


def add_entry(
    engine: Engine, who: Principal, name: str, code: str, given: Mapping[str, object]
) -> Entry:
    """Add a row to a vocabulary and return it.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who edits.
    name
        Of the vocabulary.
    code
        Its key.
    given
        By the names of fields; what is left out is as the table has it.

    Raises
    ------
    StateError
        If the vocabulary takes none, or there is one of this key.
    InputError
        If a field does not fit.
    """
    vocabulary, key = _editable(who, name, code)
    if not vocabulary.grows:
        raise StateError("vocabulary.fixed", name=name)
    columns = rules.check_values(vocabulary, given)
    with transaction.open_as(engine, who) as connection:
        row = {**key, **columns, "shipped": False}
        if vocabulary.table != "category":
            row.setdefault("rank", stored.next_rank(connection, vocabulary))
        _require_fit(connection, vocabulary, key, row)
        if not stored.insert_entry(connection, vocabulary, row):
            raise StateError("vocabulary.exists", name=name, code=code[:100])
        return _record_edit(connection, who, vocabulary, key, "added", None)


def change_entry(
    engine: Engine,
    who: Principal,
    name: str,
    code: str,
    given: Mapping[str, object],
    *,
    version: str | None,
) -> Entry:
    """Change fields of a row and return it; it is no default any more.

    Incidents keep the limit that they were taken with; a category that becomes sensitive hides its
    incidents at once.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who edits.
    name
        Of the vocabulary.
    code
        Its key.
    given
        By the names of fields; all others stay.
    version
        The version that was seen; None is refused.

    Raises
    ------
    NotFoundError
        If there is no such row.
    ConditionError, StaleError
        If no version, or not the newest, was given.
    StateError
        If it cannot be edited, or it is a name that incidents bear.
    InputError
        If a field does not fit.
    """
    vocabulary, key = _editable(who, name, code)
    columns = rules.check_values(vocabulary, given)
    if not columns:
        raise InputError("vocabulary.nothing")
    with transaction.open_as(engine, who) as connection:
        before = stored.lock_entry(connection, vocabulary, key)
        if before is None:
            raise NotFoundError("vocabulary.no_row", name=name, code=code[:100])
        _require_version(before, code, version)
        if not before.values["editable"]:
            raise StateError("vocabulary.not_editable", code=code[:100])
        if _is_renamed(vocabulary, before, columns):
            _require_unused(connection, str(before.values["name"]))
        _require_fit(connection, vocabulary, key, {**before.values, **columns})
        stored.update_entry(connection, vocabulary, key, {**columns, "shipped": False})
        return _record_edit(connection, who, vocabulary, key, "changed", before)


def _editable(who: Principal, name: str, code: str) -> tuple[Vocabulary, dict[str, str]]:
    who.require(ACTION)
    who.cut(ACTION).require_whole()
    vocabulary = find_vocabulary(name)
    return vocabulary, rules.split_key(vocabulary, code)


def _require_version(row: VocabularyRow, code: str, version: str | None) -> None:
    if version is None:
        raise ConditionError("edit.unconditional")
    if version != row.version:
        raise StaleError("edit.stale", code=code[:100], members={"version": row.version})


def _is_renamed(
    vocabulary: Vocabulary, before: VocabularyRow, columns: Mapping[str, object]
) -> bool:
    label = vocabulary.label
    named = vocabulary.table == "category" and label in columns
    return named and columns[label] != before.values[label]


def _require_unused(connection: Connection, name: str) -> None:
    """Refuse another name for a category by whose name incidents are known."""
    if stored.is_name_used(connection, name):
        raise StateError("vocabulary.named", name=name)


def _require_fit(
    connection: Connection,
    vocabulary: Vocabulary,
    key: Mapping[str, str],
    row: Mapping[str, object],
) -> None:
    """Refuse a row without a name, with that of another, or with a limit or parent that is none."""
    label = vocabulary.label
    if not row.get(label):
        raise InputError("vocabulary.empty", field="zh")
    if vocabulary.table != "category" and not row.get("en"):
        raise InputError("vocabulary.empty", field="en")
    rules.require_whole_limit(row)
    others = [
        each.values
        for each in stored.read_rows(connection, vocabulary)
        if any(each.values[name] != value for name, value in key.items())
    ]
    for other in others:
        if _is_same_name(vocabulary, key, row, other):
            raise StateError("vocabulary.twice", name=row[label], code=other["code"])
    if vocabulary.table == "category":
        rules.require_report_rank(row, others)
        _require_parent(key["code"], row, {other["code"]: other for other in others})
        grades = stored.read_rows(connection, find_vocabulary("grades"))
        _require_grade(row, [str(each.values["code"]) for each in grades])


def _is_same_name(
    vocabulary: Vocabulary,
    key: Mapping[str, str],
    row: Mapping[str, object],
    other: Mapping[str, Any],
) -> bool:
    """Return whether another row that counts has the name; one of the site hides a default."""
    if not other["active"] or (vocabulary.table == "category" and other["shipped"]):
        return False
    if "move" in key and key["move"] != other["move"]:
        return False
    return bool(other[vocabulary.label] == row[vocabulary.label])


def _require_parent(
    code: str, row: Mapping[str, object], others: Mapping[str, Mapping[str, Any]]
) -> None:
    upper = row.get("upper_code")
    step: object = upper
    for _ in range(len(others) + 1):
        if step is None:
            return
        if step == code or step not in others:
            break
        step = others[str(step)]["upper_code"]
    raise InputError("vocabulary.parent", found=str(upper), code=code)


def _require_grade(row: Mapping[str, object], known: list[str]) -> None:
    if row.get("grade", known[0]) not in known:
        found = str(row["grade"])[:40]
        raise InputError("vocabulary.value", field="grade", found=found, known=", ".join(known))


def _record_edit(
    connection: Connection,
    who: Principal,
    vocabulary: Vocabulary,
    key: Mapping[str, str],
    kind: str,
    before: VocabularyRow | None,
) -> Entry:
    """Write down what became of a row, tell of it, and return it."""
    row = stored.lock_entry(connection, vocabulary, key)
    assert row is not None  # noqa: S101 - written in the same transaction
    entry = _entry(vocabulary, row)
    old = None if before is None else _entry(vocabulary, before).values
    changed = {
        name: [None if old is None else old[name], value]
        for name, value in entry.values.items()
        if old is None or old[name] != value
    }
    facts = {"kind": kind, "changed": changed}
    audit.record(connection, who, f"vocabulary.{vocabulary.name}", entry.code, facts=facts)
    outbox.add_event(connection, Event(vocabulary.name, kind, entry.code))
    return entry


def _entry(vocabulary: Vocabulary, row: VocabularyRow) -> Entry:
    values = {field.name: row.values[field.column] for field in vocabulary.fields}
    values |= {"editable": row.values["editable"], "default": row.values["shipped"]}
    code = "/".join(str(row.values[name]) for name in vocabulary.key)
    return Entry(code, values, row.version)
