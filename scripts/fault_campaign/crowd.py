"""More clients than are let in: those inside are answered, the others told when to come."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from api.server.limits import MOST_RUNNING
from scripts.fault_campaign.site import WORKERS, Site

BEYOND: Final = 500
ROUNDS: Final = 4
PATIENCE_S: Final = 60.0


async def _client(
    host: str, port: int, head: bytes, statuses: Counter[str], took: list[float]
) -> None:
    for _ in range(ROUNDS):
        began = time.monotonic()
        try:
            status = await asyncio.wait_for(_ask(host, port, head), PATIENCE_S)
        except (OSError, TimeoutError, IndexError) as error:
            status = type(error).__name__
        statuses[status] += 1
        if status == "200":
            took.append(time.monotonic() - began)


async def _ask(host: str, port: int, head: bytes) -> str:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(head)
        await writer.drain()
        told = (await reader.read()).partition(b"\r\n\r\n")[0].decode().lower()
    finally:
        writer.close()
    status = told.split()[1]
    return f"{status} with Retry-After" if status == "503" and "\nretry-after:" in told else status


def crowd(site: Site, url: str) -> dict[str, str]:
    """Ask from 500 clients more at once than all web processes answer.

    Parameters
    ----------
    site
        What is served.
    url
        Its address.
    """
    parts, statuses, took = urlsplit(url), Counter[str](), list[float]()
    lon, lat = site.places[0]
    head = _head(f"/api/locate?lon={lon}&lat={lat}", site.headers)
    count = WORKERS * MOST_RUNNING + BEYOND

    async def all_at_once() -> None:
        clients = (
            _client(str(parts.hostname), parts.port or 80, head, statuses, took)
            for _ in range(count)
        )
        await asyncio.gather(*clients)

    asyncio.run(all_at_once())
    took.sort()
    told = ", ".join(f"{status}: {number:,}" for status, number in sorted(statuses.items()))
    worst = f"{took[int(0.99 * len(took))]:.1f} s" if took else "-"
    return {f"{count:,} clients at once × {ROUNDS}": f"{told}; answered within {worst} (p99)"}


def _head(path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
