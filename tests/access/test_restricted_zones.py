"""Zones whose unit must consent: named to security administrators only."""

import io
import json
import os
import re
import sys
import zipfile
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

import geo.cli
from api.app import create_app
from geo.access.principal import RESTRICTED_LAYERS
from geo.exchange.imports import declarations
from geo.exchange.publish import collections
from tests.api import test_rules as web
from tests.cli import test_rules as commands
from tests.signed_in import SYSTEM, Visitors, account, grant
from tests.toy_town import bring_in, rectangle, write_geojson

pytestmark = pytest.mark.postgis

SECRETS = ("ZQ-7731", "某某研究所", "函七七三一")
TOLD = "该处安装须先征得有关单位同意，没有登记同意文件。"
PEOPLE = (
    ("administrator", "planner", "dispatcher", "operator", "responder"),
    ("auditor",),
    ("display",),
)
"""All roles but the one that may, as far as one account may hold them together."""


@pytest.fixture
def zoned(seen_town, tmp_path_factory):
    """The toy town with a zone some tens of metres from its cameras; one of them has a consent.

    Both came from files, and under declarations, whose names tell what is in them.
    """
    folder = tmp_path_factory.mktemp("zones")
    zone = {"code": SECRETS[0], "name": SECRETS[1], "kind": "科研"}
    shapes = [(zone, rectangle(1, 2, 2, 3))]
    for number in ("一", "二"):  # the second builds upon the first
        file = write_geojson(folder / f"{SECRETS[1]}{number}.geojson", shapes)
        bring_in(seen_town, "restricted-zones", file, remember=SECRETS[1])
        zone["kind"] = "军工"
    consents = folder / f"{SECRETS[2]}.csv"
    row = f"C1,K2,{SECRETS[0]},{SECRETS[2]}"
    consents.write_text(f"编号,设备编码,限制区编码,同意文件\n{row}\n", encoding="utf-8")
    bring_in(seen_town, "consents", consents, mapping={"code": "编号"}, level=None)
    with seen_town.begin() as connection:
        connection.execute(text("UPDATE govgrid.camera SET management_unit = '大桥派出所'"))
    return seen_town


def plain(content: bytes) -> str:
    """Return all texts of an answer or a file, those inside of archives too."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(plain(archive.read(name)) for name in archive.namelist())


def named(content: bytes | str) -> list[str]:
    """Return the secrets that occur in a text, plain or escaped."""
    said = plain(content) if isinstance(content, bytes) else content
    return [word for word in SECRETS if word in said or json.dumps(word)[1:-1] in said]


def test_no_answer_of_the_service_names_a_zone_or_how_far_it_is(zoned, settings):
    app = create_app(settings.model_copy(update={**web.UNLIMITED, "lang": "zh"}))
    forms = {"reason": "核对", "layer": "restricted-zones", "format": "csv", "unit": "大桥派出所"}
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        visitors = Visitors(client, zoned)

        def told(who, method, path, **more):
            visitors.become(who)
            filled = re.sub(r"{(\w+)(:path)?}", lambda found: web.VALUES[found[1]], path)
            answer = client.request(method, filled, **more)
            if path in web.ENDING:
                visitors.forget()
            assert named(answer.content) == [], (method, path)
            return answer

        for first, *others in PEOPLE:
            kind = "display" if first == "display" else "person"
            made = account(zoned, f"who.{first}", first, kind=kind)
            with zoned.begin() as connection:
                for role in others:
                    grant(connection, made, role)
            for method, path in web.DEMANDS:
                lang = "en" if first == "auditor" else "zh"
                query = {**web.QUERIES.get(path, {}), "lang": lang}
                body = {"data": forms} if method == "POST" else {"params": query}
                told(made, method, path, **body)
            if first == "display":
                continue
            found = told(made, "GET", "/api/compliance?kind=RESTRICTED_NEAR&lang=zh").json()
            sentences = [each["properties"]["finding"] for each in found["features"]]
            # who sees no camera is told how many, not which
            assert sentences == [TOLD] * 3 * (first != "auditor")
            assert found["figures"][0]["findings"] == 3
            if first == "auditor":
                continue
            for layer in (*collections.layer_names(), "nonsense"):
                wanted = {"layer": layer, "format": "csv", "reason": "核对"}
                answer = told(made, "POST", "/api/exports", json=wanted)
                assert layer != "nonsense" or "restricted-zones" not in answer.text
                assert (answer.status_code == 403) == (layer in RESTRICTED_LAYERS)
            for layer in RESTRICTED_LAYERS:
                told(made, "GET", f"/api/collections/{layer}/items")


@pytest.fixture
def govgrid(zoned, database_url, tmp_path, monkeypatch, capfd):
    """Return what runs a command and gives its code and all that it said and wrote."""
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVGRID_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "zh")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["govgrid", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            geo.cli.main()
        printed = capfd.readouterr()
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
        written = "".join(plain(file.read_bytes()) for file in files)
        for file in files:
            file.unlink()
        return ended.value.code or 0, printed.out + printed.err, written

    return run


def test_no_command_prints_or_writes_it_for_an_account_or_the_system(zoned, govgrid, tmp_path):
    account(zoned, "other", "responder")
    planner = account(zoned, "plans", "planner")
    with zoned.begin() as connection:
        grant(connection, planner, "dispatcher")
    asked = [c for c, need in commands.DEMANDS.items() if need != commands.SERVER]
    papers = {"compliance": [["compliance", "report", "--out", tmp_path / "r.xlsx"]]}
    papers["export"] = [
        ["export", name, tmp_path / "out.csv"] for name in collections.layer_names()
    ]
    for who in (["--as", "plans"], []):
        for command in asked if not who else ():  # accounts ask the routes for the same
            given = commands.arguments(tmp_path).get(command, [])
            _, said, written = govgrid(*who, *command, *given)
            assert named(said) + named(written) == [], command
        for words in (*papers["compliance"], *papers["export"]):
            code, said, written = govgrid(*who, *words, "--reason", "核对")
            assert named(said) + named(written) == [], words
            assert (code == 0) != (words[1] in RESTRICTED_LAYERS), said
        _, said, _ = govgrid(*who, "compliance", "report", "--json")
        near = [f for f in json.loads(said)["findings"] if f["kind"] == "RESTRICTED_NEAR"]
        assert [f["finding"] for f in near] == [TOLD] * 3


def test_imports_of_zones_are_listed_without_the_names_of_their_files(zoned, govgrid, tmp_path):
    file = tmp_path / "zones.geojson"
    verbs = {
        ("runs",): "restricted-zones",
        ("runs", "--json"): "restricted-zones",
        ("sources",): "",
        ("sources", "--json"): "",
        ("undo", _first_run(zoned)): "restricted-zones",
        ("forget", "restricted-zones", "无名"): "无名",
        ("restricted-zones", file, "--source", "无名"): "无名",
        ("consents", file, "--source", "无名"): "无名",
    }
    account(zoned, "imports", "administrator")
    for who in (["--as", "imports"], []):
        for words, known in verbs.items():
            write_geojson(file, [({"code": "Z2"}, rectangle(1, 2, 2, 3))])
            _, said, _ = govgrid(*who, "import", *words)
            assert known in said, words
            assert named(said) == [], words
    may_read = replace(SYSTEM, sees_restricted=True)
    assert named(str(declarations.list_sources(zoned, who=may_read).to_dict())) == [SECRETS[1]]
    with zoned.begin() as connection:
        told = connection.execute(text("SELECT object, facts::text FROM govgrid.audit")).all()
    assert {what for what, _ in told} >= RESTRICTED_LAYERS
    assert named(str(told)) == []


def _first_run(engine):
    statement = "SELECT min(id) FROM govgrid.import_run WHERE layer = 'restricted-zones'"
    with engine.begin() as connection:
        return connection.execute(text(statement)).scalar_one()


def test_what_an_import_of_zones_kept_back_is_shown_to_nobody_else(zoned, govgrid, tmp_path):
    both = account(zoned, "both", "security_administrator")
    file = tmp_path / "consents.csv"
    rows = "设备编码,限制区编码,同意文件,同意日期\nK1,ZQ-7731,函七七三一,没有日期\n,ZQ-7731,x,\n"
    file.write_text(rows, encoding="utf-8")
    code, _, _ = govgrid("import", "consents", file)
    assert code == 3
    with zoned.begin() as connection:
        run = connection.execute(text("SELECT max(id) FROM govgrid.import_run")).scalar_one()
    for words in (["show", run], ["quarantine", run, tmp_path / "q.csv"]):
        code, said, written = govgrid("import", *words)
        assert (code, named(said), written) == (2, [], "")
        assert "只向安全管理员开放" in said
    with zoned.begin() as connection:  # who is both may import and may read
        grant(connection, both, "planner")
    assert (
        "函七七三一"
        in govgrid("--as", "both", "export", "consents", tmp_path / "c.csv", "--reason", "核对")[2]
    )


def test_a_security_administrator_reads_the_zones_and_is_told_their_distance(
    zoned, govgrid, tmp_path
):
    account(zoned, "sec", "security_administrator")
    both = account(zoned, "both", "security_administrator")
    with zoned.begin() as connection:
        grant(connection, both, "planner")
    words = ("export", "restricted-zones", tmp_path / "zones.geojson", "--reason", "核对")
    code, _, written = govgrid("--as", "sec", *words)
    assert (code, named(written)) == (0, ["ZQ-7731", "某某研究所"])
    _, said, _ = govgrid("--as", "both", "compliance", "report", "--json")
    near = [f for f in json.loads(said)["findings"] if f["kind"] == "RESTRICTED_NEAR"]
    assert len(near) == 3
    assert all(re.search(r"距须征得同意区域 ZQ-7731 \d+ 米", f["finding"]) for f in near)
