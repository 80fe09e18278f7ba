"""The worker: does runs and chunks from the queue in threads, says that it lives, and looks after the others' work."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.worker import Worker
from sqlalchemy import Engine, text

from growth.clock import Clock, SystemClock
from growth.database.engine import driver_url, make_engine
from growth.scheduling import queue
from growth.scheduling.doing import do, take_up
from growth.scheduling.rescue import rescue_lost, rescue_stalled
from growth.settings import settings

_log = logging.getLogger(__name__)
_GRACE = 3.0
"""Seconds that what is under way gets to end after SIGTERM; then the process ends, and others go on with it."""
_LOOK_FOR_LOST_EVERY = 15.0
_TURN = 0.0005
"""Seconds. A thread that hears from the database or a provider waits no longer for one that calculates (CPython's own
5 ms leave the other core idle: two threads sent a sixth less)."""


def run(database_url: str, *, threads: int, name: str) -> None:
    """Work until SIGTERM or Ctrl-C. Outlives a database that is away."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    sys.setswitchinterval(_TURN)
    gc.freeze()  # what is loaded by now stays; looked through again and again, it costs a tenth of all work
    engine = make_engine(database_url, pool_size=threads + 1, application=f"growth {name}")
    station = Station(engine, database_url, threads, SystemClock())
    failures = 0
    while not station.stopping.is_set():
        began = time.monotonic()
        try:
            asyncio.run(station.work())
        except Exception:  # noqa: BLE001 - the database comes back, and then there is work
            _log.exception("the worker was interrupted; it begins again")
        failures = 1 if time.monotonic() - began > 60 else failures + 1
        station.stopping.wait(min(0.5 * failures, 5))
    engine.dispose()


class Station:
    """One worker process: its threads, its name in the queue, and whether it was asked to stop."""

    def __init__(self, engine: Engine, database_url: str, threads: int, clock: Clock) -> None:
        self.engine = engine
        self.database_url = database_url
        self.threads = threads
        self.clock = clock
        self.stopping = threading.Event()
        self._endings: set[asyncio.Task[None]] = set()
        self._silent_after = 5 * settings().heartbeat_seconds

    async def work(self) -> None:
        """Until asked to stop, or until the database goes away."""
        conninfo = driver_url(self.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        connector = PsycopgConnector(conninfo=conninfo, min_size=1, max_size=3, timeout=10)
        app = App(connector=connector)
        worker = Worker(
            app,
            queues=[queue.QUEUE],
            concurrency=self.threads,
            fetch_job_polling_interval=1.0,
            install_signal_handlers=False,
            update_heartbeat_interval=settings().heartbeat_seconds,
            # A worker that was only held up goes on under its name, so names are kept for a day.
            stalled_worker_timeout=86_400,
        )
        app.task(name=queue.TASKS["run"], pass_context=True)(self._task("run", worker))
        app.task(name=queue.TASKS["chunk"], pass_context=True)(self._task("chunk", worker))
        async with app.open_async():
            loop = asyncio.get_running_loop()
            loop.set_default_executor(ThreadPoolExecutor(self.threads, thread_name_prefix="task"))
            for which in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(which, self._stop, app, worker)
            watch = asyncio.create_task(self._watch(worker))
            if not self.stopping.is_set():
                await worker.run()  # type: ignore[no-untyped-call]  # the package leaves it untyped
            watch.cancel()

    def _task(self, kind: queue.Kind, worker: Worker) -> Callable[..., None]:
        def task(context: JobContext, id: int) -> None:  # noqa: A002 - the queue passes it by this name
            assert context.job.id is not None
            try:
                claim = take_up(self.engine, self.clock.now(), kind, id, context.job.id)
                if claim is not None:
                    do(self.engine, self.clock, claim, self.stopping)
            except Exception:
                # How it ended could not be written down. Signed off, this worker's tasks are found and done again.
                worker.stop()  # type: ignore[no-untyped-call]  # likewise
                raise

        return task

    async def _watch(self, worker: Worker) -> None:
        """Say that this worker lives, also after the database was away, and look for work whose worker doesn't."""
        own = ThreadPoolExecutor(1, thread_name_prefix="watch")
        looked = time.monotonic()
        while True:
            await asyncio.sleep(settings().heartbeat_seconds)
            if worker.worker_id is None:
                continue
            for_lost = time.monotonic() - looked > _LOOK_FOR_LOST_EVERY
            try:
                known = await asyncio.get_running_loop().run_in_executor(own, self._look, worker.worker_id, for_lost)
            except Exception as error:  # noqa: BLE001 - the next beat may succeed
                _log.warning("could not tell the database that this worker lives: %s", error)
                continue
            looked = time.monotonic() if for_lost else looked
            if not known:
                worker.stop()  # type: ignore[no-untyped-call]  # likewise

    def _look(self, worker_id: int, for_lost: bool) -> bool:
        beat = text("update procrastinate_workers set last_heartbeat = now() where id = :id")
        with self.engine.begin() as connection:
            known = connection.execute(beat, {"id": worker_id}).rowcount == 1
        rescue_stalled(self.engine, self.clock.now(), self._silent_after)
        if for_lost:
            rescue_lost(self.engine, self.clock.now(), self._silent_after)
        return known

    def _stop(self, app: App, worker: Worker) -> None:
        self.stopping.set()
        worker.stop()  # type: ignore[no-untyped-call]  # likewise
        loop = asyncio.get_running_loop()
        loop.call_later(_GRACE, lambda: self._endings.add(loop.create_task(_leave(app, worker))))


async def _leave(app: App, worker: Worker) -> None:
    """End with work under way: it is rolled back, and whoever looks next finds it without a worker."""
    if worker.worker_id is not None:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(app.job_manager.unregister_worker(worker.worker_id), 0.5)
    logging.shutdown()
    os._exit(0)
