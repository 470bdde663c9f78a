"""A small gateway of pictures on the loopback, for tests: what it does is named in the path."""

import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 64 + b"\xff\xd9"


def png(width: int = 320, height: int = 180) -> bytes:
    """Return a grey picture."""
    row = b"\x00" + b"\x50" * width

    def part(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(row * height)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", data) + part(b"IEND", b"")


class Gateway(ThreadingHTTPServer):
    """Remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[tuple[str, dict[str, str]]] = []

    def at(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request, client_address) -> None:
        """Say nothing: clients that go away are what is tested."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        kind = self.path.split("/")[1].partition("?")[0]
        getattr(self, f"_{kind}")()

    def log_message(self, *_) -> None:
        """Say nothing."""

    def _send(self, body, kind, *, status=200, **headers) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _jpeg(self) -> None:
        self._send(JPEG, "image/jpeg; charset=binary")

    def _png(self) -> None:
        self._send(png(), "IMAGE/PNG")

    def _parts(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (JPEG[:10], JPEG[10:], b""):
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    def _elsewhere(self) -> None:
        self._send(JPEG, "image/jpeg", status=302, Location=self.server.at("/jpeg/secret"))

    def _page(self) -> None:
        self._send(b"<script>alert(1)</script>", "text/html")

    def _lying(self) -> None:
        self._send(b"<script>alert(1)</script>", "image/jpeg")

    def _swapped(self) -> None:
        self._send(png(), "image/jpeg")

    def _packed(self) -> None:
        self._send(zlib.compress(JPEG), "image/jpeg", Content_Encoding="deflate")

    def _large(self) -> None:
        self._send(JPEG + b"\x00" * 5_000_000, "image/jpeg")

    def _endless(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.end_headers()
        self.wfile.write(JPEG)
        while True:
            self.wfile.write(b"\x00" * 100_000)

    def _silent(self) -> None:
        time.sleep(20)

    def _dripping(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", "100")
        self.end_headers()
        for byte in JPEG:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.1)

    def _broken(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", "5000")
        self.end_headers()
        self.wfile.write(JPEG)
        self.close_connection = True

    def _api(self) -> None:
        """Answer as WVP does: a file is named, and given with another type than its own."""
        path, _, query = self.path.partition("?")
        asked = {name: value[0] for name, value in parse_qs(query).items()}
        if path == "/api/play/snap":
            device, channel = asked["deviceId"], asked["channelId"]
            if channel == "K2":
                self._send(b'{"code":100,"msg":"rtsp://admin:secret@10.0.0.9"}', "application/json")
                return
            file = f"/opt/wvp/snap/{device}_{channel}_2026-09-30_21-40-00.jpg"
            told = file if channel == "K3" else f'{{"code":0,"msg":"ok","data":"{file}"}}'
            self._send(told.encode(), "application/json")
        elif asked.get("mark") == "2026-09-30_21-40-00":
            self._send(JPEG, "image/png")
        else:
            self._send(b"", "text/plain", status=204)

    def _refused(self) -> None:
        self._send(b"rtsp://admin:secret@10.0.0.9/1", "text/plain", status=403)


@contextmanager
def running() -> Iterator[Gateway]:
    """Run a gateway until the end of the block."""
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
