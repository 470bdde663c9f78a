"""Checks of single cells and columns."""
