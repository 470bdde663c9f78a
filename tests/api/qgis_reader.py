"""Open a project in QGIS without a window and write what it holds: PROJECT KEY FOLDER OUT.

Run by the Python of the system, whose packages QGIS is of.
"""

import json
import os
import sys
from pathlib import Path

PROJECT, KEY, FOLDER, OUT = sys.argv[1:]
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QGIS_CUSTOM_CONFIG_PATH"] = os.environ["QGIS_AUTH_DB_DIR_PATH"] = FOLDER

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsAuthMethodConfig,
    QgsNetworkAccessManager,
    QgsProject,
    QgsVectorLayer,
)

METHOD = "APIHeader"  # which QGIS 3.22 has not yet: there the header is put in on the way


def authenticate() -> None:
    """Keep the key under the name by which the project asks for it."""
    manager = QgsApplication.authManager()
    assert manager.setMasterPassword("test", True), manager.disabledMessage()
    known = METHOD in manager.authMethodsKeys()
    config = QgsAuthMethodConfig(METHOD if known else "Basic")
    config.setId("govgrid")
    config.setName("govgrid")
    header = f"Bearer {KEY}"
    if known:
        config.setConfig("Authorization", header)
    else:
        config.setConfig("username", "nobody")
        QgsNetworkAccessManager.setRequestPreprocessor(
            lambda request: request.setRawHeader(b"Authorization", header.encode())
        )
    stored = manager.storeAuthenticationConfig(config)
    assert stored[0] if isinstance(stored, tuple) else stored


def describe(layer) -> dict:
    """Return what a layer of the project is."""
    told = {"valid": layer.isValid(), "title": layer.name(), "source": layer.source()}
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        return told
    aliases = {field.name(): layer.attributeAlias(n) for n, field in enumerate(layer.fields())}
    renderer = layer.renderer()
    categories = renderer.categories() if hasattr(renderer, "categories") else []
    read = [feature for feature in layer.getFeatures() if not feature.geometry().isNull()]
    words = [category.label() for category in categories]
    return {**told, "features": len(read), "aliases": aliases, "categories": words}


application = QgsApplication([], False)
application.initQgis()
authenticate()
project = QgsProject.instance()
assert project.read(PROJECT)
told = {layer.id(): describe(layer) for layer in project.mapLayers().values()}
Path(OUT).write_text(json.dumps(told), encoding="utf-8")
project.clear()
application.exitQgis()
