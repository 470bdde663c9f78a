"""Edits of areas over HTTP: one brought in, one split, several merged."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from api.answers.bodies import Body
from api.answers.problems import request_language
from api.answers.times import Day
from api.routes.data.edits import MOST_CODE, Row
from api.server.lanes import FILES, run_in_lane
from api.session.deps import EngineDep, MayImport, SettingsDep
from geo.base.errors import InputError
from geo.base.json_objects import Geometry
from geo.exchange import area_edits, edits
from geo.exchange.area_edits import AreasEdited, Part, PartitionDefect
from geo.files.checks import CellAnswer

router = APIRouter(prefix="/api/areas")
Code = Annotated[str, Path(max_length=MOST_CODE)]
MOST_AREAS = 50


class PartBody(Body):
    """Code and name of an area that comes to be."""

    code: str = Field(min_length=1, max_length=MOST_CODE)
    name: str | None = Field(None, max_length=MOST_CODE)


class Split(Body):
    """A line (GeoJSON) and the two parts, the first left of it; the day from which they hold."""

    line: Geometry
    parts: list[PartBody] = Field(min_length=2, max_length=2)
    valid_from: Day


class Merge(Body):
    """Codes of the areas that join that of the path; its name then; the day from which it holds."""

    codes: list[str] = Field(min_length=1, max_length=MOST_AREAS)
    name: str | None = Field(None, max_length=MOST_CODE)
    valid_from: Day


@dataclass(frozen=True)
class AreasAnswer:
    """The import run of an edit, its findings, and the defects of the partition then."""

    run: int
    findings: list[CellAnswer]
    defects: list[PartitionDefect]


@router.put("/{code:path}")
@run_in_lane(FILES)
def put_area(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayImport,
    code: Code,
    row: Row,
    valid_from: Annotated[Day | None, Query(alias="valid-from")] = None,
) -> AreasAnswer:
    """Bring in one area, and return the defects that the partition has from that day on.

    Another boundary needs `valid-from`, the day from which it holds; without it other cells of the
    version of today are corrected.
    """
    done = area_edits.put_area(
        engine,
        who,
        code,
        row.properties,
        edits.shape_of(row.geometry),
        valid_from=valid_from,
        timezone=settings.timezone,
    )
    return _answer(request, done)


@router.post("/{code:path}/split")
@run_in_lane(FILES)
def split_area(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayImport,
    code: Code,
    asked: Split,
) -> AreasAnswer:
    """Split an area along a line; the partition stays whole, and what became of it is recorded."""
    line = edits.shape_of(asked.line)
    if line is None:
        raise InputError("edit.geometry")
    parts = [Part(part.code, part.name) for part in asked.parts]
    done = area_edits.split_area(
        engine, who, code, line, parts, valid_from=asked.valid_from, timezone=settings.timezone
    )
    return _answer(request, done)


@router.post("/{code:path}/merge")
@run_in_lane(FILES)
def merge_areas(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayImport,
    code: Code,
    asked: Merge,
) -> AreasAnswer:
    """Merge areas into that of the path; what became of the others is recorded."""
    done = area_edits.merge_areas(
        engine,
        who,
        Part(code, asked.name),
        [code, *asked.codes],
        valid_from=asked.valid_from,
        timezone=settings.timezone,
    )
    return _answer(request, done)


def _answer(request: Request, done: AreasEdited) -> AreasAnswer:
    lang = request_language(request)
    return AreasAnswer(
        done.run, [each.cell_answer(lang) for each in done.findings], list(done.defects)
    )
