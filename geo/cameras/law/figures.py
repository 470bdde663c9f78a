"""Figures of findings of the law, by kind and by managing unit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KindFigure:
    """Findings of a kind, and of how many cameras."""

    kind: str
    severity: str
    article: int
    findings: int
    cameras: int


@dataclass(frozen=True)
class UnitFigure:
    """Findings about the cameras of a managing unit, by severity; "" for no unit."""

    unit: str
    error: int
    warning: int
    note: int
