"""`/channels` over roll-ups of the size that 100 million events give, beside the same page over an empty database."""

import http.client
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from babel import Locale
from sqlalchemy import Engine, text

from bench import Figure
from bench.collector import _web
from bench.people_import import fresh_database
from growth.attribution.channels import SIDES, labels
from growth.clock import SystemClock
from growth.database.embedded import EmbeddedServer, borrowed
from growth.database.engine import make_engine, transaction
from growth.database.workspace import Workspace
from growth.measurement.records import ChannelDay
from growth.people.accounts import Role
from growth.people.passwords import no_password
from growth.people.sign_in import open_session
from growth.people.staff import new_account
from growth.web.access import session_cookie

DAYS, COUNTRIES, TURNS = 3 * 365, 143, 60
LANGUAGES = ("en", "other")
"""In each country English and one more."""
PAGES = ("side=buyer", "side=seller", "side=buyer&days=90", "side=buyer&country=BR&compare=year")
_KEY = ("day", "side", "channel", "country", "language")


def run() -> list[Figure]:
    """Both products' own web processes, asked in turn for the same pages by one manager each."""
    with ExitStack() as stack:
        filled, rows = _product(stack, "filled", fill=True)
        empty, _ = _product(stack, "empty", fill=False)
        spent: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(TURNS + 3):
            for page in PAGES:
                for full, ask in ((True, filled), (False, empty)):
                    took = ask(page)
                    if turn >= 3:  # the first ones load templates
                        spent[full].append(took)
    ours, peer = (sorted(spent[full])[int(len(spent[full]) * 0.95) - 1] * 1_000 for full in (True, False))
    note = f"{rows:,} rows by day, {len(spent[True])} answers of {len(PAGES)} pages"
    return [
        Figure("/channels, p95", ours, "ms", "over an empty database", peer, 2, note=note),
        Figure("/channels, p95, to the last byte", ours, "ms", "limit", 60, note=note),
    ]


class Manager:
    """Somebody signed in, whose connection stays open."""

    def __init__(self, port: int, cookie: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Cookie": cookie, "Accept": "text/html"}

    def __call__(self, page: str) -> float:
        """Seconds from the question to the last byte of the answer."""
        began = time.perf_counter()
        self._connection.request("GET", f"/channels?{page}", headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - began
        assert answer.status == 200, body[:500]
        return seconds


def _product(stack: ExitStack, name: str, *, fill: bool) -> tuple[Manager, int]:
    home = Path(stack.enter_context(TemporaryDirectory())) / "home"
    stack.enter_context(borrowed(home))
    url = fresh_database(EmbeddedServer(home), name)
    engine = make_engine(url)
    token = _founded(engine)
    rows = _fill(engine) if fill else 0
    engine.dispose()
    return Manager(stack.enter_context(_web(home, url)), f"{session_cookie()}={token}"), rows


def _founded(engine: Engine) -> str:
    """An organisation with a manager; gives their session."""
    now = SystemClock().now()
    with transaction(engine) as session:
        sender = {"sender_name": "Bench", "sender_email": "bench@example.com"}
        session.add(Workspace(name="Bench", time_zone="UTC", currency="USD", set_up_at=now, **sender))
        who = {"email": "m@example.com", "name": "M", "roles": [Role.MANAGER], "password_hash": no_password()}
        account = new_account(session, now=now, **who)  # type: ignore[arg-type]  # by name
        session.flush()
        return open_session(session, account.id, now)


def _fill(engine: Engine) -> int:
    """Every channel in every country on every day, a month at a time, with what triggers make of it; gives the rows."""
    sums = [one.name for one in ChannelDay.__table__.columns if one.name not in {*_KEY, "unrated"}]
    insert = text(f"""
        insert into channel_day ({", ".join([*_KEY, *sums])})
        select cast(day as date), :side, channel, country, language,
            {", ".join(f"cast(5000000 * random() / {1 + place * 3} as bigint)" for place in range(len(sums)))}
        from generate_series(cast(:first as date), cast(:last as date), interval '1 day') as day,
            unnest(cast(:channels as text[])) as channel, unnest(cast(:countries as text[])) as country,
            unnest(cast(:languages as text[])) as language
    """)
    codes = sorted(code for code in map(str, Locale("en").territories) if len(code) == 2 and code != "BR")
    countries = ["BR", *codes[: COUNTRIES - 1]]
    for first, last in _months(SystemClock().now().date()):
        with engine.begin() as connection:
            for side in SIDES:
                asked = {"side": side, "first": first, "last": last, "channels": [*labels(side)][:5],
                         "countries": countries, "languages": [*LANGUAGES]}  # fmt: skip
                connection.execute(insert, asked)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        return int(connection.scalar(text("select count(*) from channel_day")) or 0)


def _months(today: date) -> Iterator[tuple[date, date]]:
    for back in range(0, DAYS, 30):
        last = today - timedelta(days=back)
        yield last - timedelta(days=29), last
