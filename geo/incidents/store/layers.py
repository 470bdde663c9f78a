"""SQL statements of the published layers of incidents and units, limited to the principal."""

from typing import Final

from geo.access import predicates

_GRANTED: Final = predicates.INCIDENT.format(geom="n.geom", code="n.code")
_EXACT: Final = predicates.INCIDENT_EXACT.format(geom="n.geom", code="n.code")
INCIDENTS: Final = (
    "SELECT i.code, CASE WHEN i.exact THEN i.title ELSE i.category END AS title, i.category,"
    " CASE WHEN i.exact THEN i.description END AS description, i.source,"
    " CASE WHEN i.on_hold THEN 'on_hold' WHEN i.self_handled AND i.state = 'done'"
    " THEN 'self_handled' ELSE i.state END AS state, i.occurred_at, i.reported_at, i.due_at,"
    " i.closed_at, CASE coalesce(i.first_done_at, i.closed_at) <= i.due_at"
    " WHEN true THEN 'true' WHEN false THEN 'false' END AS on_time,"
    " CASE WHEN i.exact THEN i.accuracy_m END AS accuracy_m,"
    " CASE WHEN i.exact THEN i.address END AS address, i.grade, i.level,"
    " CASE WHEN i.exact THEN i.result END AS result, i.outcome, i.community_code, i.township_code,"
    " i.unit_code,"
    " CASE WHEN i.exact THEN i.attributes END AS attributes,"
    " CASE WHEN i.exact THEN i.geom ELSE govgrid.coarsen_point(i.geom) END AS geom"
    f" FROM (SELECT n.*, {_EXACT} AS exact FROM govgrid.incident n"
    f" WHERE n.code > :after AND NOT n.sensitive AND {_GRANTED}"
    " ORDER BY n.code LIMIT :limit) i ORDER BY i.code"
)
# Offices are known where they serve: in the granted areas, and above them.
_SERVING: Final = (
    f"({predicates.AREA_CODE.format(code='area_code')} OR area_code IS NULL OR area_code IN"
    " (SELECT u.code FROM govgrid.area_now o JOIN govgrid.area_now u ON u.path @> o.path"
    " WHERE o.unit_id = ANY(CAST(:areas AS bigint[]))))"
)
UNITS: Final = (
    "SELECT code, name, kind, area_code, duty_post, duty_phone, attributes FROM govgrid.unit"
    f" WHERE ({_SERVING} OR code = :unit) ORDER BY code"
)
DUTIES: Final = (
    "SELECT code, unit_code, area_code, category, attributes FROM govgrid.unit_duty"
    f" WHERE {_SERVING} ORDER BY code"
)
PAIRINGS: Final = (
    "SELECT code, area_code, unit_code, since, attributes FROM govgrid.pairing"
    f" WHERE {predicates.AREA_CODE.format(code='area_code')} ORDER BY code"
)
CATEGORIES: Final = (
    "SELECT code, name, upper_code, limit_amount, limit_unit, gbt30428_class, attributes"
    " FROM govgrid.category"
    " WHERE NOT shipped ORDER BY code"
)
CALENDAR: Final = "SELECT day, kind, name, attributes FROM govgrid.calendar ORDER BY day"
AREA_COUNTS: Final = (
    "SELECT area_code, day, households, residents, unmanaged_estates, source, attributes"
    f" FROM govgrid.area_count WHERE {predicates.AREA_CODE.format(code='area_code')}"
    " ORDER BY area_code, day"
)
