"""The self-contained map page of what a principal may see."""

from collections.abc import Set
from dataclasses import dataclass

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.areas import known
from geo.base.settings import Settings
from geo.exchange.publish.bulk import BULK
from geo.exchange.publish.kept_frames import KeptFrames


@dataclass(frozen=True)
class MapPage:
    """A page, and how many cameras and gaps stand on it."""

    html: str
    rows: int


def map_page(  # noqa: PLR0913 - as read_content
    engine: Engine,
    settings: Settings,
    reader: Principal,
    *,
    lang: str,
    device_set: str = "all",
    certainty: str = "certain",
    area: str | None = None,
    drawn: Set[str] = BULK,
    kept: KeptFrames | None = None,
) -> MapPage:
    """Return what a principal may see, or one area of it, as one self-contained HTML page.

    See :func:`geo.exchange.publish.map_content.read_content` for the other parameters.

    Parameters
    ----------
    reader
        Limits layers and rows.
    area
        Code of an area to draw alone; None for all.
    drawn
        Which of the bulk layers are drawn; of the others the page has the number of rows only.
    kept
        What the process keeps of frames that are the same for everybody.

    Raises
    ------
    NotFoundError
        If there is no such area, or it is not granted.
    """
    if area is not None:
        with transaction.open_read_only(engine, reader) as connection:
            known.require_area(connection, area, reader=reader)
    from geo.exchange.publish import map_content
    from maps.content import MapContent
    from maps.folium_page import render_page

    content = map_content.read_content(
        engine,
        reader,
        lang=lang,
        timezone=settings.timezone,
        detail=settings.detail_px_per_m,
        device_set=device_set,
        certainty=certainty,
        area=area,
        drawn=drawn,
        kept=kept,
    )
    page = MapContent(
        mark=settings.mark, notice=settings.notice, timezone=settings.timezone, **content
    )
    return MapPage(render_page(page, lang=lang), sum(len(content[layer]) for layer in drawn))
