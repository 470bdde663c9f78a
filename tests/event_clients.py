"""Clients of the event stream in a process of their own: ``PORT TOKENS_FILE LAST_KIND``.

Each reads its stream over a socket, comes back with the id of its last message when that breaks,
and ends with the first event of LAST_KIND, or where it is refused. Prints a JSON list: for each
client its status, and (id, kind, code, seconds since ``data.sent``) of what came.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

PATIENCE_S = 60


class Client:
    """One client: what came, where it is, and how its last connection was answered."""

    def __init__(self, token):
        self.token, self.opened = token, asyncio.Event()
        self.position, self.status, self.came_back, self.events = "", 0, 0, []

    async def listen(self, port, last_kind):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                async with asyncio.timeout(until - time.monotonic()):
                    over = await self._connected(port, last_kind)
            except (OSError, asyncio.IncompleteReadError):  # a timeout is an OSError as well
                over = False
            if over or self.status not in (0, 200, 503):
                break
            await asyncio.sleep(0.1)
        said = {"status": self.status, "events": self.events}
        return {**said, "came_back": max(self.came_back - 1, 0)}

    async def _connected(self, port, last_kind):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await self._ask(reader, writer)
            return self.status == 200 and await self._read(reader, last_kind)
        finally:
            writer.close()

    async def _ask(self, reader, writer):
        head = ["GET /api/events HTTP/1.1", "Host: x", "Accept: text/event-stream"]
        head.append(f"Cookie: govgrid_session={self.token}")
        if self.position:
            head.append(f"Last-Event-ID: {self.position}")
        writer.write("\r\n".join([*head, "", ""]).encode())
        await writer.drain()
        self.status = int((await reader.readuntil(b"\r\n\r\n")).split()[1])

    async def _read(self, reader, last_kind):
        self.came_back += 1
        message = {}
        while size := int(await reader.readuntil(b"\r\n"), 16):
            part = (await reader.readexactly(size)).decode()
            await reader.readexactly(2)
            for line in part.split("\n"):
                name, _, value = line.partition(": ")
                if line:
                    message[name] = value
                elif self._take(message) == last_kind:
                    return True
                else:
                    message = {}
        return False

    def _take(self, message):
        if "id" not in message:
            return None
        self.position = message["id"]
        self.opened.set()
        if message["event"] == "heartbeat":
            return None
        said = json.loads(message["data"])
        sent = said.get("data", {}).get("sent")
        late = None if sent is None else time.time() - sent
        kind = said.get("kind", message["event"])
        self.events.append((self.position, kind, said.get("code"), late))
        return kind


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main():
    port, tokens, last_kind = int(sys.argv[1]), Path(sys.argv[2]).read_text().split(), sys.argv[3]
    clients = [Client(token) for token in tokens]
    listening = [asyncio.ensure_future(each.listen(port, last_kind)) for each in clients]
    waiting = [asyncio.ensure_future(each.opened.wait()) for each in clients]
    for pair in zip(listening, waiting, strict=True):  # refused ones never open
        await asyncio.wait(pair, return_when=asyncio.FIRST_COMPLETED)
    say("open")
    say(json.dumps(await asyncio.gather(*listening)))


if __name__ == "__main__":
    asyncio.run(main())
