"""The private PostGIS cluster: found, made, started, stopped."""
