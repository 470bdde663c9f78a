"""The search box."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.answers.problems import request_language
from api.session.deps import EngineDep, MayMap, SettingsDep
from geo.access.audit import export_log
from geo.exchange import search as use_case

router = APIRouter()


@router.get("/api/search")
def search(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMap,
    q: Annotated[str, Query(min_length=1, max_length=use_case.MOST_LETTERS)],
    limit: Annotated[int, Query(ge=1, le=use_case.MOST)] = use_case.MOST,
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> use_case.SearchAnswer:
    """Return what a text finds: addresses, crossings, estates, streets, poles, codes, areas.

    Names are found by pinyin and its initials too; coordinates come back with the question whether
    they are of GCJ-02. Beyond the limit of bulk reads cameras and incidents are left out, unless a
    `reason` is given and exporting is permitted.
    """
    return use_case.search_places(
        engine,
        who,
        q.replace("\x00", ""),
        lang=request_language(request),
        most=limit,
        bulk=settings.bulk_rows,
        reason=reason,
    )
