"""Rows of the ledger of an area: what was collected in a period, as far as it is granted."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.incidents.store.listing import FROM, IN_GRID, READABLE, SHOWN, SHOWN_AT

WITHIN: Final[Mapping[str, str]] = {
    "grid": IN_GRID.format(name="area"),
    "community": "i.community_code = :area",
    "township": "i.township_code = :area",
    "district": "true",
}
"""How an incident lies in an area, by its level: plain values, as indexes have them."""
_ROWS: Final = (
    f"SELECT i.code, i.created_at, {SHOWN_AT} AS known_at, coalesce(s.zh, i.source) AS source_zh,"
    " coalesce(s.en, i.source) AS source_en, i.state,"
    f" CASE WHEN {READABLE} THEN i.title ELSE coalesce(k2.name, i.category) END AS title,"
    f" CASE WHEN {READABLE} OR NOT w.sensitive THEN i.grid_code END AS grid_code, i.community_code,"
    " coalesce(k2.name, i.category) AS category, coalesce(i.grade, k2.grade, 'ordinary') AS grade,"
    f" i.level,"
    f" CASE WHEN {READABLE} OR NOT w.sensitive THEN coalesce(u.name, i.unit_code) END AS unit,"
    f" CASE WHEN {READABLE} OR NOT w.sensitive THEN u.duty_post END AS duty_post,"
    f" CASE WHEN {READABLE} THEN i.result END AS result, i.outcome, i.closed_at, i.on_hold,"
    " i.supervised, i.self_handled, i.reopened, i.reports, i.satisfaction, i.heard,"
    f" CASE WHEN {READABLE} THEN i.attributes ELSE '{{{{}}}}' END AS attributes,"
    " CASE WHEN CAST(:issued_at AS timestamptz) IS NOT NULL THEN (SELECT max(c.at)"
    "  FROM govgrid.incident_move c WHERE c.incident = i.id AND c.at > :issued_at)"
    "  END AS changed_at"
    f"{FROM}"
    " LEFT JOIN govgrid.category_word k2 ON k2.word = i.category"
    " LEFT JOIN govgrid.source_word sw ON sw.word = replace(i.source, ' ', '')"
    " LEFT JOIN govgrid.incident_source s ON s.code = sw.code"
    f" WHERE {{within}} AND {SHOWN}"
    f" AND {SHOWN_AT} >= govgrid.day_start(:since) AND {SHOWN_AT} < govgrid.day_start(:until + 1)"
    f" AND i.state <> 'draft' ORDER BY {SHOWN_AT}, i.code"
)


def ledger_rows(
    connection: Connection, level: str, parameters: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Return the incidents of an area and a period, the oldest first; drafts are left out.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    level
        Of the area.
    parameters
        Grants as SQL parameters, ``area``, ``since``, ``until`` and ``issued_at``: after that
        moment, if it is one, ``changed_at`` tells of the last change.
    """
    statement = text(_ROWS.format(within=WITHIN[level]))
    return [dict(row) for row in connection.execute(statement, parameters).mappings()]
