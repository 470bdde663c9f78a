"""Clients of the event stream in a process of their own: ``PORT TOKENS_FILE LAST_KIND``.

Each reads its stream over a socket, comes back with the id of its last message when that breaks,
and ends with the first event of LAST_KIND, or where it is refused. Prints ``open`` each time all
have (come back and) begun to read, ``all CODE`` when all have an event, and at the end a JSON list:
for each client its status, and (id, kind, code, seconds since ``data.sent``) of what came.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

PATIENCE_S = 900


class Client:
    """One client: what came, where it is, and how its last connection was answered."""

    def __init__(self, token, crowd):
        self.token, self.crowd, self.opened = token, crowd, 0
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
        self.crowd.leave(self)
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
        message, self.fresh = {}, True
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
        self.crowd.opened(self)
        if message["event"] == "heartbeat":
            return None
        said = json.loads(message["data"])
        sent = said.get("data", {}).get("sent")
        late = None if sent is None else time.time() - sent
        kind = said.get("kind", message["event"])
        self.events.append((self.position, kind, said.get("code"), late))
        self.crowd.took(said.get("code"))
        return kind


class Crowd:
    """All clients: says what each of those that are let in has done."""

    def __init__(self, tokens):
        self.clients = [Client(token, self) for token in tokens]
        self._in, self._round, self._took = set(self.clients), 0, Counter()

    def opened(self, client):
        if client.fresh:
            client.fresh, client.opened = False, client.opened + 1
            self._say_open()

    def leave(self, client):
        if client.status != 200:
            self._in.discard(client)
            self._say_open()

    def took(self, code):
        self._took[code] += 1
        if code and self._took[code] == len(self._in):
            say(f"all {code}")

    def _say_open(self):
        if self._in and min(each.opened for each in self._in) > self._round:
            self._round += 1
            say("open")


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main():
    port, tokens, last_kind = int(sys.argv[1]), Path(sys.argv[2]).read_text().split(), sys.argv[3]
    crowd = Crowd(tokens)
    found = await asyncio.gather(*(each.listen(port, last_kind) for each in crowd.clients))
    say(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
