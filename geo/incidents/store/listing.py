"""Incidents as they are listed and shown: cut to who asks, sensitive ones to who handles them."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from geo.access import predicates
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
# Of who reads no area, but what its unit was sent to: looked up, not asked of each row.
_SENT_ALONE: Final = (
    "(i.code = ANY(ARRAY(SELECT d.incident_code FROM govgrid.dispatched_unit d"
    f" WHERE d.unit_code = :unit)) OR {_OWN})"
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
_SHOWN_ALONE: Final = f"{_SENT_ALONE} AND {_WHOLE}"
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
    f" CASE WHEN {READABLE} THEN i.title ELSE i.category END AS title,"
    f" CASE WHEN {READABLE} THEN i.description END AS description,"
    f" CASE WHEN {READABLE} THEN i.address END AS address,"
    f" CASE WHEN {READABLE} THEN i.result END AS result,"
    f" CASE WHEN {_OPEN} THEN i.grid_code END AS grid_code,"
    f" ST_X({_GEOM}) AS lon, ST_Y({_GEOM}) AS lat, {READABLE} AS exact, w.sensitive,"
    f" {_LIGHT} AS light, {_ALARM} AS alarm, {_ON_TIME} AS on_time, {SHOWN_AT} AS shown_at"
)
# What is asked of the place is asked once a row, behind a fence, and not where it follows from
# being seen: areas in which all is exact, or in which all is handled.
FROM: Final = (
    " FROM govgrid.incident i LEFT JOIN govgrid.unit u ON u.code = i.unit_code"
    " LEFT JOIN govgrid.hotline_order o ON o.incident = i.id"
    " LEFT JOIN LATERAL (SELECT c.sensitive FROM govgrid.category c"
    "  WHERE c.code = i.category OR c.name = i.category ORDER BY c.shipped, c.code LIMIT 1) k"
    "  ON true"
    f" CROSS JOIN LATERAL (SELECT (:seen_exactly AND i.geom IS NOT NULL) OR {_EXACT} AS exact,"
    f"  (:seen_handled AND i.geom IS NOT NULL) OR {HANDLED} AS handled,"
    "  coalesce(k.sensitive, false) AS sensitive OFFSET 0) w"
    " CROSS JOIN LATERAL (SELECT CASE WHEN i.state IN ('done', 'checked')"
    "  THEN coalesce(i.done_at, govgrid.now()) ELSE govgrid.now() END AS moment) m"
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


def list_incidents(
    connection: Connection, parameters: Mapping[str, Any], filters: tuple[str, ...]
) -> list[Mapping[str, Any]]:
    """Return a page of incidents, the newest first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants as SQL parameters, values of the filters, ``limit``.
    filters
        Names of `FILTERS`.
    """
    by_area = parameters["incident_everything"] or parameters["incident_areas"]
    shown = SHOWN if by_area else _SHOWN_ALONE
    where = " AND ".join((shown, *(FILTERS[name] for name in filters)))
    statement = (
        f"SELECT {COLUMNS}{FROM} WHERE {where} ORDER BY {SHOWN_AT} DESC, i.id DESC LIMIT :limit"
    )
    return [dict(row) for row in connection.execute(text(statement), parameters).mappings()]


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
