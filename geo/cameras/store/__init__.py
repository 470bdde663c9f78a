"""Tables of cameras."""
