"""A small real identity provider on the loopback: codes that are good once, PKCE, signed tokens."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT = "govgrid"
SECRET = "a-secret-of-the-tests"
CALLBACK = "http://testserver/login/oidc/callback"


class Provider:
    """What the provider knows, and how a test has it go wrong.

    `claims` are laid over those of the next token; `sign` makes the token of its claims; `subject`
    is who is logged in there; `asked` are the paths it was asked for.
    """

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, auto_kid=True)
        self.subject = "u-1"
        self.claims: dict[str, object] = {}
        self.sign: Callable[[dict[str, object]], str] = self.signed
        self.refuses = ""
        self.asked: list[str] = []
        self.granted: dict[str, dict[str, str]] = {}
        self.issuer = ""

    @property
    def discovery(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    @property
    def jwks(self) -> dict[str, object]:
        return dict(KeySet([self.key]).as_dict(private=False))

    def signed(self, claims: dict[str, object]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def authorize(self, asked: dict[str, str]) -> str:
        """Return where the browser goes: back with a code, or with a refusal."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"].endswith("/login/oidc/callback")
        if self.refuses:
            answer = {"error": self.refuses, "state": asked["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self.granted[code] = {**asked, "subject": self.subject}
            answer = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, asked: dict[str, str], known_as: str) -> tuple[int, dict[str, object]]:
        """Return the answer to a code; each is good once, and only with its verifier."""
        granted = self.granted.pop(asked.get("code", ""), None)
        if known_as != f"{CLIENT}:{SECRET}":
            return 401, {"error": "invalid_client"}
        if granted is None or asked["redirect_uri"] != granted["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != granted["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": granted["subject"],
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": granted["nonce"],
            **self.claims,
        }
        token = self.sign({k: v for k, v in claims.items() if v is not None})
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": token}


@contextmanager
def running() -> Iterator[Provider]:
    """Run a provider until the end of the block."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            provider.asked.append(asked.path)
            if asked.path == "/.well-known/openid-configuration":
                self.answer(200, provider.discovery)
            elif asked.path == "/jwks":
                self.answer(200, provider.jwks)
            elif asked.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(first(asked.query)))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            kind, _, told = self.headers.get("Authorization", "").partition(" ")
            known_as = base64.b64decode(told).decode() if kind == "Basic" else ""
            self.answer(*provider.token(first(body), unquote(known_as)))

        def answer(self, status: int, said: object) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def first(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
