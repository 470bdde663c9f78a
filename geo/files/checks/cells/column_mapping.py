"""Headers: which column holds which field, which hold persons, which are unknown."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from geo.base.errors import LayerError
from geo.files.readers.header_row import Known
from geo.files.schema.layers import Layer

# fields of every layer with a place, beside its own
POSITION: Final[Mapping[str, tuple[str, ...]]] = {
    "lon": ("经度", "lng", "long", "longitude", "东经", "x", "point_x", "x坐标", "坐标x"),
    "lat": ("纬度", "latitude", "北纬", "y", "point_y", "y坐标", "坐标y"),
    "lonlat": ("坐标", "经纬度", "经纬度坐标", "点位坐标"),
    "wkt": ("wkt", "geom", "geometry", "the_geom"),
    "crs": ("坐标系", "坐标系统", "坐标类型", "坐标参考系", "srid", "epsg", "datum"),
}

_PERSON: Final = re.compile(
    "姓名|身份证|证件号|手机|移动电话|联系人|联络人|负责人|责任人|经办人|当事人|报案人|上报人|反映人"
    "|投诉人|户主|居民|业主|网格员|网格长|民警|警员|微信|密码|口令|人脸|车牌|护照|出生|性别|民族|年龄"
    r"|contact ?info|password|passwd|\bpwd\b|mobile|cell ?phone|id ?card|passport"
    r"|licen[cs]e plate|birth|first ?name|last ?name|full ?name|person|citizen|resident",
    re.IGNORECASE,
)
# "负责人岗位" holds a post, "网格员人数" a count: neither is a person
_NO_PERSON: Final = re.compile("(岗位?|单位|部门|人数|数量?|户数|面积|编制|count|number of .*)$")
_UNIT: Final = re.compile(r"[(\[【][^)\]】]*[)\]】]$")


def map_columns(
    headers: Sequence[str],
    layer: Layer,
    *,
    given: Mapping[str, str] | None = None,
    has_geometry: bool = False,
) -> dict[str, str]:
    """Return field → header: the user's choice first, then names of fields, then aliases.

    Headers compare without case, blanks, underscores, full-width forms, a leading star and a unit
    in brackets ("*安装高度（米）" is 安装高度).

    Parameters
    ----------
    headers
        Headers of the file as written.
    layer
        Its fields and their aliases are looked for.
    given
        Field → header as the user says.
    has_geometry
        Whether the file has geometry: its coordinate columns are then ordinary ones.

    Raises
    ------
    LayerError
        If `given` names an unknown field or header, or a column about persons.
    """
    names = {field.name: (field.name, *field.aliases) for field in layer.fields}
    place = {name: (name, *aliases) for name, aliases in POSITION.items()}
    names |= {"crs": place["crs"]} if has_geometry else place
    found = _given(headers, layer, given or {}, names)
    free = [h for h in headers if h not in found.values() and not is_personal(h, names)]
    for spell in (_plain, _unitless):
        spelt = {spell(header): header for header in reversed(free)}
        _match(found, spelt, {name: aliases[:1] for name, aliases in names.items()})
        _match(found, spelt, names)
    return found


def known_headers(layer: Layer, given: Mapping[str, str]) -> Known:
    """Return a function that counts how many of some texts are headers of a layer.

    It finds the header row of a table, see :func:`geo.files.readers.header_row.header_place`.

    Parameters
    ----------
    layer
        Its field names and aliases count.
    given
        Field → header as the user says: these headers count as well.
    """
    names = [name for field in layer.fields for name in (field.name, *field.aliases)]
    names += [name for place, aliases in POSITION.items() for name in (place, *aliases)]
    plain = {_plain(name) for name in (*names, *given.values())}

    def count(texts: Sequence[str]) -> int:
        return len({_plain(text) for text in texts} & plain | {_unitless(t) for t in texts} & plain)

    return count


def is_personal(header: str, names: Mapping[str, Iterable[str]] | None = None) -> bool:
    """Return whether a header announces persons, their numbers or passwords.

    Parameters
    ----------
    header
        As written.
    names
        Field → aliases of the layer: these are never personal. None: no exceptions.
    """
    known = {_plain(alias) for aliases in (names or {}).values() for alias in aliases}
    if _plain(header) in known or _NO_PERSON.search(header.strip()):
        return False
    return _PERSON.search(header.replace("_", " ")) is not None


def _given(
    headers: Sequence[str],
    layer: Layer,
    given: Mapping[str, str],
    names: Mapping[str, tuple[str, ...]],
) -> dict[str, str]:
    absent = [header for header in given.values() if header not in headers]
    for field, header in given.items():
        if field not in names:
            known = ", ".join(names)
            raise LayerError("layer.unknown_field", layer=layer.name, field=field, known=known)
        if absent:
            columns = "”、“".join(absent)
            raise LayerError("intake.no_column", column=columns, known=", ".join(headers))
        if is_personal(header, names):
            raise LayerError("intake.personal_column", column=header)
    return dict(given)


def _match(
    found: dict[str, str], spelt: Mapping[str, str], names: Mapping[str, tuple[str, ...]]
) -> None:
    """Add to `found` each field without a header that one of its names spells."""
    for name, aliases in names.items():
        if name in found:
            continue
        fitting = (spelt[_plain(alias)] for alias in aliases if _plain(alias) in spelt)
        header = next((each for each in fitting if each not in found.values()), None)
        if header is not None:
            found[name] = header


def _plain(header: str) -> str:
    half = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\s_*]", "", half)


def _unitless(header: str) -> str:
    return _UNIT.sub("", _plain(header))
