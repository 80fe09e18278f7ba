"""Budgets per month and channel, and the guard that no plan passes, however many are made at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.database.changed_days import zone_of
from growth.errors import ConflictError, InvalidError, RefusedError
from growth.locales import N_
from growth.money import Money
from growth.spend.currencies import base_currency, rates_on, turned, turned_today
from growth.spend.records import Budget, BudgetPlan, Cost

LARGEST_MINOR = 10**13


def month_of(day: date) -> date:
    """The first day of its month, by which budgets are known."""
    return day.replace(day=1)


def month_end(month: date) -> date:
    """Its last day."""
    return month_of(month + timedelta(days=31)) - timedelta(days=1)


def budgets_of(session: Session, side: str, month: date) -> dict[str, Budget]:
    """By channel."""
    found = session.scalars(select(Budget).where(Budget.month == month_of(month), Budget.side == side))
    return {one.channel: one for one in found}


def change_budget(
    session: Session, side: str, channel: str, month: date, minor: int, *, version: int, actor: str, now: datetime
) -> Budget:
    """Set a budget in the workspace's currency, audited.

    `version` is the one that was looked at, 0 where there was none. Raises InvalidError, ConflictError when somebody
    else changed it since, RefusedError when plans hold more or more is spent already.
    """
    if not 0 <= minor <= LARGEST_MINOR:
        raise InvalidError("amount", N_("A budget is zero or more, and not larger than we can keep."))
    first = insert(Budget).values(month=month_of(month), side=side, channel=channel, amount_minor=0, version=0,
        currency=base_currency(session), changed_by=actor, changed_at=now)  # fmt: skip
    session.execute(first.on_conflict_do_nothing())
    found = _held(session, channel, month)
    assert found is not None
    if found.version != version:
        raise ConflictError(
            N_("Somebody else changed this budget since you opened it."), remedy=N_("Look at it again, then change it.")
        )
    _in_ours(session, found, now)
    if minor < found.planned_minor:
        raise RefusedError(N_("Plans hold more of this budget already."), remedy=N_("Withdraw a plan first."))
    if minor < (least := held(session, channel, month, found.currency)):
        raise RefusedError(
            N_("More of this month is spent already, or held by plans: %(held)s %(currency)s."),
            remedy=N_("Choose at least that."),
            held=Money(least, found.currency).amount,
            currency=found.currency,
        )
    detail = {"month": str(found.month), "before": found.amount_minor, "after": minor, "currency": found.currency}
    found.amount_minor, found.version, found.changed_by, found.changed_at = minor, version + 1, actor, now
    session.flush()
    audit(session, actor=actor, action="budget change", subject=channel, detail=detail, now=now)
    return found


def _in_ours(session: Session, budget: Budget, now: datetime) -> None:
    """A budget from before the workspace changed its currency, and its plans, in the present one, by today's rate."""
    if budget.currency != base_currency(session):
        mine = select(BudgetPlan).where(BudgetPlan.month == budget.month, BudgetPlan.channel == budget.channel)
        plans = session.scalars(mine).all()
        with session.no_autoflush:
            for plan in plans:
                plan.amount_minor = turned_today(session, Money(plan.amount_minor, budget.currency), now).minor
            budget.amount_minor = turned_today(session, Money(budget.amount_minor, budget.currency), now).minor
            budget.planned_minor = sum(plan.amount_minor for plan in plans)
            budget.amount_minor = max(budget.amount_minor, budget.planned_minor)
            budget.currency = base_currency(session)


def guard(
    session: Session, channel: str, month: date, planned_minor: int, currency: str, *, plan: str, now: datetime
) -> BudgetPlan:
    """Let a plan spend so much of the month's budget in all, or raise RefusedError; the same plan again replaces.

    The budget's row is locked until the caller's transaction ends, so of two plans at once the second sees the first.
    What was spent under the plan's name (the cost's campaign) is part of it; what was spent under others counts too.
    """
    if planned_minor < 0 or not plan:
        raise InvalidError("amount", N_("A plan has a name and an amount of zero or more."))
    budget = _held(session, channel, month)
    if budget is None:
        raise RefusedError(N_("This channel has no budget for the month."), remedy=N_("Set one on the budgets page."))
    minor = _in(session, Money(planned_minor, currency), budget.currency, now)
    plans = _plans(session, budget) | {plan: minor}
    spent = spent_by_campaign(session, channel, budget.month, budget.currency)
    held = _with_plans(plans, spent)
    if held > budget.amount_minor:
        raise RefusedError(
            N_("The budget of this month doesn't allow it: with this plan %(held)s of %(budget)s %(currency)s."),
            remedy=N_("Plan less, or have a manager change the budget."),
            held=Money(held, budget.currency).amount,
            budget=Money(budget.amount_minor, budget.currency).amount,
            currency=budget.currency,
        )
    budget.planned_minor = sum(plans.values())
    kept = session.merge(BudgetPlan(month=budget.month, channel=channel, plan=plan, amount_minor=minor, planned_at=now))
    session.flush()
    return kept


def held(session: Session, channel: str, month: date, base: str) -> int:
    """What of a month is spent already or held by plans, minor units of `base`; amounts without a rate are left out."""
    mine = select(BudgetPlan.plan, BudgetPlan.amount_minor).where(
        BudgetPlan.month == month_of(month), BudgetPlan.channel == channel
    )
    plans = {row.plan: row.amount_minor for row in session.execute(mine)}
    return _with_plans(plans, spent_by_campaign(session, channel, month, base, lenient=True))


def _with_plans(plans: Mapping[str, int], spent: Mapping[str, int]) -> int:
    """What was spent under a plan's name is part of it, and what was spent under others counts too."""
    of_plans = sum(max(amount, spent.get(plan, 0)) for plan, amount in plans.items())
    others = sum(minor for name, minor in spent.items() if name not in plans)
    # A correction counts against costs, never below what the plans hold.
    return max(of_plans + others, sum(plans.values()))


def _held(session: Session, channel: str, month: date) -> Budget | None:
    mine = select(Budget).where(Budget.month == month_of(month), Budget.channel == channel)
    return session.scalar(mine.with_for_update().execution_options(populate_existing=True))


def _plans(session: Session, budget: Budget) -> dict[str, int]:
    mine = select(BudgetPlan.plan, BudgetPlan.amount_minor).where(
        BudgetPlan.month == budget.month, BudgetPlan.channel == budget.channel
    )
    return {row.plan: row.amount_minor for row in session.execute(mine)}


def _in(session: Session, amount: Money, base: str, now: datetime) -> int:
    day = now.astimezone(zone_of(session)).date()
    rate = rates_on(session, base, [(amount.currency, day)]).get((amount.currency, day))
    if rate is None:
        raise RefusedError(N_("There is no rate for %(currency)s."), currency=amount.currency)
    return turned(amount, base, rate)


def spent_by_campaign(
    session: Session, channel: str, month: date, base: str, *, lenient: bool = False
) -> dict[str, int]:
    """What the ledger says of the month by campaign, in `base`.

    Where a rate is missing it raises RefusedError, or leaves the amount out when `lenient`.
    """
    columns = (Cost.campaign, Cost.day, Cost.currency, func.sum(Cost.amount_minor))
    mine = select(*columns).where(Cost.channel == channel, Cost.day.between(month_of(month), month_end(month)))
    rows = session.execute(mine.group_by(*columns[:3])).all()
    rates = rates_on(session, base, {(currency, day) for _, day, currency, _ in rows})
    spent: dict[str, int] = defaultdict(int)
    for campaign, day, currency, minor in rows:
        if (currency, day) not in rates and lenient:
            continue
        if (currency, day) not in rates:
            raise RefusedError(N_("There is no rate for %(currency)s."), currency=currency)
        spent[campaign] += turned(Money(int(minor), currency), base, rates[currency, day])
    return dict(spent)


def daily_spend(
    session: Session, side: str, days: tuple[date, date], base: str, *, sources: Collection[str] = ()
) -> dict[str, list[int]]:
    """What each channel cost on each of the days, in `base`, of all sources or of some.

    Amounts without a rate are left out.
    """
    columns = (Cost.channel, Cost.day, Cost.currency, func.sum(Cost.amount_minor))
    mine = select(*columns).where(Cost.day.between(*days), Cost.side == side).group_by(*columns[:3])
    mine = mine.where(Cost.source.in_(sources)) if sources else mine
    rows: Sequence[tuple[str, date, str, int]] = [(a, b, c, int(d)) for a, b, c, d in session.execute(mine)]
    rates = rates_on(session, base, {(currency, day) for _, day, currency, _ in rows})
    spent: dict[str, list[int]] = defaultdict(lambda: [0] * ((days[1] - days[0]).days + 1))
    for channel, day, currency, minor in rows:
        if (currency, day) in rates:
            spent[channel][(day - days[0]).days] += turned(Money(minor, currency), base, rates[currency, day])
    return dict(spent)


def exhausted(session: Session, side: str, now: datetime) -> set[str]:
    """Channels whose budget of this month is spent."""
    today, base = now.astimezone(zone_of(session)).date(), base_currency(session)
    budgets = [one for one in budgets_of(session, side, today).values() if one.currency == base]
    if not budgets:
        return set()
    spent = daily_spend(session, side, (month_of(today), today), base)
    return {one.channel for one in budgets if sum(spent.get(one.channel, ())) >= one.amount_minor > 0}


def copy_budgets(session: Session, side: str, month: date, *, actor: str, now: datetime) -> tuple[list[str], list[str]]:
    """Give channels that have no budget in a month the one of the month before, each audited.

    Gives the channels that have one now, and those that can't have it since more is spent already.
    """
    before = budgets_of(session, side, month_of(month) - timedelta(days=1))
    there = budgets_of(session, side, month)
    copied, refused = list[str](), list[str]()
    for channel, budget in before.items():
        if channel not in there and budget.amount_minor:
            try:
                with session.begin_nested():
                    amount = turned_today(session, Money(budget.amount_minor, budget.currency), now)
                    change_budget(session, side, channel, month, amount.minor, version=0, actor=actor, now=now)
                copied.append(channel)
            except (RefusedError, ConflictError):
                refused.append(channel)
    return copied, refused
