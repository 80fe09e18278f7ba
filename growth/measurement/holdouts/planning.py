"""Planning a hold-out: which regions, how long, and how small an effect it will see, before anything rests."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from growth.attribution.records import Conversion
from growth.database.audit import audit
from growth.database.changed_days import zone_of
from growth.errors import ConflictError, InvalidError
from growth.experiments import sample_size
from growth.experiments.holdouts.choosing import LENGTHS, Choice, choose, looked_at
from growth.experiments.holdouts.estimating import FEWEST_WEEKS, LEVEL
from growth.experiments.holdouts.power import Seen
from growth.experiments.holdouts.records import Holdout
from growth.locales import N_
from growth.measurement.holdouts.panels import PAST_WEEKS, panel
from growth.measurement.holdouts.wishes import Wanted

KINDS = {
    ("buyer", "acquired"): ("registration",),
    ("buyer", "orders"): ("first_order",),
    ("seller", "acquired"): ("shop_open",),
    ("seller", "orders"): ("first_order",),
}
"""Conversions by side and outcome, as the roll-up counts them."""
# What the database remembers of the table's size, or the last number given: nobody counts it for a plan.
_ABOUT_HOW_MANY = text("""
    select case when reltuples > 0 then reltuples else (select max(id) from person) end
    from pg_class where oid = 'person'::regclass
""")
_LITTLE = N_("Too little is known to plan it: the last %(weeks)s weeks have to tell how regions usually move.")


@dataclass(frozen=True)
class Offer:
    """What would rest, and what that will show by length in weeks."""

    regions: tuple[str, ...]
    compared: tuple[str, ...]
    share: float
    """Of all that comes, what comes where it rests, 0..1."""
    seen: tuple[Seen, ...]

    def of(self, weeks: int) -> Seen | None:
        """What so many weeks will show."""
        return next((one for one in self.seen if one.weeks == weeks), None)


def today_of(session: Session, now: datetime) -> date:
    """Today, where the workspace is."""
    return now.astimezone(zone_of(session)).date()


def offer(session: Session, wanted: Wanted, now: datetime) -> Offer:
    """Work a hold-out out. Raises InvalidError when the past can't say what it would show."""
    if wanted.kind == "people":
        return _of_people(session, wanted, now)
    last = min(wanted.starts_on, today_of(session, now))  # today isn't over
    past = panel(session, wanted.side, wanted.outcome, last)
    unknown = sorted(set(wanted.regions) - set(past))
    if unknown:
        raise InvalidError("regions", N_("Nothing came from %(regions)s so far."), regions=", ".join(unknown))
    if wanted.regions and set(wanted.regions) == set(past):
        raise InvalidError("regions", N_("Leave some countries to compare with."))
    seed = int.from_bytes(f"{wanted.side} {wanted.channel} {last}".encode(), "big")
    found: Choice | None
    found = looked_at(past, wanted.regions) if wanted.regions else choose(past, wanted.percent / 100, seed)
    if found is None:
        raise InvalidError("regions", _LITTLE, remedy=N_("Name the countries, or wait."), weeks=FEWEST_WEEKS)
    return Offer(found.off, found.on, found.share, found.seen)


def _of_people(session: Session, wanted: Wanted, now: datetime) -> Offer:
    """Of the people known: how many of them usually do it in so long, and what rise above that would be seen."""
    people = int(session.scalar(_ABOUT_HOW_MANY) or 0)
    since = now - timedelta(weeks=PAST_WEEKS)
    kinds = KINDS[wanted.side, wanted.outcome]
    mine = Conversion.occurred_at >= since, Conversion.side == wanted.side, Conversion.kind.in_(kinds)
    did = session.scalar(select(func.count()).where(*mine, Conversion.person_id.is_not(None))) or 0
    held, rest = people * wanted.percent / 100, people * (100 - wanted.percent) / 100
    seen = []
    for weeks in LENGTHS:
        rate = did / people * weeks / PAST_WEEKS if people else 0.0
        rise = sample_size.smallest_seen(rate, (held, rest), sample_size.critical_for("fixed", 1, 1 - LEVEL))
        if rate and rise is not None:
            seen.append(Seen(weeks, rise / (rate + rise), 0, 0))
    if not seen:
        raise InvalidError("percent", N_("Too few people do it for any difference to show."))
    return Offer((), (), wanted.percent / 100, tuple(seen))


def save(session: Session, wanted: Wanted, *, actor: str, now: datetime) -> Holdout:
    """Write a plan down as it is worked out now; it begins on its day.

    Raises InvalidError as `offer` does, ConflictError where the channel has one already or the name is taken.
    """
    found = offer(session, wanted, now)
    _check_free(session, wanted)
    made = Holdout(
        name=wanted.name,
        kind=wanted.kind,
        side=wanted.side,
        channel=wanted.channel,
        outcome=wanted.outcome,
        regions=list(found.regions),
        percent=wanted.percent if wanted.kind == "people" else None,
        weeks=wanted.weeks,
        settle_days=wanted.settle_days,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        plan=told(found),
        created_by=actor,
        created_at=now,
    )
    session.add(made)
    session.flush()
    detail = {"channel": wanted.channel, "regions": list(found.regions), "percent": made.percent}
    audit(session, actor=actor, action="planned hold-out", subject=wanted.name, detail=detail, now=now)
    return made


def told(found: Offer) -> dict[str, Any]:
    """As it is kept and printed."""
    return {
        "regions": list(found.regions),
        "compared": list(found.compared),
        "share": found.share,
        "seen": [asdict(one) for one in found.seen],
    }


def _check_free(session: Session, wanted: Wanted) -> None:
    # One after the other, so that two people at once get a sentence and no violated index.
    session.execute(text("select pg_advisory_xact_lock(hashtext('holdout'))"))
    if session.scalar(select(Holdout.id).where(Holdout.name == wanted.name)) is not None:
        raise InvalidError("name", N_("There is a hold-out of this name already."))
    mine = Holdout.side == wanted.side, Holdout.channel == wanted.channel, Holdout.state.in_(("planned", "running"))
    if session.scalar(select(Holdout.id).where(*mine)) is not None:
        raise ConflictError(
            N_("This channel has a hold-out that isn't over, and two at once would spoil each other."),
            remedy=N_("Wait for its end, or stop it."),
        )
