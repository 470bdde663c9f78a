"""Who really asks where a proxy stands before the service: only trusted ones are believed."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from api.server.shield import App, Receive, Scope, Send
from geo.base.errors import InputError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
SOCKET: Final = "unix"
"""How a proxy that comes over a socket of this machine is named: it has no address."""


class Proxies:
    """Replaces the address of a trusted proxy by that of the client for which it asks.

    Parameters
    ----------
    trusted
        Addresses and networks, separated by commas; ``unix`` for a socket of this machine.

    Raises
    ------
    InputError
        If one of them is neither.
    """

    def __init__(self, app: App, trusted: str = "") -> None:
        self._app = app
        self._socket = SOCKET in _names(trusted)
        self._networks = parse_networks(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request as of the client; what a stranger claims to forward is ignored."""
        if scope["type"] == "http" and self._believed(scope):
            peer = scope["client"][0] if scope.get("client") else ""
            scope["client"] = (self._client(peer, _values(scope, b"x-forwarded-for")), 0)
            told = _values(scope, b"x-forwarded-proto")
            if told and told[-1].lower() in ("http", "https"):
                scope["scheme"] = told[-1].lower()
        await self._app(scope, receive, send)

    def _believed(self, scope: Scope) -> bool:
        client = scope.get("client")
        return self._trusts(client[0]) if client and client[0] else self._socket

    def _trusts(self, written: str) -> bool:
        found = parse_address(written)
        return found is not None and any(found in network for network in self._networks)

    def _client(self, peer: str, chain: list[str]) -> str:
        """Return the right-most address that is no proxy of ours: left of it all is hearsay."""
        last = peer
        for written in reversed(chain):
            found = parse_address(written)
            if found is None:
                return last
            last = str(found)
            if not self._trusts(last):
                return last
        return last


def parse_networks(trusted: str) -> tuple[Network, ...]:
    """Return the networks of a list of trusted proxies; see :class:`Proxies`."""
    return tuple(_network(name) for name in _names(trusted) if name != SOCKET)


def _names(trusted: str) -> list[str]:
    return [name.strip() for name in trusted.split(",") if name.strip()]


def parse_address(written: str) -> Address | None:
    """Return an address as a header writes it, with or without a port; None if it is none."""
    bare = written.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _network(written: str) -> Network:
    try:
        return ip_network(written, strict=False)
    except ValueError as error:
        raise InputError("limits.bad_network", found=written) from error


def _values(scope: Scope, name: bytes) -> list[str]:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    lines = [value.decode("latin-1") for key, value in headers if key.lower() == name]
    return [part.strip() for line in lines for part in line.split(",") if part.strip()]
