"""The whole interface, as it describes itself, under the checks of schemathesis: no failure.

It is run as anybody would: a program of its own, with a key, against the address of the service.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from geo.access.accounts import api_keys
from geo.access.accounts.local_cli import acting_principal
from geo.access.roles import ACTIONS
from tests import PATIENCE_S, ROOT
from tests.api.test_rules import UNLIMITED
from tests.live_site import serve_site
from tests.signed_in import account, grant

pytestmark = [pytest.mark.postgis, pytest.mark.slow, pytest.mark.thorough]

# Those that one account may hold together; between them they may do nearly everything.
ROLES = ("administrator", "supervisor", "planner", "reporter")
CHECKER = Path(sys.executable).with_name("schemathesis")
CONFIG = ROOT / "tests" / "api" / "schemathesis.toml"
PART = os.environ.get("GOVGRID_SCHEMATHESIS", "").split()


def key_of(town) -> str:
    made = account(town, "checker", ROLES[0])
    with town.begin() as connection:
        for role in ROLES[1:]:
            grant(connection, made, role)
    owner = acting_principal(town, "checker")
    scopes = [action for action in ACTIONS if owner.may(action)]
    return api_keys.make_key(town, owner, "checker", scopes=scopes, days=1)


def test_schemathesis_finds_no_failure_in_the_whole_interface(seen_town, settings, tmp_path):
    unlimited = {**UNLIMITED, "bulk_rows": 10**9, "bulk_questions": 10**9}
    key = key_of(seen_town)
    with serve_site(settings.model_copy(update=unlimited)) as address:
        words = ["--config-file", str(CONFIG), "run", f"{address}/api/api", "--no-color", *PART]
        words += ["--header", f"Authorization: Bearer {key}", "--continue-on-failure"]
        done = subprocess.run(
            [str(CHECKER), *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    told = done.stdout + done.stderr
    tested = re.search(r"Tested: (\d+)", told)
    assert done.returncode == 0, told[-20_000:]
    assert tested is not None, told[-2000:]
    assert PART or int(tested[1]) > 140, told[-2000:]
