"""The grid of tiles of the web, as OGC Two Dimensional Tile Matrix Set writes it."""

from typing import Final

from geo.base.json_objects import Document

EDGE_M: Final = 20037508.342789244
CELLS: Final = 256
STANDARD_PIXEL_M: Final = 0.00028
_DEFINED: Final = "http://www.opengis.net/def/{}"


def web_mercator_quad(last_zoom: int) -> Document:
    """Return the tile matrix set *WebMercatorQuad* down to a zoom.

    Examples
    --------
    >>> web_mercator_quad(1)["tileMatrices"][1]["matrixWidth"]
    2
    """
    return {
        "id": "WebMercatorQuad",
        "title": "WebMercatorQuad",
        "uri": _DEFINED.format("tilematrixset/OGC/1.0/WebMercatorQuad"),
        "crs": _DEFINED.format("crs/EPSG/0/3857"),
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": _DEFINED.format("wkss/OGC/1.0/GoogleMapsCompatible"),
        "tileMatrices": [_matrix(zoom) for zoom in range(last_zoom + 1)],
    }


def _matrix(zoom: int) -> Document:
    cell_m = 2 * EDGE_M / CELLS / 2**zoom
    return {
        "id": str(zoom),
        "scaleDenominator": cell_m / STANDARD_PIXEL_M,
        "cellSize": cell_m,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-EDGE_M, EDGE_M],
        "tileWidth": CELLS,
        "tileHeight": CELLS,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }
