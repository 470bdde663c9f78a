"""Tests, in the folders of what they test."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SHARED_DATA: Final = ROOT.parent / "shared" / "data"
PATIENCE_S: Final = 1800
"""No sooner is anything taken for hanging: a busy machine is slow, and nothing is timed."""
