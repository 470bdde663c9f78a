"""What fits the description of the interface, and what does not, is answered without failing."""

import itertools
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from api.routes.service.description import describe_service
from api.session.identity import list_routes, rule_of
from geo.access.roles import PERMISSIONS
from tests.api.test_rules import ENDING, OTHERWISE, UNLIMITED, lets_in, may
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = [pytest.mark.postgis, pytest.mark.slow]
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
CONFIG = schemathesis.Config.from_path(Path(__file__).with_name("schemathesis.toml"))
EXAMPLES = 4
LONGEST_QUERY = 60_000
LEAST_OPERATIONS = 9
PARTS = ("path_parameters", "query")
LON, LAT = place(4, 0)
KNOWN = {"layer": "cameras", "code": "K1", "lon": LON, "lat": LAT, "name": "fuzz.other"}
"""Values of parameters that lead to something in the toy town."""
READERS = (*sorted(PERMISSIONS), "stranger")


def kind_of(answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0]


def test_no_request_of_any_role_makes_the_service_fail(seen_town, town, settings, thorough):
    app = create_app(settings.model_copy(update=UNLIMITED))
    told = describe_service(app, "http://testserver")
    del told["security"]  # who asks is a matter of this test
    described = schemathesis.openapi.from_dict(told, config=CONFIG)
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) >= LEAST_OPERATIONS
    actions = {str(each.path): getattr(rule_of(each), "action", None) for each in list_routes(app)}
    made = {role: account(town, f"fuzz.{role}", role) for role in PERMISSIONS}
    account(town, KNOWN["name"], "operator")  # may be disabled on the way
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        visitors = Visitors(client, town)
        for operation in operations:
            action = actions.get(operation.path)
            one_of = {action, *(action or "").split("|")}
            let_in = [r for r in READERS if one_of & {None, *PERMISSIONS.get(r, ())}]
            visitors.forget()
            asked = _tried(visitors, made, let_in, operation, EXAMPLES * (5 if thorough else 1))
            assert set(asked) == set(READERS), operation.path


def _tried(visitors, made, let_in, operation, examples) -> list[str]:
    """Ask one operation with what fits its description and with what does not; name who asked.

    Everybody asks the first time, then whoever is let in, in turn.
    """
    asked, turns = [], itertools.cycle(let_in)

    @settings(settings_of_the_test, max_examples=examples)
    @given(_cases(operation))
    def ask(case) -> None:
        for reader in [next(turns)] if asked else READERS:
            asked.append(reader)
            answer = _sent(visitors.become(made.get(reader)), case)
            told = f"{reader}: {case.as_curl_command()}: {answer.text[:300]}"
            down = operation.path == "/api/what-if" and "retry-after" in answer.headers
            assert answer.status_code < 500 or down, told  # there is no engine here
            if reader in PERMISSIONS and operation.path not in OTHERWISE:
                expected = may(reader, operation.method.upper(), operation.path)
                unread = _refused_unread(case, answer) or _is_no_route(case, answer)
                assert lets_in(answer) == expected or unread, told
            if operation.path in ENDING:
                visitors.forget()
            if not down:
                case.validate_response(answer, checks=CHECKS)
            if answer.status_code >= 400 and case.path.startswith("/api"):
                assert kind_of(answer) == "application/problem+json", told

    ask()
    return asked


settings_of_the_test = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _cases(operation):
    """Return requests that fit, that ask for what there is, and that do not fit."""
    takes = {where: {p.name for p in getattr(operation, where)} for where in PARTS}
    there = {
        where: {name: KNOWN[name] for name in names if name in KNOWN}
        for where, names in takes.items()
    }
    kinds = [operation.as_strategy(GenerationMode.POSITIVE)]
    if any(there.values()):
        kinds.append(operation.as_strategy(**{w: values for w, values in there.items() if values}))
    if any(takes.values()) or operation.body:
        kinds.append(operation.as_strategy(GenerationMode.NEGATIVE))
    return strategies.one_of(kinds).filter(_can_be_sent)


def _can_be_sent(case) -> bool:
    """Return whether the client of the tests takes a query; longer ones are 414 of the service."""
    return len(urlencode(dict(case.query or {}), doseq=True, errors="replace")) < LONGEST_QUERY


def _refused_unread(case, answer) -> bool:
    """Return whether it was refused before anybody is judged: no JSON, or a long URL."""
    if answer.status_code == 414:
        return True
    try:
        json.loads(case.body if isinstance(case.body, bytes) else "null")
    except ValueError:
        return answer.status_code == 400
    return False


def _is_no_route(case, answer) -> bool:
    """Return whether a path led nowhere because what may hold slashes holds a line break."""
    broken = any("%0A" in str(value) for value in (case.path_parameters or {}).values())
    return broken and answer.status_code == 404


def _sent(client, case):
    told = case.as_transport_kwargs(base_url="http://testserver")
    data = told.pop("data", None)
    if data is not None:
        told["content" if isinstance(data, (str, bytes)) else "data"] = data
    told = {name: value for name, value in told.items() if value is not None}
    told.pop("cookies", None)
    return client.request(told.pop("method"), told.pop("url"), **told)
