"""Compressed responses for clients that accept them."""

from typing import Any, Final

OPTIONS: Final[dict[str, Any]] = {
    "minimum_size": 1_000,
    # twice as fast as the default of zlib, and a tenth larger
    "compresslevel": 4,
    # A page holds the token of its session beside what was asked: by the length of many compressed
    # pages another site could guess it (BREACH). Pictures are small already, events go at once.
    "exclude_content_types": (
        *("text/html", "text/event-stream", "image/png", "image/jpeg", "image/webp"),
        *("application/zip", "application/pdf", "font/woff2", "application/vnd.pmtiles"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/geopackage+sqlite3",
        "application/vnd.apache.parquet",
    ),
}
"""What starlette's ``GZipMiddleware`` is made with."""
