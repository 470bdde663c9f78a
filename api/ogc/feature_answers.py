"""Features as answers: collections and single ones with their links, as bytes of GeoJSON."""

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fastapi import Request

from api.ogc.links import Link, make_link, same_in_formats, with_query
from api.ogc.negotiation import FEATURE, FEATURES, GEOJSON, JSON
from geo.base import clock

ITEMS: Final = "/api/collections/{}/items"


@dataclass(frozen=True)
class Features:
    """Features of a page, comma-separated; how many, of how many, and what comes behind them.

    `after` is None on the last page; `crs` is the URI of their system.
    """

    content: bytes
    count: int
    matched: int
    after: str | None
    crs: str


def content_crs(uri: str) -> dict[str, str]:
    """Return the header that says in which system coordinates are."""
    return {"Content-Crs": f"<{uri}>"}


def write_collection(request: Request, layer: str, found: Features) -> bytes:
    """Return a page of features with its links.

    Parameters
    ----------
    request
        Says the address and the parameters.
    layer
        Name of the collection.
    found
        The features.
    """
    links = json.dumps(links_of_page(request, layer, found), ensure_ascii=False)
    return (
        b'{"type":"FeatureCollection","features":[%b],"numberReturned":%d,"numberMatched":%d,'
        b'"timeStamp":"%b","links":%b}'
    ) % (found.content, found.count, found.matched, _now(), links.encode())


def links_of_page(request: Request, layer: str, found: Features) -> list[Link]:
    """Return the links of a page: the next one first, where there is one.

    Parameters
    ----------
    request, layer, found
        As for :func:`write_collection`.
    """
    path, asked = ITEMS.format(layer), dict(request.query_params)
    links = same_in_formats(request, path, FEATURES, "json", asked)
    links.append(make_link(request, "collection", JSON, f"/api/collections/{layer}"))
    if found.after is None:
        return links
    onward = {**{k: v for k, v in asked.items() if k not in ("f", "lang")}, "after": found.after}
    return [make_link(request, "next", GEOJSON, with_query(path, {**onward, "f": "json"})), *links]


def write_one(request: Request, layer: str, item: str, feature: bytes) -> bytes:
    """Return a feature with its links.

    Parameters
    ----------
    request
        Says the address and the parameters.
    layer
        Name of the collection.
    item
        Id of the feature.
    feature
        Its bytes.
    """
    path = f"{ITEMS.format(layer)}/{quote(item, safe='')}"
    links = same_in_formats(request, path, FEATURE, "json", dict(request.query_params))
    links.append(make_link(request, "collection", JSON, f"/api/collections/{layer}"))
    return feature[:-1] + b',"links":' + json.dumps(links, ensure_ascii=False).encode() + b"}"


def _now() -> bytes:
    return clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").encode()
