"""`growth run`: PostgreSQL and every part in processes of their own, watched until it is told to stop."""

import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import connection
from types import FrameType

from growth.database import records
from growth.database.embedded import EmbeddedServer
from growth.errors import GrowthError, PermanentError
from growth.locales import N_
from growth.running import demo
from growth.running.children import Child, pause_before_restart, stop
from growth.running.errands import errand
from growth.running.forking import freeze, keep_small
from growth.running.home import occupied
from growth.running.parts import PARTS
from growth.running.ports import listen, listen_near, port_of
from growth.running.preparation import Prepared, prepare
from growth.running.start import Start
from growth.running.telling import answers, ended, welcome
from growth.settings import Settings

GRACE = 4.0
"""Seconds a child gets to end by itself; with PostgreSQL's own end the whole stays under five."""

_FIRST_ANSWER = 60.0
_LOOK_EVERY = 0.25


class Stopped(BaseException):
    """Told to stop while still starting."""


@dataclass
class Supervisor:
    """All processes of one home."""

    config: Settings
    wants_demo: bool
    tell: Callable[[str], None]
    database: EmbeddedServer | None = None
    children: list[Child] = field(default_factory=list)
    sockets: dict[str, socket.socket] = field(default_factory=dict)
    descriptors: list[int] = field(default_factory=list)
    prepared: Prepared = field(default_factory=lambda: Prepared(demo.Mode.EMPTY))
    url: str = ""
    database_failures: int = 0
    database_due: float = 0.0  # time.monotonic()
    asked: int = 0
    reload: bool = False
    started: bool = False

    def run(self) -> None:
        """Start everything, watch it, and stop everything. Raises a GrowthError when it can't start."""
        with ExitStack() as stack:
            keep_small()
            self._listen_to_signals(stack)
            try:
                self._open(stack)
                self._start()
                self.started = True
                while not self.asked:
                    self._look()
            except Stopped:
                pass
            finally:
                self.started = True  # from here on a signal only hurries
                self._stop_children()

    def _open(self, stack: ExitStack) -> None:
        """Take the home, the port and the database."""
        self.descriptors.append(stack.enter_context(occupied(self.config.home)))
        self.sockets["web"] = stack.enter_context(listen(self.config.host, self.config.port))
        if self.config.database_url is not None:
            self.url = self.config.database_url
            return
        self.database = EmbeddedServer(self.config.home)
        stack.callback(self.database.leave)
        self.url = self.database.enter(ends_with_us=True)
        self.descriptors.extend(self.database.descriptors())

    def _start(self) -> None:
        os.environ["GROWTH_PORT"] = str(port_of(self.sockets["web"]))
        os.environ["GROWTH_HOME"] = str(self.config.home.resolve())
        self.prepared = errand(prepare, self.url, self.config.home, self.wants_demo, inherited=self._not_for(""))
        if self.prepared.mode is demo.Mode.DEMO:
            self._begin_demo()
        records.load()  # every part needs them, so they are better shared
        freeze()
        for name in PARTS:
            if name != "sandbox" or "sandbox" in self.sockets:
                self._add(name)
        self._wait_for_page()
        self._say_where()

    def _begin_demo(self) -> None:
        self.sockets["sandbox"] = listen_near("127.0.0.1", self.config.sandbox_port)
        os.environ |= demo.environment(port_of(self.sockets["sandbox"]), self.prepared.webhook_key)

    def _add(self, name: str) -> None:
        child = Child(name, PARTS[name], self.config.home / "logs" / f"{name}.log", inherited=self._not_for(name))
        child.launch(self._told(name))
        self.children.append(child)

    def _told(self, name: str) -> Start:
        return Start(
            database_url=self.url,
            home=self.config.home.resolve(),
            product_url=self._local_address(),
            web=self.sockets["web"] if name == "web" else None,
            sandbox=self.sockets.get("sandbox") if name == "sandbox" else None,
            offers_sample_data=self.prepared.mode is demo.Mode.EMPTY,
        )

    def _not_for(self, name: str) -> Sequence[int]:
        """Our own file descriptors that the child of this name has no use for."""
        return [*self.descriptors, *(one.fileno() for part, one in self.sockets.items() if part != name)]

    def _look(self) -> None:
        """Wait for something to happen, and see to it."""
        living = [child.process.sentinel for child in self.children if child.process is not None]
        connection.wait(living, timeout=_LOOK_EVERY)
        if self.reload:
            self.reload = False
            self._try_to_become_demo()
        self._see_to_database()
        for child in self.children:
            status = child.died()
            if status is not None and not self.asked:
                pause = max(0.0, child.due - time.monotonic())
                self.tell(f"The {child.name} {ended(status)}; it starts again in {pause:.1f} s. Its log: {child.log}")
            if child.process is None and child.due <= time.monotonic() and not self.asked:
                child.launch(self._told(child.name))

    def _see_to_database(self) -> None:
        if self.database is None or self.asked or self.database_due > time.monotonic():
            return
        try:
            if self.database.ensure_running(ends_with_us=True):
                self.tell(f"PostgreSQL ended and was started again. Its log: {self.database.log}")
            self.database_failures = 0
        except GrowthError as error:
            self.database_failures += 1
            pause = pause_before_restart(self.database_failures)
            self.database_due = time.monotonic() + pause
            self.tell(f"{error} It is tried again in {pause:.1f} s.")

    def _try_to_become_demo(self) -> None:
        try:
            self._become_demo()
        except GrowthError as error:
            self.tell(str(error))  # what was stopped is started again as it was

    def _become_demo(self) -> None:
        """Somebody chose sample data on the set-up page: from now on only the sandbox can be reached."""
        stop([child for child in self.children if child.name != "web"], GRACE)
        self.prepared = errand(prepare, self.url, self.config.home, True, inherited=self._not_for(""))
        self._begin_demo()
        stop(self.children, GRACE)
        self.children.clear()
        for name in PARTS:
            self._add(name)
        self._say_where()

    def _wait_for_page(self) -> None:
        """Wait until the web process answers, so that the address is printed when it is of use."""
        last = time.monotonic() + _FIRST_ANSWER
        web = next(child for child in self.children if child.name == "web")
        while not answers(self._host(), port_of(self.sockets["web"])):
            status = web.died()
            if status is not None or time.monotonic() > last:
                raise PermanentError(
                    N_("The web process does not start."), remedy=N_("Why is in %(log)s."), log=web.log
                )

    def _host(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.config.host, self.config.host)  # noqa: S104 - compared

    def _address(self) -> str:
        return self._local_address() if self.config.base_url is None else self.config.public_url

    def _local_address(self) -> str:
        host = f"[{self._host()}]" if ":" in self._host() else self._host()
        return f"http://{host}:{port_of(self.sockets['web'])}"

    def _say_where(self) -> None:
        for line in welcome(self.prepared, self._address(), self.sockets.get("sandbox")):
            self.tell(line)

    def _stop_children(self) -> None:
        once = self.asked
        for name in stop(self.children, GRACE, hurry=lambda: self.asked > once):
            self.tell(f"The {name} didn't end by itself and was ended. What it was doing is taken up again next time.")

    def _listen_to_signals(self, stack: ExitStack) -> None:
        for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` has us ignore the terminal's end; a shell's `&` has us ignore Ctrl-C, which then means us alone.
            if which != signal.SIGHUP or signal.getsignal(which) is not signal.SIG_IGN:
                stack.callback(signal.signal, which, signal.signal(which, self._stop_asked))
        stack.callback(signal.signal, signal.SIGUSR1, signal.signal(signal.SIGUSR1, self._reload_asked))

    def _stop_asked(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked += 1
        if not self.started:
            raise Stopped

    def _reload_asked(self, _signal: int, _frame: FrameType | None) -> None:
        self.reload = True
