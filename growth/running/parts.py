"""The kinds of process, each as one function that runs until it is told to stop by SIGTERM or Ctrl-C."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

from growth.clock import SystemClock
from growth.running.forking import freeze
from growth.running.start import Start
from growth.settings import settings


def web(start: Start) -> None:
    """Pages, API, hooks and public links. Requests under way get 3 s to finish."""
    import uvicorn  # noqa: PLC0415 - each process loads its own part only

    from growth.database.engine import make_engine  # noqa: PLC0415
    from growth.running.sample_data import loader  # noqa: PLC0415
    from growth.web.app import create_app  # noqa: PLC0415

    config = settings()
    engine = make_engine(start.database_url, application="growth web")
    app = create_app(engine=engine, sample_data=loader(engine, SystemClock()) if start.offers_sample_data else None)
    freeze()  # what is there by now stays: looking through it for garbage takes a fifth of the collector's time
    serving = uvicorn.Config(
        app,
        host=config.host,
        port=config.port,
        forwarded_allow_ips=config.trusted_proxies,
        log_level=config.log_level.lower(),
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(serving).run(sockets=[start.web] if start.web else None)


def scheduler(start: Start) -> None:
    """Fires jobs when they are due."""
    from growth.database.engine import make_engine  # noqa: PLC0415
    from growth.scheduling.scheduler import run  # noqa: PLC0415

    run(make_engine(start.database_url, pool_size=1, application="growth scheduler"), SystemClock(), asked_to_stop())


def worker(start: Start) -> None:
    """Does the jobs."""
    from growth.scheduling.worker import run  # noqa: PLC0415

    run(start.database_url, threads=settings().worker_threads, name="worker")


def sandbox(start: Start) -> None:
    """The pretend providers and their market."""
    from growth.sandbox.serving import serve  # noqa: PLC0415

    assert start.sandbox is not None
    serve(start.sandbox, home=start.home, database_url=start.database_url, product_url=start.product_url)


def asked_to_stop() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()

    def _set(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, _set)
    signal.signal(signal.SIGINT, _set)
    return stop


PARTS: dict[str, Callable[[Start], None]] = {
    "web": web,
    "scheduler": scheduler,
    "worker": worker,
    "sandbox": sandbox,
}
"""Every kind of process by name."""
