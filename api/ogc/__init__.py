"""The service as an OGC API: formats, links, parameters and pages."""
