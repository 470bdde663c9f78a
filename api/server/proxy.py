"""Who really asks where a proxy stands before the service: which ones are believed.

Addresses and schemes are read by uvicorn's ``ProxyHeadersMiddleware``, certificates here.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from api.server.shield import App, Receive, Scope, Send
from api.session.identity import CERTIFICATE
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


class CertificateHeader:
    """Takes what a trusted proxy says of the client's certificate out of the head of a request.

    From anybody else it is taken out unread, as it is where it stands more than once. To be asked
    before addresses are replaced by those that the proxy tells.

    Parameters
    ----------
    header
        Name of the header, "" where certificates count for nothing.
    believed
        As from :func:`trusted_hosts`.
    """

    def __init__(self, app: App, *, header: str, believed: Sequence[str]) -> None:
        self._app, self._name = app, header.lower().encode()
        self._socket = SOCKET in believed
        self._networks = [ip_network(each) for each in believed if each != SOCKET]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and self._name:
            said = [value for name, value in scope["headers"] if name == self._name]
            kept = [each for each in scope["headers"] if each[0] != self._name]
            believed = len(said) == 1 and self._is_trusted(scope["client"][0])
            value = said[0].decode("utf-8", "replace") if believed else ""
            scope["headers"] = kept
            scope["state"] = {**scope.get("state", {}), CERTIFICATE: value}
        await self._app(scope, receive, send)

    def _is_trusted(self, peer: str) -> bool:
        if peer == SOCKET:
            return self._socket
        address = parse_address(peer)
        return address is not None and any(address in each for each in self._networks)


def require_proxy(header: str, believed: Sequence[str]) -> None:
    """Refuse a header of certificates that anybody could write.

    Parameters
    ----------
    header
        Its name, "" where certificates count for nothing.
    believed
        As from :func:`trusted_hosts`.

    Raises
    ------
    InputError
        If it is named, but no proxy is trusted.
    """
    if header and not believed:
        raise InputError("limits.no_proxy", header=header)


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
