"""Papers about an incident as one HTML text for A4 that loads nothing and runs nothing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader

if TYPE_CHECKING:
    from maps.plan import Plan

PAGES = Environment(
    loader=PackageLoader("maps", "web/templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Table:
    """A table with its heads; `empty` is said where it has no rows."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""


@dataclass(frozen=True)
class RequestForm:
    """A form on a page of its own: labels, with what is filled in already."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Paper:
    """What a paper shows; the first mark of its plan is the place, `north` says which way is up.

    `made` says who made it, when and what for.
    """

    title: str
    mark: str
    lang: str
    facts: tuple[tuple[str, str], ...]
    plan: "Plan | None" = None
    north: str = ""
    tables: tuple[Table, ...] = ()
    forms: tuple[RequestForm, ...] = ()
    made: str = ""
    signatures: tuple[str, ...] = ()


def render_paper(paper: Paper) -> str:
    """Return a paper as HTML."""
    return PAGES.get_template("incident_paper.html").render(paper=paper)
