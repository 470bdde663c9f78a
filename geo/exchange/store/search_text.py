"""Rows found by their words, pinyin and codes, limited to the principal in the query itself."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, text

from geo.access import predicates
from geo.access.roles import depth_no

Needle = tuple[str, ...]
"""Words, all of which must stand in a line; folded as ``govgrid.fold_text`` does."""

SHORTEST_CODE: Final = 3
"""Letters of a code by which incidents are looked for."""
MOST_CROSSINGS: Final = 5

_FOLDED: Final = text(
    "SELECT govgrid.fold_text(w.word) AS folded,"
    " govgrid.number_text(govgrid.fold_text(w.word)) AS numbered"
    " FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS w (word, n) ORDER BY w.n"
)
_OF_CAMERA: Final = (
    "EXISTS (SELECT FROM govgrid.search_camera c WHERE c.code = h.code AND CASE WHEN h.exact THEN"
    f" {predicates.KNOWN_EXACT.format(kind='c.owner_kind', code='c.code')} ELSE"
    f" {predicates.KNOWN.format(kind='c.owner_kind', code='c.code')} END)"
)
_OF_AREA: Final = (
    "EXISTS (SELECT FROM govgrid.area_now a WHERE a.id = CAST(h.code AS bigint)"
    f" AND {predicates.AREA.format(path='a.path')})"
)
# Sorted before it is cut: cutting is what costs, and it ends with the last row that is wanted.
_FOUND: Final = (
    "WITH fence AS MATERIALIZED ("
    "SELECT ST_SetSRID(CAST(ST_Extent(a.geom) AS geometry), 4326) AS box"
    " FROM govgrid.area_now a WHERE a.unit_id = ANY(CAST(:areas AS bigint[]))),"
    " hit AS MATERIALIZED (SELECT w.layer, w.code, w.exact, w.title, w.kind, w.spot, w.geom,"
    " CASE WHEN {whole} THEN 0 WHEN {begin} THEN 1 WHEN strpos(w.sought, :line0) > 0 THEN 2"
    " ELSE 3 END AS grade,"
    " coalesce(w.geom && (SELECT box FROM fence), false) AS own"
    " FROM govgrid.search_text w WHERE ({needles})"
    # a camera stands up to a step away from its coarse place
    " AND (:everything OR w.geom && ST_Expand((SELECT box FROM fence), 0.0012))),"
    " shown AS MATERIALIZED (SELECT * FROM (SELECT * FROM hit ORDER BY grade, NOT own,"
    ' array_position(CAST(:layers AS text[]), layer), length(title), title COLLATE "C",'
    ' code COLLATE "C" OFFSET 0) h'
    f" WHERE CASE h.layer WHEN 'camera' THEN {_OF_CAMERA} WHEN 'area' THEN {_OF_AREA}"
    f" ELSE {predicates.PLACE.format(geom='h.geom')} END LIMIT :most)"
    " SELECT s.layer, coalesce(a.code, s.code) AS code, s.kind, s.grade, s.own,"
    " coalesce(c.exact, true) AS exact,"
    " CASE WHEN s.layer <> 'camera' THEN s.title WHEN c.exact THEN c.name ELSE '' END AS name,"
    " ST_X(coalesce(c.geom, s.spot)) AS lon, ST_Y(coalesce(c.geom, s.spot)) AS lat"
    " FROM shown s LEFT JOIN govgrid.area_now a ON s.layer = 'area' AND CAST(a.id AS text) = s.code"
    " LEFT JOIN LATERAL (SELECT g.exact, c.name,"
    f" {predicates.CAMERA_GEOM} AS geom FROM govgrid.search_camera c CROSS JOIN LATERAL (SELECT"
    f" {predicates.KNOWN_EXACT.format(kind='c.owner_kind', code='c.code')} AS exact) g"
    " WHERE s.layer = 'camera' AND c.code = s.code) c ON true"
    " ORDER BY s.grade, NOT s.own, array_position(CAST(:layers AS text[]), s.layer),"
    ' length(s.title), s.title COLLATE "C", s.code COLLATE "C"'
)
# Roads whose name, or the initials of it, stands in what is sought.
_CROSSINGS: Final = text(
    "WITH named AS MATERIALIZED (SELECT w.code, w.title, w.geom, max(length(l.line)) AS letters"
    " FROM govgrid.search_text w CROSS JOIN LATERAL unnest(string_to_array(w.sought, E'\\n'))"
    " AS l (line) WHERE w.layer = 'road' AND length(l.line) > 1"
    " AND strpos(:sought, l.line) > 0 GROUP BY w.code, w.title, w.geom),"
    " met AS (SELECT a.title AS first, b.title AS second, a.letters + b.letters AS letters,"
    " ST_PointOnSurface((ST_Dump(ST_Intersection(a.geom, b.geom))).geom) AS geom"
    " FROM named a JOIN named b ON a.title < b.title AND ST_Intersects(a.geom, b.geom))"
    " SELECT DISTINCT ON (letters, first, second, round(CAST(ST_X(geom) AS numeric), 4),"
    " round(CAST(ST_Y(geom) AS numeric), 4)) first, second, ST_X(geom) AS lon, ST_Y(geom) AS lat"
    f" FROM met WHERE {predicates.PLACE.format(geom='met.geom')}"
    " ORDER BY letters DESC, first, second, round(CAST(ST_X(geom) AS numeric), 4),"
    " round(CAST(ST_Y(geom) AS numeric), 4) LIMIT :most"
)
_MATTER: Final = predicates.INCIDENT.format(geom="n.geom", code="n.code")
_MATTER_EXACT: Final = predicates.INCIDENT_EXACT.format(geom="n.geom", code="n.code")
_INCIDENTS: Final = text(
    "SELECT i.code, i.title, i.exact, ST_X(i.shown) AS lon, ST_Y(i.shown) AS lat"
    f" FROM (SELECT n.code, CASE WHEN {_MATTER_EXACT} THEN n.title END AS title,"
    f" {_MATTER_EXACT} AS exact, CASE WHEN {_MATTER_EXACT} THEN n.geom"
    " ELSE govgrid.coarsen_point(n.geom) END AS shown FROM govgrid.search_incident n"
    f" WHERE n.code >= :from AND n.code < :to AND {_MATTER} ORDER BY n.code LIMIT :most) i"
)
LAYERS: Final = (
    *("area", "place", "road", "centre", "address", "entrance", "water", "building", "camera"),
    "pole",
)
"""What stands first where two are found equally well."""


def fold_words(connection: Connection, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return folded words, and the same with Chinese numerals as digits.

    Parameters
    ----------
    connection
        Open transaction.
    words
        Words as typed.
    """
    rows = connection.execute(_FOLDED, {"words": list(words)}).all()
    return [row.folded for row in rows], [row.numbered for row in rows]


def find_texts(
    connection: Connection, parameters: Mapping[str, Any], needles: Sequence[Needle], *, most: int
) -> Sequence[RowMapping]:
    """Return the rows in which all words of one of `needles` stand, the best first.

    Parameters
    ----------
    connection
        Of a transaction that sees all ground: rows are cut by predicates.
    parameters
        ``Principal.parameters`` of who asks.
    needles
        Folded words; the first needle is the whole text, by which matches are graded: 0 a whole
        line, 1 the beginning of one, 2 inside, 3 apart or with other numerals.

    Returns
    -------
    sequence of mapping
        `layer`, `code`, `kind`, `name`, `grade`, `own`, `exact`, `lon`, `lat`. Of a camera that is
        not `exact` the place is the coarse one, and there is no name.
    """
    statement, bound = _written(needles)
    given = {**parameters, **bound, "layers": list(LAYERS), "most": most}
    given["depth"] = depth_no("position")
    return connection.execute(text(statement), given).mappings().all()


def find_crossings(
    connection: Connection, parameters: Mapping[str, Any], sought: str
) -> Sequence[RowMapping]:
    """Return the crossings of two named roads: ``first``, ``second``, ``lon``, ``lat``.

    Parameters
    ----------
    connection
        Open transaction.
    parameters
        Grants of the principal as SQL parameters.
    sought
        Text that names both roads, folded.
    """
    given = {**parameters, "sought": sought, "most": MOST_CROSSINGS}
    return connection.execute(_CROSSINGS, given).mappings().all()


def find_incidents(
    connection: Connection, parameters: Mapping[str, Any], code: str, *, most: int
) -> Sequence[RowMapping]:
    """Return incidents by the beginning of their code.

    Columns: ``code``, ``title``, ``exact``, ``lon``, ``lat``.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants of the principal as SQL parameters.
    code
        Beginning of the code.
    most
        Most rows.
    """
    given = {**parameters, "from": code, "to": code + "\U0010ffff", "most": most}
    return connection.execute(_INCIDENTS, given).mappings().all()


def _written(needles: Sequence[Needle]) -> tuple[str, dict[str, Any]]:
    """Return the statement for so many needles, and what is bound in it."""
    bound: dict[str, Any] = {}
    conditions, whole, begin = [], [], []
    for n, needle in enumerate(needles):
        bound[f"grams{n}"] = sorted({gram for word in needle for gram in grams_of(word, needle)})
        parts = [f"w.grams @> CAST(:grams{n} AS text[])"]
        for k, word in enumerate(needle):
            bound[f"word{n}_{k}"] = word if len("".join(needle)) > 1 else f"\n{word}"
            parts.append(f"strpos(w.sought, :word{n}_{k}) > 0")
        conditions.append(f"({' AND '.join(parts)})")
        if len(needle) == 1:
            bound[f"line{n}"] = needle[0]
            whole.append(f"strpos(w.sought, E'\\n' || :line{n} || E'\\n') > 0")
            begin.append(f"strpos(w.sought, E'\\n' || :line{n}) > 0")
    graded = {"whole": " OR ".join(whole), "begin": " OR ".join(begin)}
    return _FOUND.format(needles=" OR ".join(conditions), **graded), bound


def grams_of(word: str, needle: Needle) -> list[str]:
    """Return the pieces of ``govgrid.text_grams`` by which an index finds a word.

    A single letter has none, unless it is the whole needle: then a line must begin with it.

    Parameters
    ----------
    word
        Folded word of the needle.
    needle
        All words that are searched together.

    Examples
    --------
    >>> grams_of("人民路", ("人民路",)), grams_of("renmin", ("renmin",))
    (['人民', '民路'], ['ren', 'enm', 'nmi', 'min'])
    """
    if len(word) == 1:
        return [f"\n{word}"] if len(needle) == 1 else []
    size = 3 if word.isascii() and len(word) > 2 else 2
    return [word[n : n + size] for n in range(len(word) - size + 1)]
