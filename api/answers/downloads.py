"""Files handed out: under a name that is safe on every desk, never opened in the page."""

from urllib.parse import quote

from fastapi.responses import Response

from geo.files.writers.file_name import safe_name


def disposition(name: str) -> str:
    """Return the header Content-Disposition of a file (RFC 6266, the name also as RFC 8187)."""
    safe = safe_name(name)
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def file_response(content: bytes | str, name: str, media_type: str) -> Response:
    """Return a file to be saved under `name`; no cache keeps it."""
    headers = {"Content-Disposition": disposition(name), "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
