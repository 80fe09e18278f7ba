"""A real server on loopback with one account for each role; used by the fixtures and by `make shots`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine

from growth.clock import Clock
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.people.accounts import Role
from growth.people.passwords import no_password
from growth.people.sign_in import open_session
from growth.people.staff import find_account, new_account

PASSWORD = "a sentence is easiest"


@dataclass
class Site:
    """A running product: its address, database, clock and application."""

    url: str
    engine: Engine
    clock: Clock
    app: FastAPI
    cookies: dict[str, str] = field(default_factory=dict)

    def token(self, role: Role | str) -> str:
        """A session of the account that has this role."""
        if role not in self.cookies:
            with transaction(self.engine) as session:
                account = find_account(session, f"{role}@example.com")
                assert account is not None
                self.cookies[role] = open_session(session, account.id, self.clock.now())
        return self.cookies[role]


def found(engine: Engine, now: datetime) -> None:
    """An organisation with one account for each role, none of which has a password."""
    with transaction(engine) as session:
        session.add(
            Workspace(
                name="Market of makers",
                time_zone="Asia/Shanghai",
                currency="USD",
                sender_name="Market of makers",
                sender_email="hello@example.com",
                postal_address="1 Harbour Road, Ningbo",
                set_up_at=now,
            )
        )
        for role in Role:
            name = f"{role.value.title()} Example"
            new_account(
                session, email=f"{role}@example.com", name=name, roles=[role], password_hash=no_password(), now=now
            )


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application behind a real uvicorn on a free port of loopback; gives its URL."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    started = threading.Event()
    socket = config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        started.wait(0.01)
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    socket.close()
