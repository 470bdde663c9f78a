"""Webhooks over HTTP and by command: managed by who manages accounts, a secret told once."""

import json

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.command_line import alone, commands
from tests.signed_in import Visitors, account

pytestmark = pytest.mark.postgis
HOOKS = "/api/webhooks"
ALLOWED = "https://hooks.example"


def test_a_webhook_is_added_switched_and_removed_and_its_secret_is_told_once(
    incident_town, settings
):
    config = settings.model_copy(update={"webhook_hosts": ALLOWED, "lang": "zh"})
    account(incident_town, "platform", "display", kind="service")
    with TestClient(create_app(config)) as client:
        client.headers["accept-language"] = "zh"
        visitors = Visitors(client, incident_town)
        admin = visitors.become(account(incident_town, "admin", "administrator"))
        assert admin.get(HOOKS).json() == {"webhooks": []}
        asked = {"name": "平台", "url": f"{ALLOWED}/in", "account": "platform"}
        for status, changed in (
            (400, {"url": "https://evil.example/in"}),
            (400, {"url": "http://hooks.example/in"}),
            (404, {"account": "nobody"}),
            (409, {"account": "admin"}),
            (400, {"kinds": []}),
            (422, {"secret": "mine"}),
        ):
            refused = admin.post(HOOKS, json={**asked, **changed})
            assert refused.status_code == status, refused.text
        made = admin.post(HOOKS, json=asked)
        assert made.status_code == 201, made.text
        secret, hook = made.json()["secret"], made.json()["webhook"]
        path = f"{HOOKS}/{hook['id']}"
        assert (hook["account"], hook["active"], hook["waiting"]) == ("platform", True, 0)
        assert admin.post(HOOKS, json=asked).status_code == 409
        assert secret not in admin.get(HOOKS).text
        assert admin.patch(path, json={"active": False}).json()["active"] is False
        assert admin.post(f"{path}/secret").json()["secret"] != secret
        assert admin.get(f"{path}/deliveries").json() == {"deliveries": []}
        visitors.become(account(incident_town, "chief", "supervisor"))
        for method, where in (("GET", HOOKS), ("DELETE", path), ("POST", f"{path}/secret")):
            assert client.request(method, where).status_code == 403
        visitors.become(account(incident_town, "second", "administrator"))
        assert client.delete(path).status_code == 204
        assert client.delete(path).status_code == 404


def test_the_command_line_does_the_same(incident_town, database_url, monkeypatch, capfd, tmp_path):
    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_HOME", str(tmp_path / "home"))
    account(incident_town, "platform", "display", kind="service")
    call = commands(monkeypatch, capfd)

    def run(*words, **more):
        return call("--lang", "en", "--database", database_url, "webhook", *words, **more)

    add = ("add", "hall", f"{ALLOWED}/in", "--account", "platform")
    assert "GOVGRID_WEBHOOK_HOSTS" in run(*add, code=2).err
    monkeypatch.setenv("GOVGRID_WEBHOOK_HOSTS", ALLOWED)
    secret = run(*add).out.strip()
    assert secret.startswith("ggw_")
    (listed,) = json.loads(run("list", "--json").out)["webhooks"]
    assert (listed["name"], listed["kinds"]) == ("hall", ["alarm", "created", "moved"])
    assert "False" in run("pause", "hall").out
    assert "True" in run("resume", "hall").out
    assert run("secret", "hall").out.strip() not in ("", secret)
    assert json.loads(run("deliveries", "hall", "--json").out) == {"deliveries": []}
    assert "no webhook" in run("pause", "other", code=2).err
    run("remove", "hall")
    assert "hall" not in run("list").out
    monkeypatch.setenv("GOVGRID_WEBHOOK_HOSTS", "hooks.example/x")
    assert "no address" in run(*add, code=2).err
