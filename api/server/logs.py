"""The log of the web process: one JSON object a line on stderr, each with the id of its request.

A line holds no header, body, query or path of a request, and no values that a message quotes: they
may be passwords, tokens, refused texts or places that people asked about.
"""

import logging
import re
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

REQUESTS: Final = "govgrid.requests"
"""The logger of finished requests."""
_QUOTED: Final = re.compile(r"""(["']).*\1|[:=]\s*["'].*""", re.DOTALL)
_SHARED: Final[tuple[Any, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
)


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Send what this process logs to `stream` as JSON, from `level` on for requests.

    Parameters
    ----------
    level
        "debug", "info" or "warning": which requests are logged. Everything else is logged from
        "warning" on.
    stream
        Where lines go; None: to stderr.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, _without_values],
            processors=[
                _without_message,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(REQUESTS).setLevel(level.upper())


def request_logger() -> structlog.stdlib.BoundLogger:
    """Return the logger of finished requests; it is silent until :func:`configure_logs`."""
    found: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(REQUESTS),
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return found


def default_level(level: str | None) -> str:
    """Return the level of a setting; where none is set, a terminal is not flooded."""
    return level or ("warning" if sys.stderr.isatty() else "info")


def _without_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Take out what a message of a library quotes."""
    event["event"] = _QUOTED.sub("…", str(event.get("event", "")))
    return event


def _without_message(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace an exception by its class and the lines it passed; its message may hold anything."""
    caught = event.pop("exc_info", None) or _record_exception(event)
    if caught:
        event["error"] = caught[0].__name__
        event["lines"] = _lines(caught[2])
    return event


def _record_exception(event: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as logging keeps it
    record = event.get("_record")
    return record.exc_info if isinstance(record, logging.LogRecord) else None


def _lines(traceback: TracebackType | None) -> list[str]:
    found = []
    while traceback is not None:
        frame = traceback.tb_frame
        name = frame.f_globals.get("__name__", "?")
        found.append(f"{name}:{frame.f_code.co_name}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return found
