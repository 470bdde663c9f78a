"""Jobs: how far they are, how they ended; cancelled and run again. Computing coverage is one."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import Field

from api.answers.bodies import Body
from api.answers.problems import request_language
from api.session.deps import AnyReader, EngineDep, MayImport
from geo.operations.jobs import requests as jobs
from geo.operations.jobs.requests import JobAnswer

router = APIRouter()
Kind = Literal["import", "coverage", "export", "report"]


class Computed(Body):
    """What is to be computed: pixel densities, px/m; `full`: although nothing has changed."""

    details: list[float] = Field(default=[20.0], min_length=1, max_length=8)
    full: bool = False


@router.post("/api/coverage/runs", status_code=202)
def compute_coverage(
    request: Request, engine: EngineDep, who: MayImport, asked: Computed | None = None
) -> JobAnswer:
    """Have viewsheds, figures and gaps computed; ask for the job until it is done."""
    who.require_whole()
    wanted = (asked or Computed()).model_dump()
    job = jobs.make_job(engine, who, "coverage", asked=wanted)
    return jobs.job_values(job, who, request_language(request))


@router.get("/api/jobs")
def list_jobs(
    request: Request, engine: EngineDep, who: AnyReader, kind: Kind | None = None
) -> dict[str, list[JobAnswer]]:
    """Return the newest jobs: the own ones, for who administers accounts those of all."""
    lang = request_language(request)
    found = jobs.list_jobs(engine, who, kind=kind, own=False)
    return {"jobs": [jobs.job_values(job, who, lang) for job in found]}


@router.get("/api/jobs/{number}")
def read_job(request: Request, engine: EngineDep, who: AnyReader, number: str) -> JobAnswer:
    """Return a job: state, progress, and its result or why it failed."""
    return jobs.job_values(jobs.read_job(engine, who, number), who, request_language(request))


@router.post("/api/jobs/{number}/cancel", status_code=202)
def cancel_job(request: Request, engine: EngineDep, who: AnyReader, number: str) -> JobAnswer:
    """Cancel a job that waits, and ask for the end of one that runs."""
    return jobs.job_values(jobs.cancel_job(engine, who, number), who, request_language(request))


@router.post("/api/jobs/{number}/retry", status_code=202)
def retry_job(request: Request, engine: EngineDep, who: AnyReader, number: str) -> JobAnswer:
    """Run a job again that failed or was cancelled."""
    return jobs.job_values(jobs.retry_job(engine, who, number), who, request_language(request))
