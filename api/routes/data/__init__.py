"""Routes of data: layers, exports, places, map."""
