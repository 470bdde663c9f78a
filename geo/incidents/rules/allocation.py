"""Shares by factors (因素法): a base for each community, the rest by weighted factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from geo.base.errors import InputError

FACTORS: Final = (*("households", "residents", "grids", "matters", "area", "estates", "gaps"),)
"""What a share may go by; each stands in ``workload.factor.*``."""


@dataclass(frozen=True)
class Allotment:
    """What is shared out: in all, the base of each community, and the weights of factors."""

    total: float
    base: float
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Share:
    """What a community gets: the base, what it has by factors, and both.

    `missing` are the chosen factors of which no figure of it is known: they count as nothing.
    """

    key: str
    base: float
    by_factors: float
    amount: float
    missing: tuple[str, ...]


def parse_weights(written: Sequence[str]) -> dict[str, float]:
    """Return the weights of factors, written as ``residents=50``.

    Parameters
    ----------
    written
        One for each factor; any positive numbers, that need not add up to anything.

    Raises
    ------
    InputError
        If a factor is none or named twice, or a weight is no positive number.
    """
    found: dict[str, float] = {}
    for each in written:
        name, _, number = each.partition("=")
        name = name.strip()
        if name not in FACTORS or name in found:
            raise InputError("workload.factor_unknown", found=each[:40], known=", ".join(FACTORS))
        found[name] = _positive(number, each)
    return found


def make_allotment(total: float | None, base: float, weights: Sequence[str]) -> Allotment | None:
    """Return what is to be shared out, None where nothing is.

    Parameters
    ----------
    total
        Amount; None: nothing is shared out.
    base
        Of each community.
    weights
        Of factors, as :func:`parse_weights` reads them.

    Raises
    ------
    InputError
        If only one of amount and weights is given, or a weight is none.
    """
    if (total is None) != (not weights) or (total is None and base):
        raise InputError("workload.both")
    return None if total is None else Allotment(total, base, parse_weights(weights))


def share_out(
    allotment: Allotment, figures: Mapping[str, Mapping[str, float | None]]
) -> tuple[Share, ...]:
    """Return what each community gets: base + rest · Σ weight · part of the factor ÷ Σ weights.

    The rest is what is left of the total when each has its base.

    Parameters
    ----------
    allotment
        Total, base and weights.
    figures
        Community → factor → figure; None where it is not known.

    Raises
    ------
    InputError
        If no factor is weighted, the bases are more than the total, or of a factor nothing is
        known anywhere.

    Examples
    --------
    >>> figures = {"a": {"residents": 30.0, "grids": 1.0}, "b": {"residents": 10.0, "grids": None}}
    >>> shares = share_out(Allotment(100, 10, {"residents": 3, "grids": 1}), figures)
    >>> [(each.key, each.amount, each.missing) for each in shares]
    [('a', 75.0, ()), ('b', 25.0, ('grids',))]
    """
    rest = allotment.total - allotment.base * len(figures)
    if not allotment.weights:
        raise InputError("workload.no_weight", known=", ".join(FACTORS))
    if allotment.base < 0 or rest < 0:
        needed = allotment.base * len(figures)
        raise InputError("workload.base_over", total=allotment.total, needed=needed)
    whole = {name: sum(row[name] or 0.0 for row in figures.values()) for name in allotment.weights}
    for name, known in whole.items():
        if known <= 0:
            raise InputError("workload.no_figures", factor=name)
    weighed = sum(allotment.weights.values())
    shares = []
    for key, row in figures.items():
        parts = (w * (row[name] or 0.0) / whole[name] for name, w in allotment.weights.items())
        given = rest * sum(parts) / weighed
        missing = tuple(name for name in allotment.weights if row[name] is None)
        shares.append(Share(key, allotment.base, given, allotment.base + given, missing))
    return tuple(shares)


def _positive(number: str, written: str) -> float:
    try:
        value = float(number)
    except ValueError as error:
        raise InputError("workload.weight_wrong", found=written[:40]) from error
    if not 0 < value < float("inf"):
        raise InputError("workload.weight_wrong", found=written[:40])
    return value
