"""The unit of an incident: ranked proposals with their reasons, and what somebody chose instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from typing_extensions import TypedDict

from geo.base.errors import InputError
from geo.base.words import say
from geo.incidents.book import IntakeBook
from geo.incidents.location import Located
from geo.incidents.rules.routing import Proposal
from geo.incidents.store.book import Category


@dataclass(frozen=True)
class Proposed:
    """Proposals best first, and the unit that goes: the first one unless another was chosen.

    Outside all grids nothing is proposed: it is dispatched by hand only.
    """

    ranked: tuple[Proposal, ...]
    unit_code: str | None
    override_reason: str | None = None

    @property
    def first(self) -> Proposal | None:
        """The proposal of the routing table."""
        return self.ranked[0] if self.ranked else None

    def columns(self) -> dict[str, Any]:
        """Return the columns of the incident."""
        return {
            "unit_code": self.unit_code,
            "proposed_unit_code": self.first.unit_code if self.first else None,
            "override_reason": self.override_reason,
            "routing": self.facts(),
        }

    def facts(self) -> dict[str, Any]:
        """Return the proposals as values of JSON: reason, row of the table, alternatives."""
        if self.first is None:
            return {}
        return {**_facts(self.first), "alternatives": [_facts(each) for each in self.ranked[1:]]}


def propose_units(
    book: IntakeBook,
    located: Located,
    category: Category,
    *,
    day: date,
    asset_code: str | None = None,
    chosen: str | None = None,
    override_reason: str | None = None,
) -> Proposed:
    """Return the unit for an incident, with what else would fit.

    Parameters
    ----------
    book
        Duties of this moment.
    located
        Where it is.
    category
        What it is.
    day
        On which duties must hold.
    asset_code
        Place or pole that it is about.
    chosen
        Unit that somebody wants instead of the proposal; None: the proposal.
    override_reason
        Why.

    Raises
    ------
    InputError
        If the chosen unit is none, or no reason is given.
    """
    outside = located.status == "outside"
    asset = book.asset(asset_code)
    ranked = () if outside else tuple(book.rank(located.areas, category, asset, day))
    first = ranked[0].unit_code if ranked else None
    if not chosen or chosen == first:
        return Proposed(ranked, first)
    if chosen not in book.units:
        known = "、".join(each.unit_code for each in ranked)
        raise InputError("intake.unit", found=chosen[:100], known=known)
    if not (override_reason or "").strip() and first is not None:
        raise InputError("intake.override", proposed=first)
    return Proposed(ranked, chosen, (override_reason or "").strip() or None)


def describe_reason(book: IntakeBook, proposal: Proposal | None, lang: str) -> str:
    """Return why a unit is proposed, in words.

    Parameters
    ----------
    book
        Names of areas.
    proposal
        None where none fits.
    lang
        "zh" or "en".
    """
    if proposal is None:
        return say("routing.none", lang)
    area = book.area_name(proposal.area_code)
    return say(proposal.reason, lang, area=area, category=proposal.category)


class UnitAnswer(TypedDict):
    """A unit that is proposed, with its office phone, the reason, and the duty where one is."""

    unit_code: str
    unit_name: str | None
    duty_phone: str | None
    reason: str
    duty: str | None


def describe_units(book: IntakeBook, ranked: Sequence[Proposal], lang: str) -> list[UnitAnswer]:
    """Return proposals with unit, name, office phone and reason.

    Parameters
    ----------
    book
        Names of units and areas.
    ranked
        Best first.
    lang
        "zh" or "en".
    """
    return [_unit_answer(book, each, lang) for each in ranked]


def _unit_answer(book: IntakeBook, proposal: Proposal, lang: str) -> UnitAnswer:
    unit = book.units.get(proposal.unit_code)
    return {
        "unit_code": proposal.unit_code,
        "unit_name": unit.name if unit else None,
        "duty_phone": unit.duty_phone if unit else None,
        "reason": describe_reason(book, proposal, lang),
        "duty": proposal.source or None,
    }


def _facts(proposal: Proposal) -> dict[str, Any]:
    return {
        "unit_code": proposal.unit_code,
        "reason": proposal.reason,
        "area_code": proposal.area_code,
        "category": proposal.category,
        "duty": proposal.source,
    }
