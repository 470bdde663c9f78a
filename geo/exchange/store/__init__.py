"""Tables of base layers, what imports remember, and what is searched and drawn of all layers."""
