"""Checks of whole rows: codes, classes, rules of a layer."""
