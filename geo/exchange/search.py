"""Search by what people type or hear on the telephone, limited to what is granted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, RowMapping
from typing_extensions import TypedDict

from geo.access import transaction
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.base.errors import ForbiddenError
from geo.base.words import say
from geo.exchange.rules.typed_coordinates import Typed, parse_coordinates
from geo.exchange.store import search_text
from geo.exchange.store.search_text import Needle

MOST: Final = 20
MOST_LETTERS: Final = 100
MOST_WORDS: Final = 6
MOST_CAMERAS: Final = 8
MOST_INCIDENTS: Final = 5
SPARE: Final = 3
"""So many rows are read for one that is shown: code and name of a camera are two."""

ESTATES: Final = frozenset({"estate", "小区", "住宅小区", "老旧小区"})
COLLECTIONS: Final = {
    "community": "communities",
    "place": "places",
    "road": "roads",
    "centre": "centres",
    "address": "addresses",
    "entrance": "entrances",
    "water": "water",
    "building": "buildings",
    "camera": "cameras",
    "pole": "poles",
    "incident": "incidents",
    "crossing": None,
}
SHORTEST_CROSSING: Final = 4
"""Letters of two names of streets: looking for them in a text passes over all streets."""

WHAT: Final = "search"
"""As what cameras and incidents that were found are counted: see geo/access/audit/export_log.py."""


@dataclass(frozen=True)
class SearchHit:
    """What was found; `layer` is the collection in which its code is a feature, None for none."""

    kind: str
    layer: str | None
    code: str | None
    name: str | None
    lon: float | None
    lat: float | None
    exact: bool


class HitAnswer(TypedDict):
    """A :class:`SearchHit` for an answer, with the word for its kind."""

    kind: str
    layer: str | None
    code: str | None
    name: str | None
    lon: float | None
    lat: float | None
    exact: bool
    kind_name: str


class LonLat(TypedDict):
    """A place in degrees, EPSG:4326."""

    lon: float
    lat: float


class CoordinatesAnswer(LonLat):
    """A typed place, and where it would be on a map of the other system."""

    if_gcj02: LonLat
    apart_m: float
    question: str | None


class SearchAnswer(TypedDict):
    """What was found, the best first; `withheld` were left out as too many were read."""

    query: str
    results: list[HitAnswer]
    coordinates: CoordinatesAnswer | None
    withheld: int


def search_places(
    engine: Engine,
    reader: Principal,
    typed: str,
    *,
    lang: str = "zh",
    most: int = MOST,
    bulk: int = 0,
    reason: str | None = None,
) -> SearchAnswer:
    """Return what `typed` finds: places, streets, crossings, areas, poles, codes, coordinates.

    Full-width forms, capitals, blanks, punctuation and the kind of numerals do not matter; names
    are found by their pinyin and its initials as well, incidents by their code alone.

    Parameters
    ----------
    engine
        The service's pool.
    most
        Most rows of the answer, at most 20; cameras among them at most 8, incidents 5.
    bulk
        Rows of cameras and incidents an hour beyond which reading is an export; 0: not counted.
    reason
        Why so many are asked for.
    """
    with transaction.open_as(engine, reader) as connection:
        found = _found(connection, reader, typed[:MOST_LETTERS], min(most, MOST))
    shown, withheld = _counted(engine, reader, found, bulk, reason)
    place = parse_coordinates(typed)
    return {
        "query": typed,
        "results": [_hit_answer(each, lang) for each in shown],
        "coordinates": None if place is None else _coordinates(place, lang),
        "withheld": withheld,
    }


def _found(connection: Connection, reader: Principal, typed: str, most: int) -> list[SearchHit]:
    """Return the rows of an answer; incidents under row-level security, all else without it."""
    words = typed.split()[:MOST_WORDS]
    given = reader.parameters
    incidents = _incidents(connection, given, "".join(words))
    transaction.step_down(connection)
    folded, numbered = search_text.fold_words(connection, ["".join(words), *words])
    if not folded[0]:
        return []
    needles = needles_of(folded, numbered)
    rows = search_text.find_texts(connection, given, needles, most=most * SPARE)
    crossings: list[SearchHit] = []
    if len(folded[0]) >= SHORTEST_CROSSING:
        met = search_text.find_crossings(connection, given, f"{folded[0]}\n{numbered[0]}")
        crossings = [_crossing(each) for each in met]
    first = [_row(each) for each in rows if each["grade"] == 0]
    rest = [_row(each) for each in rows if each["grade"] > 0]
    return list(_few([*first, *incidents, *crossings, *rest]))[:most]


def needles_of(folded: Sequence[str], numbered: Sequence[str]) -> list[Needle]:
    """Return the needles of a search: the whole text, and its words together.

    Parameters
    ----------
    folded
        Whole text, then its words, as from :func:`geo.exchange.store.search_text.fold_words`.
    numbered
        The same with Chinese numerals as digits.
    """
    wanted: list[Needle] = [(folded[0],), (numbered[0],)]
    if len(folded) > 2:
        wanted += [tuple(filter(None, folded[1:])), tuple(filter(None, numbered[1:]))]
    return list(dict.fromkeys(wanted))


def _hit_answer(found: SearchHit, lang: str) -> HitAnswer:
    return {
        "kind": found.kind,
        "layer": found.layer,
        "code": found.code,
        "name": found.name,
        "lon": found.lon,
        "lat": found.lat,
        "exact": found.exact,
        "kind_name": say(f"search.kind.{found.kind}", lang),
    }


def _incidents(connection: Connection, given: Mapping[str, Any], code: str) -> list[SearchHit]:
    """Return incidents by the beginning of their code, as typed or in capitals."""
    if len(code) < search_text.SHORTEST_CODE:
        return []
    rows: dict[str, RowMapping] = {}
    for form in dict.fromkeys((code, code.upper())):
        found = search_text.find_incidents(connection, given, form, most=MOST_INCIDENTS)
        rows |= {each["code"]: each for each in found}
    return [_hit("incident", "incidents", each, each["title"]) for each in rows.values()]


def _few(found: Iterable[SearchHit]) -> Iterable[SearchHit]:
    """Leave out what was found twice, and more cameras or incidents than one answer holds."""
    left = {"camera": MOST_CAMERAS, "incident": MOST_INCIDENTS}
    seen: set[tuple[object, ...]] = set()
    for each in found:
        key = (each.kind, each.code, each.lon, each.lat)
        if key in seen or left.get(each.kind, 1) == 0:
            continue
        seen.add(key)
        if each.kind in left:
            left[each.kind] -= 1
        yield each


def _row(found: RowMapping) -> SearchHit:
    layer, kind = found["layer"], found["kind"]
    if layer == "area":
        return _hit(kind, COLLECTIONS.get(kind, f"{kind}s"), found, found["name"])
    shown = "estate" if layer == "place" and kind in ESTATES else layer
    return _hit(shown, COLLECTIONS[layer], found, found["name"])


def _crossing(found: RowMapping) -> SearchHit:
    place = {**found, "code": None, "exact": True}
    return _hit("crossing", None, place, f"{found['first']} × {found['second']}")


def _hit(
    kind: str, layer: str | None, found: RowMapping | Mapping[str, Any], name: str | None
) -> SearchHit:
    lon, lat = (None if found[key] is None else float(found[key]) for key in ("lon", "lat"))
    return SearchHit(kind, layer, found["code"], name, lon, lat, found["exact"])


def _counted(
    engine: Engine, reader: Principal, found: list[SearchHit], bulk: int, reason: str | None
) -> tuple[list[SearchHit], int]:
    """Return the hits to show, and how many not, as too much was read within the hour."""
    guarded = [each for each in found if each.kind in ("camera", "incident")]
    if not guarded or not bulk:
        return found, 0
    try:
        export_log.count_bulk_read(engine, reader, WHAT, len(guarded), most=bulk, reason=reason)
    except ForbiddenError:
        return [each for each in found if each not in guarded], len(guarded)
    return found, 0


def _coordinates(place: Typed, lang: str) -> CoordinatesAnswer:
    """Return a typed place, and where it would be on a map of the other system."""
    apart_m = round(place.apart_m, 1)
    question = say("search.gcj02", lang, apart_m=round(apart_m)) if apart_m else None
    return {
        "lon": place.lon,
        "lat": place.lat,
        "if_gcj02": {"lon": round(place.gcj02_lon, 7), "lat": round(place.gcj02_lat, 7)},
        "apart_m": apart_m,
        "question": question,
    }
