"""Write a QGIS project of the layers of the service: qgis_project.py ADDRESS/api KEY OUT.qgs.

Layers, their names, aliases of columns and the view are read from the service, so that the project
says what is there: each layer as features (OGC API Features) and as vector tiles. The key is not in
the file: QGIS takes it from its own authentication configuration *govgrid* (method API Header,
``Authorization`` = ``Bearer KEY``).
"""

import json
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

AUTHENTICATION = "govgrid"
VERSION = "3.22.0"
TITLE = "govgrid"
HEAD = b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
FEATURES, TILES = "要素", "矢量瓦片"
LAST_ZOOM = 22
PLAIN = "#52616d"
COLOURS = {
    **{"districts": "#6f8496", "townships": "#6f8496", "communities": "#6f8496"},
    **{"grids": "#9aabb7", "cameras": "#3d5a73", "viewsheds": "#0b5a8c", "gaps": "#9a3b6e"},
    **{"incidents": "#c62828", "roads": "#d9dddd", "buildings": "#e6e7e3", "water": "#cfdfe8"},
    **{"privacy-zones": "#6b7883", "centres": "#1f8050"},
}
OUTLINES = frozenset({"districts", "townships", "communities", "grids"})
STATES = {"online": ("在线", "#1f8050"), "offline": ("离线", "#b86e00"), "": ("不详", PLAIN)}
"""Connections of cameras, each with its word and colour."""
SHAPES = {"point": ("Point", "marker"), "line": ("Line", "line"), "polygon": ("Polygon", "fill")}


@dataclass(frozen=True)
class Layer:
    """A layer as the service tells it: columns with their titles, point, line or polygon."""

    name: str
    title: str
    shape: str
    aliases: dict[str, str]


def ask(address: str, key: str, path: str = "") -> dict[str, Any]:
    """Return a document of the service, in Chinese."""
    headers = {"Authorization": f"Bearer {key}", "Accept-Language": "zh", "Accept": "*/*"}
    asked = urllib.request.Request(f"{address}{path}", headers=headers)  # noqa: S310 - as typed
    with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310 - the same
        return json.load(answer)


def read_layer(address: str, key: str, told: dict[str, Any]) -> Layer:
    """Return a layer of the catalogue with its columns."""
    columns = ask(address, key, f"/collections/{told['id']}/queryables")["properties"]
    shape = columns.pop("geometry")["format"].removeprefix("geometry-").removeprefix("multi")
    aliases = {name: column["title"] for name, column in columns.items()}
    return Layer(told["id"], told["title"], shape, aliases)


def write_project(address: str, key: str, out: Path) -> None:
    """Write the project of what an account may see."""
    catalogue = ask(address, key, "/collections")["collections"]
    layers = [read_layer(address, key, each) for each in catalogue]
    boxes = [each["extent"]["spatial"]["bbox"][0] for each in catalogue if "extent" in each]
    project = Xml.Element("qgis", projectname=TITLE, version=VERSION)
    put(project, "title", TITLE)
    put_system(put(project, "projectCrs"), "EPSG:3857")
    put_tree(project, layers)
    if boxes:
        put_view(project, boxes[0])
    listed = put(project, "projectlayers")
    for layer in layers:
        put_features(listed, layer, address)
    for layer in layers:
        put_tiles(listed, layer, address)
    Xml.indent(project)
    out.write_bytes(HEAD + Xml.tostring(project, "utf-8", xml_declaration=False) + b"\n")


def put(parent: Xml.Element, tag: str, text: str = "", **attributes: str) -> Xml.Element:
    """Put an element into another and return it."""
    made = Xml.SubElement(parent, tag, attributes)
    made.text = text or None
    return made


def put_system(parent: Xml.Element, code: str) -> None:
    """Say in which system of coordinates something is."""
    put(put(parent, "spatialrefsys", nativeFormat="Wkt"), "authid", code)


def put_tree(project: Xml.Element, layers: list[Layer]) -> None:
    """Put the list of the layers: features are shown, tiles are there to be chosen."""
    root = put(project, "layer-tree-group")
    order = ("point", "line", "polygon")
    for group, kind, checked in (
        (FEATURES, "features", "Qt::Checked"),
        (TILES, "tiles", "Qt::Unchecked"),
    ):
        made = put(root, "layer-tree-group", name=group, checked=checked, expanded="1")
        for layer in sorted(layers, key=lambda each: order.index(each.shape)):
            words = {"id": layer_id(layer, kind), "name": layer.title, "checked": checked}
            put(made, "layer-tree-layer", **words)


def layer_id(layer: Layer, kind: str) -> str:
    """Return the id of a layer in the project; QGIS replaces ids of ten letters and less."""
    return f"{TITLE}_{layer.name}_{kind}"


def put_view(project: Xml.Element, box: list[float]) -> None:
    """Put what is shown first: the ground that is granted."""
    view = put(project, "ProjectViewSettings")
    bounds = dict(zip(("xmin", "ymin", "xmax", "ymax"), map(str, box), strict=True))
    put_system(put(view, "DefaultViewExtent", **bounds), "EPSG:4326")


def put_features(listed: Xml.Element, layer: Layer, address: str) -> None:
    """Put a layer that is read page by page, as far as the view goes."""
    shape, _ = SHAPES[layer.shape]
    made = put(listed, "maplayer", type="vector", geometry=shape, autoRefreshEnabled="0")
    source = (
        f" authcfg={AUTHENTICATION} pageSize='1000' pagingEnabled='true' restrictToRequestBBOX='1'"
        f" typename='{layer.name}' url='{address}'"
    )
    put_head(made, layer_id(layer, "features"), source, layer.title)
    put_system(put(made, "srs"), "OGC:CRS84")
    put(made, "provider", "OAPIF", encoding="UTF-8")
    aliases = put(made, "aliases")
    for number, (name, title) in enumerate(layer.aliases.items()):
        put(aliases, "alias", field=name, name=title, index=str(number))
    put_style(made, layer)


def put_head(made: Xml.Element, code: str, source: str, title: str) -> None:
    """Put what all layers have: id, source and name."""
    for tag, text in (("id", code), ("datasource", source), ("layername", title)):
        put(made, tag, text)


def put_style(made: Xml.Element, layer: Layer) -> None:
    """Put how features are drawn; cameras by whether they are connected."""
    if layer.name != "cameras":
        symbols = put(put(made, "renderer-v2", type="singleSymbol"), "symbols")
        put_symbol(symbols, layer, COLOURS.get(layer.name, PLAIN), "0")
        return
    drawn = put(made, "renderer-v2", type="categorizedSymbol", attr="connection")
    categories, symbols = put(drawn, "categories"), put(drawn, "symbols")
    for number, (value, (word, colour)) in enumerate(STATES.items()):
        words = {"value": value, "label": word, "symbol": str(number)}
        put(categories, "category", render="true", **words)
        put_symbol(symbols, layer, colour, str(number))


def put_symbol(parent: Xml.Element, layer: Layer, colour: str, name: str) -> None:
    """Put one symbol: a dot, a line, or a polygon, of which boundaries have no fill."""
    _, kind = SHAPES[layer.shape]
    symbol = put(parent, "symbol", name=name, type=kind, alpha="1")
    classes = {"marker": "SimpleMarker", "line": "SimpleLine", "fill": "SimpleFill"}
    bare = layer.name in OUTLINES
    fill = rgba(colour, 0 if bare else 90)
    told = {
        "marker": {"color": rgba(colour), "outline_color": "255,255,255,255", "size": "2.4"},
        "line": {"line_color": rgba(colour), "line_width": "0.6"},
        "fill": {"color": fill, "outline_color": rgba(colour), "outline_width": "0.4"},
    }[kind]
    drawn = put(symbol, "layer", **{"class": classes[kind], "enabled": "1"})
    for key, value in told.items():
        put(drawn, "prop", k=key, v=value)


def rgba(colour: str, alpha: int = 255) -> str:
    """Return a colour as QGIS writes it.

    >>> rgba("#0b5a8c")
    '11,90,140,255'
    """
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + f",{alpha}"


def put_tiles(listed: Xml.Element, layer: Layer, address: str) -> None:
    """Put a layer of vector tiles, which are drawn fast however many rows there are."""
    pattern = f"{address}/collections/{layer.name}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"
    source = (
        f"authcfg={AUTHENTICATION}&type=xyz&url={quote(pattern, safe=':/')}&zmax={LAST_ZOOM}&zmin=0"
    )
    made = put(listed, "maplayer", type="vector-tile")
    put_head(made, layer_id(layer, "tiles"), source, layer.title)
    put_system(put(made, "srs"), "EPSG:3857")
    styles = put(put(made, "renderer", type="basic"), "styles")
    number = {"point": "0", "line": "1", "polygon": "2"}[layer.shape]
    words = {"name": layer.title, "layer": layer.name, "geometry": number, "enabled": "1"}
    style = put(styles, "style", **{**words, "min-zoom": "-1", "max-zoom": "-1", "expression": ""})
    put_symbol(put(style, "symbols"), layer, COLOURS.get(layer.name, PLAIN), "0")


if __name__ == "__main__":
    write_project(sys.argv[1].rstrip("/"), sys.argv[2], Path(sys.argv[3]))
