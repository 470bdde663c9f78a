"""Which cameras see a place, may see it, or stand near and do not, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text

from geo.access import predicates, transaction
from geo.access.principal import Reader
from geo.base.errors import NotFoundError

KEYS = (
    *("code", "name", "relation", "why", "distance_m", "bearing_deg", "heading_deg", "px_per_m"),
    *("online", "footage_until", "unit", "phone"),
)
# Who is asked for a picture, and how long it is kept.
FACTS = text(
    "SELECT code, name, connection, retention_days, management_unit AS unit, duty_phone AS phone,"
    " installed_on FROM govgrid.camera"
)
STATES = text(
    "SELECT DISTINCT ON (camera_code) camera_code, status FROM govgrid.camera_status"
    " WHERE since <= :at ORDER BY camera_code, since DESC"
)


def seeing_one(
    engine: Engine,
    reader: Reader,
    lon: float,
    lat: float,
    *,
    at: datetime | None = None,
    timezone: str,
    detail: int = 20,
) -> dict[str, Any]:
    """Return the cameras of one place (EPSG:4326), as the command line and the service tell it.

    Of cameras outside the reader's areas only code, relation and distance are told, of those of a
    class that was not granted nothing. `at` is the moment the footage is wanted from; without it
    now. Whether a camera was online then is what it had reported last by that time; None where it
    had reported nothing.

    Raises
    ------
    NotFoundError
        If the place is not in the reader's areas.
    ForbiddenError
        If no camera's position is granted at all.
    """
    reader.require_depth("position")
    with transaction.drawing(engine, reader) as connection:
        if not predicates.covers(connection, reader, lon, lat):
            raise NotFoundError("access.elsewhere")
        from geo.coverage import sight_lines

        granted = predicates.cameras(connection, reader)
        scene = sight_lines.surroundings(connection, lon, lat, detail=detail)
        facts = _facts(connection, at)
    found = sight_lines.of_place(scene, lon, lat, detail=detail)
    lines = sight_lines.cut(found, granted).to_dict("records")
    cameras = [_told(line, facts[line["camera_code"]], at, timezone) for line in lines]
    nearest = min((float(line["distance_m"]) for line in lines), default=None)
    return {"cameras": cameras, "nearest_m": None if nearest is None else round(nearest, 1)}


def _facts(connection: Connection, at: datetime | None) -> dict[str, dict[str, Any]]:
    """Return what is known of every camera by code, with its connection at a moment or now."""
    facts = {row["code"]: dict(row) for row in connection.execute(FACTS).mappings()}
    if at is not None:
        found = connection.execute(STATES, {"at": at})
        then = {row.camera_code: row.status for row in found}
        for code, fact in facts.items():
            fact["connection"] = then.get(code)
    return facts


def _told(
    line: dict[Any, Any], fact: Mapping[str, Any], at: datetime | None, timezone: str
) -> dict[str, Any]:
    if not line["own"]:
        untold = dict.fromkeys(KEYS)
        distance_m = round(line["distance_m"], 1)
        seen = {"code": line["camera_code"], "relation": line["relation"]}
        return {**untold, **seen, "distance_m": distance_m}
    return {
        "code": line["camera_code"],
        "name": fact["name"],
        "relation": line["relation"],
        "why": line["why"],
        "distance_m": round(line["distance_m"], 1),
        "bearing_deg": round(line["bearing_deg"], 1),
        "heading_deg": _number(line["heading_deg"]),
        "px_per_m": _number(line["px_per_m"]),
        "online": {"online": True, "offline": False}.get(str(fact["connection"])),
        "footage_until": _until(fact, at or datetime.now(ZoneInfo(timezone))),
        "unit": _text(fact["unit"]),
        "phone": _text(fact["phone"]),
    }


def _until(fact: Mapping[str, Any], moment: datetime) -> str | None:
    days, installed = fact["retention_days"], fact["installed_on"]
    if days is None or (installed is not None and installed > moment.date()):
        return None
    return (moment + timedelta(days=int(days))).isoformat(timespec="seconds")


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(float(value), 1)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
