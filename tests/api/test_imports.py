"""Imports over HTTP: the same as by the command, with steps, rights and limits."""

import io
import json

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.store import db
from tests.command_line import commands
from tests.operations.jobs.working import ended, working
from tests.signed_in import Visitors, account, signed_in

pytestmark = pytest.mark.postgis

ROWS = (
    "编码,名称,建设类别,摄像机类型,监视方位,有效距离,状态,经度,纬度\n"
    "N1,新增枪机,天网,固定枪机,90,60,在线,117.0,30.5\n"
    "N2,没有坐标,天网,固定枪机,90,60,在线,,\n"
)
DECLARED = {"crs": "wgs84"}


@pytest.fixture
def client(town, settings):
    with TestClient(create_app(settings)) as found:
        yield signed_in(found, town, "administrator")


@pytest.fixture
def worker(town, database_url, settings):
    with working(database_url, settings):
        yield


def upload(client, content=ROWS, layer="cameras", name="新增.csv"):
    body = content.encode() if isinstance(content, str) else content
    return client.post(
        "/api/imports",
        params={"layer": layer, "name": name},
        content=body,
        headers={"accept-language": "en"},
    )


def step(client, job, what, **declared):
    answer = client.post(f"/api/imports/{job['id']}/{what}", json={**DECLARED, **declared})
    assert answer.status_code == 202, answer.text
    return ended(client, job, "/api/imports")


def rows(engine, statement):
    with db.open_transaction(engine) as connection:
        return connection.execute(text(statement)).all()


FETCHED = "SELECT object FROM govgrid.audit WHERE action = 'job.fetch'"
CODES = "SELECT code FROM govgrid.camera WHERE code LIKE 'N%'"


def test_an_import_over_http_tells_what_the_command_tells(
    town, client, worker, settings, tmp_path, monkeypatch, capfd
):
    job = step(client, upload(client).json(), "dry_run")
    path = tmp_path / "新增.csv"
    path.write_text(ROWS, encoding="utf-8")
    monkeypatch.setenv("GOVGRID_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("GOVGRID_HOME", str(settings.home))
    run = commands(monkeypatch, capfd)
    told = run("import", "cameras", path, "--crs", "wgs84", "--dry-run", "--json", code=3)
    over_http = {k: v for k, v in job["result"].items() if k not in ("step", "exit_code")}
    assert over_http == json.loads(told.out)
    assert job["result"]["exit_code"] == 3
    assert rows(town, CODES) == []


def test_a_file_is_looked_at_taken_and_undone(town, client, worker, settings):
    job = upload(client).json()
    assert (job["state"], job["source"]) == ("uploaded", "新增.csv")
    preview = step(client, job, "preview")["result"]
    assert preview["preview"]["mapping"]["code"] == "编码"
    assert rows(town, CODES) == []
    taken = step(client, job, "take")["result"]
    assert (taken["inserted"], taken["quarantined"], taken["exit_code"]) == (1, 1, 3)
    assert rows(town, CODES) == [("N1",)]
    assert not (settings.home / "uploads" / job["id"]).exists()
    assert client.post(f"/api/imports/{job['id']}/take", json=DECLARED).status_code == 409
    undone = step(client, job, "undo")["result"]
    assert undone == {"step": "undo", "run": taken["run"], "removed": 2, "restored": 0}
    assert rows(town, CODES) == []
    again = client.post(f"/api/imports/{job['id']}/undo", json={})
    assert (again.status_code, "尚未导入" in again.json()["detail"]) == (409, True)


def test_the_file_comes_back_with_its_findings_beside_its_rows(
    town, client, worker, settings, tmp_path, monkeypatch, capfd
):
    client.headers["accept-language"] = "en"
    job = upload(client).json()
    path, out = tmp_path / "新增.csv", tmp_path / "out.csv"
    path.write_text(ROWS, encoding="utf-8")
    monkeypatch.setenv("GOVGRID_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("GOVGRID_HOME", str(settings.home))
    run = commands(monkeypatch, capfd)
    command = ("import", "cameras", path, "--crs", "wgs84", "--dry-run", "--findings", out)
    run("--lang", "en", *command, code=3)
    tried = step(client, job, "dry_run", findings="csv")
    answer = client.get(f"/api/imports/{job['id']}/findings")
    assert answer.content == out.read_bytes()
    assert "N2" in answer.content.decode("utf-8-sig").splitlines()[2]
    assert tried["result"]["file"] == "新增.findings.csv"
    assert (tried["result"]["bytes"], "attachment") == (
        len(answer.content),
        answer.headers["content-disposition"].partition(";")[0],
    )
    taken = step(client, job, "take", findings="xlsx")["result"]
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(f"/api/imports/{job['id']}/findings").content)
    )
    assert [cell.value for cell in book.worksheets[0][1]][-2:] == ["Status", "Remarks"]
    kept = settings.home / "uploads" / job["id"]
    assert [each.name for each in kept.rglob("*.*")] == [taken["file"]]
    assert [row.object for row in rows(town, FETCHED)] == ["cameras", "cameras"]
    step(client, job, "undo", findings="csv")
    assert client.get(f"/api/imports/{job['id']}/findings").status_code == 409


def test_a_file_of_findings_that_cannot_be_written_undoes_no_import(
    town, client, worker, monkeypatch
):
    from geo.files import annotated

    def fail(*_, **__):
        raise OSError("no room")

    monkeypatch.setattr(annotated, "write_annotated", fail)
    client.headers["accept-language"] = "en"
    job = step(client, upload(client).json(), "take", findings="csv")
    assert (job["state"], job["result"]["inserted"], job["result"]["file"]) == ("done", 1, None)
    assert "OSError" in job["result"]["file_error"]
    assert client.get(f"/api/imports/{job['id']}/findings").status_code == 409


def test_what_was_done_stands_in_the_audit_with_who_did_it(town, client, worker):
    step(client, upload(client).json(), "take")
    found = rows(
        town,
        "SELECT action, object FROM govgrid.audit"
        " WHERE action ~ '^(job|import)' AND account LIKE 'administrator%' ORDER BY id",
    )
    assert [(row.action, row.object) for row in found] == [
        ("job.start", "import"),
        ("import.cameras", "新增.csv"),
    ]


def test_a_refused_file_says_why_in_the_language_of_who_asks(client, worker):
    job = upload(client).json()
    failed = step(client, job, "take", crs="mars")
    assert (failed["state"], failed["result"]) == ("failed", None)
    shown = client.get(f"/api/imports/{job['id']}", headers={"accept-language": "en"}).json()
    assert "mars" in shown["error"]
    again = step(client, job, "preview")
    assert again["state"] == "done"


def test_a_marked_file_is_refused_and_nothing_of_it_kept(town, client, settings):
    answer = upload(client, "编码,名称\nN1,机密★10年\n")
    assert answer.status_code == 400
    assert rows(town, "SELECT * FROM govgrid.job") == []
    assert list((settings.home / "uploads").iterdir()) == []
    named = upload(client, name="机密★10年.csv")
    assert named.status_code == 400
    assert "10" not in named.json()["detail"]


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"layer": "ghosts"}, 404, "ghosts"),
        ({"name": "../../etc/passwd\x00"}, 400, "cannot be the name of a file"),
        ({"name": ".."}, 400, "cannot be the name of a file"),
        ({"content": b""}, 400, "empty"),
    ],
)
def test_what_cannot_be_imported_is_refused_at_once(town, client, settings, more, status, said):
    answer = upload(client, **more)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True)
    assert rows(town, "SELECT * FROM govgrid.job") == []


def test_a_path_in_the_name_is_left_out(client, settings):
    job = upload(client, name="C:\\temp\\..\\cameras.csv").json()
    assert job["source"] == "cameras.csv"
    (file,) = (settings.home / "uploads" / job["id"]).iterdir()
    assert (file.name, oct(file.stat().st_mode & 0o777)) == ("cameras.csv", "0o600")


def test_the_name_of_a_file_of_restricted_zones_is_kept_nowhere(town, client):
    job = upload(client, layer="restricted-zones", name="某某单位.geojson").json()
    assert job["source"] == "restricted-zones.geojson"
    assert "某某单位" not in str(rows(town, "SELECT to_jsonb(j) FROM govgrid.job j"))


def test_a_full_disk_refuses_the_file_before_it_fills(town, client, settings, monkeypatch):
    from geo.operations import uploads

    usage = uploads.shutil.disk_usage(settings.home)._replace(free=100_000_100)
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda _: usage)
    answer = upload(client)
    assert answer.status_code == 507
    assert rows(town, "SELECT * FROM govgrid.job") == []


def test_only_who_may_import_the_whole_is_let_in(town, settings):
    with TestClient(create_app(settings)) as browser:
        visitors = Visitors(browser, town)
        limited = account(town, "li", "administrator", "340802001001001")
        assert upload(visitors.become(limited)).status_code == 403
        planner = account(town, "wang", "planner")
        assert upload(visitors.become(planner)).status_code == 403


def test_an_import_of_somebody_else_is_not_found(town, settings):
    with TestClient(create_app(settings)) as browser:
        visitors = Visitors(browser, town)
        first = account(town, "li", "administrator")
        second = account(town, "wang", "administrator")
        job = upload(visitors.become(first)).json()
        other = visitors.become(second)
        assert other.post(f"/api/imports/{job['id']}/take", json=DECLARED).status_code == 404
        assert other.get(f"/api/imports/{job['id']}/findings").status_code == 404
        listed = other.get("/api/imports").json()
        assert listed == {"imports": []}


def test_a_step_that_waits_is_not_begun_twice(client):
    job = upload(client).json()
    first = client.post(f"/api/imports/{job['id']}/take", json=DECLARED)
    second = client.post(f"/api/imports/{job['id']}/take", json=DECLARED)
    assert (first.status_code, first.json()["state"]) == (202, "waiting")
    assert second.status_code == 409


def test_a_step_that_there_is_not_is_refused(client):
    job = upload(client).json()
    answer = client.post(f"/api/imports/{job['id']}/swallow", json={})
    assert (answer.status_code, "dry_run" in answer.json()["detail"]) == (400, True)


def test_options_that_there_are_not_are_refused(client):
    job = upload(client).json()
    answer = client.post(f"/api/imports/{job['id']}/take", json={"demo": True})
    assert (answer.status_code, "demo" in answer.json()["detail"]) == (422, True)
