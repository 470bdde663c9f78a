"""Tables of coverage and the scene that it is computed from."""
