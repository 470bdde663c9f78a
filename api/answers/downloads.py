"""Files for download: under a safe name, never opened in the page."""

from pathlib import Path
from urllib.parse import quote

from fastapi.responses import FileResponse, Response

from geo.files.writers.file_name import safe_name


def content_disposition(name: str) -> str:
    """Return the header Content-Disposition of a file (RFC 6266, the name also as RFC 8187)."""
    safe = safe_name(name)
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def file_response(content: bytes | str, name: str, media_type: str) -> Response:
    """Return a file for download, which no cache keeps.

    Parameters
    ----------
    content
        Bytes, or text that is sent as UTF-8.
    name
        File name; made safe and encoded for the header.
    media_type
        Media type of the content.
    """
    headers = {"Content-Disposition": content_disposition(name), "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def stored_file(path: Path) -> Response:
    """Return a file that a job has made, for download; no cache keeps it."""
    headers = {"Content-Disposition": content_disposition(path.name), "Cache-Control": "no-store"}
    return FileResponse(path, media_type="application/octet-stream", headers=headers)
