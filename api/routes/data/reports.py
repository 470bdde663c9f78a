"""Reports: asked for over HTTP, made as jobs, fetched as files."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from fastapi import Body as BodyOf
from pydantic import Field

from api.answers.bodies import Body
from api.answers.problems import request_language
from api.session.deps import EngineDep, MayExport
from geo.access.audit import export_log
from geo.operations.jobs import reports
from geo.operations.jobs import requests as jobs
from geo.operations.jobs.requests import JobAnswer

router = APIRouter()
Level = Literal["district", "township", "community", "grid"]
DeviceSet = Literal["all", "skynet", "social", "online"]
Certainty = Literal["certain", "expected", "possible"]
Code = Annotated[str | None, Field(max_length=40)]
Detail = Annotated[float | None, Field(gt=0, allow_inf_nan=False)]


class ReportRequest(Body):
    """What is asked of every report: as what, and what for."""

    format: str = Field(default="xlsx", max_length=20)
    reason: str = Field(max_length=export_log.MOST_REASON, examples=["季度通报"])


class Coverage(ReportRequest):
    """Figures of the newest computation; what is not given does not limit them."""

    report: Literal["coverage"]
    by: Level | None = None
    area: Code = None
    device_set: DeviceSet | None = None
    detail: Detail = None
    certainty: Certainty | None = None


class Gaps(ReportRequest):
    """Gaps of the newest computation, the heaviest first."""

    report: Literal["gaps"]
    device_set: DeviceSet = "all"
    certainty: Literal["certain", "possible"] = "certain"
    detail: Detail = None


class Compliance(ReportRequest):
    """Where the register breaks the law."""

    report: Literal["compliance"]
    area: str = Field(default="", max_length=40)
    kinds: list[Annotated[str, Field(max_length=40)]] = Field(default=[], max_length=40)
    unit: str = Field(default="", max_length=100)
    severity: str = Field(default="", max_length=20)


class Completeness(ReportRequest):
    """How far the register of cameras is filled; by None: by the highest level that is loaded."""

    report: Literal["completeness"]
    by: Literal["township", "community", "grid"] | None = None


class Loss(ReportRequest):
    """Which cameras to maintain first, and what is still seen when a share of them has failed."""

    report: Literal["loss"]
    device_set: DeviceSet = "online"
    share: float = Field(default=0.05, gt=0, le=1)
    area: Code = None


class Survey(ReportRequest):
    """Which headings to survey first, as the form to be filled in; limit 0: all of them."""

    report: Literal["survey"]
    area: Code = None
    eight_way: bool = False
    limit: int = Field(default=0, ge=0, le=1_000_000)


Wanted = Annotated[
    Coverage | Gaps | Compliance | Completeness | Loss | Survey, BodyOf(discriminator="report")
]


@router.post("/api/reports", status_code=202)
def make_report(
    request: Request, response: Response, engine: EngineDep, who: MayExport, asked: Wanted
) -> JobAnswer:
    """Have a report made as a file, with permission and reason; the answer names its job.

    The file is at `/api/jobs/{id}/result`, as that of an export.
    """
    reports.require_report(who, asked.report, asked.format)
    wanted = {
        "format": asked.format,
        "reason": export_log.reason_of(who, asked.reason),
        "lang": request_language(request),
        "options": asked.model_dump(exclude={"report", "format", "reason"}),
    }
    job = jobs.make_job(engine, who, "report", layer=asked.report, asked=wanted)
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return jobs.job_values(job, who, request_language(request))
