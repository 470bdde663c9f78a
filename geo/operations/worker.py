"""The worker: what is done again and again beside the service, by one process."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from geo.access.audit import checkpoints, seal
from geo.access.audit.chain import Head
from geo.access.store import expired
from geo.base.errors import GovgridError
from geo.base.settings import Settings
from geo.base.words import say
from geo.incidents import attachments
from geo.operations import database, uploads
from geo.operations.store import jobs as stored_jobs
from geo.store import db, idempotency, outbox

if TYPE_CHECKING:
    from geo.operations.jobs.queue import Scheduled

LONGEST_PAUSE_S: Final = 60.0
STOPS_WITHIN_S: Final = 1.0
JOBS_STOP_WITHIN_S: Final = 7.0
JOBS_KEPT_H: Final = 7 * 24
UPLOADS_KEPT_H: Final = 24
Work = Callable[[Engine, Settings, Event], object]


@dataclass(frozen=True)
class Duty:
    """Something to be done every so often; `name` is its word, ``worker.NAME``.

    With `cron` the scheduler of the queue does it, once for all workers. Sealing is not left to it:
    it must not wait behind jobs, nor end with the queue.
    """

    name: str
    every_s: float
    work: Work
    cron: str | None = None


class DutyTurn:
    """When a duty is due, and how often it failed since it last worked."""

    def __init__(self, duty: Duty) -> None:
        self.duty, self.due, self._failures = duty, monotonic(), 0

    def take(self, engine: Engine, config: Settings, stop: Event) -> bool:
        """Run the duty; report a failure in one line and try again later and later."""
        began = monotonic()
        try:
            self.duty.work(engine, config, stop)
        except Exception as error:  # whatever it was, the others go on
            self._failures += 1
            pause_s = min(self.duty.every_s * 2**self._failures, LONGEST_PAUSE_S)
            _complain(self.duty, error, pause_s, config.lang)
            self.due = monotonic() + pause_s
            return False
        self._failures = 0
        # from its beginning: each second, not a second after each
        self.due = max(began + self.duty.every_s, monotonic())
        return True


def run_duties(
    engine: Engine,
    config: Settings,
    *,
    stop: Event,
    once: bool = False,
    duties: Sequence[Duty] | None = None,
) -> tuple[str, ...]:
    """Do what no scheduler does whenever it is due, until `stop` is set; with `once` all, once.

    Several workers on one database do no harm: one of them seals.

    Parameters
    ----------
    engine
        A pool of the owner of the tables.

    Returns
    -------
    tuple of str
        With `once`: names of the duties that failed.
    """
    every = DUTIES if duties is None else duties
    turns = [DutyTurn(duty) for duty in every if once or duty.cron is None]
    if once:
        return tuple(t.duty.name for t in turns if not t.take(engine, config, stop))
    while not stop.wait(max(min(turn.due for turn in turns) - monotonic(), 0.0)):
        for turn in turns:
            if turn.due <= monotonic() and not stop.is_set():
                turn.take(engine, config, stop)
    return ()


@contextmanager
def run_alongside(config: Settings) -> Iterator[None]:
    """Run a worker beside what is done inside, with a pool of its own.

    It does not keep the process from ending: a transaction in its midst is undone by the database.
    """
    stop = Event()
    thread = Thread(target=_live, args=(config, stop), name="govgrid-worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(STOPS_WITHIN_S)


@contextmanager
def run_worker(config: Settings) -> Iterator[None]:
    """Run duties, jobs and scheduled work beside what is done inside; the whole worker."""
    from geo.operations.jobs import queue

    stop = Event()
    with run_alongside(config):
        engine = _engine(config, pool_size=3 * queue.AT_ONCE + 1)
        scheduled = [_scheduled(duty, engine, config, stop) for duty in DUTIES if duty.cron]
        url = database.database_url(config)
        thread = queue.start_queue(queue.JobQueue(url, engine, config, scheduled), stop)
        try:
            yield
        finally:
            stop.set()
            thread.join(JOBS_STOP_WITHIN_S)
            engine.dispose()


def _scheduled(duty: Duty, engine: Engine, config: Settings, stop: Event) -> "Scheduled":
    from geo.operations.jobs.queue import Scheduled

    return Scheduled(duty.name, str(duty.cron), lambda: duty.work(engine, config, stop))


def _live(config: Settings, stop: Event) -> None:
    engine = None
    while engine is None:
        try:
            engine = _engine(config)
        except GovgridError as error:
            _say(say("worker.waits", config.lang, reason=error.text(config.lang)))
            if stop.wait(LONGEST_PAUSE_S / 6):
                return
    try:
        run_duties(engine, config, stop=stop)
    finally:
        engine.dispose()


def _engine(config: Settings, *, pool_size: int = 1) -> Engine:
    return db.connect(
        database.database_url(config),
        pool_size=pool_size,
        statement_timeout_s=config.statement_timeout_s,
        timezone=config.timezone,
    )


def _seal(engine: Engine, config: Settings, stop: Event) -> None:
    seal.seal_rows(engine, stopped=stop.is_set, sealed=lambda head: _keep(config, head))


def _write_head(engine: Engine, config: Settings, stop: Event) -> None:  # noqa: ARG001 - a duty has this form
    with db.open_transaction(engine) as connection:
        head = seal.newest_seal(connection)
    if head is not None:
        _keep(config, head)


def _keep(config: Settings, head: Head) -> None:
    """Write down the head of the chain where that is due."""
    today = datetime.now(ZoneInfo(config.timezone)).date()
    checkpoints.write_checkpoint(checkpoints.file_of(config.home), head, today, if_due=True)


def _forget_sessions(engine: Engine, config: Settings, stop: Event) -> None:  # noqa: ARG001
    with db.open_transaction(engine) as connection:
        expired.delete_expired(connection)


def _forget_events(engine: Engine, config: Settings, stop: Event) -> None:  # noqa: ARG001
    """Forget what nobody who comes back is given any more."""
    with db.open_transaction(engine) as connection:
        outbox.delete_old_events(connection, timedelta(days=config.event_days))
        idempotency.delete_old_keys(connection)


def _fire_alarms(engine: Engine, config: Settings, stop: Event) -> None:  # noqa: ARG001
    from geo.incidents import alarms

    alarms.fire_alarms(engine, timezone=config.timezone)


def _sum_days(engine: Engine, config: Settings, stop: Event) -> None:  # noqa: ARG001
    from geo.incidents import statistics_issues

    statistics_issues.sum_changed_days(engine)


def _sweep_files(engine: Engine, config: Settings, stop: Event) -> None:  # noqa: ARG001
    """Remove files of incidents whose time is over or that no row names; complain of lost ones."""
    expired, _, missing = attachments.sweep_files(engine, config)
    if expired:
        from geo.operations import retention

        retention.record_files(engine, expired, config)
    if missing:
        _say(say("worker.missing_files", config.lang, count=len(missing), first=missing[0]))


def _forget_jobs(engine: Engine, config: Settings, stop: Event) -> None:  # noqa: ARG001
    """Forget jobs of last week, uploads of yesterday, and files that belong to no job."""
    with db.open_transaction(engine) as connection:
        stored_jobs.delete_old_jobs(connection, hours=JOBS_KEPT_H)
        kept = stored_jobs.keep_files_of(connection, hours=UPLOADS_KEPT_H)
    for number in set(uploads.waiting_uploads(config.home)) - kept:
        uploads.remove_files(config.home, number)


def _back_up(engine: Engine, config: Settings, stop: Event) -> None:  # noqa: ARG001
    if config.backup_dir is not None:
        from geo.operations.backup import nightly

        nightly.run_nightly(config, datetime.now(UTC))


def _keep_archive(engine: Engine, config: Settings, stop: Event) -> None:  # noqa: ARG001
    if config.database_url is None:
        from geo.operations.backup import point_in_time

        point_in_time.keep_archive(config, datetime.now(UTC))


def _destroy_old(engine: Engine, config: Settings, stop: Event) -> None:  # noqa: ARG001
    from geo.operations import retention

    retention.destroy_undo_data(engine, config)
    retention.destroy_registers(engine, config)
    retention.destroy_audit(engine, config)


def _tell_webhooks(engine: Engine, config: Settings, stop: Event) -> None:
    if config.webhook_hosts:
        from geo.operations.webhooks import deliver

        deliver.tell_webhooks(engine, config, stop)


DUTIES: Final = (
    Duty("seal", 1.0, _seal),
    Duty("alarms", 1.0, _fire_alarms),
    Duty("head", 60.0, _write_head, "* * * * *"),
    Duty("tally", 60.0, _sum_days, "* * * * *"),
    Duty("sessions", 600.0, _forget_sessions, "*/10 * * * *"),
    Duty("events", 600.0, _forget_events, "*/10 * * * *"),
    Duty("files", 3600.0, _sweep_files, "23 * * * *"),
    Duty("jobs", 3600.0, _forget_jobs, "7 * * * *"),
    Duty("backup", 600.0, _back_up, "*/10 * * * *"),
    Duty("retention", 86_400.0, _destroy_old, "41 19 * * *"),
    Duty("archive", 60.0, _keep_archive, "* * * * *"),
    Duty("webhooks", 60.0, _tell_webhooks, "* * * * *"),
)


def _complain(duty: Duty, error: Exception, pause_s: float, lang: str) -> None:
    if isinstance(error, GovgridError):
        reason = error.text(lang)
    else:
        reason = f"{type(error).__name__}: {error}"
    about = {"duty": say(f"worker.{duty.name}", lang), "pause_s": round(pause_s)}
    _say(say("worker.failed", lang, reason=reason, **about))


def _say(sentence: str) -> None:
    sys.stderr.write(" ".join(f"govgrid worker: {sentence}".split()) + "\n")
    sys.stderr.flush()
