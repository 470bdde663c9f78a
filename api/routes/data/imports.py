"""Imports over HTTP: a file is uploaded, then looked at, tried, taken and, if need be, undone."""

from pathlib import Path
from typing import Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.answers.bodies import Body
from api.answers.downloads import stored_file
from api.answers.problems import request_language
from api.answers.times import Day
from api.server.lanes import FILES, run_in_lane
from api.server.limits import MEGABYTE, allow_body
from api.session.deps import EngineDep, MayImport, SettingsDep
from geo.base.errors import InputError
from geo.files.schema.heading import Scheme
from geo.files.schema.layers import find_layer
from geo.operations import uploads
from geo.operations.jobs import requests as jobs
from geo.operations.jobs import results
from geo.operations.jobs.job import Job
from geo.operations.jobs.requests import JobAnswer

router = APIRouter(prefix="/api/imports")
MOST_BYTES = 200 * MEGABYTE
KIND = "import"


class Declared(Body):
    """What is declared about the file, as by options of ``govgrid import``."""

    crs: str | None = Field(default=None, max_length=40)
    mapping: dict[str, str] = Field(default_factory=dict, max_length=200)
    level: str | None = Field(default=None, max_length=40)
    sheet: str | None = Field(default=None, max_length=200)
    encoding: str | None = Field(default=None, max_length=40)
    header_row: int | None = Field(default=None, ge=1, le=10_000)
    all_sheets: bool = False
    valid_from: Day | None = None
    complete_under: str | None = Field(default=None, max_length=40)
    strict: bool = False
    certain: bool = False
    heading_scheme: Scheme | None = None
    source: str | None = Field(default=None, max_length=200)
    remember: str | None = Field(default=None, max_length=200)
    findings: Literal["xlsx", "csv"] | None = None


@router.post("", status_code=201)
@allow_body(MOST_BYTES)
async def upload(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayImport,
    layer: str = Query(max_length=40),
    name: str = Query(max_length=400),
) -> JobAnswer:
    """Take a file, which is the body as it is; nothing of it is read into the tables yet.

    It is kept for a day. A file with the marking of a state secret is refused and not kept.
    """
    job = await to_thread.run_sync(_begin, engine, who, layer, name)
    try:
        path = await uploads.save_upload(settings, job.id, str(job.source), request.stream())
        await to_thread.run_sync(_require_usable, path, limiter=FILES)
    except BaseException:
        uploads.remove_files(settings.home, job.id)
        jobs.forget_job(engine, who, job.id)
        raise
    return jobs.job_values(job, who, request_language(request))


def _begin(engine: EngineDep, who: MayImport, layer: str, name: str) -> Job:
    who.require_whole()
    found = find_layer(layer).name
    kept = uploads.file_name(found, name)
    return jobs.make_job(engine, who, KIND, layer=found, source=kept, start=False)


def _require_usable(path: Path) -> None:
    from geo.files.readers import secret_markings

    if not path.stat().st_size:
        raise InputError("jobs.empty")
    secret_markings.require_unmarked(path)


@router.get("")
def list_imports(request: Request, engine: EngineDep, who: MayImport) -> dict[str, list[JobAnswer]]:
    """Return the own imports of the last days, the newest first."""
    lang = request_language(request)
    found = jobs.list_jobs(engine, who, kind=KIND, own=True)
    return {"imports": [jobs.job_values(job, who, lang) for job in found]}


@router.get("/{number}")
def read_import(request: Request, engine: EngineDep, who: MayImport, number: str) -> JobAnswer:
    """Return an import with what its last step found."""
    return jobs.job_values(jobs.read_job(engine, who, number), who, request_language(request))


@router.post("/{number}/{step}", status_code=202)
def start_step(
    request: Request,
    engine: EngineDep,
    who: MayImport,
    number: str,
    step: str,
    declared: Declared | None = None,
) -> JobAnswer:
    """Have a step done: `preview`, `dry_run`, `take` or `undo`; ask for the import until it is.

    With `findings` the file is written with what was found beside each row, see `…/findings`.
    """
    lang = request_language(request)
    options = (declared or Declared()).model_dump(mode="json", exclude_none=True)
    form = options.pop("findings", None)
    findings = None if form is None else {"format": form, "lang": lang}
    job = jobs.start_step(engine, who, number, step, options, findings=findings)
    return jobs.job_values(job, who, lang)


@router.get("/{number}/findings", response_class=Response)
@run_in_lane(FILES)
def fetch_findings(
    engine: EngineDep, settings: SettingsDep, who: MayImport, number: str
) -> Response:
    """Return the uploaded file with the findings of the last step beside its rows."""
    return stored_file(
        results.find_findings(engine, who, jobs.read_job(engine, who, number), settings)
    )
