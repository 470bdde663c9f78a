"""A camera tried at a place: what it would see and change, as far as a principal may know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine
from typing_extensions import TypedDict

from geo.access import predicates, transaction
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.access.roles import CLASSES
from geo.areas.store import names as area_names
from geo.base.errors import NotFoundError
from geo.coverage.engine.asked import Trial
from geo.coverage.engine.client import EngineClient
from geo.coverage.engine.trial_answer import ClosedGap, GridChange, TrialViewshed
from geo.coverage.kinds import SURE
from geo.coverage.store import granted_ground


class WhatIfAnswer(TypedDict):
    """The engine's answer as far as it is granted; `withheld` grids are left out.

    `run` is the number of the computation and its revision.
    """

    run: list[int]
    detail: float
    placement: str
    moved_m: float
    epoch: int
    viewsheds: dict[str, TrialViewshed]
    grids: list[GridChange]
    gaps: dict[str, list[ClosedGap]]
    withheld: int


def try_camera(
    engine: Engine,
    principal: Principal,
    client: EngineClient,
    trial: Trial,
    *,
    most_gaps: int,
    reason: str | None = None,
) -> WhatIfAnswer:
    """Return what a camera would see, and the figures and gaps that would change, of all devices.

    Before and after together tell what the cameras there see. So the place must be granted with
    gaps, exactly and for all classes; what is seen is cut to such ground; and of grids that a
    camera may see which the principal does not know exactly only their number is returned
    (``withheld``). Gaps count as read in bulk.

    Parameters
    ----------
    engine
        Pool of the service.
    principal
        Who asks.
    client
        Of the engine.
    trial
        The camera.
    most_gaps
        Gaps an hour without a reason.
    reason
        As given with the request.

    Raises
    ------
    ForbiddenError
        If gaps are granted nowhere so, or too many are read without a reason.
    NotFoundError
        If the place is elsewhere.
    UnavailableError
        If the engine is down or still loading.
    """
    deep = _whole_grants(principal)
    deep.require_depth("gaps")
    with transaction.open_read_only(engine, principal) as connection:
        if not predicates.is_granted(connection, deep, trial.lon, trial.lat):
            raise NotFoundError("access.elsewhere")
    answer = client.try_camera(trial.as_json_values())
    with transaction.open_read_only(engine, principal) as connection:
        known = _known_grids(connection, principal, deep, answer)
        viewsheds = {
            name: _cut(connection, deep, answer["viewsheds"][name], whole=deep.everything)
            for name in SURE
        }
    gaps = {
        name: [gap for gap in answer["gaps"][name] if gap["grid_code"] in known] for name in SURE
    }
    count = sum(map(len, gaps.values()))
    export_log.count_bulk_read(engine, principal, "gaps", count, most=most_gaps, reason=reason)
    grids = [grid for grid in answer["grids"] if grid["grid_code"] in known]
    return {
        "run": answer["run"],
        "detail": answer["detail"],
        "placement": answer["placement"],
        "moved_m": answer["moved_m"],
        "epoch": answer["epoch"],
        "viewsheds": viewsheds,
        "grids": grids,
        "gaps": gaps,
        "withheld": len(answer["grids"]) - len(grids),
    }


def _whole_grants(principal: Principal) -> Principal:
    """Return the principal with its grants of gaps, exact and for all classes."""
    found = principal.exact().deep("gaps")
    for kind in CLASSES:
        found = found.of_class(kind)
    return found


def _known_grids(
    connection: Connection, principal: Principal, deep: Principal, answer: Mapping[str, Any]
) -> set[str]:
    """Return the codes of the grids of which nothing is hidden from the principal."""
    from geo.coverage.coarse_figures import find_open_areas

    grids = [(grid["level"], grid["grid_code"]) for grid in answer["grids"]]
    if not deep.everything:
        own = area_names.granted_codes(connection, deep.parameters)
        grids = [grid for grid in grids if grid in own]
    return {code for _, code in find_open_areas(connection, principal, grids)}


def _cut(
    connection: Connection, deep: Principal, seen: TrialViewshed, *, whole: bool
) -> TrialViewshed:
    """Return what is seen of the granted ground; where that is cut, without measures of the rest.

    Parameters
    ----------
    connection
        Open transaction.
    deep
        As from :func:`_whole_grants`.
    seen
        ``geometry`` (GeoJSON, EPSG:4326) with its measures.
    whole
        Whether no area limits the grants.
    """
    if whole:
        return seen
    shape, cut = granted_ground.clip_shape(connection, seen["geometry"], deep.areas)
    if not cut:
        return seen
    return {"geometry": shape, "area_m2": None, "privacy_zone_m2": None}
