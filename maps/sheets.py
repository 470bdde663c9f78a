"""Survey sheets for headings: a page per grid, its plan, its cameras and empty compass roses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import shapely
from geopandas import GeoDataFrame
from jinja2 import Environment, PackageLoader
from pandas import DataFrame, Timestamp, isna

from geo.base import notice
from geo.base.errors import InputError
from geo.base.words import LANGUAGES, say
from maps.assets import read_style
from maps.ground import Surroundings, index_surroundings
from maps.plan import Plan, draw_plan

# A page is 188 × 276 mm inside its margins; the style sheet has the same measures.
PLAN_WIDTH_MM, PLAN_LEAST_MM = 188.0, 108.0
ROW_MM, ROW_CAMERAS = 31.0, 2
FIRST_PAGE, FURTHER_PAGES = 8, 14  # cameras below a plan of the least height, and without a plan

_pages = Environment(
    loader=PackageLoader("maps", "web/templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class SheetContent:
    """What the sheets show.

    All frames are in one metric CRS and may be empty. Columns read, beside the geometry:

    - `grids` (polygons, None where only its cameras are known), in the order of the sheets: code,
      name;
    - `cameras` (points), in the order of their numbers: grid_code, number (unique in its grid),
      code, name, site, form, heading_deg (NaN unknown);
    - `roads` (lines): name, class; `water` and `buildings` (polygons).

    `mark`, `synthetic` and `notice` (see `MapContent`) are printed on every page. `run` and
    `computed_at` (with a zone) say which figures the order rests on; times are shown in `timezone`.
    """

    title: str
    mark: str
    synthetic: bool
    run: int
    computed_at: datetime
    grids: GeoDataFrame
    cameras: GeoDataFrame
    roads: GeoDataFrame
    water: GeoDataFrame
    buildings: GeoDataFrame
    timezone: str = "Asia/Shanghai"
    notice: str = ""


@dataclass(frozen=True)
class _Page:
    """One page: its grid, the plan on the first one, some cameras, and which page of how many."""

    code: str
    name: str
    plan: Plan | None
    cameras: list[dict[str, Any]]
    count: int
    number: int
    pages: int


def render_sheets(content: SheetContent, *, lang: str = "zh") -> str:
    """Return the sheets as one HTML text for A4 that loads nothing and runs nothing.

    Parameters
    ----------
    content
        Frames and texts of the pages; frames in one metric CRS.
    lang
        "zh" or "en".

    Raises
    ------
    InputError
        If the language is unknown, or the frames are not in one metric coordinate system.
    """
    if lang not in LANGUAGES:
        raise InputError("map.error.language", language=lang, known=", ".join(LANGUAGES))
    _require_metric(content)

    def word(key: str, **facts: object) -> str:
        return say(f"survey.sheet.{key}", lang, **facts)

    return _pages.get_template("survey_sheets.html").render(
        content=content,
        lang={"zh": "zh-CN"}.get(lang, lang),
        word=word,
        style=read_style("sheets/sheets.css"),
        synthetic=say("map.synthetic", lang),
        notice=notice.notice_line(lang, own=content.notice),
        date=Timestamp(content.computed_at).tz_convert(content.timezone).strftime("%Y-%m-%d"),
        forms=lambda form: say(f"map.form.{form}", lang) if form and isinstance(form, str) else "",
        pages=list(_all_pages(content)),
    )


def _all_pages(content: SheetContent) -> Iterator[_Page]:
    around = index_surroundings(content.roads, content.water, content.buildings)
    grids = content.grids
    for code, name, outline in zip(grids["code"], grids["name"], grids.geometry, strict=True):
        own = content.cameras[content.cameras["grid_code"] == code]
        if len(own):
            yield from _grid_pages(code, _text(name), _plan(outline, own, around), own)


def _plan(outline: Any, cameras: GeoDataFrame, around: Surroundings) -> Plan:  # noqa: ANN401
    points = shapely.get_coordinates(np.asarray(cameras.geometry.array, dtype=object))
    numbers = cameras["number"].tolist()
    free_rows = max(FIRST_PAGE - len(cameras), 0) // ROW_CAMERAS
    size = {"width_mm": PLAN_WIDTH_MM, "height_mm": PLAN_LEAST_MM + free_rows * ROW_MM}
    return draw_plan(outline, points, numbers, around, **size)


def _grid_pages(code: str, name: str, drawn: Plan, cameras: DataFrame) -> Iterator[_Page]:
    """Yield the pages of a grid: the first with the plan, further ones as they are needed."""
    rows = [_camera(row) for row in cameras.to_dict("records")]
    breaks = [0, *range(FIRST_PAGE, len(rows), FURTHER_PAGES), len(rows)]
    for page in range(len(breaks) - 1):
        part = rows[breaks[page] : breaks[page + 1]]
        shown = drawn if page == 0 else None
        yield _Page(code, name, shown, part, len(rows), page + 1, len(breaks) - 1)


def _camera(row: dict[Any, Any]) -> dict[str, Any]:
    texts = {name: _text(row.get(name)) for name in ("code", "name", "site", "form")}
    heading = row.get("heading_deg")
    known = None if heading is None or isna(heading) else round(float(heading))
    return {**texts, "number": row["number"], "heading_deg": known}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _require_metric(content: SheetContent) -> None:
    frames = {n: getattr(content, n) for n in ("grids", "cameras", "roads", "water", "buildings")}
    wanted = content.cameras.crs
    for name, frame in frames.items():
        if len(frame) and (frame.crs is None or frame.crs.is_geographic or frame.crs != wanted):
            found = "?" if frame.crs is None else frame.crs.to_string()
            raise InputError("survey.crs", layer=name, found=found)
