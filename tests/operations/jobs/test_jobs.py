"""Jobs: run by a worker with the rights of their account, cancelled, retried, taken up again."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from threading import Event

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.access import transaction
from geo.access.accounts import local_cli
from geo.operations import uploads, worker
from geo.operations.jobs import requests
from geo.operations.jobs.queue import Scheduled
from geo.operations.jobs.run import MOST_ATTEMPTS, run_job
from geo.store import db
from tests.operations.jobs.working import ended, until, working
from tests.signed_in import Visitors, account, grant, signed_in

pytestmark = pytest.mark.postgis

COMPUTE = "/api/coverage/runs"


@pytest.fixture
def client(town, settings):
    with TestClient(create_app(settings)) as found:
        yield signed_in(found, town, "administrator")


def run_sql(engine, statement, **parameters):
    with db.open_transaction(engine) as connection:
        found = connection.execute(text(statement), parameters)
        return found.all() if found.returns_rows else []


@contextmanager
def computing(engine):
    """Hold the turn of computations, so that a job stands still in its midst."""
    with engine.connect() as connection, connection.begin():
        db.lock_work(connection, db.COMPUTING)
        yield


def state(client, job):
    return client.get(f"/api/jobs/{job['id']}").json()["state"]


@contextmanager
def worker_process(settings):
    """Run ``govgrid worker``; give the process."""
    environment = {
        **os.environ,
        "GOVGRID_DATABASE_URL": settings.database_url,
        "GOVGRID_HOME": str(settings.home),
        "GOVGRID_LANG": "en",
    }
    command = [sys.executable, "-c", "from geo.cli import main; main()", "worker"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def test_coverage_is_computed_as_a_job(town, client, database_url, settings):
    asked = client.post(COMPUTE, json={"details": [20, 40]})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    with working(database_url, settings):
        job = ended(client, asked.json())
    assert job["state"] == "done", job
    (run,) = run_sql(town, "SELECT id FROM govgrid.coverage_run")
    assert (job["result"]["run"], job["result"]["unchanged"]) == (run.id, False)
    assert job["created_at"] <= job["started_at"] <= job["ended_at"]
    details = run_sql(town, "SELECT DISTINCT detail FROM govgrid.area_coverage ORDER BY 1")
    assert [row.detail for row in details] == [20, 40]


def test_a_job_whose_worker_is_killed_is_taken_up_by_the_next(town, client, settings):
    with computing(town), worker_process(settings) as first:
        job = client.post(COMPUTE).json()
        until(lambda: state(client, job) == "running")
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert run_sql(town, "SELECT * FROM govgrid.coverage_run") == []
    with worker_process(settings):
        done = ended(client, job)
    assert (done["state"], done["attempts"]) == ("done", 2)
    assert len(run_sql(town, "SELECT * FROM govgrid.coverage_run")) == 1


def test_a_job_is_interrupted_when_the_worker_ends_and_goes_on_later(
    town, client, database_url, settings
):
    with working(database_url, settings) as stop:
        with computing(town):
            job = client.post(COMPUTE).json()
            until(lambda: state(client, job) == "running")
            stop.set()
        until(lambda: state(client, job) == "waiting")
    with working(database_url, settings):
        done = ended(client, job)
    assert (done["state"], done["attempts"]) == ("done", 1)


def test_a_waiting_job_is_cancelled_and_can_be_run_again(client, database_url, settings):
    job = client.post(COMPUTE).json()
    assert client.post(f"/api/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/api/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    with working(database_url, settings):
        second = client.post(COMPUTE).json()
        assert ended(client, second)["state"] == "done"
        assert state(client, job) == "cancelled"
        assert client.post(f"/api/jobs/{job['id']}/retry").status_code == 202
        assert ended(client, job)["result"]["unchanged"]
    assert client.post(f"/api/jobs/{job['id']}/retry").status_code == 409


def test_a_running_job_that_is_cancelled_writes_nothing(town, client, database_url, settings):
    with working(database_url, settings):
        with computing(town):
            job = client.post(COMPUTE).json()
            until(lambda: state(client, job) == "running")
            assert client.post(f"/api/jobs/{job['id']}/cancel").status_code == 202
        assert ended(client, job)["state"] == "cancelled"
    assert run_sql(town, "SELECT * FROM govgrid.coverage_run") == []


def test_jobs_of_one_turn_run_one_after_the_other(town, client, database_url, settings):
    with working(database_url, settings):
        with computing(town):
            first, second = (client.post(COMPUTE).json() for _ in range(2))
            until(lambda: state(client, first) == "running")
            third = client.get("/api/jobs").json()["jobs"]
            assert [each["state"] for each in third] == ["waiting", "running"]
        assert [ended(client, each)["state"] for each in (first, second)] == ["done", "done"]


def test_progress_is_told_in_the_language_of_who_asks(town, client, database_url, settings):
    with working(database_url, settings), computing(town):
        job = client.post(COMPUTE).json()

        def told():
            found = client.get(f"/api/jobs/{job['id']}", headers={"accept-language": "en"}).json()
            return found["progress"]

        assert "computation" in until(told)["text"]


def test_a_job_that_is_cut_off_again_and_again_is_given_up(town, client, settings):
    job = client.post(COMPUTE).json()
    run_sql(town, "UPDATE govgrid.job SET attempts = :n", n=MOST_ATTEMPTS)
    run_job(town, settings, job["id"], stop=Event())
    found = client.get(f"/api/jobs/{job['id']}", headers={"accept-language": "en"}).json()
    assert found["state"] == "failed"
    assert "cut off 3 times" in found["error"]


def test_a_mistake_fails_one_job_and_tells_nothing_of_the_inside(town, client, settings):
    job = client.post(COMPUTE).json()
    run_sql(town, "UPDATE govgrid.job SET asked = '{}'")
    run_job(town, settings, job["id"], stop=Event())
    found = client.get(f"/api/jobs/{job['id']}", headers={"accept-language": "en"}).json()
    assert (found["state"], "KeyError" in found["error"]) == ("failed", True)
    assert "details" not in found["error"]


def test_a_job_runs_with_the_rights_that_its_account_has_then(town, client, settings):
    job = client.post(COMPUTE).json()
    run_sql(town, "DELETE FROM govgrid.role_grant")
    run_job(town, settings, job["id"], stop=Event())
    assert run_sql(town, "SELECT state FROM govgrid.job") == [("failed",)]
    assert run_sql(town, "SELECT * FROM govgrid.coverage_run") == []


def test_a_job_that_is_gone_is_left_alone(town, settings):
    run_job(town, settings, "00000000-0000-0000-0000-000000000001", stop=Event())


def test_jobs_of_others_are_seen_by_who_administers_accounts_alone(town, settings):
    with TestClient(create_app(settings)) as browser:
        visitors = Visitors(browser, town)
        first = account(town, "li", "administrator")
        job = visitors.become(first).post(COMPUTE).json()
        planner = visitors.become(account(town, "wang", "planner"))
        assert planner.get(f"/api/jobs/{job['id']}").status_code == 404
        assert planner.post(f"/api/jobs/{job['id']}/cancel").status_code == 404
        assert planner.get("/api/jobs").json() == {"jobs": []}
        other = visitors.become(account(town, "zhao", "administrator"))
        assert [each["id"] for each in other.get("/api/jobs").json()["jobs"]] == [job["id"]]
        assert other.post(f"/api/jobs/{job['id']}/retry").status_code == 404
        assert other.post(f"/api/jobs/{job['id']}/cancel").json()["state"] == "cancelled"


@pytest.mark.parametrize("number", ["x", "1", "00000000-0000-0000-0000-000000000001"])
def test_a_job_that_there_is_not_is_not_found(client, number):
    assert client.get(f"/api/jobs/{number}").status_code == 404


def test_row_level_security_shows_own_jobs_only(town, settings, client):
    from geo.store.cluster import cluster

    client.post(COMPUTE)
    made = account(town, "wang", "planner")
    service = db.connect(settings.database_url, role=cluster.SERVICE_ROLE)
    who = local_cli.acting_principal(town, "wang")
    assert who.id == made
    with transaction.open_as(service, who) as connection:
        assert connection.execute(text("SELECT count(*) FROM govgrid.job")).scalar_one() == 0
    assert requests.list_jobs(service, who, kind=None, own=False) == []
    service.dispose()


def test_what_is_scheduled_is_done_and_a_failure_is_told_in_one_line(
    town, database_url, settings, capfd
):
    done = []

    def work():
        done.append(1)
        if len(done) == 1:
            raise ZeroDivisionError("two\nlines")

    with working(database_url, settings, [Scheduled("sessions", "* * * * * *", work)]):
        until(lambda: len(done) >= 2)
    (line,) = [each for each in capfd.readouterr().err.splitlines() if "failed" in each]
    assert "clearing expired sessions away failed: ZeroDivisionError: two lines" in line


def test_a_worker_is_heard_of_while_it_lives_and_missed_once_it_was_killed(
    town, client, database_url, settings
):
    def worker():
        return client.get("/readyz").json()["processes"]["worker"]

    assert worker() == {"alive": False, "heartbeat_s": None}
    with working(database_url, settings):
        until(lambda: worker()["alive"])
        killed = "UPDATE govgrid_queue.procrastinate_workers SET last_heartbeat = :at"
        run_sql(town, killed, at="2020-01-01")
        until(lambda: worker()["alive"])  # it lives and says so again
    run_sql(town, "INSERT INTO govgrid_queue.procrastinate_workers DEFAULT VALUES")
    run_sql(town, killed, at="2020-01-01")
    assert worker()["alive"] is False
    assert worker()["heartbeat_s"] > 1000


def test_what_is_due_each_second_is_not_left_to_the_scheduler():
    assert {duty.name: duty.cron is None for duty in worker.DUTIES} == {
        **dict.fromkeys(("head", "tally", "sessions", "events", "files", "jobs"), False),
        **dict.fromkeys(("backup", "retention", "archive", "webhooks"), False),
        **dict.fromkeys(("seal", "alarms"), True),
    }


def test_old_jobs_and_uploads_are_cleared_away(town, client, settings):
    new, old = (
        client.post(
            "/api/imports", params={"layer": "cameras", "name": "k.csv"}, content=b"x"
        ).json()
        for _ in range(2)
    )
    run_sql(
        town,
        "UPDATE govgrid.job SET created_at = now() - interval '25 hours'"
        " WHERE id = CAST(:id AS uuid)",
        id=old["id"],
    )
    (settings.home / "uploads" / "nobodys").mkdir()
    worker.run_duties(town, settings, stop=Event(), once=True)
    assert uploads.waiting_uploads(settings.home) == [new["id"]]
    run_sql(town, "UPDATE govgrid.job SET created_at = now() - interval '8 days'")
    worker.run_duties(town, settings, stop=Event(), once=True)
    assert run_sql(town, "SELECT * FROM govgrid.job") == []
    assert uploads.waiting_uploads(settings.home) == []


def test_a_large_export_is_a_job_whose_file_its_account_fetches(town, database_url, settings):
    app = create_app(settings.model_copy(update={"export_job_rows": 1}))
    with TestClient(app) as client:
        people = Visitors(client, town)
        planner = account(town, "plan", "planner")
        people.become(planner)
        wanted = {"layer": "grids", "format": "csv", "reason": "核对"}
        small = client.post("/api/exports", json={**wanted, "layer": "centres"})
        assert small.status_code == 200  # waited for, as it has no row
        asked = client.post("/api/exports", json=wanted)
        assert asked.status_code == 202, asked.text
        path = asked.headers["location"]
        assert client.get(f"{path}/result").status_code == 409
        with working(database_url, settings):
            job = ended(client, asked.json())
        assert (job["state"], job["result"]["rows"], "rights" in job["result"]) == (
            "done",
            2,
            False,
        )
        file = client.get(f"{path}/result")
        assert (file.status_code, len(file.content)) == (200, job["result"]["bytes"])
        assert "340802001001001" in file.text
        rows = run_sql(town, "SELECT id::text, what, rows FROM govgrid.export_register")
        assert (job["result"]["register"], "grids", 2) in [tuple(row) for row in rows]
        (seen,) = run_sql(town, "SELECT object FROM govgrid.audit WHERE action = 'job.fetch'")
        assert seen.object == "grids"
        people.become(account(town, "other", "planner"))
        assert client.get(f"{path}/result").status_code == 404
        people.become(planner)
        with town.begin() as connection:  # what it may see is another: the file is not told
            grant(connection, planner, "planner", "340802001001002", depth="picture")
        assert client.get(f"{path}/result").status_code == 403


def test_an_export_is_refused_before_it_becomes_a_job(client):
    wanted = {"layer": "grids", "format": "csv", "reason": "核对", "job": True}
    for wrong, status in (
        ({"layer": "beton"}, 404),
        ({"crs": "gcj02"}, 400),
        ({"reason": ""}, 400),
    ):
        answer = client.post("/api/exports", json={**wanted, **wrong})
        assert answer.status_code == status, answer.text
    assert client.get("/api/jobs").json()["jobs"] == []
