"""Log-in by an identity provider that really runs: what holds, and what is refused."""

import base64
import hmac
import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from sqlalchemy import text

from api.app import create_app
from api.routes.people.oidc import COOKIE as JOURNEY
from api.session.identity import COOKIE
from geo.access.login import identity_provider
from geo.base.errors import InputError
from tests import PATIENCE_S, oidc_provider
from tests.oidc_provider import CLIENT, SECRET
from tests.signed_in import account

pytestmark = pytest.mark.postgis


@pytest.fixture
def provider():
    with oidc_provider.running() as found:
        yield found


@pytest.fixture
def config(settings, provider):
    return settings.model_copy(
        update={
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SecretStr(SECRET),
        }
    )


@pytest.fixture
def client(town, config):
    bound(town, "wang", config.oidc_issuer, "u-1")
    with TestClient(create_app(config), follow_redirects=False) as found:
        found.headers["accept"] = "text/html"
        yield found


def bound(engine, name, issuer, subject):
    """Make an operator who is known to the provider as `subject`."""
    made = account(engine, name, "operator")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.account SET oidc_issuer = :i, oidc_subject = :s WHERE id = :a"),
            {"i": issuer, "s": subject, "a": made},
        )


def journey(client, start="/login/oidc"):
    """Go to the provider as a browser does, and return where it sends the browser back to."""
    there = client.get(start)
    assert there.status_code == 303, there.text
    answer = requests.get(there.headers["location"], allow_redirects=False, timeout=PATIENCE_S)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(header, claims):
    return ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))


def refused(answer, because):
    assert answer.status_code == 401, answer.text
    assert because in answer.text
    assert COOKIE not in answer.cookies
    return True


def refusals(engine):
    with engine.connect() as connection:
        return list(
            connection.execute(
                text("SELECT facts FROM govgrid.audit WHERE outcome = 'refused' ORDER BY id")
            ).scalars()
        )


def test_whom_the_provider_vouches_for_is_logged_in(client):
    answer = client.get(journey(client))
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert "wang" in client.get("/account").text


def test_the_journey_ends_where_it_was_going(client):
    answer = client.get(journey(client, "/login/oidc?next=/account"))
    assert answer.headers["location"] == "/account"


def test_the_journey_never_ends_at_another_site(client):
    answer = client.get(journey(client, "/login/oidc?next=//evil.example/"))
    assert answer.headers["location"] == "/"


def test_the_request_carries_pkce_state_and_nonce_each_time_others(client):
    asked = [
        parse_qs(urlsplit(client.get("/login/oidc").headers["location"]).query) for _ in range(2)
    ]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) >= 43
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["scope"] == ["openid"]


def test_the_cookie_of_the_journey_is_short_lived_and_hidden_from_scripts(client):
    header = client.get("/login/oidc").headers["set-cookie"]
    assert header.startswith(f"{JOURNEY}=")
    for word in ("HttpOnly", "SameSite=lax", "Path=/login/oidc", "Max-Age=600"):
        assert word in header, header


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"nonce": "another"}, "invalid_claim"),
        ({"nonce": None}, "missing_claim"),
        ({"aud": "another-client"}, "invalid_claim"),
        ({"aud": [CLIENT, "another-client"]}, "azp"),
        ({"azp": "another-client"}, "invalid_claim"),
        ({"iss": "http://127.0.0.1:1"}, "invalid_claim"),
        ({"exp": int(time.time()) - 3600}, "expired_token"),
        ({"exp": None}, "missing_claim"),
        ({"iat": int(time.time()) + 3600}, "invalid_claim"),
        ({"sub": None}, "missing_claim"),
    ],
)
def test_a_token_that_says_something_else_is_refused_and_audited(
    client, provider, town, claims, reason
):
    provider.claims = claims
    assert refused(client.get(journey(client)), f"({reason})")
    assert refusals(town)[-1] == {"by": "oidc", "reason": reason}


def test_a_token_for_several_that_names_us_as_its_party_holds(client, provider):
    provider.claims = {"aud": [CLIENT, "another-client"], "azp": CLIENT}
    assert client.get(journey(client)).status_code == 303


def test_an_unsigned_token_is_refused(client, provider):
    provider.sign = lambda claims: f"{by_hand({'alg': 'none'}, claims)}."
    assert refused(client.get(journey(client)), "(unsupported_algorithm)")


def test_a_token_signed_with_the_public_key_as_a_shared_one_is_refused(client, provider):
    """The library refuses to sign so; an attacker does it by hand."""
    public = provider.key.as_pem(private=False)

    def sign(claims):
        header = {"alg": "HS256", "kid": provider.key.kid}
        said = by_hand(header, claims)
        return f"{said}.{base64url(hmac.digest(public, said.encode(), 'sha256'))}"

    provider.sign = sign
    assert refused(client.get(journey(client)), "(unsupported_algorithm)")


def test_a_token_signed_by_somebody_else_is_refused(client, provider):
    other = RSAKey.generate_key(2048)
    header = {"alg": "RS256", "kid": provider.key.kid}
    provider.sign = lambda claims: jwt.encode(header, claims, other)
    assert refused(client.get(journey(client)), "(bad_signature)")


def test_an_algorithm_that_the_setting_does_not_name_is_refused(client, provider):
    header = {"alg": "RS512", "kid": provider.key.kid}
    provider.sign = lambda claims: jwt.encode(header, claims, provider.key, algorithms=["RS512"])
    assert refused(client.get(journey(client)), "(unsupported_algorithm)")


def test_another_state_is_refused_before_the_code_is_used(client, provider):
    back = journey(client)
    spoilt = back.replace("state=", "state=x")
    assert refused(client.get(spoilt), "another window")
    assert "/token" not in provider.asked


def test_an_answer_that_another_browser_asked_for_is_refused(client, town, config):
    """Somebody who lures a person to the own answer would have that person work in the own name."""
    back = journey(client)
    client.cookies.clear()
    assert refused(client.get(back), "another window")


def test_an_answer_after_a_long_time_is_refused(client, monkeypatch):
    back = journey(client)
    late = time.time() + 3600
    monkeypatch.setattr("joserfc._rfc7519.claims.time.time", lambda: late)
    assert refused(client.get(back), "10 minutes")


def test_a_code_is_good_once(client, provider):
    first = client.get("/login/oidc")
    sealed = client.cookies[JOURNEY]
    answer = requests.get(first.headers["location"], allow_redirects=False, timeout=PATIENCE_S)
    back = urlsplit(answer.headers["Location"])
    path = f"{back.path}?{back.query}"
    assert client.get(path).status_code == 303
    client.cookies.clear()
    client.cookies.set(JOURNEY, sealed, path="/login/oidc")
    assert refused(client.get(path), "(invalid_grant)")


def test_a_code_of_another_journey_does_not_fit_the_verifier(client):
    stolen = parse_qs(urlsplit(journey(client)).query)["code"][0]
    own = urlsplit(journey(client))
    state = parse_qs(own.query)["state"][0]
    answer = client.get(f"{own.path}?code={stolen}&state={state}")
    assert refused(answer, "(invalid_grant)")


def test_somebody_unknown_here_is_told_so(client, provider):
    provider.subject = "u-nobody"
    answer = client.get(journey(client))
    assert answer.status_code == 401
    assert COOKIE not in answer.cookies
    assert 'role="alert"' in answer.text


def test_a_refusal_of_the_provider_is_told_as_text(client, provider):
    provider.refuses = "<b>access_denied"
    answer = client.get(journey(client))
    assert refused(answer, "(&lt;b&gt;access_denied)")


def test_another_issuer_in_the_answer_is_refused(client):
    assert refused(client.get(journey(client) + "&iss=https://evil.example"), "(iss)")


def test_a_provider_that_does_not_answer_leaves_the_log_in_by_password(town, config):
    gone = config.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    with TestClient(create_app(gone), follow_redirects=False) as client:
        answer = client.get("/login/oidc", headers={"accept": "text/html"})
    assert answer.status_code == 409
    assert "did not answer" in answer.text
    assert 'name="password"' in answer.text


def test_documents_and_keys_from_files_need_no_provider_for_them(town, config, provider, tmp_path):
    discovery, keys = tmp_path / "discovery.json", tmp_path / "jwks.json"
    discovery.write_text(json.dumps(provider.discovery), encoding="utf-8")
    keys.write_text(json.dumps(provider.jwks), encoding="utf-8")
    isolated = config.model_copy(update={"oidc_discovery_file": discovery, "oidc_jwks_file": keys})
    bound(town, "wang", config.oidc_issuer, "u-1")
    with TestClient(create_app(isolated), follow_redirects=False) as client:
        assert client.get(journey(client)).status_code == 303
    assert provider.asked == ["/authorize", "/token"]


def test_a_document_of_another_issuer_is_refused(town, config, provider, tmp_path):
    file = tmp_path / "discovery.json"
    file.write_text(json.dumps({**provider.discovery, "issuer": "https://evil.example"}))
    with pytest.raises(InputError, match=r"https://evil\.example"):
        identity_provider.find_provider(config.model_copy(update={"oidc_discovery_file": file}))


def test_an_endpoint_without_encryption_is_refused(town, config, provider, tmp_path):
    file = tmp_path / "discovery.json"
    said = {**provider.discovery, "token_endpoint": "http://idp.example/token"}
    file.write_text(json.dumps(said))
    with pytest.raises(InputError, match=r"none of https"):
        identity_provider.find_provider(config.model_copy(update={"oidc_discovery_file": file}))


@pytest.mark.parametrize("named", ["none", "HS256", "RS256,HS256", ""])
def test_a_setting_that_lets_anybody_sign_is_refused(settings, named):
    with pytest.raises(InputError, match="RS256 and ES256"):
        identity_provider.allowed_algorithms(settings.model_copy(update={"oidc_algorithms": named}))


def test_keys_that_are_shared_are_no_keys_of_signatures(config, provider, tmp_path):
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}))
    described = identity_provider.find_provider(config)
    with pytest.raises(InputError):
        identity_provider.fetch_keys(config.model_copy(update={"oidc_jwks_file": file}), described)


def test_a_secret_that_others_can_read_is_refused(settings, tmp_path):
    file = tmp_path / "client.secret"
    file.write_text("s\n", encoding="utf-8")
    told = settings.model_copy(update={"oidc_client_secret_file": file})
    file.chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        identity_provider.client_secret(told)
    file.chmod(0o600)
    assert identity_provider.client_secret(told) == "s"


def test_the_secret_stands_in_no_print_of_the_settings(config):
    assert SECRET not in repr(config)


def test_without_a_provider_the_page_shows_no_way_to_it(town, settings):
    with TestClient(create_app(settings), follow_redirects=False) as client:
        client.headers["accept"] = "text/html"
        assert "/login/oidc" not in client.get("/login").text
        answer = client.get("/login/oidc")
    assert answer.status_code == 409
    assert "No identity provider" in answer.text
