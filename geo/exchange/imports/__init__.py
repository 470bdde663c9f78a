"""Imports: read, check, compare, write, undo."""
