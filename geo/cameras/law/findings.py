"""Findings of the law about the cameras of the database: each of them, by kind, by unit."""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from geo.access.principal import Principal
from geo.access.roles import depth_no
from geo.cameras.law import filing
from geo.cameras.law.figures import KindFigure, UnitFigure
from geo.cameras.rules import compliance as law
from geo.cameras.rules.rulebook import RULES, SEVERITIES
from geo.cameras.store import compliance as stored
from geo.coverage.store import viewsheds
from geo.store import installation


def of_cameras(
    connection: Connection, reader: Principal, area: bytes | None, timezone: str
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
    cameras = stored.judged_cameras(connection, asked).to_crs(srid)
    today = stored.district_today(connection)
    private, restricted = (
        stored.read_zones(connection, kind).to_crs(srid) for kind in ("privacy", "restricted")
    )
    deep = cameras[cameras["depth"] >= depth_no("direction")]
    views = viewsheds.read_finest_certain(connection, list(deep["code"]), srid=srid)
    depth = "position" if depth_no(reader.depth) else "count"
    changes = stored.read_changes(connection, {**asked, "depth": depth_no(depth)})
    permits, consents = stored.read_permits(connection), stored.read_consents(connection)
    refiled = law.find_changed_filings(filing.filing_changes(connection, reader, depth=depth))
    near = law.near_restricted(cameras, restricted, consents)
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


def by_kind(found: pd.DataFrame) -> list[KindFigure]:
    """Return per kind how many findings there are, of how many cameras."""
    groups = dict(iter(found.groupby("kind")))
    return [
        KindFigure(
            kind,
            rule.severity,
            rule.article,
            len(groups[kind]),
            int(groups[kind]["camera_code"].nunique()),
        )
        for kind, rule in RULES.items()
        if kind in groups
    ]


def by_unit(found: pd.DataFrame) -> list[UnitFigure]:
    """Return per managing unit how many findings of each severity, those with most errors first."""
    named = found.assign(
        unit=found["management_unit"].fillna(""),
        severity=found["kind"].map(lambda kind: RULES[kind].severity),
    )
    counts = named.groupby(["unit", "severity"]).size().unstack(fill_value=0)
    rows = [
        UnitFigure(str(unit), **{name: int(row.get(name, 0)) for name in SEVERITIES})
        for unit, row in counts.sort_index().iterrows()
    ]
    return sorted(rows, key=lambda row: [-getattr(row, name) for name in SEVERITIES])


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
