"""Spelling: the views of cameras as the cells that an import reads back as the same views."""

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from geo.base.errors import InputError
from geo.files.schema.heading import Heading, parse_views

_POINTS: Final = re.findall(r"\S+", "N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW")
_CHINESE: Final = re.findall(r"\S+", "北 东北 东 东南 南 西南 西 西北")
_EIGHT: Final = {45.0 * place: name for place, name in enumerate(_CHINESE)}
# The ways to say a direction between two others: from which degree, in which words, to which side.
_QUARTERS: Final = (
    (0, "北偏东", 1),
    (180, "南偏东", -1),
    (180, "南偏西", 1),
    (360, "北偏西", -1),
    (90, "东偏北", -1),
    (90, "东偏南", 1),
    (270, "西偏南", -1),
    (270, "西偏北", 1),
)
# What people write has few decimals; sums of such numbers have many as floats.
_ROUNDED: Final = Decimal("1e-6")
_READ_AS: Final = {"surveyed": "number", "parsed": "parsed", "rounded8": "rounded8"}

View = Mapping[Hashable, Any]


def cells_of_views(views: pd.DataFrame) -> pd.DataFrame:
    """Return one row a camera: `heading_deg` as text and the `hfov_deg` that goes with it.

    Several headings are parted by ``;``. Where the views differ in their angle, each heading is
    the range that tells it, and `hfov_deg` is blank. A camera one of whose several headings is
    unknown has none: what is known of it would look like all.

    Parameters
    ----------
    views
        `camera_code`, `no`, `heading_deg`, `heading_source`, `hfov_deg`.

    Returns
    -------
    DataFrame
        Index ``camera_code``.
    """
    ordered = views.sort_values(["camera_code", "no"]).astype(object)
    ordered = ordered.where(ordered.notna(), None)
    several = ordered["camera_code"].duplicated(keep=False)
    rows = {
        code: _cells(group.to_dict("records"))
        for code, group in ordered[several].groupby("camera_code", sort=False)
    }
    listed = pd.DataFrame.from_dict(rows, orient="index", columns=["heading_deg", "hfov_deg"])
    cells = pd.concat([_of_single(ordered[~several]), listed])
    return cells.astype({"heading_deg": object, "hfov_deg": float}).rename_axis("camera_code")


def _of_single(views: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of cameras with one view; each different heading is spelt once."""
    headings_and_sources = list(zip(views["heading_deg"], views["heading_source"], strict=True))
    words = {
        pair: None if pair[0] is None else spelt(*pair)
        for pair in dict.fromkeys(headings_and_sources)
    }
    headings = pd.Series([words[pair] for pair in headings_and_sources], dtype=object).to_numpy()
    cells = {"heading_deg": headings, "hfov_deg": views["hfov_deg"].to_numpy()}
    return pd.DataFrame(cells, index=pd.Index(views["camera_code"]), dtype=object)


def spelt(deg: float, source: str, hfov_deg: float | None = None) -> str:
    """Return a heading as text that reads back as the same degrees, source and angle of view.

    Parameters
    ----------
    source
        "surveyed" (a number), "parsed" (words with degrees) or "rounded8" (a compass point).
    hfov_deg
        None where the text is to tell no angle.

    Examples
    --------
    >>> spelt(261.5, "surveyed", 45.0), spelt(45.0, "rounded8"), spelt(330.0, "parsed")
    ('239-284', '东北', '北偏西30°')
    """
    wanted = Heading(deg, _READ_AS[source], hfov_deg)  # type: ignore[arg-type]
    candidates = list(_candidates(wanted))
    return next((text for text in candidates if _reads_as(text, wanted)), candidates[0])


def _cells(views: Sequence[View]) -> tuple[str | None, float | None]:
    angles = {view["hfov_deg"] for view in views}
    shared = angles.pop() if len(angles) == 1 else None
    if any(view["heading_deg"] is None for view in views):
        return None, shared
    headings = [
        spelt(
            view["heading_deg"],
            view["heading_source"],
            None if shared is not None else view["hfov_deg"],
        )
        for view in views
    ]
    return ";".join(headings), shared


def _candidates(wanted: Heading) -> Iterator[str]:
    deg = Decimal(repr(wanted.deg))
    if wanted.source == "number" and wanted.hfov_deg is not None:
        yield from _ranges(deg, Decimal(repr(wanted.hfov_deg)))
    elif wanted.source == "rounded8" and wanted.deg % 22.5 == 0:
        point = _POINTS[int(wanted.deg // 22.5)]
        yield _EIGHT.get(wanted.deg, point)
    elif wanted.source == "parsed":
        for base, words, sign in _QUARTERS:
            turn = (deg - base) * sign
            if 0 <= turn <= 90:
                yield f"{words}{_written(turn.quantize(_ROUNDED))}°"
                yield f"{words}{_written(turn)}°"
    yield _written(deg)


def _ranges(deg: Decimal, width_deg: Decimal) -> Iterator[str]:
    if width_deg == 360:
        yield "0-360"
    start, end = ((deg + side * width_deg / 2 + 360) % 360 for side in (-1, 1))
    yield f"{_written(start.quantize(_ROUNDED))}-{_written(end.quantize(_ROUNDED))}"
    yield f"{_written(start)}-{_written(end)}"


def _written(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _reads_as(text: str, wanted: Heading) -> bool:
    try:
        return parse_views(text) == (wanted,)
    except InputError:
        return False
