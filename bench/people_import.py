"""Importing people: 200,000 beside the COPY of the rows they become, and the memory that a million take."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from bench import Figure
from growth.clock import SystemClock
from growth.database.embedded import EmbeddedServer, borrowed
from growth.database.engine import make_engine
from growth.database.migrate import migrate

PEOPLE = 200_000
MANY = 1_000_000
ROUNDS = 3
_TABLES = ("person", "identity", "consent_fact", "consent")
_HEADER = "email,phone,name,country,language,permission,source,wording,basis,consent date\n"

# Three places people write from: given names, family names, domains, and how a phone number is written there.
_RU = (
    ("Анна", "Дмитрий", "Екатерина", "Иван", "Мария", "Сергей", "Ольга", "Павел"),
    ("Иванова", "Кузнецов", "Соколова", "Попов", "Лебедева", "Новиков", "Морозова", "Волков"),
    ("mail.ru", "yandex.ru", "gmail.com", "bk.ru"),
    "+7 916 {}-{}-{}",
)
_BR = (
    ("Ana", "João", "Mariana", "José", "Letícia", "Antônio", "Beatriz", "Luís"),
    ("da Silva", "Souza", "Conceição", "Araújo", "Gonçalves", "Ribeiro", "Moraes", "Pinto"),
    ("gmail.com", "uol.com.br", "hotmail.com", "bol.com.br"),
    "(11) 98{}-{}{}",
)
_CN = (
    ("伟", "芳", "秀英", "敏", "静", "强", "洋", "艳"),
    ("王", "李", "张", "刘", "陈", "杨", "赵", "黄"),
    ("163.com", "qq.com", "126.com", "gmail.com"),
    "1380{}{}{}",
)
_PLACES = {"RU": ("ru", _RU), "BR": ("pt-BR", _BR), "CN": ("zh-CN", _CN)}


def run() -> list[Figure]:
    """Both, on a fresh embedded database."""
    with TemporaryDirectory() as folder, borrowed(Path(folder) / "home"):
        server = EmbeddedServer(Path(folder) / "home")
        ours, copied = [], []
        # In turn, and the best of each: other work on the machine then slows down both or neither.
        for turn in range(ROUNDS):
            ours.append(brought_in(server, Path(folder), f"round_{turn}", PEOPLE)["seconds"])
            copied.append(copy_again(server, Path(folder), f"round_{turn}"))
        many = brought_in(server, Path(folder), "many", MANY)
    note = f"{PEOPLE / min(ours):,.0f} people a second; the best of {ROUNDS} each, in turn"
    name = "import of 200,000 people"
    return [
        Figure(name, min(ours), "s", "COPY of the resulting rows", min(copied), 3, note=note),
        Figure("memory while importing 1 M people", many["megabytes"], "MB", "limit", 300),
    ]


def brought_in(server: EmbeddedServer, folder: Path, name: str, people: int) -> dict[str, float]:
    """Seconds and peak memory (MB) of a process that imports a file of so many people into an empty database."""
    url, file = fresh_database(server, name), folder / f"{name}.csv"
    with file.open("w", encoding="utf-8", newline="") as written:
        written.write(_HEADER)
        written.writelines(lines(people))
    home = {"GROWTH_HOME": str(server.home), "GROWTH_SECRET_KEY": "bench only: a key of more than 32 characters"}
    command = [sys.executable, "-m", "bench.people_import", url, str(file)]
    answer = subprocess.run(command, env=os.environ | home, stdout=subprocess.PIPE, check=True)
    file.unlink()
    found: dict[str, float] = json.loads(answer.stdout)
    if found["new"] != people:
        raise RuntimeError(f"{found['new']:.0f} of {people} people were imported")
    return found


def lines(people: int) -> Iterator[str]:
    """Rows of people as a marketplace has them; two thirds with a phone, two thirds with a permission."""
    dice = random.Random(11)
    for number in range(people):
        country, (language, place) = list(_PLACES.items())[number % 3]
        given, family, domains, phone = place
        digits = f"{number // 3:07d}"
        cells = [
            f"{dice.choice(['anna', 'ivan', 'joao', 'li', 'shop', 'info'])}.{number}@{dice.choice(domains)}",
            phone.format(digits[:3], digits[3:5], digits[5:]) if number % 9 < 6 else "",
            f"{dice.choice(given)} {dice.choice(family)}",
            country,
            language,
            *(
                ("yes", "registration form", "Yes, send me offers and news.", "consent", "2026-05-01 12:30")
                if dice.random() < 2 / 3
                else ("", "", "", "", "")
            ),
        ]
        yield ",".join(f'"{cell}"' if "," in cell else cell for cell in cells) + "\n"


def fresh_database(server: EmbeddedServer, name: str) -> str:
    """URL of a new, migrated database, with everything before it written to disk."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
        connection.execute("checkpoint")
    engine = make_engine(server.url(name))
    migrate(engine)
    engine.dispose()
    return server.url(name)


def copy_again(server: EmbeddedServer, folder: Path, name: str) -> float:
    """Seconds that COPY takes for the rows of the import, into the same tables of another database."""
    for table in _TABLES:
        with (
            psycopg.connect(server.url(name)) as source,
            source.cursor().copy(f"copy {table} to stdout") as rows,
            (folder / table).open("wb") as kept,
        ):
            for block in rows:
                kept.write(block)
    url = fresh_database(server, f"{name}_copied")
    began = time.monotonic()
    with psycopg.connect(url) as target:
        for table in _TABLES:
            with (folder / table).open("rb") as kept, target.cursor().copy(f"copy {table} from stdin") as rows:
                while block := kept.read(1 << 16):
                    rows.write(block)
    return time.monotonic() - began


def main(arguments: Sequence[str]) -> None:
    """The importing process: prints seconds, people and its own peak memory."""
    from growth.people.importing.bring_in import ImportFile, bring_in  # noqa: PLC0415 - not for the one that measures
    from growth.people.importing.files import guess_format  # noqa: PLC0415 - likewise

    url, path = arguments[0], Path(arguments[1])
    engine = make_engine(url)
    began = time.monotonic()
    file = ImportFile(path=path, name=path.name, form=guess_format(path), rejected=path.with_suffix(".rejected"))
    counts = bring_in(engine, SystemClock(), file, by="bench")
    seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "new": counts.new, "megabytes": peak_memory()}))


def peak_memory() -> float:
    """MB that this process held at most (the kernel's high-water mark, which begins anew with the program)."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main(sys.argv[1:])
