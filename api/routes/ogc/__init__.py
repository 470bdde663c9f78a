"""Routes of the OGC APIs: what there is, features, tiles."""
