"""Open311 GeoReport v2: services and requests as JSON and XML, where it is switched on."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers.forms import FormDep
from api.answers.problems import request_language
from api.routes.incidents.desk import DeskDep
from api.session.deps import MayMap, MayTake, SettingsDep
from geo.base.errors import InputError, NotFoundError
from geo.base.local_time import with_zone
from geo.incidents import open311
from geo.incidents.open311 import NewRequest, RequestFilter

XML: Final = "application/xml"
PERSONAL: Final = (
    *("email", "first_name", "last_name", "phone", "device_id", "account_id", "media_url"),
)
"""Fields of the standard that are not taken: of persons, or an address that would be fetched."""
_TAKEN: Final = ("service_code", "description", "lat", "long", "address_string")
_IGNORED: Final = ("jurisdiction_id", "api_key", "csrf")
Form = Literal["json", "xml"]


class Listed(BaseModel):
    """Which requests are listed, by the names of the standard; several with commas between."""

    model_config = ConfigDict(extra="forbid")

    service_request_id: str = Field("", max_length=40_000)
    service_code: str = Field("", max_length=4_000)
    status: str = Field("", max_length=40)
    start_date: str = Field("", max_length=40)
    end_date: str = Field("", max_length=40)
    jurisdiction_id: str = Field("", max_length=100)


def _require_open(settings: SettingsDep) -> None:
    """Refuse where the site has not switched it on.

    Raises
    ------
    NotFoundError
        As for any path that does not exist.
    """
    if not settings.open311:
        raise NotFoundError("open311.off")


Opened = Annotated[None, Depends(_require_open)]
router = APIRouter(
    prefix="/open311/v2",
    responses={200: {"content": {"application/json": {}, XML: {}}}},
)


@router.get("/services.{f}", response_class=Response)
def list_services(who: MayMap, _: Opened, desk: DeskDep, f: Form) -> Response:
    """Return the services: categories that are not sensitive."""
    return _answer(f, "services", "service", open311.list_services(desk, who))


@router.get("/services/{code}.{f}", response_class=Response)
def read_service(who: MayMap, _: Opened, desk: DeskDep, code: str, f: Form) -> Response:
    """Return the definition of a service; it asks for nothing beyond the standard's fields."""
    found = open311.read_service(desk, who, code)
    definition = {"service_code": found["service_code"], "attributes": []}
    if f == "json":
        return JSONResponse(definition)
    root = ET.Element("service_definition")
    ET.SubElement(root, "service_code").text = found["service_code"]
    ET.SubElement(root, "attributes")
    return _xml(root)


@router.get("/requests.{f}", response_class=Response)
def list_requests(
    request: Request,
    settings: SettingsDep,
    who: MayMap,
    _: Opened,
    desk: DeskDep,
    f: Form,
    asked: Annotated[Listed, Query()],
) -> Response:
    """Return requests that are granted, the newest first: 90 days, at most 1,000."""
    which = RequestFilter(
        _several(asked.service_request_id),
        _several(asked.service_code),
        _several(asked.status),
        _moment(asked.start_date, settings.timezone),
        _moment(asked.end_date, settings.timezone),
    )
    found = open311.list_requests(desk, who, which, lang=request_language(request))
    return _answer(f, "service_requests", "request", found)


@router.get("/requests/{number}.{f}", response_class=Response)
def read_request(
    request: Request, who: MayMap, _: Opened, desk: DeskDep, number: str, f: Form
) -> Response:
    """Return one request."""
    found = open311.read_request(desk, who, number, lang=request_language(request))
    return _answer(f, "service_requests", "request", [found])


@router.post("/requests.{f}", status_code=HTTPStatus.CREATED, response_class=Response)
def post_request(
    who: MayTake,
    _: Opened,
    desk: DeskDep,
    sent: FormDep,
    f: Form,
    key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)] = None,
) -> Response:
    """Take a request: `service_code`, `description`, `lat`, `long`, `address_string`.

    Fields of persons and `media_url` are refused; numbers of persons in the text as everywhere.
    """
    refused = [name for name in sent.values if name in PERSONAL and sent.text(name)]
    known = (*_TAKEN, *_IGNORED, *PERSONAL)
    strange = [name for name in sent.values if name not in known]
    if refused or strange:
        raise InputError("open311.fields", found=", ".join(refused or strange)[:100],
                         known=", ".join(_TAKEN))  # fmt: skip
    asked = NewRequest(
        sent.text("service_code"),
        sent.text("description"),
        _degrees(sent.text("lat"), "lat"),
        _degrees(sent.text("long"), "long"),
        sent.text("address_string") or None,
    )
    made = open311.post_request(desk, who, asked, key=key)
    rows = [{"service_request_id": made, "service_notice": None, "account_id": None}]
    return _answer(f, "service_requests", "request", rows, HTTPStatus.CREATED)


def _several(written: str) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in written.split(","))))


def _moment(written: str, timezone: str) -> datetime | None:
    if not written:
        return None
    try:
        return with_zone(datetime.fromisoformat(written), timezone)
    except (ValueError, OverflowError) as error:
        raise InputError("time.unreadable", text=written[:40]) from error


def _degrees(written: str, name: str) -> float | None:
    if not written:
        return None
    try:
        found = float(written)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InputError("lifecycle.value", field=name, found=written[:40], known="30.5101")
    return found


def _answer(
    f: str, root: str, each: str, rows: Sequence[Mapping[str, Any]], status: int = HTTPStatus.OK
) -> Response:
    if f == "json":
        return JSONResponse(list(rows), status)
    top = ET.Element(root)
    for row in rows:
        element = ET.SubElement(top, each)
        for name, value in row.items():
            ET.SubElement(element, name).text = _text(value)
    return _xml(top, status)


def _text(value: object) -> str | None:
    """Return a value as XML has it, without characters that no XML holds."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return "".join(c for c in str(value) if c.isprintable() or c in "\t\n")


def _xml(root: ET.Element, status: int = HTTPStatus.OK) -> Response:
    return Response(ET.tostring(root, "utf-8", xml_declaration=True), status, media_type=XML)
