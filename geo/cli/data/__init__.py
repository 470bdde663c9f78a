"""Commands on data: imports, exports, places, checks."""
