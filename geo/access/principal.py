"""Principals and their grants: the account, key or system behind a request or command."""

import getpass
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from geo.access.roles import CLASSES, COARSE, DEPTHS, PERMISSIONS, UNIT_ONLY, depth_no
from geo.base.errors import ForbiddenError

RESTRICTED: Final = "restricted"
"""The action of reading restricted zones. Not even the system has it: its files leave the house."""

WALL, MAP = "display", "map"
"""The role of a wall screen, and the action of reading the map."""

RESTRICTED_LAYERS: Final = frozenset({"restricted-zones", "consents"})
"""Layers that say which units must consent, and which did."""


@dataclass(frozen=True)
class Grant:
    """One role in one area: its stable unit_id, or None for everything there is."""

    role: str
    area: int | None = None
    area_code: str | None = None
    classes: frozenset[str] = frozenset(CLASSES)
    depth: str = "picture"

    @property
    def exact(self) -> bool:
        """Whether places are shown exactly under it."""
        return self.role not in COARSE


@dataclass(frozen=True)
class Principal:
    """Principal with its grants: a session, a key, or the system itself.

    `scopes` are the actions that a key is cut to; None where it is no key. `sees_restricted` says
    whether restricted zones may be named; None: by its grants. `visitors`: see
    :meth:`shown_to_visitors`.
    """

    account: str
    id: str | None = None
    holder: str = ""
    unit_code: str | None = None
    unit_name: str = ""
    kind: str = "person"
    grants: tuple[Grant, ...] = ()
    scopes: frozenset[str] | None = None
    address: str = ""
    system: bool = field(default=False)
    sees_restricted: bool | None = None
    visitors: bool = False

    def __post_init__(self) -> None:
        """Decide by the grants of the whole reader, before they are cut to one action."""
        if self.sees_restricted is None:
            object.__setattr__(self, "sees_restricted", self.may(RESTRICTED))

    @property
    def actions(self) -> frozenset[str]:
        """What the reader may do somewhere."""
        if self.system:
            return frozenset().union(*PERMISSIONS.values()) - {RESTRICTED}
        held = frozenset().union(*(PERMISSIONS[grant.role] for grant in self.grants))
        return held if self.scopes is None else held & self.scopes

    def may(self, action: str) -> bool:
        """Return whether the reader may do this, somewhere."""
        return action in self.actions

    def require(self, action: str) -> None:
        """Refuse what the reader may not do.

        Raises
        ------
        ForbiddenError
            With the action that is lacking.
        """
        if not self.may(action):
            raise ForbiddenError("access.forbidden", action=action, account=self.account)

    def require_whole(self) -> None:
        """Raise for a principal limited to some areas: for answers that cannot be limited to them.

        Raises
        ------
        ForbiddenError
            If an area limits the reader.
        """
        if not self.everything:
            raise ForbiddenError("access.whole_only", account=self.account)

    def require_depth(self, depth: str) -> None:
        """Refuse who sees nowhere as deep as `depth`.

        Raises
        ------
        ForbiddenError
            With the depth that is granted and the one that is needed.
        """
        if depth_no(self.depth) < depth_no(depth):
            raise ForbiddenError("access.shallow", found=self.depth, needed=depth)

    def require_layer(self, name: str) -> None:
        """Refuse layers of restricted zones to whom they are not open.

        Raises
        ------
        ForbiddenError
            Without a word on what is in them.
        """
        if name in RESTRICTED_LAYERS and not self.sees_restricted:
            raise ForbiddenError("access.restricted")

    def cut(self, *actions: str) -> "Principal":
        """Return the reader with only those grants that permit one of `actions`.

        A role that reads the audit of the district shows no places there.
        """
        return self._only(lambda grant: bool(PERMISSIONS[grant.role] & set(actions) & self.actions))

    def deep(self, depth: str) -> "Principal":
        """Return the reader with only those grants that reach `depth`."""
        return self._only(lambda grant: depth_no(grant.depth) >= depth_no(depth))

    def exact(self) -> "Principal":
        """Return the reader with only those grants that show places exactly."""
        return self._only(lambda grant: grant.exact)

    def shown_to_visitors(self) -> "Principal":
        """Return the principal of a session at whose screen visitors look on (参观模式).

        It sees what a wall display sees, without cameras, in those areas that it may see on a map.
        """
        areas = {(grant.area, grant.area_code) for grant in self.cut(MAP).grants}
        walls = tuple(Grant(WALL, *area, frozenset(), DEPTHS[0]) for area in sorted(areas, key=str))
        return replace(self, grants=walls, unit_code=None, sees_restricted=False, visitors=True)

    def without(self, roles: frozenset[str]) -> "Principal":
        """Return the principal with only those grants that are of no role among these."""
        return self._only(lambda grant: grant.role not in roles)

    def of_class(self, kind: str) -> "Principal":
        """Return the reader with only those grants that open cameras of this owner kind."""
        return self._only(lambda grant: kind in grant.classes)

    def _only(self, keep: Callable[[Grant], bool]) -> "Principal":
        if self.system:
            return self
        return replace(self, grants=tuple(grant for grant in self.grants if keep(grant)))

    @property
    def everything(self) -> bool:
        """Whether no area limits the reader."""
        return self.system or any(grant.area is None for grant in self.grants)

    @property
    def areas(self) -> list[int]:
        """The unit_ids of the granted areas."""
        return sorted({grant.area for grant in self.grants if grant.area is not None})

    @property
    def depth(self) -> str:
        """The deepest depth granted anywhere."""
        if self.system:
            return DEPTHS[-1]
        return DEPTHS[max((depth_no(grant.depth) for grant in self.grants), default=0)]

    @property
    def classes(self) -> frozenset[str]:
        """The owner kinds of which cameras are granted somewhere."""
        if self.system:
            return frozenset(CLASSES)
        return frozenset().union(*(grant.classes for grant in self.grants))

    @property
    def coarse(self) -> bool:
        """Whether something of what the reader sees may be coarse."""
        return not self.system and not all(grant.exact for grant in self.grants)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What a cache is keyed by: the same key sees the same."""
        return (self.system, self.unit_code, frozenset(self.grants), self.scopes)

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of :mod:`geo.access.predicates`."""
        rows = [
            (grant.area, kind, depth_no(grant.depth), grant.exact)
            for grant in self._camera_grants()
            for kind in _kinds(grant.classes)
        ]
        areas, kinds, depths, exacts = zip(*rows, strict=True) if rows else ((), (), (), ())
        exact, incidents = self.exact(), self.without(UNIT_ONLY)
        return {
            "everything": self.everything,
            "areas": self.areas,
            "exact_everything": exact.everything,
            "exact_areas": exact.areas,
            "incident_everything": incidents.everything,
            "incident_areas": incidents.areas,
            "unit": self.unit_code,
            "camera_areas": list(areas),
            "camera_classes": list(kinds),
            "camera_depths": list(depths),
            "camera_exacts": list(exacts),
        }

    def _camera_grants(self) -> tuple[Grant, ...]:
        return (Grant("administrator"),) if self.system else self.grants


def _kinds(classes: frozenset[str]) -> list[str]:
    known = sorted(classes)
    return [*known, "unknown"] if classes == frozenset(CLASSES) else known


def system_principal(account: str) -> Principal:
    """Return the system itself, as which the local command line acts, named in the audit."""
    return Principal(account, holder=account, system=True)


NOBODY = Principal("")


def local_user() -> str:
    """Return who acts over the local socket, as the audit names it."""
    return f"os:{getpass.getuser()}"
