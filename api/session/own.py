"""Pages of the own account: they belong to a person's session, never to a key of a program."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from api.answers.forms import HOME
from api.session.identity import Rule
from geo.access.accounts.sessions import Session
from geo.access.principal import Principal
from geo.base.errors import UnknownReaderError


def session_in(*stages: str, visitors: bool = False) -> Callable[..., Awaitable[Session]]:
    """Return the dependency of a page that may be asked in these stages of the log-in.

    Parameters
    ----------
    visitors
        Whether it is answered while visitors look on.
    """
    rule = Rule(stages=stages, visitors=visitors)

    async def found(request: Request, who: Annotated[Principal, Depends(rule)]) -> Session:  # noqa: ARG001 - the rule comes first
        session = getattr(request.state, "session", None)
        if not isinstance(session, Session):
            raise UnknownReaderError("access.unknown")
        return session

    return found


async def session_before_code(
    session: Annotated[Session, Depends(session_in("totp", "full"))],
) -> Session:
    """Return a session that owes its second factor.

    Raises
    ------
    UnknownReaderError
        If nothing is owed any more; it leads on.
    """
    if session.stage == "full":
        raise UnknownReaderError("access.unfinished", to=HOME)
    return session


_EACH = ("totp", "enrol", "change", "full")
AnySession = Annotated[Session, Depends(session_in(*_EACH, visitors=True))]
CodeSession = Annotated[Session, Depends(session_before_code)]
PasswordSession = Annotated[Session, Depends(session_in("change", "full"))]
TotpSession = Annotated[Session, Depends(session_in("enrol", "full"))]
FullSession = Annotated[Session, Depends(session_in("full"))]
ScreenSession = Annotated[Session, Depends(session_in("full", visitors=True))]
