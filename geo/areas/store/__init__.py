"""Tables of areas."""
