"""What a camera must state because of its class, or of the edition of its catalogue's standard."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.base.codes import device_code
from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Defect, Finding
from geo.files.checks.cells.values import Values
from geo.files.readers import Table
from geo.files.schema.layers import Layer

Mask = NDArray[np.bool_]

# a contact of a catalog is a person's and refused, so it is not asked for there
_CLASS_1: Final[Mapping[str, tuple[str, ...]]] = {
    "cameras": ("installed_on", "retention_days", "duty_phone"),
    "catalog": ("installed_on", "retention_days"),
}
_CLASS: Final = re.compile("(?:第)?([1一I]|[2二]|[3三])(?:类.*)?")
_FIRST: Final = frozenset("1一I")
_CAMERA_KINDS: Final = frozenset({"131", "132"})
_POINT_TYPE: Final = "PointType"
_GRASSROOTS: Final = "GrassrootsCode"
_NEW_IN_2022: Final = frozenset(
    {
        "SecurityLevelCode",
        _POINT_TYPE,
        _GRASSROOTS,
        "HorizontalFieldAngle",
        "VerticalFieldAngle",
        "MaxViewDistance",
        "CapturePositionType",
        "PhotoelectricImagingType",
        "RecordSaveDays",
        "InstallTime",
        "ManagementUnit",
    }
)
_GONE_IN_2022: Final = (
    "Owner",
    "SafetyWay",
    "CertNum",
    "Certifiable",
    "ErrCode",
    "EndTime",
    "PositionType",
    "UseType",
)
_INFO: Final = (
    "PTZType",
    "PhotoelectricImagingType",
    "CapturePositionType",
    "RoomType",
    "SupplyLightType",
    "DirectionType",
    "Resolution",
    "HorizontalFieldAngle",
    "VerticalFieldAngle",
    "MaxViewDistance",
    _POINT_TYPE,
    "PointCommonName",
    "InstallTime",
    "ManagementUnit",
    "RecordSaveDays",
)


def is_first_class(text: str) -> bool:
    """Tell whether a register's word for a class says the first: 1, 一类, 一类视频监控点.

    Examples
    --------
    >>> is_first_class("一类点"), is_first_class("二类"), is_first_class("11")
    (True, False, False)
    """
    plain = "".join(unicodedata.normalize("NFKC", text).upper().split())
    found = _CLASS.fullmatch(plain)
    return found is not None and found.group(1) in _FIRST


def is_of_2022(headers: Sequence[str]) -> bool:
    """Tell whether the elements of a catalog are those of the 2022 edition."""
    return not _NEW_IN_2022.isdisjoint(headers)


def missing_columns(
    table: Table, layer: Layer, mapping: Mapping[str, str], values: Values
) -> list[Finding]:
    """Return one note for a file without columns that the class of its cameras requires.

    Call it once a file, with its first part.

    Parameters
    ----------
    table
        First part of the file.
    layer
        "cameras" or "catalog"; others require nothing.
    mapping
        Field → header.
    values
        Field → values as read.
    """
    lacking = []
    if _first_class(values).any():
        lacking = [
            f"{name}（{layer.field(name).aliases[0]}）"
            for name in _CLASS_1.get(layer.name, ())
            if name not in mapping
        ]
    if layer.name == "catalog" and is_of_2022(table.headers):
        lacking += [name for name in (_POINT_TYPE, _GRASSROOTS) if name not in table.headers]
    if not lacking:
        return []
    defect = Defect("COLUMN_BY_CLASS", facts={"fields": "、".join(lacking)})
    return [defect.at(table.header_row, "", "")]


def missing_fields(
    table: Table, layer: Layer, mapping: Mapping[str, str], values: Values
) -> list[Finding]:
    """Return findings on cells that are blank, or filled, against the class of their camera.

    Parameters
    ----------
    table
        One part of the file.
    layer
        "cameras" or "catalog"; others give no findings.
    mapping
        Field → header.
    values
        Field → values as read.
    """
    if layer.name not in _CLASS_1:
        return []
    first = _first_class(values)
    findings = []
    for name in _CLASS_1[layer.name]:
        if name in mapping:
            blank = _blank(table, mapping[name], layer.field(name).blanks)
            findings += _at(table, mapping[name], first & blank)
    if layer.name == "catalog" and is_of_2022(table.headers):
        findings += _edition(table, values)
    return findings


def _edition(table: Table, values: Values) -> list[Finding]:
    """Return what the edition of 2022 asks of each item, and what it no longer knows."""
    findings = []
    if _POINT_TYPE in table.headers:
        camera = np.array([_is_camera(code) for code in values["code"]], dtype=np.bool_)
        findings += _at(table, _POINT_TYPE, camera & _blank(table, _POINT_TYPE, ("0",)))
    if _GRASSROOTS in table.headers:
        filled = [~_blank(table, name) for name in _INFO if name in table.headers]
        info = np.logical_or.reduce(filled) if filled else np.zeros(len(table.rows), np.bool_)
        findings += _at(table, _GRASSROOTS, info & _blank(table, _GRASSROOTS))
    for name in _GONE_IN_2022:
        if name in table.headers:
            findings += _at(table, name, ~_blank(table, name), code="ELEMENT_OBSOLETE")
    return findings


def _first_class(values: Values) -> Mask:
    said = values.get("point_class", [])
    first = {word for word in set(said) if isinstance(word, str) and is_first_class(word)}
    return np.array([word in first for word in said], dtype=np.bool_)


def _is_camera(code: object) -> bool:
    parts = device_code(code) if isinstance(code, str) else None
    return parts is not None and parts.kind in _CAMERA_KINDS


def _blank(table: Table, column: str, blanks: Sequence[str] = ()) -> Mask:
    """Tell which cells say nothing, in words that stand for that as well."""
    nothing = {"", *blanks}
    return np.array(
        [text_of(cell).strip() in nothing for cell in table.rows[column].to_numpy()],
        dtype=np.bool_,
    )


def _at(table: Table, column: str, where: Mask, *, code: str = "FIELD_BY_CLASS") -> list[Finding]:
    defect = Defect(code)
    cells = table.rows[column].to_numpy()
    return [
        defect.at(int(table.rows.index[at]), column, text_of(cells[at]).strip())
        for at in np.flatnonzero(where).tolist()
    ]
