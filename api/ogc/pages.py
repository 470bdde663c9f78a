"""Pages of the OGC service for people: what there is, as tables, a sketch and links."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from api.answers.render import page_language, render_page
from api.ogc.feature_answers import ITEMS, Features, links_of_page
from api.ogc.links import Link, make_link, same_in_formats
from api.ogc.negotiation import FEATURE, HTML
from geo.base.words import say
from geo.exchange.rules import published_columns
from maps.sketch import draw_sketch

Cells = Sequence[object]


def layer_title(layer: str, lang: str) -> str:
    """Return what a collection is called.

    Parameters
    ----------
    layer
        Name of the collection.
    lang
        "zh" or "en".
    """
    return say(f"ogc_layer.{layer}", lang)


def links_page(
    request: Request, title: str, links: Sequence[Link], *, rows: Sequence[Cells] = ()
) -> HTMLResponse:
    """Return a page of links, and of rows of a table without a head.

    Parameters
    ----------
    request
        Says the language.
    title
        Title of the page.
    links
        Where it leads.
    rows
        What it says.
    """
    return _page(request, title, links, rows=rows)


def items_page(request: Request, layer: str, found: Features) -> HTMLResponse:
    """Return features as a table and a sketch.

    Parameters
    ----------
    request
        Says the language.
    layer
        Name of the collection.
    found
        The features.
    """
    lang = page_language(request)
    features = json.loads(b"[" + found.content + b"]")
    names = list(dict.fromkeys(name for each in features for name in each["properties"]))
    rows = [[each["properties"].get(name, "") for name in names] for each in features]
    said = say("ogc.found", lang, shown=found.count, matched=found.matched)
    head = [_titled(layer, name, lang) for name in names]
    return _page(
        request,
        layer_title(layer, lang),
        links_of_page(request, layer, found),
        head=head,
        rows=rows,
        said=said,
        shapes=[each["geometry"] for each in features] if _is_lonlat(request) else [],
    )


def item_page(request: Request, layer: str, item: str, feature: bytes) -> HTMLResponse:
    """Return one feature as a table of two columns and a sketch.

    Parameters
    ----------
    request
        Says the language.
    layer
        Name of the collection.
    item
        Id of the feature.
    feature
        Its bytes.
    """
    lang, found = page_language(request), json.loads(feature)
    rows = [[_titled(layer, name, lang), value] for name, value in found["properties"].items()]
    path, asked = request.url.path, dict(request.query_params)
    links = same_in_formats(request, path, FEATURE, "html", asked)
    links.append(make_link(request, "collection", HTML, f"{ITEMS.format(layer)}?f=html"))
    shapes = [found["geometry"]] if _is_lonlat(request) else []
    return _page(request, f"{layer_title(layer, lang)} {item}", links, rows=rows, shapes=shapes)


def _is_lonlat(request: Request) -> bool:
    return not request.query_params.get("crs")


def _titled(layer: str, name: str, lang: str) -> str:
    return published_columns.title_of(layer, name) if lang == "zh" else name


def _page(
    request: Request,
    title: str,
    links: Sequence[Link],
    *,
    head: Sequence[str] = (),
    rows: Sequence[Cells] = (),
    said: str = "",
    shapes: Sequence[Mapping[str, Any] | None] = (),
) -> HTMLResponse:
    lang = page_language(request)
    return render_page(
        request,
        "ogc.html",
        title=title,
        said=said,
        head=head,
        rows=[[_cell(each) for each in row] for row in rows],
        sketch=Markup(draw_sketch(shapes, title)),  # noqa: S704 - numbers, and the title escaped
        links=[(each["href"], _link_text(each, lang)) for each in links],
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _link_text(link: Link, lang: str) -> str:
    if "title" in link:
        return link["title"]
    kind = link["type"].partition(";")[0]
    return f"{say('ogc_rel.' + link['rel'], lang)} ({kind})"
