"""Reports as jobs: the files of the commands, cut to the rights of the account that asks."""

import csv
import io
from threading import Event

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.operations.jobs.run import run_job
from geo.store import db
from tests.command_line import commands
from tests.signed_in import Visitors, account

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
REASON = "季度通报"


@pytest.fixture
def people(seen_town, settings):
    with TestClient(create_app(settings)) as browser:
        yield Visitors(browser, seen_town)


def ask(client, report, status=202, **more):
    answer = client.post("/api/reports", json={"reason": REASON, **more, "report": report})
    assert answer.status_code == status, answer.text
    return answer


def made(client, settings, report, **more):
    """Return the job of a report after it has run, on as many connections as a worker has."""
    where = ask(client, report, **more).headers["location"]
    pool = db.connect(settings.database_url, pool_size=3)
    run_job(pool, settings, where.rsplit("/", 1)[-1], stop=Event())
    pool.dispose()
    return client.get(where, headers={"accept-language": "en"}).json()


def fetched(client, job, status=200):
    answer = client.get(f"/api/jobs/{job['id']}/result")
    assert answer.status_code == status, job["error"]
    return answer.content


def titles(content):
    return openpyxl.load_workbook(io.BytesIO(content), read_only=True).sheetnames


def test_each_report_is_made_as_a_job_and_registered_before(seen_town, people, settings):
    planner = account(seen_town, "plan", "planner")
    client = people.become(planner)
    sheets, numbers = {}, {}
    for report in ("coverage", "gaps", "compliance", "completeness", "loss", "survey"):
        job = made(client, settings, report)
        assert (job["kind"], job["layer"], job["state"]) == ("report", report, "done"), job
        content = fetched(client, job)
        assert (job["result"]["file"], job["result"]["bytes"]) == (f"{report}.xlsx", len(content))
        sheets[report] = titles(content)
        numbers[job["result"]["register"]] = (report, "xlsx", job["result"]["rows"], REASON)
    assert "问题清单" in sheets["compliance"]
    assert all(sheets.values())
    with db.open_transaction(seen_town) as connection:
        rows = connection.execute(
            text("SELECT id::text, what, form, rows, reason FROM govgrid.export_register")
        )
        assert {row[0]: tuple(row[1:]) for row in rows} == numbers
        fetches = connection.execute(
            text("SELECT count(*) FROM govgrid.audit WHERE action = 'job.fetch'")
        )
        assert fetches.scalar_one() == 6
    people.become(account(seen_town, "other", "planner"))
    fetched(client, job, 404)


def test_a_report_over_http_is_the_file_of_the_command(
    seen_town, people, settings, tmp_path, monkeypatch, capfd
):
    monkeypatch.setenv("GOVGRID_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("GOVGRID_HOME", str(settings.home))
    run, out = commands(monkeypatch, capfd), tmp_path / "coverage.csv"
    command = (
        "coverage",
        "report",
        "--by",
        "grid",
        "--device-set",
        "all",
        "--certainty",
        "certain",
    )
    run("--lang", "zh", *command, "--out", out)
    client = people.become(account(seen_town, "plan", "planner"))
    chosen = {"by": "grid", "device_set": "all", "certainty": "certain"}
    job = made(client, settings, "coverage", format="csv", **chosen)
    assert fetched(client, job) == out.read_bytes()
    job = made(client, settings, "gaps", format="geojson", device_set="skynet")
    assert job["result"]["rows"] > 0
    assert b'"grid_name"' in fetched(client, job)


def test_a_report_holds_the_areas_of_its_account_only(seen_town, people, settings):
    client = people.become(account(seen_town, "west", "planner", WEST))
    content = fetched(client, made(client, settings, "coverage", format="csv"))
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert {row[1] for row in rows[1:]} == {WEST}
    book = fetched(client, made(client, settings, "coverage"))
    cells = [row for sheet in openpyxl.load_workbook(io.BytesIO(book)) for row in sheet.values]
    assert WEST in str(cells)
    assert EAST not in str(cells)
    told = made(client, settings, "compliance", area=EAST)
    assert (told["state"], "340802001001002" in told["error"]) == ("failed", True)
    for whole in ("completeness", "loss", "survey"):
        assert "govgrid:access.whole_only" in ask(client, whole, 403).text
    operator = people.become(account(seen_town, "operates", "operator"))
    assert "govgrid:access.forbidden" in ask(operator, "coverage", 403).text


def test_what_cannot_be_made_is_refused_at_once(town, settings):
    with TestClient(create_app(settings)) as browser:
        client = Visitors(browser, town).become(account(town, "plan", "planner"))
        client.headers["accept-language"] = "en"
        for report, wrong, status, said in (
            ("weather", {}, 422, "weather"),
            ("compliance", {"format": "csv"}, 400, "xlsx"),
            ("coverage", {"reason": " "}, 400, "reason"),
            ("coverage", {"by": "street"}, 422, "district"),
            ("loss", {"share": 0}, 422, "share"),
            ("gaps", {"area": WEST}, 422, "area"),
        ):
            answer = ask(client, report, status, **wrong)
            assert said in answer.json()["detail"], answer.text
        assert client.get("/api/jobs").json()["jobs"] == []
        job = made(client, settings, "coverage")
        assert (job["state"], "coverage compute" in job["error"]) == ("failed", True)
