"""What pytest leaves alone in this folder."""

collect_ignore = ["qgis_render.py"]  # Run by the Python that has PyQGIS, which is not ours.
