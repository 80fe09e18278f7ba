"""The demo's sample data: an organisation, its people, and what happened so far; made once, from a seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert

from growth.attribution.crediting import credit
from growth.campaigns.records import Campaign
from growth.clock import Clock
from growth.database.engine import transaction
from growth.database.workspace import Workspace, workspace
from growth.events.ingest import ingest
from growth.events.records import VisitorIdentity
from growth.keyring import keyring
from growth.measurement.rolling_up import roll_up
from growth.people.accounts import Account, Role
from growth.people.passwords import hashed
from growth.people.staff import new_account
from growth.sandbox.dice import Dice
from growth.sandbox.past import buyers, costs, leads, sellers
from growth.sandbox.past.people import bring, ids_of
from growth.sandbox.past.plans import FIRST_CAMPAIGN, plan_campaigns
from growth.sandbox.past.sign_ups import sign_up
from growth.sandbox.past.truth import DAYS
from growth.sandbox.past.wishes import wish
from growth.scheduling.firing import run_now
from growth.spend.currencies import Rate, record_rates
from growth.spend.ledger import record_costs

SEED = "market of makers"
_PEOPLE = {
    Role.ADMIN: ("Vera Admin", "admin@example.com"),
    Role.MANAGER: ("Marcos Manager", "manager@example.com"),
    Role.MARKETER: ("Mila Marketer", "marketer@example.com"),
    Role.REP: ("Ren Rep", "rep@example.com"),
}
ORGANISATION = "Market of makers"
CURRENCY = "USD"
_ACTOR = "sample data"
_IMPORT_EVERY = timedelta(days=13)
_EVENTS_AT_ONCE = 5_000
_STEPS_AT_ONCE = 5_000


@dataclass(frozen=True)
class SignIn:
    """Who can look around, and how."""

    role: str
    email: str
    password: str


def seed(engine: Engine, clock: Clock) -> list[SignIn]:
    """Make what is missing of the demo; gives who can sign in. Repeating it changes nothing."""
    sign_ins = [SignIn(role.value, email, password(role)) for role, (_, email) in _PEOPLE.items()]
    since = begun(engine, sign_ins, clock.now())
    if not finished(engine):
        Past(engine, since).happen()
    return sign_ins


def password(role: Role) -> str:
    """The same at each start, and another in each installation."""
    return f"{role.value}-{keyring().derived(f'demo {role.value}').hex()[:10]}"


def begun(engine: Engine, sign_ins: Sequence[SignIn], now: datetime) -> datetime:
    """The moment the demo began, which is now when there was none."""
    with transaction(engine) as session:
        place = workspace(session)
        if place is not None:
            return place.set_up_at
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
        for one in sign_ins:
            role = Role(one.role)
            name = _PEOPLE[role][0]
            new_account(session, email=one.email, name=name, roles=[role], password_hash=hashed(one.password), now=now)
        return now


class Past:
    """What happened before the demo began, each part by itself, so that a killed start goes on with the rest."""

    def __init__(self, engine: Engine, since: datetime) -> None:
        self.engine = engine
        self.since = since
        self.dice = Dice(SEED)
        self.buyers = buyers.invent(since, self.dice)
        self.sellers = sellers.invent(since, self.dice)

    def happen(self) -> None:
        """All of it, in order."""
        people = self.meet()
        self.ask(people)
        self.watch(people)
        self.work(people)
        self.pay()
        credit_all(self.engine, self.since)
        plan(self.engine, self.since)

    def meet(self) -> dict[str, int]:
        """Bring the people in, some every fortnight; gives who has which address."""
        until = self.since - timedelta(days=DAYS)
        while until < self.since:
            before, until = until, min(until + _IMPORT_EVERY, self.since)
            shop = [one.known() for one in self.buyers if one.registered and before <= one.registered < until]
            bring(self.engine, shop, f"registrations until {until:%Y-%m-%d}.csv", until)
        bring(self.engine, [one.known() for one in self.sellers], "seller contacts.csv", self.since)
        with transaction(self.engine) as session:
            registered = [one.email for one in self.buyers if one.registered]
            people = ids_of(session, [*registered, *(one.email for one in self.sellers)])
            joined = [
                {
                    "visitor": one.visitor,
                    "person_id": people[one.email],
                    "rests_on": "registration",
                    "at": one.registered,
                }
                for one in self.buyers
                if one.email in people
            ]
            session.execute(insert(VisitorIdentity).on_conflict_do_nothing(), joined)
        return people

    def ask(self, people: dict[str, int]) -> None:
        """Lists, forms, who came by them, and what they wish for."""
        shop = [people[one.email] for one in self.buyers if one.email in people]
        makers = [people[one.email] for one in self.sellers if one.email in people]
        with transaction(self.engine) as session:
            sign_up(session, shop, makers, ORGANISATION, self.since)
            wish(session, self.since)

    def watch(self, people: dict[str, int]) -> None:
        """Store what was seen of them."""
        happened = [*buyers.events(self.buyers, people), *sellers.events(self.sellers, people)]
        for start in range(0, len(happened), _EVENTS_AT_ONCE):
            with transaction(self.engine) as session:
                ingest(session, happened[start : start + _EVENTS_AT_ONCE], self.since)

    def work(self, people: dict[str, int]) -> None:
        """Store the leads, with what reps did."""
        with transaction(self.engine) as session:
            reps = session.scalars(select(Account.id).where(Account.email == _PEOPLE[Role.REP][1])).all()
            leads.store(session, self.sellers, people, reps=reps, dice=self.dice, now=self.since)

    def pay(self) -> None:
        """Store what it cost, and what a yuan was worth."""
        yuan = [Rate("CNY", day, rate) for day, rate in costs.rates(self.since, self.dice)]
        spent = [*costs.for_buyers(self.buyers, self.since), *costs.for_sellers(self.since, self.dice)]
        with transaction(self.engine) as session:
            record_rates(session, CURRENCY, yuan, self.since)
            record_costs(session, [one.as_cost() for one in spent], self.since)


def credit_all(engine: Engine, now: datetime) -> None:
    """Credit what happened and roll the days up, as the job does every minute."""
    for step in (credit, roll_up):
        after: object = None
        while True:
            with transaction(engine) as session:
                done = step(session, now, after, _STEPS_AT_ONCE)
            if done.next is None:
                break
            after = done.next


def plan(engine: Engine, now: datetime) -> None:
    """What goes out from now on; the last thing made."""
    with transaction(engine) as session:
        plan_campaigns(session, now)
        run_now(session, "train_scoring_model", by=_ACTOR, now=now)  # and then leads are scored


def finished(engine: Engine) -> bool:
    """Whether all of it was made."""
    with transaction(engine) as session:
        return session.scalar(select(Campaign.id).where(Campaign.name == FIRST_CAMPAIGN)) is not None
