"""The demo's sample data: an organisation, its people, and what happened so far; made once, from a seed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.attribution.crediting import credit
from growth.campaigns.records import Campaign
from growth.clock import Clock
from growth.database.engine import transaction
from growth.database.workspace import Workspace, workspace
from growth.events.bots import reason_of
from growth.events.ingest import NewEvent, ingest
from growth.events.records import VisitorIdentity
from growth.events.sent import read_event
from growth.ids import PersonId
from growth.keyring import keyring
from growth.measurement.rolling_up import roll_up
from growth.people.accounts import Account, Role
from growth.people.passwords import hashed
from growth.people.staff import new_account
from growth.sandbox.market import costs, seen, sellers
from growth.sandbox.market.habits import SEED
from growth.sandbox.market.played import Played
from growth.sandbox.past import known, leads
from growth.sandbox.past.people import bring, ids_of
from growth.sandbox.past.plans import FIRST_CAMPAIGN, plan_campaigns
from growth.sandbox.past.reports import keep_reports
from growth.sandbox.past.sign_ups import sign_up
from growth.sandbox.past.wishes import wish
from growth.scheduling.firing import run_now
from growth.scheduling.run import Step
from growth.spend.currencies import Rate, record_rates
from growth.spend.ledger import NewCost, record_costs

_PEOPLE = {
    Role.ADMIN: ("Vera Admin", "admin@example.com"),
    Role.MANAGER: ("Marcos Manager", "manager@example.com"),
    Role.MARKETER: ("Mila Marketer", "marketer@example.com"),
    Role.REP: ("Ren Rep", "rep@example.com"),
}
ORGANISATION = "Market of makers"
CURRENCY = "USD"
DAYS = 182
"""How far back buyers' visits and costs go: half a year."""
LEAD_DAYS = 420
"""How far back seller leads go, so that a year of them has had time to end."""
_ACTOR = "sample data"
_IMPORT_EVERY = timedelta(days=45)
_EVENTS_AT_ONCE = 5_000
_STEPS_AT_ONCE = 5_000

People = dict[str, PersonId]
"""Whose address it is."""


@dataclass(frozen=True)
class SignIn:
    """Who can look around, and how."""

    role: str
    email: str
    password: str


def seed(engine: Engine, clock: Clock) -> list[SignIn]:
    """Make what is missing of the demo; gives who can sign in. Repeating it changes nothing."""
    who = sign_ins()
    since = begun(engine, who, clock.now())
    if not finished(engine):
        Past(engine, since).happen()
    return who


def sign_ins() -> list[SignIn]:
    """One of each role."""
    return [SignIn(role.value, email, password(role)) for role, (_, email) in _PEOPLE.items()]


def password(role: Role) -> str:
    """The same at each start, and another in each installation."""
    return f"{role.value}-{keyring().derived(f'demo {role.value}').hex()[:10]}"


def begun(engine: Engine, who: Sequence[SignIn], now: datetime) -> datetime:
    """The moment the demo began, which is now when there was none."""
    with transaction(engine) as session:
        if (place := workspace(session)) is not None:
            return place.set_up_at
        with ThreadPoolExecutor(len(who)) as together:
            hashes = list(together.map(hashed, [one.password for one in who]))
        session.add(
            Workspace(
                name=ORGANISATION,
                time_zone="Asia/Shanghai",
                currency=CURRENCY,
                sender_name=ORGANISATION,
                sender_email="hello@market.example",
                postal_address="1 Harbour Road, Ningbo, China",
                demo=True,
                set_up_at=now,
            )
        )
        for one, password_hash in zip(who, hashes, strict=True):
            role = Role(one.role)
            name = _PEOPLE[role][0]
            new_account(session, email=one.email, name=name, roles=[role], password_hash=password_hash, now=now)
        return now


class Past:
    """What happened before the demo began, each part by itself, so that a killed start goes on with the rest."""

    def __init__(self, engine: Engine, since: datetime) -> None:
        self.engine = engine
        self.since = since
        self.market = played(since)
        self.dice = self.market.dice
        self.lives = [one for one in self.market.lives() if one.visits]
        self.customers = [one for one in self.lives if (one.known or since) < since]
        longer = replace(self.market, first=since.date() - timedelta(days=LEAD_DAYS))
        self.sellers = [one.until(since) for one in longer.sellers() if one.contacted <= since]
        self.known = {one.shopper.number: known.buyer(one, self.dice) for one in self.customers}

    def happen(self) -> None:
        """All of it; what doesn't wait for each other at the same time, since half of it is the database's work."""
        people = self.meet()
        with ThreadPoolExecutor(1) as aside:
            meanwhile = aside.submit(self.be_sold_to, people)
            self.watch(people)
            do_all(self.engine, credit, self.since)
            meanwhile.result()
        do_all(self.engine, roll_up, self.since)
        plan(self.engine, self.since)

    def be_sold_to(self, people: People) -> None:
        """What the organisation did meanwhile."""
        self.ask(people)
        self.work(people)
        self.pay()

    def meet(self) -> People:
        """Bring the people in, some every few weeks; gives who has which address."""
        until = self.since - timedelta(days=DAYS + 1)
        while until < self.since:
            before, until = until, min(until + _IMPORT_EVERY, self.since)
            shop = [
                self.known[one.shopper.number] for one in self.customers if one.known and before <= one.known < until
            ]
            bring(self.engine, shop, f"registrations until {until:%Y-%m-%d}.csv", until)
        bring(self.engine, [known.seller(one) for one in self.sellers], "seller contacts.csv", self.since)
        with transaction(self.engine) as session:
            addresses = [*(one.email for one in self.known.values()), *(one.email for one in self.sellers)]
            people = {address: PersonId(person) for address, person in ids_of(session, addresses).items()}
            session.execute(insert(VisitorIdentity).on_conflict_do_nothing(), self._joined(people))
        return people

    def _joined(self, people: People) -> list[dict[str, object]]:
        """Whose browser it is, since they registered with it."""
        joined = []
        for one in self.customers:
            number = one.shopper.number
            if person := people.get(self.known[number].email):
                visitor = seen.visitor_of(number, self.dice)
                joined.append({"visitor": visitor, "person_id": person, "rests_on": "registration", "at": one.known})
        return joined

    def ask(self, people: People) -> None:
        """Lists, forms, who came by them, and what they wish for."""
        shop = [people[one.email] for one in self.known.values() if one.email in people]
        makers = [people[one.email] for one in self.sellers if one.email in people]
        with transaction(self.engine) as session:
            sign_up(session, shop, makers, ORGANISATION, self.since)
            wish(session, self.since)

    def watch(self, people: People) -> None:
        """Store what was seen of them, read and kept by the collector's own code."""
        happened = [*self._seen_of_buyers(people), *self._seen_of_sellers(people), *self._seen_of_bots()]
        for start in range(0, len(happened), _EVENTS_AT_ONCE):
            with transaction(self.engine) as session:
                ingest(session, happened[start : start + _EVENTS_AT_ONCE], self.since)

    def _seen_of_buyers(self, people: People) -> Iterator[NewEvent]:
        for one in self.lives:
            found = self.known.get(one.shopper.number)
            yield from self._read(seen.seen(one, self.dice, until=self.since), people, found.email if found else None)

    def _seen_of_sellers(self, people: People) -> Iterator[NewEvent]:
        for one in self.sellers:
            yield from self._read(sellers.seen(one, self.dice), people, one.email)

    def _seen_of_bots(self) -> Iterator[NewEvent]:
        for event in self.market.bots():
            read = read_event(event, {}, self.since, trusted=True)
            read.bot = reason_of(event["agent"], None)
            yield read

    def _read(self, events: Iterable[seen.Seen], people: People, address: str | None) -> Iterator[NewEvent]:
        """An address does for the token that our sites would hand back."""
        for event in events:
            read = read_event(event | {"token": address}, people, self.since, trusted=True)
            if read.occurred_at <= self.since:
                yield read

    def work(self, people: People) -> None:
        """Store the leads, with what reps did."""
        with transaction(self.engine) as session:
            leads.store(session, self.sellers, people, reps=reps(session), dice=self.dice, now=self.since)

    def pay(self) -> None:
        """Store what it cost, and what a yuan was worth."""
        market, days = self.market, [self.since.date() - timedelta(days=back) for back in range(LEAD_DAYS, -1, -1)]
        spent = [
            *costs.budgets(market.days, self.dice, market.people, market.switches),
            *costs.commissions(self.lives, self.since),
            *costs.for_sellers(days, self.dice, market.more, market.switches),
        ]
        with transaction(self.engine) as session:
            yuan = [Rate("CNY", day, rate) for day, rate in costs.rates(days, self.dice)]
            record_rates(session, CURRENCY, yuan, self.since)
            record_costs(session, [as_cost(one) for one in spent], self.since)


def reps(session: Session) -> Sequence[int]:
    """Those of the demo who work on leads."""
    return session.scalars(select(Account.id).where(Account.email == _PEOPLE[Role.REP][1])).all()


def played(since: datetime) -> Played:
    """The market of the demo that began at `since`, as it was until then."""
    return Played(SEED, first=since.date() - timedelta(days=DAYS), until=since)


def as_cost(spent: costs.Spent) -> NewCost:
    """As the ledger takes it."""
    return NewCost(
        source="commission" if spent.what == "commission" else "sample data",
        source_key=f"{spent.side} {spent.channel} {spent.country} {spent.what}",
        day=spent.day,
        side=spent.side,
        channel=spent.channel,
        country=spent.country,
        amount_minor=spent.amount.minor,
        currency=spent.amount.currency,
    )


def do_all(engine: Engine, step: Callable[[Session, datetime, object, int], Step], now: datetime) -> None:
    """Do all that is due for a step of the job that credits what happened and rolls the days up every minute."""
    after: object = None
    while True:
        with transaction(engine) as session:
            done = step(session, now, after, _STEPS_AT_ONCE)
        if done.next is None:
            return
        after = done.next


def plan(engine: Engine, now: datetime) -> None:
    """What goes out from now on; the last thing made."""
    with transaction(engine) as session:
        keep_reports(session, now)
        plan_campaigns(session, now)
        run_now(session, "train_scoring_model", by=_ACTOR, now=now)  # and then leads are scored


def finished(engine: Engine) -> bool:
    """Whether all of it was made."""
    with transaction(engine) as session:
        return session.scalar(select(Campaign.id).where(Campaign.name == FIRST_CAMPAIGN)) is not None
