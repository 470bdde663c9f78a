"""Papers about an incident as one HTML text for A4 that loads nothing and runs nothing."""

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader

_pages = Environment(
    loader=PackageLoader("maps", "web/templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Dot:
    """A camera on the sketch, in hundredths of its width from the place; y goes down."""

    code: str
    x: float
    y: float
    sees: bool


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
    """What a paper shows; `half_m` is what half the radius of the sketch stands for."""

    title: str
    mark: str
    lang: str
    facts: tuple[tuple[str, str], ...]
    dots: tuple[Dot, ...] = ()
    half_m: int = 0
    tables: tuple[Table, ...] = ()
    forms: tuple[RequestForm, ...] = ()


def render_paper(paper: Paper) -> str:
    """Return a paper as HTML."""
    return _pages.get_template("incident_paper.html").render(paper=paper)
