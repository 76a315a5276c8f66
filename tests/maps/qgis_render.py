"""Run by a Python that has PyQGIS: draw layers of a GeoPackage in their default styles."""

from __future__ import annotations

import json
import os
import sys

from qgis.core import QgsApplication, QgsMapRendererSequentialJob, QgsMapSettings, QgsVectorLayer
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def render(geopackage: str, picture: str, names: list[str]) -> list[dict[str, object]]:
    """Draw the layers, the first on top, on cyan ground; return what QGIS made of each."""
    layers, found = [], []
    for name in names:
        layer = QgsVectorLayer(f"{geopackage}|layername={name}", name, "ogr")
        _, is_styled = layer.loadDefaultStyle()
        renderer = layer.renderer()
        kinds = len(renderer.categories()) if renderer.type() == "categorizedSymbol" else 0
        about = {"valid": layer.isValid(), "styled": is_styled, "renderer": renderer.type(), "kinds": kinds}
        found.append({"name": name, "features": layer.featureCount(), **about})
        layers.append(layer)
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setOutputSize(QSize(900, 700))
    settings.setOutputDpi(200)
    settings.setDestinationCrs(layers[0].crs())
    extent = layers[0].extent()
    extent.grow(max(0.3 * max(extent.width(), extent.height()), 0.5))
    settings.setExtent(extent)
    settings.setBackgroundColor(QColor("#00ffff"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(picture)
    return found


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    print(json.dumps(render(sys.argv[1], sys.argv[2], sys.argv[3:])), flush=True)
    os._exit(0)  # QGIS crashes where it is torn down after its Python objects
