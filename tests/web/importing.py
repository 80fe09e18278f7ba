"""Importing people through the pages, for their tests: upload, choose, check, bring in."""

import csv
import io
import re
import threading
from collections.abc import Sequence
from typing import Any

import httpx
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.database.engine import transaction
from growth.people.identity import Known, ensure_person
from growth.people.records import PeopleImport, Person
from growth.scheduling.doing import do, take_up
from growth.scheduling.records import JobRun
from tests.web.serving import Site

SAID = {"basis": "consent", "source": "fair in Yiwu", "wording": "Yes, write to me.", "at": "2026-10-01T08:00"}
ROWS = [
    ("email", "phone", "name", "country", "language"),
    ("anna@mail.ru", "+7 916 123-45-67", "Анна Иванова", "RU", "ru"),
    ("li@qq.com", "13800138000", "李伟", "CN", "zh-CN"),
    ("ana@uol.com.br", "", "Ana Conceição", "BR", "pt-BR"),
    ("no address", "", "Nobody", "US", "en"),
]


def written(rows: Sequence[tuple[str, ...]], delimiter: str = ",") -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue()


FILE = written(ROWS).encode()


def queued(session: Session) -> list[tuple[int, int]]:
    """Runs that wait, each with its task."""
    found = session.execute(select(JobRun.id, JobRun.task_id).where(JobRun.state == "queued"))
    return [(run_id, task_id) for run_id, task_id in found if task_id is not None]


def work(engine: Engine, clock: Clock) -> None:
    """Do the queued imports, as a worker does."""
    with transaction(engine) as session:
        waiting = queued(session)
    for run_id, task_id in waiting:
        claim = take_up(engine, clock.now(), "run", run_id, task_id)
        assert claim is not None
        do(engine, clock, claim, threading.Event(), here=True)


def uploaded(client: httpx.Client, content: bytes = FILE, name: str = "people.csv") -> str:
    answer = client.post("/people/import", files={"file": (name, content, "text/csv")})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def chosen(page: str) -> dict[str, object]:
    """What the form of columns would send as it stands."""
    columns = [
        (re.findall(r'value="(\d+)" selected', one) or [""])[0]
        for one in re.findall(r'<select class="select" id="column-.*?</select>', page, re.DOTALL)
    ]
    picked = {
        name: re.search(rf'<select class="select" id="{name}".*?value="([^"]*)" selected', page, re.DOTALL)
        for name in ("encoding", "delimiter")
    }
    return {name: match[1] for name, match in picked.items() if match} | {"columns": columns}


def checked(site: Site, client: httpx.Client, path: str, **said: object) -> str:
    answer = client.post(f"{path}/check", data=chosen(client.get(path).text) | SAID | said)
    assert answer.status_code == 303, answer.text
    work(site.engine, site.clock)
    return client.get(path).text


def imported(site: Site, client: httpx.Client, path: str) -> str:
    assert client.post(f"{path}/import").status_code == 303
    work(site.engine, site.clock)
    return client.get(path).text


def known(site: Site, count: int, **more: Any) -> list[int]:
    with transaction(site.engine) as session:
        return [
            ensure_person(session, Known(email=f"p{number}@example.com", **more), site.clock.now())
            for number in range(count)
        ]


def emails(page: str) -> list[str]:
    return re.findall(r"<div class=\"muted small clip\">([^<]+)</div>", page)


def can(row: tuple[str, ...], encoding: str) -> bool:
    try:
        "".join(row).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def count(site: Site, record: type[Person | PeopleImport]) -> int:
    with transaction(site.engine) as session:
        return len(session.scalars(select(record)).all())
