"""Lines above and below figures of coverage: how much is seen, and the assumptions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from geo.base.local_time import local_minute
from geo.cli.app import current_language
from geo.cli.output import print_note, translate


def print_headlines(areas: Sequence[Mapping[str, Any]]) -> None:
    """Print how much is seen, from certain to possible."""
    from geo.coverage.headline import make_headlines as lines

    for each in lines(areas):
        print_note(each.text(current_language()))


def print_assumptions(found: Mapping[str, Any]) -> None:
    """Print what had to be assumed, and what makes certain and possible differ."""
    print_note(translate("coverage.assumptions", **found))
    if "difference" in found:
        print_note(_difference(found["difference"]))


def incidents_until(until: datetime | None, timezone: str) -> None:
    """Print up to when incidents were known that count as demand.

    Parameters
    ----------
    until
        Time of the newest incident; None prints nothing.
    timezone
        IANA name of the zone to show.
    """
    if until is not None:
        print_note(translate("headline.incidents_until", when=local_minute(until, timezone)))


def _difference(found: Mapping[str, Any]) -> str:
    from geo.coverage.kinds import CAUSES

    causes = [
        translate(
            "coverage.cause",
            name=translate(f"difference.{name}"),
            views=found[name]["views"],
            area=_hectares(found[name]["m2"]),
        )
        for name in CAUSES
    ]
    return translate(
        "coverage.difference",
        basis=translate(f"difference.{found['basis']}"),
        total=_hectares(found["total_m2"]),
        causes=translate("coverage.cause_sep").join(causes),
        several=_hectares(found["several_m2"]),
    )


def _hectares(m2: float) -> str:
    return f"{m2 / 10_000:,.2f}"
