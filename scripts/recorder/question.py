"""One request to the service, and how it is named in a recording."""

from dataclasses import dataclass, field
from typing import Any, Final

UUID: Final = "([0-9a-f]{8}-[0-9a-f-]{27})"


@dataclass(frozen=True)
class Ask:
    """One question; `who` limits it to one of those who ask, "" to everybody.

    `said` names it in the recording, where what it sends is another each time.
    """

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    form: dict[str, Any] | None = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    keep: tuple[str, str] | None = None
    who: str = ""
    token: bool = True
    said: str = ""

    @property
    def title(self) -> str:
        """How it is named in the recording."""
        if self.said:
            return self.said
        sent = self.form if self.form is not None else self.json
        parts = (self.query, sent, self.raw and self.raw[:40].decode("latin-1"), self.headers)
        more = [str(part) for part in parts if part not in (None, {}, b"", "")]
        return " ".join([self.method, self.path, *more, *([] if self.token else ["no token"])])


def get(path: str, **query: Any) -> Ask:
    """Return a question without a body."""
    return Ask("GET", path, {name.strip("_"): value for name, value in query.items()})


def post(path: str, json: Any, **more: Any) -> Ask:
    """Return a question with a body of JSON."""
    return Ask("POST", path, json=json, **more)


def form(path: str, /, who: str = "", **sent: Any) -> Ask:
    """Return a question with a form."""
    return Ask("POST", path, form=sent, who=who)
