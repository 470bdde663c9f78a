"""Compliance of the cameras that a reader may see: findings, figures, the report as a file."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, Engine, text

from geo.access import predicates, transaction
from geo.access.audit import export_log
from geo.access.principal import Reader
from geo.access.roles import depth_no
from geo.base.errors import InputError, NotFoundError
from geo.base.words import say
from geo.cameras.law import filing
from geo.cameras.rules import compliance as law
from geo.cameras.rules.compliance import RULES, SEVERITIES
from geo.files import writers
from geo.store import frames, installation

WHAT: Final = "compliance"
_CAMERAS: Final = (
    "SELECT c.code, c.name, c.owner_kind, c.legal_basis, c.retention_days, c.retention_reason,"
    " c.filing_no, c.sign_present, c.sign_checked_on, c.installed_on, c.management_unit,"
    " c.position_sigma_m, g.depth, c.geom"
    f" FROM {predicates.CAMERAS} g JOIN govgrid.camera c ON c.code = g.code"
    " WHERE g.depth IS NOT NULL AND c.status IS DISTINCT FROM 'removed'"
    " AND (CAST(:area AS geometry) IS NULL OR ST_Intersects(c.geom, CAST(:area AS geometry)))"
    " ORDER BY c.code"
)
_AREA: Final = (
    f"SELECT a.geom FROM govgrid.area_now a WHERE a.code = :code"
    f" AND {predicates.AREA.format(path='a.path')}"
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
    " (h.at AT TIME ZONE :timezone)::date AS on, ST_DistanceSphere(h.before, h.after) AS distance_m"
    " FROM govgrid.camera_change h LEFT JOIN govgrid.camera c ON c.code = h.camera_code"
    f" WHERE {predicates.STOOD.format(kind='h.owner_kind', geom='h.before')}"
    " AND (CAST(:area AS geometry) IS NULL"
    " OR ST_Intersects(h.before, CAST(:area AS geometry))) ORDER BY h.at, h.id"
)


@dataclass(frozen=True)
class Wanted:
    """Which findings are asked for; "" and (): any."""

    area: str = ""
    kinds: tuple[str, ...] = ()
    unit: str = ""
    severity: str = ""


@dataclass(frozen=True)
class Report:
    """What was found: `rows` that may be told one by one, `figures` of all that were judged."""

    cameras: int
    clean: int
    figures: list[dict[str, Any]]
    units: list[dict[str, Any]]
    rows: gpd.GeoDataFrame
    hidden: int
    without_view: int


def report(
    engine: Engine, reader: Reader, wanted: Wanted | None = None, *, timezone: str
) -> Report:
    """Return the findings about the cameras that stand in the reader's areas.

    Raises
    ------
    NotFoundError
        If the area is none of the reader's.
    InputError
        If a kind or a severity is not known.
    """
    asked = wanted or Wanted()
    _require_known(asked)
    with transaction.drawing(engine, reader) as connection:
        area = _area(connection, reader, asked.area)
        cameras, found, unseen = _findings(connection, reader, area, timezone)
    chosen = _chosen(found, asked)
    visible = chosen["depth"] >= depth_no("position")
    return Report(
        cameras=len(cameras),
        clean=len(cameras) - int(cameras["code"].isin(found["camera_code"]).sum()),
        figures=_figures(chosen),
        units=_units(chosen),
        rows=gpd.GeoDataFrame(chosen[visible]),
        hidden=int((~visible).sum()),
        without_view=unseen,
    )


def workbook(
    engine: Engine, reader: Reader, wanted: Wanted, *, reason: str | None, timezone: str, lang: str
) -> tuple[bytes, int]:
    """Return the findings as a workbook, and how many; the row of the export is written before.

    Raises
    ------
    ForbiddenError
        If the reader may not export.
    InputError
        If there is no reason.
    """
    found = report(engine, reader, wanted, timezone=timezone)
    with transaction.opened(engine, reader) as connection:
        export_log.registered(
            connection,
            reader,
            what=WHAT,
            form="xlsx",
            rows=len(found.rows),
            reason=reason,
            area=wanted.area,
        )
    sheets = {say("compliance.sheet_figures", lang): _spelled_figures(found, lang)}
    sheets[say("compliance.sheet_rows", lang)] = pd.DataFrame(
        [_spelled(row, lang) for row in told(found.rows, lang)], dtype=object
    )
    mark = export_log.stamp(reader, reason, timezone=timezone, lang=lang)
    with tempfile.TemporaryDirectory(prefix="govgrid-") as folder:
        path = Path(folder) / "report.xlsx"
        writers.workbook(sheets, path, mark=mark)
        return path.read_bytes(), len(found.rows)


def told(rows: pd.DataFrame, lang: str) -> list[dict[str, Any]]:
    """Return findings as people read them: with `finding`, `advice`, `article` in words."""
    return [
        {
            "camera_code": row["camera_code"],
            "name": row["name"],
            "management_unit": row["management_unit"] or "",
            "kind": row["kind"],
            "severity": RULES[row["kind"]].severity,
            "article": say(f"compliance_article.{RULES[row['kind']].article}", lang),
            "finding": say(f"compliance_finding.{row['kind']}", lang, **_facts(row["facts"], lang)),
            "advice": say(f"compliance_advice.{row['kind']}", lang),
        }
        for row in rows.to_dict("records")
    ]


def _findings(
    connection: Connection, reader: Reader, area: bytes | None, timezone: str
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, int]:
    """Return the cameras, their findings, and of how many no viewshed was computed."""
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
    changes = frames.read(connection, _CHANGES, {**asked, "depth": depth_no(depth)})
    permits = frames.read(connection, "SELECT camera_code, kind, permitted_on FROM govgrid.permit")
    consents = frames.read(connection, "SELECT camera_code, zone_code FROM govgrid.consent")
    refiled = law.refiled(filing.changes(connection, reader, depth=depth))
    parts: list[pd.DataFrame] = [
        law.judged(cameras, today=today),
        law.looking_in(views, private),
        law.standing_in(cameras, private),
        law.near_restricted(cameras, restricted, consents.itertuples(index=False, name=None)),
        refiled[refiled["camera_code"].isin(cameras["code"])] if area is not None else refiled,
        law.unpermitted(changes, permits),
    ]
    found = _joined(parts, cameras, changes, depth=depth_no(reader.depth))
    return cameras, found, len(deep) - views["camera_code"].nunique()


def _viewsheds(connection: Connection, codes: list[str], srid: int) -> gpd.GeoDataFrame:
    return frames.read_layer(connection, _VIEWSHEDS, {"codes": codes}, srid=srid)


def _joined(
    parts: Sequence[pd.DataFrame], cameras: gpd.GeoDataFrame, changes: pd.DataFrame, *, depth: int
) -> gpd.GeoDataFrame:
    """Return all findings, the gravest first, with name, unit and depth of their camera.

    Cameras that are gone were read by where they stood: `depth` holds for them.
    """
    whole = pd.concat([p for p in parts if len(p)] or [parts[0]], ignore_index=True)
    known = cameras.set_index("code")
    gone = changes.drop_duplicates("camera_code", keep="last").set_index("camera_code")
    for name in ("name", "management_unit"):
        whole[name] = whole["camera_code"].map({**gone[name], **known[name]}).astype(object)
    whole["depth"] = whole["camera_code"].map(known["depth"]).astype(float).fillna(depth)
    order = list(RULES)
    whole["rank"] = [order.index(kind) for kind in whole["kind"]]
    whole = whole.astype(object).where(whole.notna(), None)
    ranked = whole.sort_values(["rank", "camera_code"], kind="stable").drop(columns="rank")
    if "geometry" not in ranked:
        ranked["geometry"] = None
    return gpd.GeoDataFrame(ranked, geometry="geometry", crs=cameras.crs).reset_index(drop=True)


def _chosen(found: gpd.GeoDataFrame, asked: Wanted) -> gpd.GeoDataFrame:
    keep = pd.Series(True, index=found.index)
    if asked.kinds:
        keep &= found["kind"].isin(asked.kinds)
    if asked.unit:
        keep &= found["management_unit"] == asked.unit
    if asked.severity:
        keep &= found["kind"].map(lambda kind: RULES[kind].severity == asked.severity).astype(bool)
    return gpd.GeoDataFrame(found[keep])


def _figures(found: pd.DataFrame) -> list[dict[str, Any]]:
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


def _units(found: pd.DataFrame) -> list[dict[str, Any]]:
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


def _area(connection: Connection, reader: Reader, code: str) -> bytes | None:
    """Return the shape of an area that is the reader's, None for all of them."""
    if not code:
        return None
    asked = {**reader.parameters, "code": code}
    row = connection.execute(text(_AREA), asked).first()
    if row is None:
        raise NotFoundError("grant.area", code=code)
    shape: bytes = row.geom
    return shape


def _require_known(asked: Wanted) -> None:
    strange = [kind for kind in asked.kinds if kind not in RULES]
    if strange:
        known = ", ".join(RULES)
        raise InputError("compliance.kind", found=", ".join(strange), known=known)
    if asked.severity and asked.severity not in SEVERITIES:
        known = ", ".join(SEVERITIES)
        raise InputError("compliance.kind", found=asked.severity, known=known)


def _facts(facts: dict[str, Any], lang: str) -> dict[str, Any]:
    """Return the values of a sentence as people read them."""
    found = dict(facts)
    if "share" in found:
        found["share"] = f"{found['share']:.0%}"
    if "fields" in found:
        words = (say(f"filing_field.{name}", lang) for name in found["fields"])
        found["fields"] = ("、" if lang == "zh" else ", ").join(words)
    return found


def _spelled(row: dict[str, Any], lang: str) -> dict[str, Any]:
    row = {**row, "severity": say(f"compliance_severity.{row['severity']}", lang)}
    return {say(f"compliance.column_{name}", lang): value for name, value in row.items()}


def _spelled_figures(found: Report, lang: str) -> pd.DataFrame:
    rows = [
        {
            "kind": say(f"compliance_kind.{row['kind']}", lang),
            "severity": say(f"compliance_severity.{row['severity']}", lang),
            "article": say(f"compliance_article.{row['article']}", lang),
            "findings": row["findings"],
            "cameras": row["cameras"],
        }
        for row in found.figures
    ]
    named = [{say(f"compliance.column_{n}", lang): v for n, v in row.items()} for row in rows]
    return pd.DataFrame(named, dtype=object)
