"""Tables of base layers, and what imports remember."""
