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
)
"""What can be permitted; each endpoint, page and command asks for one of them."""

PERMISSIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "operator": frozenset({"map", "figures", "view"}),
        "dispatcher": frozenset({"map", "figures", "view", "export"}),
        "planner": frozenset({"map", "figures", "export", "compliance"}),
        "administrator": frozenset(
            {"map", "figures", "export", "import", "accounts", "compliance"}
        ),
        "security_administrator": frozenset({"grants", "approve", "restricted"}),
        "auditor": frozenset({"register", "audit", "compliance"}),
        "responder": frozenset({"map"}),
        "display": frozenset({"map", "figures"}),
    }
)
"""Role → actions. The three administrators are apart: who makes accounts does not give rights, who
gives rights does not read the log of it, who reads the log does neither (三员)."""

DEFAULT_DEPTH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "operator": "picture",
        "dispatcher": "picture",
        "planner": "gaps",
        "administrator": "gaps",
        "security_administrator": "count",
        "auditor": "count",
        "responder": "position",
        "display": "count",
    }
)
"""Depth of a grant that names none."""

COARSE: Final = frozenset({"responder", "display", "auditor"})
"""Roles that need no exact places: see :mod:`geo.access.coarse` for what their grants show."""

APART: Final = (
    frozenset({"administrator", "auditor"}),
    frozenset({"security_administrator", "auditor"}),
    frozenset({"administrator", "security_administrator"}),
)
"""Roles that one account never holds together."""

SECOND_FACTOR: Final = frozenset({"administrator", "security_administrator", "auditor"})
"""Roles that log in with a second factor."""


def depth_no(depth: str) -> int:
    """Return the number of a depth, 0 (count) to 4 (picture)."""
    return DEPTHS.index(depth)


def default_classes(level: str | None) -> tuple[str, ...]:
    """Return the classes of a grant that names none: 天网 is closed below the district.

    Parameters
    ----------
    level
        Level of the granted area; None for everything there is.
    """
    return CLASSES if level in (None, "district") else ("social",)
