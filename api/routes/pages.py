"""Pages for people."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.deps import MapPagesDep, SettingsDep

router = APIRouter()


@router.get("/", response_class=HTMLResponse)
def map_page(
    pages: MapPagesDep, settings: SettingsDep, lang: Literal["zh", "en"] | None = None
) -> HTMLResponse:
    """Return the map of the district."""
    return HTMLResponse(
        pages.page(lang or settings.lang), headers={"Cache-Control": "private, no-cache"}
    )
