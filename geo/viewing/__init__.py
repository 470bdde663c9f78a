"""Looking through a camera: register rows first, then a token."""
