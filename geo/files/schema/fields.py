"""Fields and layers: allowed content of a column, and the columns of a layer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from geo.base.errors import LayerError
from geo.files.schema.heading import Scheme

Kind = Literal["text", "code", "number", "integer", "boolean", "date", "time", "choice", "heading"]
Shape = Literal["point", "line", "polygon", "none"]


@dataclass(frozen=True)
class Field:
    """One column of a layer.

    `aliases` are headers accepted beside `name` (compared without case, blanks and underscores);
    `choices` maps the stored word to the words accepted for it; `low` and `high` are inclusive.
    `blanks` are words that stand for "not known"; `future` dates may lie after today.
    """

    name: str
    kind: Kind = "text"
    aliases: tuple[str, ...] = ()
    required: bool = False
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    example: str = ""
    blanks: tuple[str, ...] = ()
    future: bool = False


@dataclass(frozen=True)
class Layer:
    """Layer with its table, shape and columns; `key` names the identifying column.

    `moment` names a time that identifies a row beside the key, where a thing may have several; a
    blank one is the time of the import. `heading_scheme` is what a bare number in a heading is,
    unless the user says otherwise.
    """

    name: str
    table: str
    shape: Shape
    fields: tuple[Field, ...]
    key: str = "code"
    needs_geometry: bool = True
    moment: str | None = None
    heading_scheme: Scheme = "degrees"

    def field(self, name: str) -> Field:
        """Return the column called `name`."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise LayerError(
            "layer.unknown_field",
            layer=self.name,
            field=name,
            known=", ".join(f.name for f in self.fields),
        )
