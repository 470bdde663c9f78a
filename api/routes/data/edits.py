"""Edits of single rows over HTTP: added, changed, deleted, each under the rules of an import."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from api.answers.bodies import Body
from api.answers.problems import request_language
from api.ogc.parameters import EDIT, require_known
from api.server.lanes import FILES, run_in_lane
from api.session.deps import EngineDep, SettingsDep
from api.session.identity import Rule
from geo.access.principal import Principal
from geo.access.roles import edit_action
from geo.exchange import edits
from geo.exchange.edits import Edit, Edited

router = APIRouter(prefix="/api/collections")
MOST_CODE: Final = 200
MOST_KEY: Final = 200
ITEMS: Final = "/{layer}/items"
ITEM: Final = "/{layer}/items/{item:path}"


class EditRule(Rule):
    """The rule of edits: who may bring in files of a layer may edit its rows."""

    def __init__(self) -> None:
        super().__init__("import")

    async def __call__(self, request: Request) -> Principal:
        """Return who asks, with all grants: which of them count is decided by the layer."""
        reader = await self._reader(request)
        reader.require(edit_action(request.path_params["layer"]))
        return reader


MayEdit = Annotated[Principal, Depends(EditRule())]
IfMatch = Annotated[str, Header(max_length=MOST_CODE)]


class Row(Body):
    """A feature (GeoJSON): properties by the names of the fields of its layer."""

    type: Literal["Feature"] = "Feature"
    id: str | None = Field(None, max_length=MOST_CODE)
    geometry: dict[str, Any] | None = None
    properties: dict[str, Any] = Field(default_factory=dict)


@router.post(ITEMS, status_code=201, response_class=Response)
@run_in_lane(FILES)
def add_item(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayEdit,
    layer: str,
    row: Row,
    idempotency_key: Annotated[str, Header(max_length=MOST_KEY)] = "",
) -> Response:
    """Add a row; with `Idempotency-Key` the same request twice adds it once.

    The answer names the row, the import run by which it can be undone, and findings; `ETag` is its
    version.
    """
    require_known(request, EDIT)
    edit = Edit(layer, row.id, row.properties, edits.shape_of(row.geometry))
    key = edits.request_key(who, request.url.path, idempotency_key, edit)
    done = edits.create_item(engine, who, edit, timezone=settings.timezone, key=key)
    answer = _answer(request, layer, done, 201)
    answer.headers["Location"] = f"{request.url.path}/{quote(done.code)}"
    if done.again:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


@router.patch(ITEM, response_class=Response)
@run_in_lane(FILES)
def change_item(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayEdit,
    layer: str,
    item: Annotated[str, Path(max_length=MOST_CODE)],
    row: Row,
    if_match: IfMatch = "",
) -> Response:
    """Change the properties that are named, and the place if there is one; all others stay.

    `If-Match` says which version was edited: 428 without it, 412 where it is another by now.
    """
    require_known(request, EDIT)
    edit = Edit(layer, item, row.properties, edits.shape_of(row.geometry), _version(if_match))
    done = edits.change_item(engine, who, edit, timezone=settings.timezone)
    return _answer(request, layer, done, 200)


@router.delete(ITEM, status_code=204, response_class=Response)
@run_in_lane(FILES)
def delete_item(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayEdit,
    layer: str,
    item: Annotated[str, Path(max_length=MOST_CODE)],
    if_match: IfMatch = "",
) -> Response:
    """Delete a row; the undo of its import run brings it back. `If-Match` as for a change."""
    require_known(request, EDIT)
    edit = Edit(layer, item, expected=_version(if_match))
    done = edits.delete_item(engine, who, edit, timezone=settings.timezone)
    return Response(status_code=204, headers={"Govgrid-Run": str(done.run)})


def _version(if_match: str) -> str | None:
    """Return the version that a header names; a weak one fits none."""
    tag = if_match.strip()
    return tag.strip('"') if tag else None


def _answer(request: Request, layer: str, done: Edited, status: int) -> Response:
    lang = request_language(request)
    found = [each.cell_answer(lang) for each in done.findings]
    body = {"id": done.code, "layer": layer, "run": done.run, "findings": found}
    return JSONResponse(body, status_code=status, headers={"ETag": f'"{done.version}"'})
