"""The roles of accounts: what each may do, and how deep it sees by default."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DEPTHS: Final = ("count", "position", "direction", "gaps", "picture")
"""How much of a camera is shown, each with all before it: that it counts, where it stands, where it
looks and what it sees, where nothing sees, its picture (by way of the viewing register)."""

CLASSES: Final = ("skynet", "social")
"""Owner kinds that a grant opens. A camera of unknown kind is open where both are."""

ACTIONS: Final = (
    "map",  # the map, the layers, the questions about places
    "figures",  # shares of coverage, counts
    "view",  # to look through a camera, after a row in the register
    "approve",  # to decide on requests to look through a camera
    "export",  # files out, bulk reads
    "import",  # files and states in
    "accounts",  # to make, disable, reset accounts
    "grants",  # to give and take roles
    "register",  # to read the viewing register and that of exports
    "audit",  # to read and verify the audit
    "compliance",  # to read findings of the law
    "restricted",  # to read restricted zones and their consents
    "incident",  # to take, correct and close incidents
    "assign",  # to send a unit to an incident
    "dispatch",  # to decide on returns, refer up and down, merge, whistle
    "respond",  # to move what is dispatched to the own unit
    "approve_incident",  # to decide on holds, extensions, cancellations
    "statistics",  # to read figures of incidents
    "shift",  # to take over and hand over a shift
    "routing",  # to edit which unit serves what
    "report",  # to report an incident in the own area
)
"""What can be permitted; each endpoint, page and command asks for one of them."""

_DISPATCHER: Final = frozenset(
    {"map", "figures", "view", "export", "incident", "assign", "dispatch", "statistics", "shift"}
)
PERMISSIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "operator": frozenset({"map", "figures", "view", "incident", "assign", "shift"}),
        "dispatcher": _DISPATCHER,
        "supervisor": _DISPATCHER | {"approve_incident", "routing"},
        "planner": frozenset({"map", "figures", "export", "compliance", "statistics"}),
        "administrator": frozenset(
            {"map", "figures", "export", "import", "accounts", "compliance"}
        ),
        "security_administrator": frozenset({"grants", "approve", "restricted"}),
        "auditor": frozenset({"register", "audit", "compliance"}),
        "responder": frozenset({"map", "respond"}),
        "reporter": frozenset({"map", "report"}),
        "display": frozenset({"map", "figures"}),
    }
)
"""Role → actions. The three administrators are apart: who makes accounts does not give rights, who
gives rights does not read the log of it, who reads the log does neither (三员)."""

EDITED_BY: Final[Mapping[str, str]] = MappingProxyType({"restricted-zones": "restricted"})
"""Action that an edit of a layer needs, where it is another than that of its import."""

DEFAULT_DEPTH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "operator": "picture",
        "dispatcher": "picture",
        "supervisor": "picture",
        "planner": "gaps",
        "administrator": "gaps",
        "security_administrator": "count",
        "auditor": "count",
        "responder": "position",
        "reporter": "count",
        "display": "count",
    }
)
"""Depth of a grant that names none."""

COARSE: Final = frozenset({"responder", "display", "auditor"})
"""Roles that need no exact places: see :mod:`geo.access.coarse` for what their grants show."""

UNIT_ONLY: Final = frozenset({"responder"})
"""Roles whose area opens no incidents: they see those that are sent to their unit."""

WITHOUT_CAMERAS: Final = frozenset({"reporter"})
"""Roles whose grants open no cameras, unless classes are named."""

APART: Final = (
    frozenset({"administrator", "auditor"}),
    frozenset({"security_administrator", "auditor"}),
    frozenset({"administrator", "security_administrator"}),
)
"""Roles that one account never holds together."""

SECOND_FACTOR: Final = frozenset({"administrator", "security_administrator", "auditor"})
"""Roles that log in with a second factor."""


def edit_action(layer: str) -> str:
    """Return the action that an edit of a layer needs: who may bring in files may edit rows."""
    return EDITED_BY.get(layer, "import")


def depth_no(depth: str) -> int:
    """Return the number of a depth, 0 (count) to 4 (picture)."""
    return DEPTHS.index(depth)


def default_classes(role: str, level: str | None) -> tuple[str, ...]:
    """Return the classes of a grant that names none: 天网 is closed below the district.

    Parameters
    ----------
    role
        A role of `PERMISSIONS`.
    level
        Level of the granted area; None for everything there is.
    """
    if role in WITHOUT_CAMERAS:
        return ()
    return CLASSES if level in (None, "district") else ("social",)
