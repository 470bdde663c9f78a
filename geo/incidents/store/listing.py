"""Incidents as they are listed and shown: cut to who asks, sensitive ones to who handles them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.incidents.rules.lifecycle import OPEN
from geo.incidents.store.states import IS_OPEN

_BY_AREA: Final = (
    "(i.geom IS NULL AND (:{name}_everything OR i.area_unit_id IN (SELECT n.unit_id FROM"
    " govgrid.area_now n WHERE string_to_array(ltree2text(n.path), '.')::bigint[]"
    " && CAST(:{name}_areas AS bigint[]))))"
)
_OWN: Final = "i.created_account = CAST(:account_id AS uuid)"
_SENT: Final = predicates.SENT.format(code="i.code")
SEEN: Final = (
    f"({predicates.INCIDENT.format(geom='i.geom', code='i.code')} OR {_OWN}"
    f" OR {_BY_AREA.format(name='incident')})"
)
_IN_AREAS: Final = (
    f"({predicates.INCIDENT_PLACE.format(geom='i.geom')} OR {_BY_AREA.format(name='incident')})"
)
_EXACT: Final = f"({predicates.INCIDENT_EXACT.format(geom='i.geom', code='i.code')} OR {_OWN})"
# Who handles incidents at this place, or was sent there: only they read a sensitive one.
HANDLED: Final = (
    f"({_SENT} OR {_OWN} OR :handled_everything"
    " OR govgrid.intersects_areas(i.geom, CAST(:handled_areas AS bigint[]))"
    f" OR {_BY_AREA.format(name='handled')})"
)
READABLE: Final = "(w.exact AND (w.handled OR NOT w.sensitive))"
_COARSE: Final = (
    "CASE WHEN {exact} THEN i.geom WHEN NOT w.sensitive THEN govgrid.coarsen_point(i.geom) END"
)
_GEOM: Final = _COARSE.format(exact=READABLE)
# Of a sensitive one others learn the community: nobody learns by a smaller area, a grid that is
# asked for, or the unit of a grid, where it is.
_OPEN: Final = f"({READABLE} OR NOT w.sensitive)"
_WHOLE: Final = (
    f"(NOT w.sensitive OR w.handled OR {predicates.AREA_CODE.format(code='i.community_code')})"
)
SHOWN: Final = f"{SEEN} AND {_WHOLE}"
IN_GRID: Final = f"(i.grid_code = :{{name}} AND {_OPEN})"
# As the indexes have it: row-level security lets no COALESCE be looked up in an index, but a CASE.
SHOWN_AT: Final = (
    "CASE WHEN i.reported_at IS NOT NULL THEN i.reported_at"
    " WHEN i.occurred_at IS NOT NULL THEN i.occurred_at ELSE i.created_at END"
)
_LIGHT: Final = (
    "CASE WHEN i.due_at IS NULL OR i.on_hold"
    " OR i.state IN ('draft', 'not_accepted', 'closed', 'duplicate', 'cancelled') THEN NULL"
    " WHEN m.moment > i.due_at THEN 'red' WHEN m.moment >= i.amber_at THEN 'amber'"
    " ELSE 'green' END"
)
_ON_TIME: Final = "coalesce(i.first_done_at, i.closed_at) <= i.due_at"
# An alarm counts while what it calls for was not done.
_ALARM: Final = (
    "CASE i.state WHEN 'reported' THEN (SELECT n.kind FROM govgrid.notification n"
    "  WHERE n.incident = i.id AND n.kind = 'accept' LIMIT 1)"
    " WHEN 'assigned' THEN (SELECT n.kind FROM govgrid.notification n WHERE n.incident = i.id"
    "  AND n.kind = 'acknowledge' AND n.at >= i.assigned_at LIMIT 1) END"
)
COLUMNS: Final = (
    "i.id, i.code, i.category, i.state, i.version, i.grade, i.level, i.status, i.source,"
    " i.reported_at, i.occurred_at AS occurred_from, i.occurred_to, i.closed_at, i.done_at,"
    " i.first_done_at, i.due_at, i.amber_at, i.due_provisional, i.limit_unit, i.on_hold,"
    " i.hold_until, i.self_handled, i.supervised, i.emergency, i.extensions, i.reopened, i.returns,"
    " i.reports, i.wrong_dispatches, i.outcome, i.duplicate_of, i.community_code, i.township_code,"
    f" CASE WHEN {_OPEN} THEN i.unit_code END AS unit_code,"
    f" CASE WHEN {_OPEN} THEN u.name END AS unit_name,"
    f" CASE WHEN {_OPEN} THEN u.duty_phone END AS duty_phone, i.satisfaction, i.heard, i.heard_at,"
    " o.number AS hotline_number, o.due_at AS hotline_due, o.return_by AS hotline_return_by,"
    f" CASE WHEN {READABLE} THEN i.title ELSE coalesce(i.category, '') END AS title,"
    f" CASE WHEN {READABLE} THEN i.description END AS description,"
    f" CASE WHEN {READABLE} THEN i.address END AS address,"
    f" CASE WHEN {READABLE} THEN i.result END AS result,"
    f" CASE WHEN {_OPEN} THEN i.grid_code END AS grid_code,"
    f" ST_X({_GEOM}) AS lon, ST_Y({_GEOM}) AS lat, {READABLE} AS exact, w.sensitive,"
    f" {_LIGHT} AS light, {_ALARM} AS alarm, {_ON_TIME} AS on_time, {SHOWN_AT} AS shown_at"
)
# What is asked of the place is asked once a row, behind a fence, and not where it follows from
# being seen: areas in which all is exact, or in which all is handled.
_RULES: Final = (
    " LEFT JOIN LATERAL (SELECT c.sensitive FROM govgrid.category c"
    "  WHERE c.code = i.category OR c.name = i.category ORDER BY c.shipped, c.code LIMIT 1) k"
    "  ON true"
    f" CROSS JOIN LATERAL (SELECT (:seen_exactly AND i.geom IS NOT NULL) OR {_EXACT} AS exact,"
    f"  (:seen_handled AND i.geom IS NOT NULL) OR {HANDLED} AS handled,"
    "  coalesce(k.sensitive, false) AS sensitive OFFSET 0) w"
    " CROSS JOIN LATERAL (SELECT CASE WHEN i.state IN ('done', 'checked')"
    "  THEN coalesce(i.done_at, {now}) ELSE {now} END AS moment) m"
)
_FROM: Final = (
    " FROM govgrid.incident i LEFT JOIN govgrid.unit u ON u.code = i.unit_code"
    " LEFT JOIN LATERAL (SELECT h.number, h.due_at, h.return_by FROM govgrid.hotline_order h"
    f"  WHERE h.incident = i.id LIMIT 1) o ON true{_RULES}"
)
FROM: Final = _FROM.format(now="govgrid.now()")
_NOW: Final = "CAST(:now AS timestamptz)"
_LISTED: Final = _FROM.format(now=_NOW)
_KEYS: Final = (
    f"SELECT i.id, {SHOWN_AT} AS shown_at FROM govgrid.incident i{_RULES.format(now=_NOW)}"
)
FILTERS: Final[Mapping[str, str]] = {
    "code": "i.code = :code",
    "state": "i.state = ANY(CAST(:state AS text[]))",
    "category": "i.category = :category",
    "unit": f"(i.unit_code = :unit_code AND {_OPEN})",
    "grid": IN_GRID.format(name="grid"),
    "community": "i.community_code = :community",
    "township": "i.township_code = :township",
    "source": "i.source = :source",
    "since": f"{SHOWN_AT} >= :since",
    "until": f"{SHOWN_AT} < :until",
    "light": f"{IS_OPEN} AND {_LIGHT} = ANY(CAST(:light AS text[]))",
    "open": IS_OPEN,
    "unplaced": "i.geom IS NULL",
    "mine": _OWN,
    "after": f"({SHOWN_AT}, i.id) < (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))",
}


# Amber are few: said once more by what indexes have, as no index has the light of now.
_AMBER: Final = (
    f"((i.due_at >= {_NOW} AND i.amber_at <= {_NOW}) OR (i.state IN ('done', 'checked')"
    " AND i.done_at >= i.amber_at AND i.done_at <= i.due_at))"
)
_NEWEST: Final = f" ORDER BY {SHOWN_AT} DESC, i.id DESC LIMIT :limit"
_LEVELS: Final = text(
    "SELECT level, array_agg(DISTINCT unit_id) AS units FROM govgrid.area_on_day"
    " WHERE unit_id = ANY(CAST(:incident_areas AS bigint[])) GROUP BY level"
)
# What a policy tests row by row is looked up before, by plain values: where an incident lies, who
# took it, which units it was sent to. Each part is cut by the policy as the whole would be.
_PLACED: Final = (
    "SELECT f.* FROM unnest(CAST(:{level}_units AS bigint[])) AS b (area) CROSS JOIN LATERAL"
    f" ({_KEYS} WHERE i.in_{{level}} = b.area AND {_IN_AREAS} AND {_WHOLE}{{filters}}{_NEWEST}) f"
)
_ANYWHERE: Final = f"({_KEYS} WHERE {{seen}} AND {_WHOLE}{{filters}}{_NEWEST})"
_TO_UNIT: Final = (
    f"({_KEYS} JOIN govgrid.dispatched_unit d ON d.incident_code = i.code"
    f" WHERE d.unit_code = :unit AND {_WHOLE}{{filters}}{{times}}"
    " AND NOT EXISTS (SELECT FROM govgrid.dispatched_unit e"
    "  WHERE e.incident_code = i.code AND e.unit_code = :unit AND e.id < d.id)"
    " ORDER BY d.incident_known_at DESC, i.id DESC LIMIT :limit)"
)
_ALL: Final = f"SELECT {COLUMNS}{_LISTED} WHERE {SHOWN}{{filters}}{_NEWEST}"
# What is shown is read of those alone that are on the page: to plan it for each part takes longer.
_PAGE: Final = (
    f"SELECT {COLUMNS}{_LISTED} WHERE i.id = ANY(ARRAY(SELECT n.id FROM"
    " (SELECT DISTINCT ON (f.shown_at, f.id) f.id FROM ({parts}) f"
    f" ORDER BY f.shown_at DESC, f.id DESC LIMIT :limit) n)){_NEWEST}"
)
_SENT_WHEN: Final[Mapping[str, str]] = {
    "since": "d.incident_known_at >= :since",
    "until": "d.incident_known_at < :until",
    "after": "d.incident_known_at <= CAST(:after_at AS timestamptz)",
}
# In several areas of a level, or in one and another over time: few, asked for by themselves.
_BETWEEN: Final = f"i.in_{{level}} = 0 AND {_IN_AREAS}"


def list_incidents(
    connection: Connection, parameters: Mapping[str, Any], filters: tuple[str, ...]
) -> list[Mapping[str, Any]]:
    """Return a page of incidents, the newest first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants as SQL parameters, values of the filters, ``limit`` and ``now``.
    filters
        Names of `FILTERS`.
    """
    asked = [FILTERS[name] for name in filters]
    if parameters.get("light") == ["amber"]:
        asked.append(_AMBER)
    where = {"filters": "".join(f" AND {each}" for each in asked)}
    values = dict(parameters)
    if parameters["incident_everything"]:
        statement = _ALL.format(**where)
    else:
        levels = _levels(connection, parameters)
        values |= {f"{level}_units": found for level, found in levels.items()}
        parts = _parts(parameters, filters, levels, where)
        statement = _PAGE.format(parts=" UNION ALL ".join(parts))
    return [dict(row) for row in connection.execute(text(statement), values).mappings()]


def _levels(connection: Connection, parameters: Mapping[str, Any]) -> dict[str, list[int]]:
    """Return the unit_ids of the areas in which incidents are read, by level."""
    if not parameters["incident_areas"]:
        return {}
    return {row.level: row.units for row in connection.execute(_LEVELS, parameters)}


def _parts(
    parameters: Mapping[str, Any],
    filters: tuple[str, ...],
    levels: Mapping[str, Sequence[int]],
    where: Mapping[str, str],
) -> Iterator[str]:
    """Yield the parts of a list, each ordered and cut as the whole."""
    yield _ANYWHERE.format(seen=_OWN, **where)
    if "mine" in filters:
        return
    if "district" in levels:
        yield _ANYWHERE.format(seen=_IN_AREAS, **where)
    else:
        for level in sorted(levels):
            yield _PLACED.format(level=level, **where)
            yield _ANYWHERE.format(seen=_BETWEEN.format(level=level), **where)
    if parameters["unit"] is not None:
        known = [_SENT_WHEN[name] for name in filters if name in _SENT_WHEN]
        if "open" in filters or "light" in filters or _are_open(parameters.get("state")):
            known.append("d.incident_open")
        yield _TO_UNIT.format(times="".join(f" AND {each}" for each in known), **where)


def _are_open(states: Sequence[str] | None) -> bool:
    """Return whether states are asked for, and all of them are open ones."""
    return bool(states) and OPEN.issuperset(states or ())


def read_shown(
    connection: Connection, parameters: Mapping[str, Any], incident: UUID
) -> Mapping[str, Any] | None:
    """Return one incident as it is shown to who asks, None where it is not seen.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants as SQL parameters.
    incident
        Its id.
    """
    statement = text(f"SELECT {COLUMNS}{FROM} WHERE {SHOWN} AND i.id = :id")
    row = connection.execute(statement, {**parameters, "id": incident}).mappings().one_or_none()
    return None if row is None else dict(row)
