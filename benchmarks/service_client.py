"""A client of a service on the loopback: some connections for some seconds, its own process.

Reads from its standard input an object with `host`, `port`, `paths` (asked in turn), `headers`,
`connections`, `seconds`; prints the rate, percentiles in ms, bytes of an answer, other statuses.
"""

import asyncio
import json
import sys
import time
from typing import Any

import numpy as np


async def ask_in_turn(asked: dict[str, Any], number: int, until: float) -> list[tuple[int, int]]:
    """Ask on one connection until a time; return nanoseconds and bytes of each answer, or -1."""
    reader, writer = await asyncio.open_connection(asked["host"], asked["port"], limit=2**24)
    head = "".join(f"{name}: {value}\r\n" for name, value in asked["headers"].items())
    sent = [f"GET {p} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode() for p in asked["paths"]]
    found = []
    while not found or time.monotonic() < until:
        began = time.perf_counter_ns()
        writer.write(sent[(number + len(found) * asked["connections"]) % len(sent)])
        lines = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(lines.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        body = await reader.readexactly(size)
        good = lines.startswith(b"http/1.1 200")
        found.append((time.perf_counter_ns() - began, len(body) if good else -1))
    writer.close()
    return found


async def measure(asked: dict[str, Any]) -> dict[str, float]:
    """Ask on all connections at once; return what is measured."""
    began = time.monotonic()
    until = began + asked["seconds"]
    each = await asyncio.gather(
        *(ask_in_turn(asked, n, until) for n in range(asked["connections"]))
    )
    found = np.array([pair for pairs in each for pair in pairs])
    p50, p95, p99 = np.percentile(found[:, 0] / 1e6, (50, 95, 99))
    return {
        "rate": len(found) / (time.monotonic() - began),
        "p50": p50,
        "p95": p95,
        "p99": p99,
        "bytes": float(np.median(found[:, 1])),
        "refused": float((found[:, 1] < 0).sum()),
    }


if __name__ == "__main__":
    json.dump(asyncio.run(measure(json.load(sys.stdin))), sys.stdout)
