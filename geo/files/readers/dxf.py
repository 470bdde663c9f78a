"""DXF drawings: the areas, lines and points of one layer, with the names written in them."""

import codecs
import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import shapely
from ezdxf import recover
from ezdxf.document import Drawing
from ezdxf.entities.dxfentity import DXFEntity
from ezdxf.entities.insert import Insert
from ezdxf.entities.mtext import MText
from ezdxf.entities.text import Text
from ezdxf.filemanagement import readfile
from ezdxf.lldxf.const import DXFError
from shapely.geometry.base import BaseGeometry

from geo.base.errors import SourceError
from geo.files.readers.dxf_shapes import anchor_point, shape_of
from geo.files.readers.limits import check_columns, damaged_error
from geo.files.readers.rows import make_frame
from geo.files.readers.table import SourceNote, Table, unique_headers

_HEADERS: Final = ("图层", "类型", "handle", "块名", "文字")
_DECIMALS: Final = 6
_TAIL_BYTES: Final = 64
# what the library runs into where tags are missing or in the wrong place
_BROKEN: Final = (DXFError, OSError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True)
class _Shape:
    """An entity that can be drawn."""

    entity: DXFEntity
    geometry: BaseGeometry


@dataclass(frozen=True)
class _Layer:
    """One layer of a drawing, in drawing order."""

    name: str
    shapes: list[_Shape] = field(default_factory=list)
    texts: list[Text | MText] = field(default_factory=list)
    other: Counter[str] = field(default_factory=Counter)


def read_drawing(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Table:
    """Return the entities of one layer of a DXF drawing, in drawing order.

    Columns: layer, kind of entity, its handle, the block and its attributes, and the text that is
    inside this area and no other; texts are those of the layer, or of the others where it has none.
    A drawing never states its coordinate system.

    Parameters
    ----------
    path
        DXF file.
    sheet
        Name of the layer, None for the only one with geometry.
    encoding
        As the user says, None for what the drawing says.
    """
    drawing = _drawing(path, encoding)
    layers = _layers(drawing)
    layer = _chosen(path, [each for each in layers if each.shapes], sheet)
    texts = layer.texts or [text for each in layers for text in each.texts]
    shapes = _without_fillings(layer)
    names, placed = _names([each.geometry for each in shapes], texts)
    if layer.texts:
        layer.other["TEXT"] += len(texts) - placed
    headers, rows = _rows(path, layer, shapes, names)
    geometry = pd.Series([each.geometry for each in shapes], index=rows.index, dtype=object)
    notes = _skipped(layer)
    return Table(headers, rows, geometry, encoding=drawing.encoding, notes=notes)


def _drawing(path: Path, encoding: str | None) -> Drawing:
    if not _complete(path):
        raise damaged_error(path, EOFError())
    strictness = "strict" if _known(encoding) else "surrogateescape"
    try:
        return readfile(path, encoding=encoding, errors=strictness)
    except _BROKEN as error:
        if encoding and isinstance(error, UnicodeError):
            raise SourceError("source.encoding", path=path.name, tried=encoding) from error
        return _recovered(path)


def _known(encoding: str | None) -> bool:
    """Tell whether an encoding is given; refuse one that there is not."""
    try:
        return encoding is not None and bool(codecs.lookup(encoding))
    except LookupError as error:
        raise SourceError("source.encoding_unknown", encoding=encoding) from error


def _recovered(path: Path) -> Drawing:
    """Return what can be made of a drawing that breaks the rules of its format.

    Not where the library made up numbers: a corner in a wrong place is worse than none.
    """
    heard = _RepairLog()
    logger = logging.getLogger("ezdxf")
    logger.addHandler(heard)
    try:
        drawing = recover.readfile(path)[0]
    except _BROKEN as error:
        raise damaged_error(path, error) from error
    finally:
        logger.removeHandler(heard)
    made_up = [said for said in heard.said if "recovered invalid" in said]
    if made_up:
        raise damaged_error(path, ValueError(made_up[0].removeprefix("recovered ")))
    return drawing


class _RepairLog(logging.Handler):
    """What the library says of its repairs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the sentence."""
        self.said.append(record.getMessage())


def _complete(path: Path) -> bool:
    """Tell whether the file has its end; the library would take the half for the whole."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read().rstrip(b"\r\n\0\x1a ").endswith(b"EOF")


def _layers(drawing: Drawing) -> list[_Layer]:
    layers: dict[str, _Layer] = {}
    for entity in drawing.modelspace():
        name = str(entity.dxf.layer)
        layer = layers.setdefault(name.casefold(), _Layer(name))
        if isinstance(entity, Text | MText):
            layer.texts.append(entity)
        elif (geometry := _shape(entity)) is not None:
            layer.shapes.append(_Shape(entity, geometry))
        else:
            layer.other[entity.dxftype()] += 1
    return list(layers.values())


def _shape(entity: DXFEntity) -> BaseGeometry | None:
    try:
        return shape_of(entity)
    except (DXFError, ValueError, TypeError, ArithmeticError):
        return None


def _chosen(path: Path, layers: Sequence[_Layer], sheet: str | None) -> _Layer:
    known = ", ".join(f"{each.name} ({len(each.shapes)})" for each in layers)
    if not layers:
        raise SourceError("source.no_features", path=path.name)
    if sheet is None and len(layers) > 1:
        raise SourceError("source.drawing_layers", path=path.name, known=known)
    for each in layers:
        if sheet is None or each.name.casefold() == sheet.casefold():
            return each
    raise SourceError("source.sheet", path=path.name, sheet=sheet, known=known)


def _without_fillings(layer: _Layer) -> list[_Shape]:
    """Return the shapes but for hatches that fill an outline of the layer: the same area again."""
    if not any(each.entity.dxftype() == "HATCH" for each in layer.shapes):
        return layer.shapes
    outlines = {_key(each) for each in layer.shapes if each.entity.dxftype() != "HATCH"}
    return [
        each
        for each in layer.shapes
        if each.entity.dxftype() != "HATCH" or _key(each) not in outlines
    ]


def _key(shape: _Shape) -> bytes:
    rounded = shapely.transform(shape.geometry, lambda xy: np.round(xy, _DECIMALS))
    return bytes(shapely.to_wkb(shapely.normalize(rounded)))


def _names(
    geometries: Sequence[BaseGeometry], texts: Sequence[Text | MText]
) -> tuple[dict[int, str], int]:
    """Return the words in each area by its number, and how many texts have found one."""
    written = [" ".join(str(text.plain_text()).split()) for text in texts]
    drawn = np.array([*geometries, None], dtype=object)[:-1]  # never taken apart
    drawn[shapely.area(drawn) == 0] = None
    at, area = shapely.STRtree(drawn).query(
        shapely.points([anchor_point(text) for text in texts] or np.empty((0, 2))),
        predicate="within",
    )
    alone = np.bincount(at, minlength=len(texts))[at] == 1
    names: defaultdict[int, list[str]] = defaultdict(list)
    for text, number in sorted(zip(at[alone].tolist(), area[alone].tolist(), strict=True)):
        names[number].append(written[text])
    return {number: " ".join(filter(None, words)) for number, words in names.items()}, sum(alone)


def _rows(
    path: Path, layer: _Layer, shapes: Sequence[_Shape], names: dict[int, str]
) -> tuple[tuple[str, ...], pd.DataFrame]:
    own = [
        [layer.name, each.entity.dxftype(), each.entity.dxf.handle, _block(each), names.get(number)]
        for number, each in enumerate(shapes)
    ]
    attributes = [_attributes(each.entity) for each in shapes]
    tags = list(dict.fromkeys(tag for each in attributes for tag in each))
    check_columns(path.name, len(_HEADERS) + len(tags))
    cells = [
        [cell or None for cell in (*first, *(values.get(tag) for tag in tags))]
        for first, values in zip(own, attributes, strict=True)
    ]
    headers = unique_headers([*_HEADERS, *tags])
    return headers, make_frame(headers, cells, range(1, len(shapes) + 1))


def _block(shape: _Shape) -> str | None:
    return str(shape.entity.dxf.name) if isinstance(shape.entity, Insert) else None


def _attributes(entity: DXFEntity) -> dict[str, str]:
    if not isinstance(entity, Insert):
        return {}
    return {each.dxf.tag: each.plain_text().strip() for each in entity.attribs}


def _skipped(layer: _Layer) -> tuple[SourceNote, ...]:
    left = {kind: number for kind, number in layer.other.items() if number}
    value = ", ".join(f"{kind} {number}" for kind, number in sorted(left.items()))
    return (SourceNote("ENTITY_SKIPPED", 0, "", value),) if left else ()
