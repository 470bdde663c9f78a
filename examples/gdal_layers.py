"""Read layers of the service with GDAL: gdal_layers.py ADDRESS/api KEY LAYER [FILTER [BOX]].

Prints the layers, how many features the layer has, and the codes of those that fit the filter and
meet the box (west,south,east,north in degrees).
"""

import json
import sys

import pyogrio


def read_layer(
    address: str, key: str, layer: str, where: str | None = None, box: str | None = None
) -> dict[str, object]:
    """Return the names of the layers, the number of features of one, and codes that fit."""
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": key})
    source = f"OAPIF:{address}"
    bounds = None if box is None else tuple(map(float, box.split(",")))
    meta, _, _, columns = pyogrio.raw.read(
        source, layer=layer, where=where, bbox=bounds, PAGE_SIZE="3"
    )
    return {
        "layers": sorted(name for name, _ in pyogrio.list_layers(source)),
        "features": pyogrio.read_info(source, layer=layer)["features"],
        "codes": [str(code) for code in columns[list(meta["fields"]).index("code")]],
    }


if __name__ == "__main__":
    print(json.dumps(read_layer(*sys.argv[1:]), ensure_ascii=False))
