"""Parameters of the OGC service: each is known, given once, and a text."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args
from urllib.parse import parse_qsl

from fastapi import Query, Request

from api.ogc.negotiation import ALIASES, FEATURE, FEATURES, PAGES
from geo.access.audit import export_log
from geo.base.errors import InputError
from geo.exchange.publish.questions import LayerQuestion
from geo.exchange.rules.filters import MOST_LETTERS, Language

EDIT: Final = ("lang",)
PAGE: Final = ("f", "lang")
TILE: Final = ("reason",)
ITEM: Final = (*PAGE, "crs", "reason")
ITEMS: Final = (
    *ITEM,
    *("limit", "after", "bbox", "bbox-crs", "datetime", "sortby", "properties"),
    *("filter", "filter-lang", "filter-crs"),
)
LANGUAGES: Final = get_args(Language)
ONE_OF: Final = frozenset({"f"})
"""Parameters with a list of values that "" is not in: who means the usual one leaves them out."""
MOST_TEXT: Final = 200
MOST_NAMES: Final = 1000
MOST_URI: Final = 200
MOST_AFTER: Final = 2000
USUAL_ROWS: Final = 100
MOST_ROWS: Final = 10_000
_LIMIT: Final[dict[str, Any]] = {"default": USUAL_ROWS, "maximum": MOST_ROWS}
Limit = Annotated[
    int, Query(ge=1, json_schema_extra=_LIMIT, description="Most rows; files without it hold all")
]
Reason = Annotated[
    str | None,
    Query(max_length=export_log.MOST_REASON, description="Why so much is read, for the register"),
]
_FORMAT: Final = "Format of the answer; else as `Accept` says"


def format_query(*names: str) -> Any:  # noqa: ANN401 - a field of a query
    """Return the parameter `f`, described as one of these names; another one is refused."""
    extra: dict[str, Any] = {"enum": list(names)}
    return Query(max_length=20, description=_FORMAT, json_schema_extra=extra)


PageFormat = Annotated[str, format_query(*PAGES)]
FeatureFormat = Annotated[str, format_query(*FEATURE, *ALIASES)]
FeaturesFormat = Annotated[str, format_query(*FEATURES, *ALIASES)]
Crs = Annotated[
    str,
    Query(max_length=MOST_URI, description="System of the answer, by URI; else CRS84"),
]


def require_known(request: Request, names: tuple[str, ...]) -> None:
    """Refuse a request with a parameter that is unknown, given twice, no text, or has no value.

    Parameters
    ----------
    request
        Its query is looked at.
    names
        Parameters that the route knows.
    """
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in names:
            raise InputError("ogc.parameter", found=name[:60], known=", ".join(names))
        if name in seen:
            raise InputError("ogc.twice", found=name)
        if "\x00" in value or ("\ufffd" in value and not _is_text(request)):
            raise InputError("ogc.no_text", name=name)
        if not value and name in ONE_OF:
            raise InputError("ogc.empty", name=name)
        seen.add(name)


def _is_text(request: Request) -> bool:
    """Return whether the query is UTF-8: bytes that are not were replaced where it was read."""
    written = request.scope["query_string"].decode("latin-1")
    try:
        parse_qsl(written, keep_blank_values=True, errors="strict")
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class ItemsQuery:
    """What a request asks of the rows of a layer: which, how sorted, in which system and format."""

    limit: Limit = 0
    after: Annotated[
        str, Query(max_length=MOST_AFTER, description="From the link `next`; not to be changed")
    ] = ""
    reason: Reason = None
    f: FeaturesFormat = ""
    bbox: Annotated[str, Query(max_length=MOST_TEXT, description="Box that rows meet")] = ""
    bbox_crs: Annotated[str, Query(alias="bbox-crs", max_length=MOST_URI)] = ""
    datetime: Annotated[
        str, Query(max_length=MOST_TEXT, description="Moment, day, or two around `/`")
    ] = ""
    sortby: Annotated[
        str, Query(max_length=MOST_NAMES, description="Properties, `-` before one that descends")
    ] = ""
    properties: Annotated[
        str | None, Query(max_length=MOST_NAMES, description="Properties that are wanted")
    ] = None
    filter: Annotated[str, Query(max_length=MOST_LETTERS, description="CQL2")] = ""
    filter_lang: Annotated[Language, Query(alias="filter-lang")] = "cql2-text"
    filter_crs: Annotated[str, Query(alias="filter-crs", max_length=MOST_URI)] = ""
    crs: Crs = ""

    @property
    def asked(self) -> LayerQuestion:
        """The question to the layer."""
        return LayerQuestion(
            self.filter,
            self.filter_lang,
            self.filter_crs,
            self.bbox,
            self.bbox_crs,
            self.datetime,
            self.sortby,
            self.properties,
            self.crs,
        )
