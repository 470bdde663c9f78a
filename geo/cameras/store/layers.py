"""SQL statements of the published layers of cameras, limited to the principal.

Stream addresses stand nowhere here, and never will.
"""

from typing import Final

from geo.access import predicates
from geo.access.roles import depth_no

_PLACED: Final = f"g.depth >= {depth_no('position')}"
_EXACT: Final = f"{_PLACED} AND g.exact"
_SEEN: Final = f"g.depth >= {depth_no('direction')}"
# What a grant of positions shows of a camera, and what only one of directions does.
PLACED: Final = (
    *("local_code", "site", "name", "owner_kind", "point_class", "legal_basis"),
    *("form", "indoor", "supply_light", "mount_height_m", "connection", "status"),
    *("networked", "area_reported", "address", "retention_days", "filing_no"),
    *("sign_present", "installed_on", "build_phase", "management_unit"),
    *("maintenance_unit", "duty_phone", "position_sigma_m"),
)
# Words tell a place as numbers do: of a camera that is not exact they are blank.
WORDS: Final = frozenset({"local_code", "site", "name", "area_reported", "address"})
SEEN: Final = (
    *("heading_deg", "heading_source", "hfov_deg", "vfov_deg", "tilt_deg", "res_h_px", "range_m"),
)
_REPORTED: Final = "CASE WHEN {condition} AND c.position_source = 'verified' THEN {value} END"


def _when(condition: str, value: str, name: str) -> str:
    """Return a column that is empty where a condition does not hold."""
    return f"CASE WHEN {condition} THEN {value} END AS {name}"


_KNOWN: Final = ", ".join(
    _when(_EXACT if name in WORDS else _PLACED, f"c.{name}", name) for name in PLACED
)
_SIGHT: Final = ", ".join(_when(_SEEN, f"v.{name}", name) for name in SEEN)
_FROM_REGISTER: Final = ", ".join(
    _REPORTED.format(condition=_EXACT, value=f"ST_{axis}(c.reported_geom)") + f" AS reported_{name}"
    for axis, name in (("X", "lon"), ("Y", "lat"))
)
# another's camera that looks into a granted area: its code, and how far it stands from it
_CAMERAS: Final = (
    f"SELECT c.code{{more}}, {_KNOWN}, {_SIGHT},"
    f" {_when(_SEEN, 'v.verified_on', 'heading_verified_on')},"
    f" {_when(_EXACT, 'c.grid_code', 'grid_code')},"
    f" CASE WHEN {_PLACED} THEN CASE WHEN g.exact THEN c.position_source ELSE 'coarse' END"
    f" END AS position_source, {_when(_EXACT, 'c.verified_on', 'position_verified_on')},"
    f" {_FROM_REGISTER},"
    " CASE WHEN g.depth IS NULL THEN 'looks_in' ELSE 'own' END AS relation,"
    f" g.distance_m, CASE WHEN {_SEEN} AND g.exact THEN c.attributes END AS attributes,"
    f" CASE WHEN {_PLACED} THEN {predicates.CAMERA_GEOM} END AS geom"
    " FROM {rows} LEFT JOIN govgrid.camera_view v ON v.camera_code = c.code AND v.no = 1"
)
CAMERAS: Final = (
    _CAMERAS.format(
        more="", rows=f"{predicates.CAMERAS} g JOIN govgrid.camera c ON c.code = g.code"
    )
    + " WHERE c.code > :after AND (g.depth >= 1 OR g.depth IS NULL AND :others)"
    " ORDER BY c.code LIMIT :limit"
)
_SOME: Final = (
    "unnest(CAST(:codes AS text[]), CAST(:depths AS integer[]), CAST(:exacts AS boolean[]),"
    " CAST(:distances AS double precision[])) WITH ORDINALITY"
    " AS g (code, depth, exact, distance_m, n) JOIN govgrid.camera c ON c.code = g.code"
)
_ALL: Final = (
    '(SELECT c.*, row_number() OVER (ORDER BY c.code COLLATE "C") AS n FROM govgrid.camera c) c'
    " CROSS JOIN (SELECT CAST(:depth AS integer) AS depth, CAST(:exact AS boolean) AS exact,"
    " CAST(0 AS double precision) AS distance_m) g"
)
SHOWN: Final = _CAMERAS.format(more=", g.n", rows=_SOME) + " LIMIT NULL"
"""The same of those that are known to be granted, by their codes, depths, and so on; with ``n``,
which of these each is."""
SHOWN_ALIKE: Final = _CAMERAS.format(more=", c.n", rows=_ALL) + " LIMIT NULL"
"""The same where all cameras are granted alike, in one depth."""
_OWN: Final = f"SELECT g.code FROM {predicates.CAMERAS} g WHERE {_PLACED}"
_STATES: Final = (
    f" FROM govgrid.camera_status WHERE camera_code IN ({_OWN}) ORDER BY camera_code, since"
)
STATES: Final = f"SELECT DISTINCT ON (camera_code) camera_code AS code, status, since{_STATES} DESC"
STATE_HISTORY: Final = f"SELECT camera_code AS code, status, since{_STATES}"
FILINGS: Final = (
    "SELECT code, unit_name, filed_on, attributes FROM govgrid.filing"
    " WHERE (:everything OR code IN (SELECT c.filing_no FROM govgrid.camera c"
    f" WHERE c.code IN ({_OWN}))) ORDER BY code"
)
# a consent may be read without where the camera stands
CONSENTS: Final = (
    "SELECT code, camera_code, zone_code, document, consented_on, attributes FROM govgrid.consent"
    f" WHERE (:everything OR camera_code IN (SELECT g.code FROM {predicates.CAMERAS} g))"
    " ORDER BY code"
)
# a deleted camera is known only to accounts that see everything
PERMITS: Final = (
    "SELECT code, camera_code, kind, document, permitted_on, attributes FROM govgrid.permit"
    f" WHERE (camera_code IN ({_OWN}) OR :everything AND NOT EXISTS"
    " (SELECT FROM govgrid.camera c WHERE c.code = camera_code)) ORDER BY code"
)
ON_MAP: Final = (
    "SELECT c.code, c.name, c.owner_kind, c.form, c.status, c.connection,"
    " coalesce(c.indoor, false) AS indoor, v.heading_deg, v.heading_source, v.hfov_deg,"
    " v.range_m, ST_X(c.coarse_geom) AS lon, ST_Y(c.coarse_geom) AS lat, c.geom"
    " FROM govgrid.camera c"
    " LEFT JOIN govgrid.camera_view v ON v.camera_code = c.code AND v.no = 1 ORDER BY c.code"
)
"""All cameras as a map draws them, exactly: to be cut to who asks."""
