"""Compliance of the cameras a principal may see: findings, figures, the report as a file."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.access.roles import depth_no
from geo.areas.store import names
from geo.base.errors import InputError, NotFoundError
from geo.base.words import say
from geo.cameras.law.figures import KindFigure, UnitFigure
from geo.cameras.rules.rulebook import RULES, SEVERITIES
from geo.files import writers

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

WHAT: Final = "compliance"
_MEASURED: Final = frozenset({"PRIVACY_VIEW", "MOVED", "REMOVED"})


@dataclass(frozen=True)
class FindingFilter:
    """Which findings are asked for; "" and (): any."""

    area: str = ""
    kinds: tuple[str, ...] = ()
    unit: str = ""
    severity: str = ""


@dataclass(frozen=True)
class Report:
    """Findings: `rows` that may be shown one by one, `figures` of all judged cameras."""

    cameras: int
    clean: int
    figures: list[KindFigure]
    units: list[UnitFigure]
    rows: gpd.GeoDataFrame
    hidden: int
    without_view: int


@dataclass(frozen=True)
class Workbook:
    """The report as a file: its bytes, how many findings, its number in the register of exports."""

    content: bytes
    rows: int
    register: str


def compliance_findings(
    engine: Engine, reader: Principal, wanted: FindingFilter | None = None, *, timezone: str
) -> Report:
    """Return the findings about the cameras in the principal's areas.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    wanted
        Filters by area, kind, unit and severity; None for none.
    timezone
        IANA name, for days of changes.

    Raises
    ------
    NotFoundError
        If the area is not granted.
    InputError
        If a kind or a severity is unknown.
    """
    asked = wanted or FindingFilter()
    _require_known(asked)
    with transaction.open_read_only(engine, reader) as connection:
        area = _area(connection, reader, asked.area)
        from geo.cameras.law import findings

        cameras, found, unseen = findings.of_cameras(connection, reader, area, timezone)
    chosen = _chosen(found, asked)
    visible = chosen["depth"] >= depth_no("position")
    return Report(
        cameras=len(cameras),
        clean=len(cameras) - int(cameras["code"].isin(found["camera_code"]).sum()),
        figures=findings.by_kind(chosen),
        units=findings.by_unit(chosen),
        rows=chosen.loc[visible],
        hidden=int((~visible).sum()),
        without_view=unseen,
    )


def make_workbook(
    engine: Engine,
    reader: Principal,
    wanted: FindingFilter,
    *,
    reason: str | None,
    timezone: str,
    lang: str,
) -> Workbook:
    """Return the findings as a workbook; the export is registered before.

    Parameters
    ----------
    reader
        Needs the permission to export.
    wanted
        Filters.
    reason
        Purpose; None only for the system.
    timezone
        IANA name, for times.
    lang
        "zh" or "en".

    Raises
    ------
    ForbiddenError
        If the principal may not export.
    InputError
        If there is no reason.
    """
    found = compliance_findings(engine, reader, wanted, timezone=timezone)
    with transaction.open_as(engine, reader) as connection:
        register = export_log.insert_export(
            connection,
            reader,
            what=WHAT,
            form="xlsx",
            rows=len(found.rows),
            reason=reason,
            area=wanted.area,
        )
    mark = export_log.watermark_text(reader, reason, timezone=timezone, lang=lang)
    with tempfile.TemporaryDirectory(prefix="govgrid-") as folder:
        path = Path(folder) / "report.xlsx"
        writers.write_workbook(_sheets(found, lang), path, mark=mark)
        return Workbook(path.read_bytes(), len(found.rows), register)


@dataclass(frozen=True)
class FoundInWords:
    """A finding as people read it."""

    camera_code: str
    name: str | None
    management_unit: str
    kind: str
    severity: str
    article: str
    finding: str
    advice: str


def describe_findings(rows: pd.DataFrame, lang: str) -> list[FoundInWords]:
    """Return findings in words.

    Parameters
    ----------
    rows
        As ``rows`` of the report of :func:`compliance_findings`.
    lang
        "zh" or "en".
    """
    return [
        FoundInWords(
            row["camera_code"],
            row["name"],
            row["management_unit"] or "",
            row["kind"],
            RULES[row["kind"]].severity,
            say(f"compliance_article.{RULES[row['kind']].article}", lang),
            say(_sentence(row), lang, **_facts(row["facts"], lang)),
            say(f"compliance_advice.{row['kind']}", lang),
        )
        for row in rows.to_dict("records")
    ]


def _chosen(found: gpd.GeoDataFrame, asked: FindingFilter) -> gpd.GeoDataFrame:
    keep = found["kind"].isin(asked.kinds or tuple(RULES))
    if asked.unit:
        keep &= found["management_unit"] == asked.unit
    if asked.severity:
        keep &= found["kind"].map(lambda kind: RULES[kind].severity == asked.severity).astype(bool)
    return found.loc[keep]


def _area(connection: Connection, reader: Principal, code: str) -> bytes | None:
    """Return the shape of an area that is the reader's, None for all of them."""
    if not code:
        return None
    shape = names.area_shape(connection, code, reader.parameters)
    if shape is None:
        raise NotFoundError("grant.area", code=code)
    return shape


def _require_known(asked: FindingFilter) -> None:
    strange = [kind for kind in asked.kinds if kind not in RULES]
    if strange:
        known = ", ".join(RULES)
        raise InputError("compliance.kind", found=", ".join(strange), known=known)
    if asked.severity and asked.severity not in SEVERITIES:
        known = ", ".join(SEVERITIES)
        raise InputError("compliance.kind", found=asked.severity, known=known)


def _sentence(row: dict[Any, Any]) -> str:
    """Return the key of a finding's sentence: without measures where they would tell a place."""
    if row["kind"] == "RESTRICTED_NEAR" and row["facts"] and row["exact"]:
        return "compliance.restricted_named"
    blurred = not row["exact"] and row["kind"] in _MEASURED
    return f"compliance_coarse.{row['kind']}" if blurred else f"compliance_finding.{row['kind']}"


def _facts(facts: dict[str, Any], lang: str) -> dict[str, Any]:
    """Return the values of a sentence as people read them."""
    found = dict(facts)
    if "share" in found:
        found["share"] = f"{found['share']:.0%}"
    if "fields" in found:
        words = (say(f"filing_field.{name}", lang) for name in found["fields"])
        found["fields"] = ("、" if lang == "zh" else ", ").join(words)
    return found


def _spelled(row: FoundInWords, lang: str) -> dict[str, str | None]:
    kind = say(f"compliance_kind.{row.kind}", lang)
    described = replace(row, kind=kind, severity=say(f"compliance_severity.{row.severity}", lang))
    return {
        say(f"compliance.column_{name}", lang): value for name, value in vars(described).items()
    }


def _sheets(found: Report, lang: str) -> dict[str, pd.DataFrame]:
    """Return the figures of units and kinds, and the findings, by the titles of their sheets."""
    import pandas as pd

    order = ["management_unit", "kind", "camera_code"]
    described = describe_findings(found.rows.sort_values(order, na_position="last"), lang)
    rows = [_spelled(row, lang) for row in described]
    return {
        say("compliance.sheet_units", lang): pd.DataFrame(_units(found, lang), dtype=object),
        say("compliance.sheet_figures", lang): pd.DataFrame(_figures(found, lang), dtype=object),
        say("compliance.sheet_rows", lang): pd.DataFrame(rows, dtype=object),
    }


def _units(found: Report, lang: str) -> list[dict[str, Any]]:
    heads = {name: say(f"compliance_severity.{name}", lang) for name in SEVERITIES}
    unit = say("compliance.column_unit", lang)
    return [
        {
            unit: row.unit or say("compliance.no_unit", lang),
            **{head: getattr(row, name) for name, head in heads.items()},
        }
        for row in found.units
    ]


def _figures(found: Report, lang: str) -> list[dict[str, Any]]:
    rows = [
        {
            "kind": say(f"compliance_kind.{row.kind}", lang),
            "severity": say(f"compliance_severity.{row.severity}", lang),
            "article": say(f"compliance_article.{row.article}", lang),
            "findings": row.findings,
            "cameras": row.cameras,
        }
        for row in found.figures
    ]
    return [{say(f"compliance.column_{n}", lang): v for n, v in row.items()} for row in rows]
