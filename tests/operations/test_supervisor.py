"""A service whose processes are killed, on a home of its own: it comes back and says why."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from geo.access.audit import log
from geo.access.principal import system_principal
from geo.base.settings import Settings
from geo.operations import database
from geo.store.cluster import cluster
from tests import PATIENCE_S, scratch
from tests.signed_in import account, sign_in

pytestmark = pytest.mark.postgis

ROLES = ("web", "engine", "worker")
GOVGRID = Path(sys.executable).with_name("govgrid")


def until(happened):
    """Wait for what is to happen; return what it returned."""
    end = time.monotonic() + PATIENCE_S
    while not (found := happened()):
        assert time.monotonic() < end, happened
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def home(server):
    """Return a home with a cluster of its own and the tables of this program."""
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        Path(folder).chmod(0o711)
        found = Path(folder) / "home"
        with database.open_database(Settings(home=found)):
            pass
        yield found
        cluster.stop_cluster(found)


@pytest.fixture(scope="module")
def service(home):
    """Run the service for those tests that leave it as it was."""
    with serving(home) as found:
        yield found


# whoever runs the tests without a terminal may ignore the signal of Ctrl+C
TYPED = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from geo.cli import main; main()"
)


@contextmanager
def serving(home, *more, program=(GOVGRID,)):
    """Run ``govgrid serve``; give its process, its address and what it says."""
    command = [*program, "--home", home, "--lang", "en", "serve", "--port", "0", *more]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, process_group=0)
    said = []
    listener = threading.Thread(target=lambda: said.extend(process.stderr))
    listener.start()
    try:
        yield process, until(lambda: address(process, said)), said
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        listener.join()
        process.stderr.close()
        sys.stdout.writelines(said)  # shown where a test fails


def address(process, said):
    assert process.poll() is None, said
    found = re.search(r"http://127\.0\.0\.1:\d+", "".join(said))
    return found and found[0]


def status_of(url, path="/readyz"):
    try:
        return httpx2.get(f"{url}{path}", timeout=PATIENCE_S).status_code
    except httpx2.TransportError:
        return None


def revivals(said):
    return sum("was started again" in line for line in said)


def postmaster(home):
    data = cluster.cluster_folder(home) / "pgdata"
    number = int((data / "postmaster.pid").read_text().split()[0])
    assert Path(f"/proc/{number}/cwd").samefile(data)
    return number


def processes(parent, role):
    """Return the numbers of the processes of a role."""
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    named = {int(child): Path(f"/proc/{child}/comm").read_text().strip() for child in children}
    return [number for number, name in named.items() if name == f"govgrid-{role}"]


def process_of(parent, role):
    """Return the number of the one process of a role, once it has begun."""
    (found,) = until(lambda: processes(parent, role))
    return found


def asker(home, url, name):
    """Return a client that may read and write."""
    with database.reach_database(Settings(home=home)) as engine:
        made = account(engine, name, "administrator")
        return sign_in(httpx2.Client(base_url=url, timeout=PATIENCE_S), engine, made)


def test_a_killed_server_of_the_database_comes_back_under_requests(home, service):
    _, url, said = service
    with asker(home, url, "asks.one") as client:
        answers, stop = [], threading.Event()
        push = {"states": [{"code": "K", "status": "online", "since": "2026-01-01T08:00:00+08:00"}]}

        def ask():
            while not stop.is_set():
                answers.append(client.get("/api/access-register/mine"))
                answers.append(client.post("/api/camera-status", json=push))

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for each in asking:
            each.start()
        for times in (1, 2):
            until(lambda: status_of(url) == 200)
            killed = postmaster(home)
            os.kill(killed, signal.SIGKILL)
            until(lambda times=times: revivals(said) == times)
            assert postmaster(home) != killed
        until(lambda: status_of(url) == 200)
        stop.set()
        for each in asking:
            each.join()
        assert {answer.status_code for answer in answers} <= {200, 503}
        lost = [answer for answer in answers if answer.status_code == 503]
        assert {answer.headers["retry-after"] for answer in lost} <= {"5"}
        assert not any("nothing was" in answer.text for answer in lost)


def test_a_server_that_was_stopped_on_purpose_stays_down_until_it_is_started(home, service):
    _, url, said = service
    before = revivals(said)
    subprocess.run([GOVGRID, "--home", home, "db", "stop"], check=True, capture_output=True)
    until(lambda: status_of(url) == 503)
    assert not cluster.revive_cluster(home)
    subprocess.run([GOVGRID, "--home", home, "db", "start"], check=True, capture_output=True)
    until(lambda: status_of(url) == 200)
    assert revivals(said) == before


def test_a_killed_web_process_comes_back_and_requests_wait_for_it(service):
    process, url, said = service
    killed = process_of(process, "web")
    os.kill(killed, signal.SIGKILL)
    until(lambda: any("code -9" in line for line in said))
    assert status_of(url, "/livez") == 200
    assert process_of(process, "web") != killed


def test_a_killed_worker_comes_back_and_seals_what_was_written_meanwhile(home, service):
    process, url, said = service
    killed = process_of(process, "worker")
    os.kill(killed, signal.SIGKILL)
    until(lambda: any("worker process ended (code -9)" in line for line in said))
    with asker(home, url, "asks.worker") as client:
        assert client.get("/api/access-register/mine").status_code == 200
    assert process_of(process, "worker") != killed
    with database.reach_database(Settings(home=home)) as engine:
        until(lambda: log.chain_state(engine, system_principal("test")).tail.count == 0)


def test_a_killed_engine_comes_back_with_the_next_epoch(home, service):
    process, url, said = service
    until(lambda: engine_state(url) == "idle")
    before, killed = epoch(home), process_of(process, "engine")
    os.kill(killed, signal.SIGKILL)
    until(lambda: any("engine process ended (code -9)" in line for line in said))
    until(lambda: engine_state(url) == "idle")
    assert process_of(process, "engine") != killed
    assert epoch(home) == before + 1


def engine_state(url):
    return httpx2.get(f"{url}/readyz", timeout=PATIENCE_S).json().get("engine")


def epoch(home):
    with database.reach_database(Settings(home=home)) as engine, engine.begin() as connection:
        return connection.execute(text("SELECT epoch FROM govgrid.coverage_engine")).scalar_one()


def test_only_the_engine_knows_how_to_compute(service):
    """A web process answers without what computes: it starts quickly and stays small."""
    process, url, _ = service
    until(lambda: engine_state(url) == "idle")
    for role, library, expected in (("web", "pandas", False), ("engine", "pandas", True)):
        mapped = Path(f"/proc/{process_of(process, role)}/maps").read_text()
        assert (library in mapped) is expected, role


def test_several_web_processes_answer_on_one_socket(home):
    with serving(home, "--workers", "2") as (process, url, said):
        first, second = until(
            lambda: len(found := processes(process, "web")) == 2 and sorted(found)
        )
        os.kill(first, signal.SIGKILL)
        assert {status_of(url, "/livez") for _ in range(20)} == {200}
        until(lambda: any("web process ended (code -9)" in line for line in said))
        until(lambda: len(found := processes(process, "web")) == 2 and first not in found)
        assert second in processes(process, "web")


def test_nothing_that_was_acknowledged_is_lost_when_processes_are_killed(home):
    """Jobs that were taken are done in the end, whichever process dies meanwhile."""
    with (
        serving(home, "--workers", "2") as (process, url, _),
        asker(home, url, "asks.killing") as client,
    ):
        taken, answers, stop = [], [], threading.Event()

        def ask():
            while not stop.is_set():
                try:
                    answer = client.post("/api/coverage/runs")
                except httpx2.TransportError:  # whoever was answering it was killed
                    continue
                answers.append(answer.status_code)
                if answer.status_code == 202:
                    taken.append(answer.json()["id"])
                stop.wait(0.2)

        asking = [threading.Thread(target=ask) for _ in range(2)]
        for each in asking:
            each.start()
        for role in ("web", "engine", "worker"):
            before = len(taken)
            until(lambda before=before: len(taken) > before + 3)
            (killed, *_) = until(lambda role=role: processes(process, role))
            os.kill(killed, signal.SIGKILL)
            until(
                lambda role=role, killed=killed: (
                    (now := processes(process, role)) and killed not in now
                )
            )
        killed = postmaster(home)
        os.kill(killed, signal.SIGKILL)
        before = len(taken)
        until(lambda: len(taken) > before + 3)
        stop.set()
        for each in asking:
            each.join()
        assert set(answers) <= {202, 503}
        for job in taken:
            found = until(lambda job=job: ended(client, job))
            assert "areas" in found["error"], found  # there are none in this home


def ended(client, job):
    answer = client.get(f"/api/jobs/{job}", headers={"accept-language": "en"})
    return answer.json() if answer.json().get("state") in ("done", "failed") else None


def test_all_processes_end_with_the_service_and_the_database_stays(home):
    with serving(home) as (process, _, _):
        every = [process_of(process, role) for role in ROLES]
    assert process.returncode == 0
    assert not any(Path(f"/proc/{each}").exists() for each in every)
    assert cluster.is_running(home)


def test_a_request_that_is_being_answered_when_the_service_is_told_to_end_is_answered(home):
    with (
        serving(home) as (process, url, _),
        asker(home, url, "asks.late") as client,
        database.reach_database(Settings(home=home)) as engine,
        ThreadPoolExecutor(1) as pool,
    ):
        with engine.begin() as held:
            held.execute(text("LOCK TABLE govgrid.job IN ACCESS EXCLUSIVE MODE"))
            asked = pool.submit(client.post, "/api/coverage/runs")
            until(lambda: waits_for_a_lock(engine, "INSERT INTO govgrid.job %"))
            with idle_connection(url) as idle:
                process.terminate()
                assert idle.recv(1) == b""  # closed: the process that serves has begun to end
            assert not asked.done()
        answer = asked.result()
        assert answer.status_code == 202, answer.text
        assert process.wait(PATIENCE_S) == 0
        with engine.begin() as connection:
            found = connection.execute(text("SELECT id::text FROM govgrid.job")).scalars()
            assert answer.json()["id"] in list(found)


@contextmanager
def idle_connection(url):
    """Give a connection on which one request was answered, and none is asked."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as found:
        found.sendall(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = b""
        while b"alive" not in answer:
            answer += found.recv(4096)
        yield found


def waits_for_a_lock(engine, statement):
    with engine.begin() as connection:
        waiting = text(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND query LIKE :statement"
        )
        return connection.execute(waiting, {"statement": statement}).scalar_one()


@pytest.mark.parametrize("mode", ["--supervise", "--no-supervise"])
def test_ctrl_c_in_a_terminal_ends_all_processes_without_a_word_of_the_program(home, mode):
    with serving(home, mode, program=(sys.executable, "-c", TYPED)) as (process, url, said):
        until(lambda: status_of(url) == 200)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE_S) == (0 if mode == "--supervise" else 130)
    assert "".join(said).partition("(Ctrl+C stops)\n")[1:] == ("(Ctrl+C stops)\n", "")


def test_all_processes_end_when_the_supervisor_is_killed(home):
    with serving(home) as (process, url, _):
        every = [process_of(process, role) for role in ROLES]
        process.kill()
        until(lambda: not any(Path(f"/proc/{each}").exists() for each in every))
        assert status_of(url) is None


@pytest.mark.parametrize("mode", ["--supervise", "--no-supervise"])
def test_a_service_that_cannot_start_says_why_and_ends(home, mode):
    environment = {**os.environ, "GOVGRID_TRUSTED_PROXIES": "nonsense"}
    command = [GOVGRID, "--home", home, "--lang", "en", "serve", "--port", "0", mode]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert ended.returncode == 2
    assert "“nonsense” in GOVGRID_TRUSTED_PROXIES is no address" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_supervision_one_process_serves(home):
    with serving(home, "--no-supervise") as (process, url, _):
        until(lambda: status_of(url) == 200)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        lines = [Path(f"/proc/{child}/cmdline").read_text() for child in children]
        assert not any("spawn_main" in line for line in lines)
