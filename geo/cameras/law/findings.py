"""Findings of the law about the cameras of the database: each of them, by kind, by unit."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, text

from geo.access import predicates
from geo.access.principal import Reader
from geo.access.roles import depth_no
from geo.cameras.law import filing
from geo.cameras.rules import compliance as law
from geo.cameras.rules.rulebook import RULES, SEVERITIES
from geo.store import frames, installation

_CAMERAS: Final = (
    "SELECT c.code, c.name, c.owner_kind, c.legal_basis, c.retention_days, c.retention_reason,"
    " c.filing_no, c.sign_present, c.sign_checked_on, c.installed_on, c.management_unit,"
    " c.position_sigma_m, g.depth, g.exact, c.geom"
    f" FROM {predicates.CAMERAS} g JOIN govgrid.camera c ON c.code = g.code"
    " WHERE g.depth IS NOT NULL AND c.status IS DISTINCT FROM 'removed'"
    " AND (CAST(:area AS geometry) IS NULL"
    f" OR ST_Intersects({predicates.CAMERA_GEOM}, CAST(:area AS geometry)))"
    " ORDER BY c.code"
)
_ZONES: Final = "SELECT code, geom FROM govgrid.{table} ORDER BY code"
_VIEWSHEDS: Final = (
    "SELECT camera_code, geom FROM govgrid.viewshed v WHERE certainty = 'certain'"
    " AND camera_code = ANY(CAST(:codes AS text[])) AND detail ="
    " (SELECT min(detail) FROM govgrid.viewshed w WHERE w.camera_code = v.camera_code"
    " AND w.view_no = v.view_no AND w.certainty = 'certain')"
)
_CHANGES: Final = (
    "SELECT h.camera_code, h.name, h.owner_kind, h.legal_basis, h.kind,"
    " coalesce(c.management_unit, h.management_unit) AS management_unit,"
    " (h.at AT TIME ZONE :timezone)::date AS on, h.exact,"
    " ST_DistanceSphere(h.before, h.after) AS distance_m FROM (SELECT n.*,"
    f" {predicates.STOOD_EXACT.format(kind='n.owner_kind', geom='n.before')} AS exact"
    " FROM govgrid.camera_change n"
    f" WHERE {predicates.STOOD.format(kind='n.owner_kind', geom='n.before')}) h"
    " LEFT JOIN govgrid.camera c ON c.code = h.camera_code"
    " WHERE CAST(:area AS geometry) IS NULL OR ST_Intersects(CASE WHEN h.exact THEN h.before"
    " ELSE coalesce(c.coarse_geom, govgrid.coarsen_point(h.before)) END, CAST(:area AS geometry))"
    " ORDER BY h.at, h.id"
)


def of_cameras(
    connection: Connection, reader: Reader, area: bytes | None, timezone: str
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, int]:
    """Return the cameras, their findings, and of how many no viewshed was computed.

    Parameters
    ----------
    area
        A shape (EWKB) in which the cameras stand; None: anywhere in the reader's areas.
    timezone
        Of the days of changes (an IANA name).

    Returns
    -------
    tuple
        Cameras and findings in the metric system; findings the gravest first, `kind` as in
        `rulebook.RULES`, with `name`, `management_unit`, `depth` and `exact` of the camera.
    """
    srid = installation.metric_srid(connection)
    asked = {**reader.parameters, "area": area, "timezone": timezone}
    cameras = frames.read_layer(connection, _CAMERAS, asked).to_crs(srid)
    today: date = connection.execute(text("SELECT govgrid.today()")).scalar_one()
    private, restricted = (
        frames.read_layer(connection, _ZONES.format(table=table)).to_crs(srid)
        for table in ("privacy_zone", "restricted_zone")
    )
    deep = cameras[cameras["depth"] >= depth_no("direction")]
    views = _viewsheds(connection, list(deep["code"]), srid)
    depth = "position" if depth_no(reader.depth) else "count"
    changes = frames.read_frame(connection, _CHANGES, {**asked, "depth": depth_no(depth)})
    permits = frames.read_frame(
        connection, "SELECT camera_code, kind, permitted_on FROM govgrid.permit"
    )
    consents = frames.read_frame(connection, "SELECT camera_code, zone_code FROM govgrid.consent")
    refiled = law.find_changed_filings(filing.filing_changes(connection, reader, depth=depth))
    near = law.near_restricted(cameras, restricted, consents.itertuples(index=False, name=None))
    parts: list[pd.DataFrame] = [
        law.judge_register(cameras, today=today),
        law.looking_in(views, private),
        law.standing_in(cameras, private),
        near if reader.sees_restricted else law.hide_zone_names(near),
        refiled[refiled["camera_code"].isin(cameras["code"])] if area is not None else refiled,
        law.find_unpermitted_changes(changes, permits),
    ]
    found = _joined(parts, cameras, changes, depth=depth_no(reader.depth))
    return cameras, found, len(deep) - views["camera_code"].nunique()


def by_kind(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Return per kind how many findings there are, of how many cameras."""
    groups = dict(iter(found.groupby("kind")))
    return [
        {
            "kind": kind,
            "severity": rule.severity,
            "article": rule.article,
            "findings": len(groups[kind]),
            "cameras": int(groups[kind]["camera_code"].nunique()),
        }
        for kind, rule in RULES.items()
        if kind in groups
    ]


def by_unit(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Return per managing unit how many findings of each severity, those with most errors first."""
    named = found.assign(
        unit=found["management_unit"].fillna(""),
        severity=found["kind"].map(lambda kind: RULES[kind].severity),
    )
    counts = named.groupby(["unit", "severity"]).size().unstack(fill_value=0)
    rows = [
        {"unit": unit, **{name: int(row.get(name, 0)) for name in SEVERITIES}}
        for unit, row in counts.sort_index().iterrows()
    ]
    return sorted(rows, key=lambda row: [-row[name] for name in SEVERITIES])


def _viewsheds(connection: Connection, codes: list[str], srid: int) -> gpd.GeoDataFrame:
    return frames.read_layer(connection, _VIEWSHEDS, {"codes": codes}, srid=srid)


def _joined(
    parts: Sequence[pd.DataFrame], cameras: gpd.GeoDataFrame, changes: pd.DataFrame, *, depth: int
) -> gpd.GeoDataFrame:
    """Return all findings, the gravest first, with unit, depth and exactness of their camera.

    Name and shape are left out where the camera is not granted exactly.

    Cameras that are gone were read by where they stood: `depth` holds for them.
    """
    whole = pd.concat([p for p in parts if len(p)] or [parts[0]], ignore_index=True)
    known = cameras.set_index("code")
    gone = changes.drop_duplicates("camera_code", keep="last").set_index("camera_code")
    for name in ("name", "management_unit", "exact"):
        whole[name] = whole["camera_code"].map({**gone[name], **known[name]}).astype(object)
    whole["depth"] = whole["camera_code"].map(known["depth"]).astype(float).fillna(depth)
    order = list(RULES)
    whole["rank"] = [order.index(kind) for kind in whole["kind"]]
    whole = whole.astype(object).where(whole.notna(), None)
    ranked = whole.sort_values(["rank", "camera_code"], kind="stable").drop(columns="rank")
    if "geometry" not in ranked:
        ranked["geometry"] = None
    ranked.loc[~ranked["exact"].astype(bool), ["name", "geometry"]] = None
    return gpd.GeoDataFrame(ranked, geometry="geometry", crs=cameras.crs).reset_index(drop=True)
