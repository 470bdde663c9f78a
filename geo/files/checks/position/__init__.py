"""Checks of positions: coordinate system, district, duplicates, shapes."""
