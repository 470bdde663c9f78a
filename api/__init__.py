"""HTTP: parses a request, calls one service, gives back its answer."""
