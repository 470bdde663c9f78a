"""Layers as they go out, cut to who asks."""
