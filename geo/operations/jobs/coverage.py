"""Computing coverage as a job."""

from geo.access.audit import record as audit
from geo.base.json_objects import JobResult
from geo.operations.jobs.job import Work
from geo.store import db


def run_coverage(work: Work) -> JobResult:
    """Compute what is not up to date and store it as a run; return its number."""
    from geo.coverage import compute

    work.who.require("import")
    work.who.require_whole()
    asked = work.job.asked
    done = compute.compute(
        work.engine, details=asked["details"], full=asked["full"], progress=work.progress
    )
    facts = {"run": done.run.id, "fresh": done.fresh, "unchanged": done.unchanged}
    with db.open_transaction(work.engine) as connection:
        audit.record(connection, work.who, "coverage.compute", str(done.run.id), facts=facts)
    return {
        "run": done.run.id,
        "computed_at": done.run.computed_at.isoformat(timespec="seconds"),
        "fresh": done.fresh,
        "kept": done.kept,
        "unchanged": done.unchanged,
    }
