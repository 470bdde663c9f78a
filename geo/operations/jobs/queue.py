"""The queue of jobs and the scheduler, by procrastinate; the library is known here only."""

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Final

import procrastinate
from procrastinate.exceptions import ConnectorException
from sqlalchemy import Engine, make_url

from geo.base.errors import GovgridError
from geo.base.settings import Settings
from geo.base.words import say
from geo.operations.jobs.run import AgainError, run_job
from geo.operations.processes import STALLED_AFTER_S
from geo.store import db

TASK: Final = "run_job"
QUEUES: Final = ("jobs", "duties")
AT_ONCE: Final = 3
HEARTBEAT_S: Final = 2.0
LOOKED_AT_EVERY_S: Final = 2.0
POLLED_EVERY_S: Final = 0.5
"""A message that comes while jobs are fetched is lost: then a job waits so long."""
ENDS_WITHIN_S: Final = 6.0
PAUSE_S: Final = 2.0
AGAIN_AFTER_S: Final = 2
TRIES: Final = 1000
"""Of being run elsewhere, interrupted, without a database: attempts of a job are counted apart."""


@dataclass(frozen=True)
class Scheduled:
    """What is done at certain times; one worker does it. `name` is its word, ``worker.NAME``."""

    name: str
    cron: str
    work: Callable[[], object]


class JobQueue:
    """Runs jobs and scheduled work until it is asked to stop.

    Parameters
    ----------
    url
        Of the database, as the owner of the tables.
    engine
        A pool on it, of three connections a job.
    config
        Of the installation.
    scheduled
        What is done at certain times.
    """

    def __init__(
        self, url: str, engine: Engine, config: Settings, scheduled: Sequence[Scheduled] = ()
    ) -> None:
        self._url, self._engine, self._config = url, engine, config
        self._scheduled = scheduled

    def run(self, stop: Event) -> None:
        """Work until `stop` is set; where the database goes away, wait for it."""
        # what it logs of a task that failed may hold what was in a file
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
        reported = False
        while not stop.is_set():
            try:
                asyncio.run(self._work(stop))
                reported = False
            except (ConnectorException, OSError) as error:
                if not reported:
                    reason = str(error.__cause__ or error)
                    _tell(say("jobs.waits", self._config.lang, reason=reason))
                reported = True
                stop.wait(PAUSE_S)

    def _app(self, stop: Event) -> procrastinate.App:
        connector = procrastinate.PsycopgConnector(
            conninfo=_conninfo(self._url),
            kwargs={"options": f"-c search_path={db.QUEUE_SCHEMA} -c timezone=UTC"},
            min_size=1,
            max_size=4,
            timeout=10.0,
        )
        app = procrastinate.App(connector=connector)
        again = procrastinate.RetryStrategy(
            max_attempts=TRIES, wait=AGAIN_AFTER_S, retry_exceptions=[AgainError]
        )

        def run(job: str) -> None:
            run_job(self._engine, self._config, job, stop=stop)

        app.task(name=TASK, queue="jobs", retry=again)(run)
        for each in self._scheduled:
            self._add(app, each)
        return app

    def _add(self, app: procrastinate.App, each: Scheduled) -> None:
        def run(timestamp: int) -> None:  # noqa: ARG001 - given by the scheduler
            try:
                each.work()
            except Exception as error:  # whatever it was, it comes again
                reason = f"{type(error).__name__}: {error}"
                if isinstance(error, GovgridError):
                    reason = error.text(self._config.lang)
                duty = say(f"worker.{each.name}", self._config.lang)
                _tell(say("worker.failed_once", self._config.lang, duty=duty, reason=reason))

        name = f"duty_{each.name}"
        task = app.task(name=name, queue="duties", queueing_lock=name)(run)
        app.periodic(cron=each.cron)(task)

    async def _work(self, stop: Event) -> None:
        app = self._app(stop)
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=list(QUEUES),
                    concurrency=AT_ONCE,
                    install_signal_handlers=False,
                    update_heartbeat_interval=HEARTBEAT_S,
                    stalled_worker_timeout=STALLED_AFTER_S,
                    shutdown_graceful_timeout=ENDS_WITHIN_S,
                    fetch_job_polling_interval=POLLED_EVERY_S,
                    delete_jobs="always",  # how a job ended stands in its own table
                )
            )
            rescue = asyncio.create_task(_rescue(app))
            ended = asyncio.create_task(asyncio.to_thread(_wait, stop, worker))
            try:
                await asyncio.wait({worker, rescue, ended}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in (rescue, worker):
                    each.cancel()
                found = await asyncio.gather(worker, rescue, return_exceptions=True)
        for end in found:
            if isinstance(end, Exception):
                raise end


def _wait(stop: Event, worker: "asyncio.Task[Any]") -> None:
    while not stop.wait(0.2) and not worker.done():
        pass


async def _rescue(app: procrastinate.App) -> None:
    """Have the jobs of killed workers run again."""
    while True:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):
            await app.job_manager.retry_job(job)
        await asyncio.sleep(LOOKED_AT_EVERY_S)


def _conninfo(url: str) -> str:
    """Return the address as the driver of the queue reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _tell(sentence: str) -> None:
    sys.stderr.write(" ".join(f"govgrid worker: {sentence}".split()) + "\n")
    sys.stderr.flush()


def start_queue(queue: JobQueue, stop: Event) -> Thread:
    """Run a queue in a thread until `stop` is set; return the thread.

    Parameters
    ----------
    queue
        As made.
    stop
        Ends it.
    """
    thread = Thread(target=queue.run, args=(stop,), name="govgrid-jobs", daemon=True)
    thread.start()
    return thread
