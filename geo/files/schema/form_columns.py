"""Columns of forms: header, example, unit and offered words of each field of a layer."""

from dataclasses import dataclass
from typing import Final

from geo.base.words import say
from geo.files.schema.fields import Field, Layer

_UNITS: Final = {"m": "米", "deg": "度", "px": "像素", "days": "天"}
FROM_PLATFORM: Final = frozenset({"catalog"})
"""Layers that nobody fills in: they have no form."""

_TEXTS: Final = ("text", "code", "choice", "boolean", "date", "time", "heading")
_CRS: Final = Field("crs", "text", ("坐标系",), example="WGS-84")
_LINE: Final = "LINESTRING (117.0450 30.5064, 117.0460 30.5064)"
_RING: Final = "POLYGON ((117.045 30.506, 117.046 30.506, 117.046 30.507, 117.045 30.506))"
_SHAPES: Final = {
    "point": (
        Field("lon", "number", ("经度",), example="117.045"),
        Field("lat", "number", ("纬度",), example="30.5064"),
        _CRS,
    ),
    "line": (Field("wkt", "text", ("WKT",), example=_LINE), _CRS),
    "polygon": (Field("wkt", "text", ("WKT",), example=_RING), _CRS),
    "none": (),
}


@dataclass(frozen=True)
class FormColumn:
    """Column of a form; `place` marks a column of the position.

    The example in the `marked` one says that the row is an example.
    """

    field: Field
    place: bool = False
    marked: bool = False

    @property
    def name(self) -> str:
        """The field's first Chinese name, without star and unit."""
        names = (*self.field.aliases, self.field.name)
        return next((name for name in names if not name.isascii()), names[0])

    @property
    def header(self) -> str:
        """The header: a star where required, the unit in brackets."""
        star = "*" if self.field.required else ""
        return f"{star}{self.name}（{self.unit}）" if self.unit else f"{star}{self.name}"

    @property
    def unit(self) -> str:
        """The unit of a number, "" where it has none."""
        field = self.field
        if field.kind not in ("number", "integer", "heading") or "_" not in field.name:
            return ""
        return _UNITS.get(field.name.rpartition("_")[2], "")

    @property
    def kind(self) -> str:
        """What the column holds, as the catalogue of words calls it."""
        return self.field.name if self.place else self.field.kind

    @property
    def words(self) -> list[str]:
        """The words to choose from, one for each that is stored."""
        if self.field.kind == "boolean":
            return ["是", "否"]
        return [accepted[0] for accepted in self.field.choices.values()]

    @property
    def is_text(self) -> bool:
        """Whether a spreadsheet must leave the cells as they are typed."""
        return self.field.kind in _TEXTS

    @property
    def example(self) -> str | float:
        """The cell of the example row, "" where it is blank."""
        example = self.field.example
        if not example and (self.field.required or self.marked):
            example = self.name
        if self.marked:
            return say("template.marked", "zh", text=example)
        return example if self.is_text or not example else float(example)


def columns_of(layer: Layer) -> tuple[FormColumn, ...]:
    """Return the columns of a layer's form: its fields, then its place."""
    mark = _marking(layer)
    fields = [FormColumn(field, marked=field is mark) for field in layer.fields]
    return (*fields, *(FormColumn(field, place=True) for field in _SHAPES[layer.shape]))


def _marking(layer: Layer) -> Field:
    """Return the field whose example says that the row is one: its name, else its first text."""
    named = [field for field in layer.fields if field.name in ("name", "title")]
    texts = [field for field in layer.fields if field.kind in ("text", "code")]
    return (named or texts)[0]
