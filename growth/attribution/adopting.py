"""Adopting a model with its windows: for a side, from a moment on, audited; then the credits since then are redone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text, tuple_
from sqlalchemy.orm import Session

from growth.attribution.channels import keys
from growth.attribution.crediting import READER
from growth.attribution.credits import credit_anew
from growth.attribution.models import HALF_LIFE_DAYS, LAST_NON_DIRECT, MARKOV, MODELS, ORDERS, WINDOWS, Model
from growth.attribution.records import AttributionVersion, Conversion
from growth.attribution.versions import model_of
from growth.database.audit import audit
from growth.database.changed_days import mark_moments
from growth.errors import ConflictError, InvalidError
from growth.locales import N_
from growth.scheduling.run import Step

OFFERED = tuple(key for key in MODELS if key != LAST_NON_DIRECT)
"""Here a direct visit is no contact, so that last and last non-direct are the same."""
LONGEST_DAYS = 730
EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)
_LOCK_READER = text("select from event_reader where name = :name for update")
_LOCK = text("lock table attribution_version in share row exclusive mode")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A model and its windows, as somebody chooses them; days throughout."""

    side: str
    model: str
    clicks: int
    views: int = 0
    channels: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Windows for clicks and views of channels that have their own."""
    half_life: int = HALF_LIFE_DAYS
    order: int = 1


def default_choice(side: str) -> Choice:
    """What counts before anything is adopted."""
    return Choice(side=side, model="last", clicks=WINDOWS[side].days)


def choice_of(version: AttributionVersion) -> Choice:
    """What was chosen for a version."""
    kept = version.settings
    return Choice(
        side=version.side,
        model=version.model,
        clicks=kept["clicks"],
        views=kept["views"],
        channels={name: (both[0], both[1]) for name, both in kept["channels"].items()},
        half_life=kept["half_life"],
        order=kept["order"],
    )


def check(choice: Choice) -> None:
    """Raise InvalidError, naming the field, for a choice that can't be."""
    if choice.model not in OFFERED:
        raise InvalidError("model", N_("Choose one of the models."))
    if choice.order not in ORDERS:
        raise InvalidError("order", N_("The order is 1, 2 or 3."))
    if unknown := set(choice.channels) - set(keys(choice.side)):
        raise InvalidError("channels", N_("There is no channel “%(name)s” on this side."), name=min(unknown)[:40])
    _days("clicks", choice.clicks, least=1)
    _days("views", choice.views)
    _days("half_life", choice.half_life, least=1)
    for name, (clicks, views) in choice.channels.items():
        _days(f"clicks_{name}", clicks)
        _days(f"views_{name}", views)


def _days(field_name: str, days: int, least: int = 0) -> None:
    if not least <= days <= LONGEST_DAYS:
        raise InvalidError(field_name, N_("Give days from %(least)s to %(most)s."), least=least, most=LONGEST_DAYS)


@dataclass(frozen=True)
class Fitted:
    """A choice with what was learnt for it."""

    choice: Choice
    effects: Mapping[str, int] | None = None
    trained_from: datetime | None = None
    trained_until: datetime | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """As `AttributionVersion` keeps them."""
        kept = asdict(self.choice)
        return {name: kept[name] for name in ("clicks", "views", "channels", "half_life", "order")} | {
            "effects": self.effects
        }

    @property
    def model(self) -> Model:
        """The model, ready to share conversions."""
        return model_of(self.choice.model, self.settings)


def fit(session: Session, choice: Choice, now: datetime) -> Fitted:
    """Check a choice and learn what its model needs, from the paths before now. Raises InvalidError."""
    check(choice)
    plain = Fitted(choice)
    if choice.model != MARKOV:
        return plain
    from growth.attribution.learning import learn  # noqa: PLC0415 - SciPy, which pages and other models need not load

    learnt = learn(session, choice.side, plain.model.windows, choice.order, now)
    return Fitted(choice, learnt.effects, learnt.since, learnt.until)


def latest(session: Session, side: str) -> AttributionVersion | None:
    """The version of a side that counts for what happens now."""
    mine = select(AttributionVersion).where(AttributionVersion.side == side)
    return session.scalar(mine.order_by(AttributionVersion.number.desc()).limit(1))


def history(session: Session, side: str, limit: int = 20) -> list[AttributionVersion]:
    """What was adopted for a side, the newest first; effects learnt anew are no adoption."""
    mine = select(AttributionVersion).where(AttributionVersion.side == side, AttributionVersion.relearns.is_(None))
    return list(session.scalars(mine.order_by(AttributionVersion.number.desc()).limit(limit)))


def lock_versions(session: Session) -> None:
    """Have whoever else wants to add a version wait until this transaction ends."""
    session.execute(_LOCK)


def adopt(
    session: Session, choice: Choice, *, since: datetime, after: int, actor: str, now: datetime
) -> AttributionVersion:
    """Have conversions of the choice's side since a moment credited by it; the days before keep what they were.

    `after` is the number of the version that was seen as the latest (1 for the default). Raises InvalidError, and
    ConflictError when somebody else has adopted another meanwhile; that its effects were learnt anew is none.
    """
    fitted = fit(session, choice, now)
    lock_versions(session)
    newest = latest(session, choice.side)
    number = newest.number if newest else 1
    if after not in range(newest.relearns or number if newest else 1, number + 1):
        raise ConflictError(
            N_("Somebody else has adopted another model meanwhile."), remedy=N_("Look at it, then compare again.")
        )
    return append(session, fitted, number, since=since, actor=actor, now=now)


def append(
    session: Session, fitted: Fitted, number: int, *, since: datetime, actor: str, now: datetime,
    relearns: int | None = None,
) -> AttributionVersion:  # fmt: skip
    """Keep the version after this number, audited. The caller holds `lock_versions`."""
    choice = fitted.choice
    version = AttributionVersion(
        side=choice.side, number=number + 1, model=choice.model, settings=fitted.settings,
        trained_from=fitted.trained_from, trained_until=fitted.trained_until,
        effective_from=since, adopted_at=now, adopted_by=actor, recount_at=since, relearns=relearns,
    )  # fmt: skip
    session.add(version)
    session.flush()
    detail = {"side": choice.side, "since": since.isoformat(), **fitted.settings}
    action = "learn effects" if relearns else "adopt model"
    audit(session, actor=actor, action=action, subject=f"{choice.model}:{number + 1}", detail=detail, now=now)
    return version


def recount(session: Session, _now: datetime, _after: object, size: int) -> Step:
    """Credit the next `size` conversions anew that an adoption concerns; one transaction, safe to repeat.

    It and the reader of events wait for each other, so that nothing is credited by what counted before.
    """
    waiting = select(AttributionVersion).where(AttributionVersion.recount_at.is_not(None))
    version = session.scalar(waiting.order_by(AttributionVersion.id).limit(1))
    if version is None or version.recount_at is None:
        return Step(done=0, next=None)
    session.execute(_LOCK_READER, {"name": READER})
    session.refresh(version, with_for_update=True)
    place = tuple_(Conversion.occurred_at, Conversion.id)
    found = session.execute(
        select(Conversion.id, Conversion.occurred_at)
        .where(
            place > tuple_(version.recount_at, version.recount_id),
            Conversion.occurred_at >= version.recount_at,
            Conversion.side == version.side,
        )
        .order_by(Conversion.occurred_at, Conversion.id)
        .limit(size)
    ).all()
    mark_moments(session, credit_anew(session, [one.id for one in found]))
    if len(found) == size:
        version.recount_at, version.recount_id = found[-1].occurred_at, found[-1].id
    else:
        version.recount_at = None
    session.flush()
    return Step(done=len(found), next="recount")


def since_days(now: datetime, days: int | None) -> datetime:
    """The moment from which conversions are credited anew: so many days back, or all of them for None."""
    return EVERYTHING if days is None else now - timedelta(days=days)
