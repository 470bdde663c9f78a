"""One self-contained page of the map, built on folium: nothing in it comes from elsewhere."""

import base64
import hashlib
import re
from datetime import datetime

import folium
from branca.element import Element, Figure, MacroElement
from folium.template import Template
from geopandas import GeoDataFrame
from jinja2 import Environment, PackageLoader
from pandas import Timestamp

from geo.base import notice
from geo.base.errors import InputError
from geo.base.words import LANGUAGES, load_catalogue, say
from maps.assets import LIBRARIES, SCRIPTS, STYLES, read_script, read_style
from maps.content import MapContent
from maps.overlays import make_layers, share_basis
from maps.pack import Packed, as_json
from maps.palette import COLOURS, SHARE_BREAKS, SHARE_COLOURS

MAX_ZOOM = 20

_LAYERS = (
    "areas",
    "water",
    "farmland",
    "buildings",
    "roads",
    "cameras",
    "gaps",
    "centres",
    "places",
    "incidents",
)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_POLICY_HERE = "@policy@"
_FIXED_SIZE = re.compile(r'<meta name="viewport"[^>]*>')
_VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'
_shells = Environment(loader=PackageLoader("maps", "web/templates"), autoescape=True)


def render_page(content: MapContent, *, lang: str = "zh") -> str:
    """Return the page as one HTML text that works from a file, without any network.

    The same content gives the same text. All data stand in one JSON element that cannot end early;
    the page's own policy lets no other script run and nothing be loaded.

    Parameters
    ----------
    content
        What is to be shown, EPSG:4326.
    lang
        "zh" or "en".

    Raises
    ------
    InputError
        If the language is unknown or a frame is in another coordinate system.
    StateError
        If the browser assets have not been fetched (``scripts/assets``).
    """
    if lang not in LANGUAGES:
        raise InputError("map.error.language", language=lang, known=", ".join(LANGUAGES))
    _check_crs(content)
    words = _words(lang)
    if not content.figures:  # shares are not shown, whether there are any or not
        words["not_computed"] = words["figures_closed"]
    page = _Page(content.title, lang)
    page.header.add_child(_Text(_styles()))
    page.html.add_child(_Text(_shell(content, words, lang)))
    page.html.add_child(_Text(_libraries()))
    page.script.add_child(_Text("\n".join(read_script(name) for name in SCRIPTS)))
    chart = _Chart(_centre(content.areas))
    chart.add_child(_Start(), name="start")
    page.add_child(chart, name="chart")
    return _sealed(_enlargeable(page.render()))


class _Text(Element):
    """A part of the page that stands as it is: folium's own elements read theirs as templates.

    Data must never pass through a template: a name with braces in it would be run.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **_: object) -> str:
        """Return the text."""
        return self.text


class _Page(Figure):
    """The document: its language, an escaped title, and a policy that shuts everything out."""

    _template = Template(
        "<!DOCTYPE html>\n"
        '<html lang="{{ this.lang }}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{{ this.policy }}">\n'
        "<title>{{ this.title|e }}</title>\n{{ this.header.render(**kwargs) }}\n"
        "</head>\n<body>\n{{ this.html.render(**kwargs) }}\n"
        "<script>{{ this.script.render(**kwargs) }}</script>\n</body>\n</html>\n"
    )

    def __init__(self, title: str, lang: str) -> None:
        super().__init__(title=title)
        self.lang = {"zh": "zh-CN"}.get(lang, lang)
        self.policy = _POLICY_HERE
        self.header._children.clear()  # folium's own charset tag: it stands in the template


class _Chart(folium.Map):
    """folium's map without tiles and without its libraries from elsewhere: ours stand inside."""

    def __init__(self, location: list[float] | None) -> None:
        super().__init__(
            location=location,
            tiles=None,
            zoom_start=12,
            control_scale=False,
            zoom_control=False,
            maxZoom=MAX_ZOOM,  # the map's own option: folium's max_zoom is that of tiles
            minZoom=8,
            zoom_snap=0.25,
            attribution_control=False,
            font_size="0.875rem",
        )
        self._id = "district"
        self.default_js = []
        self.default_css = []


class _Start(MacroElement):
    """The line that hands folium's map to the page's own script."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "govgrid.open({{ this._parent.get_name() }}, document);{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]


def _styles() -> str:
    """Return the style sheets as an element for the head."""
    return "<style>" + "\n".join(read_style(name) for name in STYLES) + "</style>"


def _libraries() -> str:
    """Return the libraries as elements; below the sentence that is seen until they have run."""
    return "\n".join(f"<script>{read_script(name)}</script>" for name in LIBRARIES)


def _shell(content: MapContent, words: dict[str, str], lang: str) -> str:
    """Return the standing parts of the page with its data, everything escaped."""
    return _shells.get_template("map_page.html").render(
        content=content,
        word=words,
        notice=notice.notice_line(lang, own=content.notice),
        date=_date(content, lang),
        data=as_json(_data(content, words, lang)),
    )


def _data(content: MapContent, words: dict[str, str], lang: str) -> Packed:
    """Return everything the browser gets."""
    return {
        "lang": lang,
        "title": content.title,
        "deviceSet": content.device_set,
        "detail": content.detail,
        "certainty": content.certainty,
        "counted": dict(content.counted),
        "closed": list(content.closed),
        "leftOut": dict(content.left_out),
        "basis": share_basis(content.areas),
        "words": words,
        "palette": {"colours": COLOURS, "breaks": SHARE_BREAKS, "shares": SHARE_COLOURS},
        "layers": make_layers(content),
    }


def _words(lang: str) -> dict[str, str]:
    """Return the map's words in one language, their keys without the topic."""
    start = "map."
    return {
        key.removeprefix(start): text[lang]
        for key, text in load_catalogue().items()
        if key.startswith(start)
    }


def _date(content: MapContent, lang: str) -> str:
    """Return the sentence on how old the figures are."""
    if not content.figures:
        return say("map.figures_closed", lang)
    if content.computed_at is None:
        return say("map.not_computed", lang)
    computed = say("map.as_of", lang, time=_time(content.computed_at, content.timezone, lang))
    if content.incidents_until is None:
        return computed
    until = _time(content.incidents_until, content.timezone, lang)
    return computed + say("map.incidents_until", lang, time=until)


def _time(moment: datetime, timezone: str, lang: str) -> str:
    at = Timestamp(moment).tz_convert(timezone)
    month = say(f"map.month.m{at.month}", lang)
    facts = {"year": at.year, "month": month, "day": at.day, "clock": at.strftime("%H:%M")}
    return say("map.time", lang, **facts)


def _centre(areas: GeoDataFrame) -> list[float] | None:
    """Return where folium starts, flipped to latitude, longitude; the page fits itself later."""
    if len(areas) == 0 or not (areas.total_bounds == areas.total_bounds).all():
        return None
    west, south, east, north = areas.total_bounds
    return [float(south + north) / 2, float(west + east) / 2]


def _check_crs(content: MapContent) -> None:
    """Refuse a frame that is not in lon/lat; an empty one without any CRS passes."""
    for name in _LAYERS:
        frame: GeoDataFrame = getattr(content, name)
        if len(frame) and (frame.crs is None or frame.crs.to_epsg() != 4326):
            found = "?" if frame.crs is None else frame.crs.to_string()
            raise InputError("map.error.crs", layer=name, found=found)


def _sealed(html: str) -> str:
    """Return the page with a policy that names each script by its hash, and nothing else."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"
        for body in _SCRIPT.findall(html)
    )
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return html.replace(_POLICY_HERE, policy, 1)


def _enlargeable(html: str) -> str:
    """Return the page without folium's ban on enlarging it: small print has to be readable."""
    return _FIXED_SIZE.sub(_VIEWPORT, html, count=1)
