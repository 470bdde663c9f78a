"""The server around the routes: limits, proxies, headers."""
