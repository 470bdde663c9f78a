"""The documented proxy: nginx with TLS before the service, as docs/nginx.conf writes it."""

import datetime as dt
import http.client
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi import FastAPI, Request
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.answers import problems
from api.server.limits import Limits
from api.server.listening import OPTIONS
from api.server.proxy import CertificateHeader, NamedSocket, trusted_hosts
from api.server.shield import Shield
from api.session.identity import address_of, certificate_of
from geo.base.settings import Settings
from tests import PATIENCE_S, ROOT

WRITTEN = ROOT / "docs" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
HOST = "zz.example.cn"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """Return the ports (plain, TLS) of an nginx of the test's own, and the certificate's file."""
    if NGINX is None:
        pytest.skip("no nginx here: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    certificate, key = _certificate(folder)
    with _serving() as inner:
        plain, secure = _free(), _free()
        config = _filled(folder, certificate, key, {"80": plain, "443": secure, "8000": inner})
        running = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(config)])
        try:
            _await(secure)
            yield plain, secure, certificate
        finally:
            running.terminate()
            running.wait(10)


def test_without_tls_nothing_is_answered_but_the_way_to_it(proxy):
    answer, _ = _ask(http.client.HTTPConnection("127.0.0.1", proxy[0]), "/who?x=1")
    assert answer.status == 308
    assert answer.headers["location"] == f"https://{HOST}/who?x=1"


def test_the_service_learns_who_asks_and_that_it_is_encrypted(proxy):
    answer, said = _ask(_secure(proxy), "/who")
    assert said == '["127.0.0.1","https"]'
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_what_a_client_claims_about_itself_does_not_pass(proxy):
    claims = {
        "X-Forwarded-For": "10.9.9.9",
        "X-Forwarded-Proto": "http",
        "Forwarded": "for=1.1.1.1",
    }
    assert _ask(_secure(proxy), "/who", headers=claims)[1] == '["127.0.0.1","https"]'


def test_the_service_learns_of_a_certificate_that_was_verified_and_of_no_other(proxy):
    claimed = {"X-Client-Certificate": "ab" * 20}
    assert _ask(_secure(proxy), "/certificate", headers=claimed)[1] == '""'
    line = _secure(proxy, shown=True)
    made = x509.load_pem_x509_certificate(proxy[2].read_bytes())
    fingerprint = made.fingerprint(hashes.SHA1()).hex()
    assert _ask(line, "/certificate", headers=claimed)[1] == f'"{fingerprint}"'


def test_neither_program_tells_its_version(proxy):
    answer, _ = _ask(_secure(proxy), "/who")
    assert answer.headers["server"] == "nginx"


def test_a_form_of_our_own_page_passes_and_that_of_another_site_does_not(proxy):
    ours = {"Origin": f"https://{HOST}"}
    assert _ask(_secure(proxy), "/change", "POST", headers=ours)[0].status == 200
    theirs = {"Origin": "https://evil.example"}
    assert _ask(_secure(proxy), "/change", "POST", headers=theirs)[0].status == 403


def test_old_protocols_are_refused(proxy):
    context = ssl.create_default_context(cafile=str(proxy[2]))
    context.check_hostname = False
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("127.0.0.1", proxy[1])) as line,
        context.wrap_socket(line) as tls,
    ):
        assert tls.version() == "TLSv1.2"
        assert "GCM" in tls.cipher()[0] or "CHACHA" in tls.cipher()[0]
    old = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{proxy[1]}", "-tls1_1"],
        input=b"",
        capture_output=True,
        check=False,
    )
    assert old.returncode != 0


def test_the_example_names_only_settings_that_there_are():
    named = set(re.findall(r"GOVGRID_(\w+)", WRITTEN.read_text(encoding="utf-8")))
    assert named
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def _ask(line, path, method="GET", headers=None):
    line.request(method, path, headers={"Host": HOST, **(headers or {})})
    answer = line.getresponse()
    said = answer.read().decode()
    line.close()
    return answer, said


def _secure(proxy, *, shown=False):
    """Return a line to the proxy, on which the client shows a certificate or none."""
    context = ssl.create_default_context(cafile=str(proxy[2]))
    context.check_hostname = False
    if shown:
        context.load_cert_chain(proxy[2], proxy[2].with_name("key.pem"))
    return http.client.HTTPSConnection("127.0.0.1", proxy[1], context=context, timeout=PATIENCE_S)


@contextmanager
def _serving():
    """Serve who asks, behind the same guards as the whole service, on a port of this machine."""
    config = Settings(trusted_proxies="127.0.0.1", allowed_hosts=HOST)
    app = FastAPI(openapi_url=None)
    app.state.settings = config
    problems.add_error_handlers(app)

    @app.get("/who")
    def who(request: Request) -> list[str]:
        return [address_of(request), request.url.scheme]

    @app.get("/certificate")
    def certificate(request: Request) -> str:
        return certificate_of(request)

    @app.post("/change")
    def change() -> str:
        return "changed"

    app.add_middleware(Limits, settings=config)
    app.add_middleware(Shield)
    believed = trusted_hosts(config.trusted_proxies)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=believed)
    app.add_middleware(CertificateHeader, header="X-Client-Certificate", believed=believed)
    app.add_middleware(NamedSocket)
    port = _free()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", **OPTIONS))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield port
    finally:
        server.should_exit = True
        thread.join()


def _filled(folder, certificate, key, ports):
    """Write the example with the places of the test filled in, wrapped as nginx wants it."""
    text = WRITTEN.read_text(encoding="utf-8")
    text = text.replace("</etc/govgrid/tls/fullchain.pem>", str(certificate))
    text = text.replace("</etc/govgrid/tls/key.pem>", str(key)).replace(f"<{HOST}>", HOST)
    text = text.replace(
        "# ssl_client_certificate /etc/govgrid/tls/clients.pem;",
        f"ssl_client_certificate {certificate};",
    )
    text = text.replace("# ssl_verify_client", "ssl_verify_client")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{ports['80']};")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{ports['443']} ssl")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{ports['8000']}")
    assert "<" not in re.sub(r"#.*", "", text)
    own = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\n"
        f"error_log {folder}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{own}{text}}}\n",
        encoding="utf-8",
    )
    return config


def _certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "chain.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private


def _free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await(port):
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("nginx does not listen")
