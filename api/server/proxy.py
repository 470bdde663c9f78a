"""Who really asks where a proxy stands before the service: which ones are believed.

The headers themselves are read by uvicorn's ``ProxyHeadersMiddleware``.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from api.server.shield import App, Receive, Scope, Send
from geo.base.errors import InputError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
SOCKET: Final = "unix"
"""How a proxy that comes over a socket of this machine is named: it has no address."""


class NamedSocket:
    """Names the peer of a request that came over a socket of this machine `SOCKET`."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a peer with an address keeps it."""
        if scope["type"] == "http" and not (scope.get("client") and scope["client"][0]):
            scope["client"] = (SOCKET, 0)
        await self._app(scope, receive, send)


def trusted_hosts(trusted: str) -> list[str]:
    """Return the addresses and networks of a list, separated by commas, and `SOCKET` if named.

    Raises
    ------
    InputError
        If one of them is neither.
    """
    names = [name.strip() for name in trusted.split(",") if name.strip()]
    return [name if name == SOCKET else str(_network(name)) for name in names]


def parse_address(written: str) -> Address | None:
    """Return an address, an IPv4 one that is mapped into IPv6 as such; None if it is none."""
    try:
        found = ip_address(written.strip())
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _network(written: str) -> Network:
    try:
        return ip_network(written, strict=False)
    except ValueError as error:
        raise InputError("limits.bad_network", found=written) from error
