"""Methods that a path can be asked by, for the answer to one that it cannot."""

from collections import defaultdict
from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute


def list_methods(routes: Sequence[BaseRoute], path: str) -> list[str]:
    """Return the methods of all routes of a path; the router itself names those of the first one.

    Where several patterns fit, the one that says most is the resource: of
    ``/imports/{number}/findings`` and ``/imports/{number}/{step}`` the former.

    Parameters
    ----------
    routes
        Of the application.
    path
        Of a request.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for route in iter_route_contexts(routes):
        pattern = getattr(route, "path_regex", None)
        if route.path is not None and route.methods and pattern and pattern.match(path):
            found[route.path] |= route.methods
    return sorted(found[min(found, key=_openness)]) if found else []


def _openness(pattern: str) -> tuple[int, int, int]:
    """Return how much a pattern leaves open; the least comes first."""
    return pattern.count(":path}"), pattern.count("{"), -len(pattern)
