"""Forms of pages: parsed once; shown again with the error."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from api.answers import problems, render
from geo.base import marking
from geo.base.errors import (
    GovgridError,
    InputError,
    NotFoundError,
    StateError,
    TooManyError,
    UnknownReaderError,
)

MOST_TEXT: Final = 500
MOST_TYPED: Final = 4096
"""Of what is not shown again: passwords. Longer ones are cut and then fit nothing."""

HOME: Final = "/"
GATES: Final = ("/login", "/logout", "/language")
"""Ways in and out: nobody wants to come back to them."""

PAGE: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {
        "description": "Refused: the page once more, saying why; or a problem (RFC 9457)",
        "content": {"text/html": {}, **problems.DESCRIBED["4XX"]["content"]},
    }
}
"""How the answers of a page with a form are described."""

# What a form can be shown again for; `problems` answers and audits a refused permission.
REFUSALS: Final = (InputError, NotFoundError, StateError, TooManyError, UnknownReaderError)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Form:
    """What a page sent, by the names of its fields."""

    values: Mapping[str, tuple[str, ...]]

    def text(self, name: str) -> str:
        """Return a field as one line without control characters and outer blanks; "" for none."""
        written = "".join(c if c.isprintable() else " " for c in self._first(name))
        return written.strip()[:MOST_TEXT]

    def typed(self, name: str) -> str:
        """Return a field as it was typed, for passwords; "" for none."""
        return self._first(name)[:MOST_TYPED]

    def several(self, name: str) -> list[str]:
        """Return what was chosen of several."""
        return [each[:MOST_TEXT] for each in self.values.get(name, ())]

    @property
    def shown(self) -> dict[str, str]:
        """The fields to be shown again: never a password, a code or a token."""
        kept = (n for n in self.values if not n.startswith(("csrf", "password", "code", "secret")))
        return {name: self.text(name) for name in kept}

    def _first(self, name: str) -> str:
        return self.values.get(name, ("",))[0]


async def form(request: Request) -> Form:
    """Return what the page sent; a file in it is left alone.

    Raises
    ------
    MarkedError
        If a text carries the marking of a state secret: the form is not shown again with it.
    """
    found = await request.form()
    names = dict.fromkeys(found)
    for value in found.values():
        if isinstance(value, str):
            marking.require_unmarked(value, "text")
    texts = {name: tuple(v for v in found.getlist(name) if isinstance(v, str)) for name in names}
    return Form({name: values for name, values in texts.items() if values})


FormDep = Annotated[Form, Depends(form)]


def run_form(work: Callable[[], Result]) -> Result | GovgridError:
    """Return what `work` returns, or why it was refused, for the form to be shown again."""
    try:
        return work()
    except REFUSALS as error:
        return error


def render_again(
    request: Request,
    template: str,
    error: GovgridError,
    **values: Any,  # noqa: ANN401 - what a template shows
) -> HTMLResponse:
    """Return the page of a form again with an error, under the HTTP status of the error.

    Parameters
    ----------
    request
        Says language and session.
    template
        File in ``maps/web/templates/pages``.
    error
        Its text is shown; :class:`TooManyError` also sets ``Retry-After``.
    **values
        What the template shows, as typed before.
    """
    status = next(s for kind, s in problems.STATUSES.items() if isinstance(error, kind))
    sentence = error.text(render.page_language(request))
    page = render.render_page(request, template, status=status, error=sentence, **values)
    if isinstance(error, TooManyError):
        page.headers["Retry-After"] = str(math.ceil(float(str(error.facts["retry_after_s"]))))
    return page


def redirect_after_post(path: str) -> RedirectResponse:
    """Return the way to a page of ours after a form was taken: loading it again repeats nothing."""
    return RedirectResponse(path, 303, headers={"Cache-Control": "no-store"})


def local_path(path: str) -> str:
    r"""Return a path of this site to go on to; the home page for whatever leads elsewhere.

    Browsers take ``//host``, ``/\host`` and such with tabs in between for another site.
    """
    strange = not path.isprintable() or "\\" in path or len(path) > MOST_TEXT
    if strange or not path.startswith("/") or path.startswith("//"):
        return HOME
    try:
        found = urlsplit(path)
    except ValueError:
        return HOME
    outside = found.scheme or found.netloc or found.path.startswith(GATES)
    return HOME if outside else path
