"""A disk that really is full, under a service that really runs: a small file system of its own."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from geo.base.settings import Settings
from geo.operations import database
from geo.store.cluster import cluster
from tests.operations.test_supervisor import postmaster, serving, status_of, until
from tests.signed_in import account, sign_in

pytestmark = pytest.mark.postgis

SIZE_MB = 480
PUSH = {"states": [{"code": "K", "status": "online", "since": "2026-01-01T08:00:00+08:00"}]}
READS = ("/account", "/api/access-register/mine", "/api/collections/grids/items", "/livez")


@pytest.fixture
def small_disk(server):
    """Return a folder on a file system of its own; only root may mount one."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=711", "tmpfs", folder]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("no file system can be mounted here")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def fill(file, left_mb):
    """Write until so much is free."""
    size = shutil.disk_usage(file.parent).free - left_mb * 1_000_000
    with file.open("ab") as handle:
        os.posix_fallocate(handle.fileno(), handle.tell(), size)


def test_reading_goes_on_and_the_server_comes_back_on_a_full_disk(small_disk):
    home, filler = small_disk / "home", small_disk / "filler"
    with database.open_database(Settings(home=home)) as engine:
        made = account(engine, "reads.on", "administrator")
    try:
        with serving(home) as (_, url, _):
            with database.reach_database(Settings(home=home)) as engine:
                client = sign_in(httpx2.Client(base_url=url, timeout=120), engine, made)
                assert client.post("/api/camera-status", json=PUSH).status_code == 200
                until(lambda: (cluster.cluster_folder(home) / "ballast").exists())
                with engine.begin() as connection:
                    connection.execute(
                        text("UPDATE govgrid.session SET seen_at = now() - interval '2 minutes'")
                    )
            for left_mb in (50, 0):
                fill(filler, left_mb)
                refused = client.post("/api/camera-status", json=PUSH)
                assert (refused.status_code, refused.json()["status"]) == (507, 507)
                assert client.get("/readyz").json()["status"] == "read_only"
                assert {path: client.get(path).status_code for path in READS} == dict.fromkeys(
                    READS, 200
                )
            killed = postmaster(home)
            os.kill(killed, signal.SIGKILL)
            until(lambda: cluster.is_running(home) and postmaster(home) != killed)
            until(lambda: status_of(url) == 200)
            assert not (cluster.cluster_folder(home) / "ballast").exists()
            assert client.get("/account").status_code == 200
            filler.unlink()
            assert client.post("/api/camera-status", json=PUSH).status_code == 200
            assert client.get("/readyz").json()["status"] == "ready"
            until(lambda: (cluster.cluster_folder(home) / "ballast").exists())
            client.close()
        # nobody watches any more: the server died for want of room, and somebody starts it by hand
        fill(filler, 0)
        os.kill(postmaster(home), signal.SIGKILL)
        started = cluster.start_cluster(home)
        assert not (cluster.cluster_folder(home) / "ballast").exists()
        with database.reach_database(Settings(home=home)) as engine, engine.connect() as reading:
            assert reading.execute(text("SELECT count(*) FROM govgrid.account")).scalar() == 1
        assert started.home == home
    finally:
        cluster.stop_cluster(home)
