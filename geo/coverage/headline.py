"""The one line that stands above all figures: how much is seen, from certain to possible."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from geo.base.words import say

MOST = 9
LEVELS = ("district", "township", "community", "grid")
# What shares are of: the demand surface, or open ground where nothing is demanded.
SHARES = {"demand_m2": "covered_demand_share", "open_ground_m2": "covered_share"}


@dataclass(frozen=True)
class Headline:
    """Shares of one area at one detail, of all cameras.

    `basis` is the column of what they are of; `bound` says that buildings which nobody loaded may
    make them smaller.
    """

    code: str
    name: str
    detail: float
    basis: str
    certain: float
    possible: float
    bound: bool

    def plain(self, lang: str) -> dict[str, Any]:
        """Return the line as values of JSON, with its text."""
        return {**vars(self), "text": self.text(lang)}

    def text(self, lang: str) -> str:
        """Return the line as it is read."""
        facts = {"name": self.name, "detail": f"{self.detail:g}", "range": self.range(lang)}
        return say(f"headline.of_{self.basis}", lang, **facts)

    def range(self, lang: str) -> str:
        """Return both shares with their certainties."""
        sides = {"certain": format_percent(self.certain), "possible": format_percent(self.possible)}
        return say("headline.at_most" if self.bound else "headline.range", lang, **sides)


def make_headlines(rows: Iterable[Mapping[str, Any]]) -> list[Headline]:
    """Return the headline of each area of the highest level among figures, at each detail.

    There is none where shares are missing, nor where the level has more than `MOST` areas, of which
    a table says it better.

    Parameters
    ----------
    rows
        As from ``coverage.report.report``; of other device sets than all none counts.

    Examples
    --------
    >>> row = {"level": "district", "code": "d", "name": "D", "device_set": "all", "detail": 20}
    >>> row |= {"demand_m2": 50, "covered_share": None, "obstacles_known": True}
    >>> sure = [row | {"certainty": "certain", "covered_demand_share": 0.18349}]
    >>> both = [*sure, row | {"certainty": "possible", "covered_demand_share": 0.3451}]
    >>> make_headlines(both)[0].text("en")
    'D (20 px/m): of the demand surface 18.3 % (certain) ～ 34.5 % (possible)'
    """
    known = [row for row in rows if row["device_set"] == "all"]
    top = next((name for name in LEVELS if any(row["level"] == name for row in known)), None)
    found: dict[tuple[str, float], dict[str, Mapping[str, Any]]] = {}
    for row in known:
        if row["level"] == top:
            found.setdefault((row["code"], row["detail"]), {})[row["certainty"]] = row
    lines = [_headline(each) for each in found.values() if {"certain", "possible"} <= set(each)]
    return [line for line in lines if line is not None] if len(lines) <= MOST else []


def format_percent(share: float) -> str:
    """Return a share as people read it, rounded once, to a tenth of a percent."""
    return f"{share:.1%}".replace("%", " %")


def basis_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the column of what shares are of."""
    return "demand_m2" if any(row["demand_m2"] > 0 for row in rows) else "open_ground_m2"


def _headline(by: Mapping[str, Mapping[str, Any]]) -> Headline | None:
    rows = (by["certain"], by["possible"])
    basis = basis_of(rows)
    certain, possible = (row[SHARES[basis]] for row in rows)
    if certain is None or possible is None:
        return None
    bound = not all(row["obstacles_known"] for row in rows)
    about = (rows[0]["code"], rows[0]["name"] or "", rows[0]["detail"])
    return Headline(*about, basis, certain, possible, bound)
