"""Links of the OGC service: absolute, with the parameters of the request where they stay."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from fastapi import Request

Link = dict[str, str]
LEFT: Final = ("f", "lang")


def base_address(request: Request) -> str:
    """Return the address of the service as the client sees it, without a slash at its end."""
    return str(request.base_url).rstrip("/")


def make_link(request: Request, rel: str, kind: str, path: str, title: str = "") -> Link:
    """Return a link to a path of the service.

    Parameters
    ----------
    request
        Says the address of the service.
    rel
        What it is to what links.
    kind
        Media type.
    path
        From the root of the service, with its parameters.
    title
        For people; "" for none.
    """
    found = {"rel": rel, "type": kind, "href": f"{base_address(request)}{path}"}
    return {**found, "title": title} if title else found


def same_in_formats(
    request: Request, path: str, offered: Mapping[str, str], chosen: str, asked: Mapping[str, str]
) -> list[Link]:
    """Return the link of an answer to itself, and to the same in the other formats.

    Parameters
    ----------
    request
        Says the address of the service.
    path
        Of the answer.
    offered
        Formats by the value of ``f=``.
    chosen
        Which it is in.
    asked
        Parameters of the request.
    """
    kept = {name: value for name, value in asked.items() if name not in LEFT}
    order = [chosen, *(name for name in offered if name != chosen)]
    return [
        make_link(
            request,
            "self" if name == chosen else "alternate",
            offered[name],
            with_query(path, {**kept, "f": name}),
        )
        for name in order
    ]


def with_query(path: str, asked: Mapping[str, object]) -> str:
    """Return a path with parameters; those that are "" or None are left out.

    Parameters
    ----------
    path
        Without parameters.
    asked
        Parameters by name.
    """
    given = {name: value for name, value in asked.items() if value not in ("", None)}
    return f"{path}?{urlencode(given)}" if given else path
