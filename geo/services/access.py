"""Who may see what: the one place that decides, for pages, endpoints, exports and commands."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, text

from geo.errors import ForbiddenError
from geo.roles import CLASSES, COARSE, COARSE_DECIMALS, DEPTHS, PERMISSIONS, depth_no
from geo.store import cluster, db, frames

# The predicates of every query, filled by `Reader.parameters`. `{geom}` is a geometry in EPSG:4326,
# `{path}` an area's path of unit_ids, `{code}` an area's code.
PLACE: Final = "(:everything OR govgrid.covered_by({geom}, CAST(:areas AS bigint[])))"
AREA: Final = (
    "(:everything OR"
    " string_to_array(ltree2text({path}), '.')::bigint[] && CAST(:areas AS bigint[]))"
)
AREA_CODE: Final = (
    "(:everything OR {code} IN (SELECT n.code FROM govgrid.area_now n"
    " WHERE string_to_array(ltree2text(n.path), '.')::bigint[] && CAST(:areas AS bigint[])))"
)
INCIDENT: Final = (
    f"({PLACE} OR EXISTS (SELECT FROM govgrid.dispatch d"
    " WHERE d.incident_code = {code} AND d.unit_code = :unit))"
)
# Cameras of the grants with `depth` (null: another's, which only looks in) and `distance_m`.
CAMERAS: Final = (
    "govgrid.cameras_granted(CAST(:camera_areas AS bigint[]), CAST(:camera_classes AS text[]),"
    " CAST(:camera_depths AS integer[]))"
)
_GRIDS: Final = (
    f"SELECT a.code FROM govgrid.area_now a WHERE a.level = 'grid' AND {AREA.format(path='a.path')}"
)
# The same of one that is no more, or not there any more: `{kind}` its class, `{geom}` its place.
STOOD: Final = (
    "EXISTS (SELECT FROM unnest(CAST(:camera_areas AS bigint[]), CAST(:camera_classes AS text[]),"
    " CAST(:camera_depths AS integer[])) AS g (unit_id, class, depth)"
    " LEFT JOIN govgrid.area a ON a.unit_id = g.unit_id AND a.valid @> govgrid.today()"
    " WHERE g.depth >= :depth AND g.class = coalesce({kind}, 'unknown')"
    " AND (g.unit_id IS NULL OR ST_Intersects(a.geom, {geom})))"
)


@dataclass(frozen=True)
class Grant:
    """One role in one area: its stable unit_id, or None for everything there is."""

    role: str
    area: int | None = None
    area_code: str | None = None
    classes: frozenset[str] = frozenset(CLASSES)
    depth: str = "picture"


@dataclass(frozen=True)
class Reader:
    """Who asks, and what was granted: a session, a key, or the system itself.

    `scopes` are the actions that a key is cut to; None where it is no key.
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

    @property
    def actions(self) -> frozenset[str]:
        """What the reader may do somewhere."""
        if self.system:
            return frozenset().union(*PERMISSIONS.values())
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
        """Refuse who is limited to some areas: for answers that cannot be cut to them.

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

    def cut(self, *actions: str) -> "Reader":
        """Return the reader with only those grants that permit one of `actions`.

        A role that reads the audit of the district shows no places there.
        """
        if self.system:
            return self
        kept = [g for g in self.grants if PERMISSIONS[g.role] & set(actions) & self.actions]
        return Reader(**{**self.__dict__, "grants": tuple(kept)})

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

    def deep(self, depth: str) -> "Reader":
        """Return the reader with only those grants that reach `depth`."""
        if self.system:
            return self
        kept = [grant for grant in self.grants if depth_no(grant.depth) >= depth_no(depth)]
        return Reader(**{**self.__dict__, "grants": tuple(kept)})

    @property
    def decimals(self) -> int | None:
        """To how many decimals of degrees coordinates are rounded; None: exact."""
        roles = {grant.role for grant in self.grants}
        coarse = not self.system and bool(roles) and roles <= COARSE
        return COARSE_DECIMALS if coarse else None

    @property
    def key(self) -> tuple[object, ...]:
        """What a cache is keyed by: the same key sees the same."""
        return (self.system, self.unit_code, self.decimals, frozenset(self.grants), self.scopes)

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the predicates of this module."""
        rows = [
            (grant.area, kind, depth_no(grant.depth))
            for grant in self._camera_grants()
            for kind in _kinds(grant.classes)
        ]
        areas, kinds, depths = zip(*rows, strict=True) if rows else ((), (), ())
        return {
            "everything": self.everything,
            "areas": self.areas,
            "unit": self.unit_code,
            "camera_areas": list(areas),
            "camera_classes": list(kinds),
            "camera_depths": list(depths),
        }

    def _camera_grants(self) -> tuple[Grant, ...]:
        return (Grant("administrator"),) if self.system else self.grants


def _kinds(classes: frozenset[str]) -> list[str]:
    known = sorted(classes)
    return [*known, "unknown"] if classes == frozenset(CLASSES) else known


def system(account: str) -> Reader:
    """Return the system itself, as which the local command line acts, named in the audit."""
    return Reader(account, holder=account, system=True)


NOBODY = Reader("")


@contextmanager
def opened(engine: Engine, reader: Reader, *, keep: bool = True) -> Iterator[Connection]:
    """Open a transaction in which the second fence of the database stands for `reader` as well."""
    with db.transaction(engine, keep=keep) as connection:
        fence(connection, reader)
        yield connection


def fence(connection: Connection, reader: Reader, *actions: str) -> None:
    """Tell the database who asks, until the end of the transaction.

    `actions` are such that the reader has not, but the program needs for it, as "login".
    """
    granted = "all" if reader.everything else ",".join(map(str, reader.areas))
    connection.execute(
        text(
            "SELECT set_config('govgrid.granted', :granted, true),"
            " set_config('govgrid.account', :account, true),"
            " set_config('govgrid.unit', :unit, true),"
            " set_config('govgrid.actions', :actions, true)"
        ),
        {
            "granted": granted,
            "account": reader.id or "",
            "unit": reader.unit_code or "",
            "actions": ",".join(sorted(reader.actions | set(actions))),
        },
    )


@contextmanager
def drawing(engine: Engine, reader: Reader) -> Iterator[Connection]:
    """Open a transaction that sees all ground and equipment, but no account, register or matter.

    For what is to be cut by the predicates of this module, or computed from all cameras: row-level
    security would keep the spatial index from being used. Only the service steps down; the owner of
    the tables, as which the command line works, stays what it is.
    """
    with opened(engine, reader) as connection:
        step_down(connection)
        yield connection


def step_down(connection: Connection) -> None:
    """See all ground and equipment from here on, and nothing else; see :func:`drawing`."""
    service = connection.execute(
        text("SELECT current_user = :role"), {"role": cluster.SERVICE_ROLE}
    ).scalar_one()
    if service:
        connection.execute(text(f"SET LOCAL ROLE {cluster.READING_ROLE}"))


def covers(connection: Connection, reader: Reader, lon: float, lat: float) -> bool:
    """Return whether a place (EPSG:4326) lies in what is granted to `reader`."""
    place = PLACE.format(geom="ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)")
    parameters = {**reader.parameters, "lon": lon, "lat": lat}
    return bool(connection.execute(text(f"SELECT {place}"), parameters).scalar_one())


def within(known: gpd.GeoDataFrame, reader: Reader) -> gpd.GeoDataFrame:
    """Return those of `known` areas (``geo.store.areas.now``) that are granted to `reader`."""
    if reader.everything:
        return known
    granted = {str(area) for area in reader.areas}
    inside = [not granted.isdisjoint(path.split(".")) for path in known["path"]]
    return gpd.GeoDataFrame(known[np.array(inside, dtype=bool)])


def cameras(connection: Connection, reader: Reader) -> pd.DataFrame:
    """Return the cameras `reader` may know of, by code: `depth`, `distance_m`.

    `depth` (0 … 4) is missing for those of others that only look into a granted area; `distance_m`
    is how far they stand from it, 0 for the own ones.
    """
    return frames.read(connection, f"SELECT * FROM {CAMERAS}", reader.parameters).set_index("code")


def whoami() -> str:
    """Return who acts over the local socket, as the audit names it."""
    return f"os:{getpass.getuser()}"


def of_grids(connection: Connection, reader: Reader, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return those rows whose `grid_code` is of a grid that is granted to `reader`."""
    if reader.everything:
        return rows
    grids = frames.read(connection, _GRIDS, reader.parameters)["code"]
    return gpd.GeoDataFrame(rows[rows["grid_code"].isin(grids)])
