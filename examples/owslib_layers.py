"""Read layers of the service with OWSLib: owslib_layers.py ADDRESS/api KEY LAYER [FILTER].

Prints the layers, how many features the layer has, what it can be filtered by, and the codes of
those that fit the filter (CQL2), read page by page.
"""

import json
import sys
from urllib.parse import parse_qsl, urlsplit

from owslib.ogcapi.features import Features


def read_layer(address: str, key: str, layer: str, where: str = "") -> dict[str, object]:
    """Return the names of the layers, and of one its features, properties, and codes that fit."""
    service = Features(address, headers={"Authorization": f"Bearer {key}"})
    whole = service.collection_items(layer, limit=1)
    codes: list[str] = []
    asked: dict[str, str] | None = {"limit": "3", **({"filter": where} if where else {})}
    while asked is not None:
        page = service.collection_items(layer, **asked)
        codes += [feature["id"] for feature in page["features"]]
        links = [link["href"] for link in page["links"] if link["rel"] == "next"]
        asked = dict(parse_qsl(urlsplit(links[0]).query)) if links else None
    return {
        "layers": sorted(service.feature_collections()),
        "features": whole["numberMatched"],
        "queryables": service.collection_queryables(layer)["properties"],
        "codes": codes,
    }


if __name__ == "__main__":
    print(json.dumps(read_layer(*sys.argv[1:]), ensure_ascii=False))
