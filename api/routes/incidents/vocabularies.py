"""Vocabularies of incidents: listed for forms, edited row by row at the version that was seen."""

from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field

from api.answers.bodies import Body
from api.session.deps import EngineDep, MayMove, MayRoute
from geo.incidents import vocabularies
from geo.incidents.rules.vocabulary import LONGEST
from geo.incidents.vocabularies import Entry

router = APIRouter(prefix="/api/vocabularies")
ROW: Final = "/{name}/{code:path}"
Word = Annotated[str | None, Field(max_length=LONGEST)]
Number = Annotated[float | None, Field(ge=0, le=1e9)]
Code = Annotated[str, Path(max_length=2 * LONGEST)]
IfMatch = Annotated[str | None, Header(max_length=100)]


class VocabularyFields(Body):
    """Fields of a row: only those that its vocabulary has may be given; null empties one."""

    model_config = ConfigDict(allow_inf_nan=False)

    zh: Word = Field(None, examples=["井盖缺失"])
    en: Word = Field(None, examples=["Manhole cover missing"])
    active: bool | None = None
    rank: int | None = Field(None, ge=0, le=1_000_000)
    upper_code: Word = None
    grade: Word = None
    limit_amount: Number = None
    limit_unit: Word = None
    clock_start: Word = None
    first_level: Word = None
    emergency: bool | None = None
    sensitive: bool | None = None
    needs_check: bool | None = None
    accept_minutes: Number = None
    acknowledge_minutes: Number = None
    arrive_minutes: Number = None
    return_minutes: Number = None
    duplicate_radius_m: Number = None
    duplicate_days: Number = None
    gbt30428_class: Word = None
    report_rank: int | str | None = None

    def given(self) -> dict[str, Any]:
        """Return the fields that were given, by name."""
        return self.model_dump(exclude_unset=True, exclude={"code"})


class NewRow(VocabularyFields):
    """A new row: its code (of a reason MOVE/CODE) with its fields."""

    code: Annotated[str, Field(max_length=2 * LONGEST)] = Field(examples=["0101"])


@router.get("/{name}")
def list_rows(engine: EngineDep, who: MayMove, name: str) -> dict[str, Any]:
    """Return the rows of a vocabulary: categories, sources, reasons, results or grades.

    Retired rows (`active` false) are among them; `default` marks what is shipped (默认).
    """
    found = vocabularies.list_entries(engine, who, name)
    return {"vocabulary": name, "rows": [_row(entry) for entry in found]}


@router.get(ROW, response_class=JSONResponse)
def read_row(engine: EngineDep, who: MayMove, name: str, code: Code) -> Response:
    """Return one row; its version is the ETag."""
    return _answer(vocabularies.read_entry(engine, who, name, code), HTTPStatus.OK)


@router.post("/{name}", status_code=HTTPStatus.CREATED, response_class=JSONResponse)
def add_row(engine: EngineDep, who: MayRoute, name: str, row: NewRow) -> Response:
    """Add a row. 409 where there is one of this code, or one of this name that counts."""
    made = vocabularies.add_entry(engine, who, name, row.code, row.given())
    answer = _answer(made, HTTPStatus.CREATED)
    answer.headers["Location"] = f"/api/vocabularies/{name}/{quote(made.code)}"
    return answer


@router.patch(ROW, response_class=JSONResponse)
def change_row(
    engine: EngineDep,
    who: MayRoute,
    name: str,
    code: Code,
    row: VocabularyFields,
    if_match: IfMatch = None,
) -> Response:
    """Change the fields that are named, at the version that was seen (If-Match).

    A row is retired with `active` false and never deleted, as incidents name it. 412: it was
    changed meanwhile; 428: If-Match is missing; 409: another name for a category that incidents
    bear.
    """
    version = read_version(if_match)
    changed = vocabularies.change_entry(engine, who, name, code, row.given(), version=version)
    return _answer(changed, HTTPStatus.OK)


def read_version(if_match: str | None) -> str | None:
    """Return the version that If-Match names, None where it names none."""
    return (if_match or "").strip().strip('"') or None


def _answer(entry: Entry, status: HTTPStatus) -> Response:
    return JSONResponse(_row(entry), status, {"ETag": f'"{entry.version}"'})


def _row(entry: Entry) -> dict[str, Any]:
    return {"code": entry.code, **entry.values, "version": entry.version}
