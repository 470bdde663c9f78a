"""Which layers of a map page are read in bulk."""

from typing import Final

BULK: Final = frozenset({"cameras", "gaps"})
"""The register of cameras and that of blind spots: where they are large they need a reason."""
