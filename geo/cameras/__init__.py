"""Cameras: register, status, headings, completeness, law."""
