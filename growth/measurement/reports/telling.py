"""A kept report in words of one language: what pages, letters, files and the terminal show of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from growth.attribution.channels import CHANNELS, labels
from growth.attribution.models import MODELS
from growth.locales import LANGUAGE_NAMES, N_, translate
from growth.measurement.figures import WHOLE, Delta, Figures, Tone, compare
from growth.measurement.reports import figures_in_words as words
from growth.measurement.reports.noted import Told, told_note
from growth.measurement.reports.paced import Paced
from growth.measurement.reports.snapshot import Row, Snapshot
from growth.measurement.side_words import WORDS, SideWords


@dataclass(frozen=True)
class Kpi:
    """A figure with its change against the period before."""

    name: str
    value: str
    change: str
    tone: Tone


@dataclass(frozen=True)
class Line:
    """A row of the table, in words; `share` is of 1."""

    channel: str
    label: str
    place: int
    """Of its colour, from 1."""
    share: float
    share_text: str
    cost: str
    acquired: str
    change: str
    tone: Tone
    each: str
    orders: str
    value: str
    back: str
    quality: str
    """Which share ordered, or sold, within 60 days."""
    repeat: str
    """Which share of those ordered again."""
    caused: str
    """`31 (18 … 44)`, and nothing where nobody knows."""
    exceeded: bool
    """Whether its credit is much larger than what it caused."""


@dataclass(frozen=True)
class Day:
    """A day of the period: all that were acquired, against the best day as a share of 1."""

    name: str
    count: str
    share: float


@dataclass(frozen=True)
class BudgetLine:
    """A channel's budget; `share` is what the month will have cost of it."""

    label: str
    budget: str
    spent: str
    expected: str
    interval: str
    share: float
    share_text: str
    over: bool


@dataclass(frozen=True)
class Report:
    """A side's report in a language."""

    side: str
    name: str
    """Buyers or Sellers."""
    words: SideWords
    """Its own are translated."""
    period: str
    before: str
    """Nothing where it is compared with nothing."""
    narrowed: Sequence[str]
    credit: str
    empty: bool
    unfinished: bool
    open_since: str
    """Since when those who came may still order within 60 days; nothing where none may."""
    headline: str
    kpis: Sequence[Kpi]
    lines: Sequence[Line]
    total: Line
    days: Sequence[Day]
    notes: Sequence[Told]
    month: str
    budgets: Sequence[BudgetLine]
    move: Sequence[str]
    """The best move of budget and what it would bring, two sentences, or none."""
    countries: Sequence[tuple[str, str, float]]
    """Name, count, and share of the first."""


SHOWN_COUNTRIES = 8


def told(snapshot: Snapshot, locale: str) -> Report:
    """The report in a language."""
    side = WORDS[snapshot.side].in_words(locale)
    lines = [_line(snapshot, row, place, locale) for place, row in enumerate(snapshot.rows, 1) if _shown(snapshot, row)]
    everything = Row("", snapshot.total, snapshot.total_before)
    return Report(
        side=snapshot.side,
        name=side.name,
        words=side,
        period=words.span(snapshot.period.first, snapshot.period.last, locale),
        before=words.span(snapshot.before.first, snapshot.before.last, locale) if snapshot.before else "",
        narrowed=_narrowed(snapshot, locale),
        credit=_credit(snapshot, locale),
        empty=snapshot.empty,
        unfinished=snapshot.unfinished,
        open_since=words.day(snapshot.open_since, locale) if snapshot.open_since else "",
        headline=f"{side.acquired}: {words.count(snapshot.total.acquired, locale)}",
        kpis=_kpis(snapshot, side, locale),
        lines=lines,
        total=_line(snapshot, everything, 0, locale),
        days=_days(snapshot, locale),
        notes=[told_note(snapshot, one, side, locale) for one in snapshot.notes],
        month=words.month(snapshot.budgets[0].month, locale) if snapshot.budgets else "",
        budgets=[_budget(snapshot.side, one, locale) for one in snapshot.budgets],
        move=_move(snapshot, locale),
        countries=_countries(snapshot, locale),
    )


def _shown(snapshot: Snapshot, row: Row) -> bool:
    """Whether a row has something to tell: the channels always."""
    known = row.channel in {one.key for one in CHANNELS[snapshot.side]}
    return known or row.now != Figures() or row.before != Figures()


def _narrowed(snapshot: Snapshot, locale: str) -> list[str]:
    unknown = translate(locale, N_("Not known"))
    country = snapshot.country and words.country(snapshot.country, locale)
    other = translate(locale, N_("Other languages"))
    language = snapshot.language and LANGUAGE_NAMES.get(snapshot.language, other)
    return [one or unknown for one in (country, language) if one is not None]


def _credit(snapshot: Snapshot, locale: str) -> str:
    """By which model, as that report has it for good."""
    names = [translate(locale, MODELS[one.model]) for one in snapshot.models if one.model in MODELS]
    return translate(locale, N_("Credit by: %(models)s"), models=", ".join(dict.fromkeys(names)))


def _kpis(snapshot: Snapshot, side: SideWords, locale: str) -> list[Kpi]:
    now, before, currency = snapshot.total, snapshot.total_before, snapshot.currency

    def kpi(name: str, value: str, delta: Delta) -> Kpi:
        return Kpi(name, value, words.change(delta, locale), delta.tone)

    return [
        kpi(side.acquired, words.count(now.acquired, locale), compare(now.acquired, before.acquired, more_is="good")),
        kpi(translate(locale, N_("Cost")), words.amount(now.cost_minor, currency, locale),
            compare(now.cost_minor, before.cost_minor, more_is="")),
        kpi(side.each, words.each(now.cost_each, currency, locale),
            compare(now.cost_each, before.cost_each, more_is="bad")),
        kpi(side.orders, words.count(now.orders, locale), compare(now.orders, before.orders, more_is="good")),
        kpi(translate(locale, N_("Value of orders")), words.amount(now.value_minor, currency, locale),
            compare(now.value_minor, before.value_minor, more_is="good")),
        kpi(translate(locale, N_("Return on spend")), words.times(now.back, locale),
            compare(now.back, before.back, more_is="good")),
    ]  # fmt: skip


def _line(snapshot: Snapshot, row: Row, place: int, locale: str) -> Line:
    now, whole, currency = row.now, snapshot.total.acquired, snapshot.currency
    delta = compare(now.acquired, row.before.acquired, more_is="good")
    share = Decimal(now.acquired) / whole if whole > 0 else Decimal(0)
    return Line(
        channel=row.channel,
        label=translate(locale, labels(snapshot.side).get(row.channel, row.channel) or N_("All")),
        place=place,
        share=float(share),
        share_text=words.percent(share, locale),
        cost=words.amount(now.cost_minor, currency, locale) if now.cost_minor else words.NOTHING,
        acquired=words.count(now.acquired, locale),
        change=words.change(delta, locale),
        tone=delta.tone,
        each=words.each(now.cost_each, currency, locale),
        orders=words.count(now.orders, locale),
        value=words.amount(now.value_minor, currency, locale),
        back=words.times(now.back, locale),
        quality=words.share(now.order_share, locale),
        repeat=words.share(now.repeat_share, locale),
        caused=_caused(row, locale),
        exceeded=_exceeded(row),
    )


def _caused(row: Row, locale: str) -> str:
    if row.caused is None:
        return ""
    low, value, high = (words.number(round(one), locale) for one in (row.caused.low, row.caused.value, row.caused.high))
    return f"{value} ({low} … {high})"


def _exceeded(row: Row) -> bool:
    one = row.caused
    credited = {"acquired": row.now.acquired, "orders": row.now.orders}.get(one.outcome) if one else None
    return one is not None and credited is not None and one.exceeded_by(credited / WHOLE)


def _days(snapshot: Snapshot, locale: str) -> list[Day]:
    sums = [sum(parts) for parts in zip(*snapshot.daily.values(), strict=True)]
    top = max([*sums, 1])
    name = words.weekday if snapshot.period.length <= 7 else words.day
    return [
        Day(name(day, locale), words.count(one, locale), max(one, 0) / top)
        for day, one in zip(snapshot.period.days, sums, strict=True)
    ]


def _budget(side: str, one: Paced, locale: str) -> BudgetLine:
    budget, spent, expected, low, high = (
        words.amount(minor, one.currency, locale)
        for minor in (one.budget_minor, one.spent_minor, one.expected_minor, one.low_minor, one.high_minor)
    )
    share = Decimal(one.expected_minor) / one.budget_minor if one.budget_minor > 0 else Decimal(0)
    return BudgetLine(
        label=translate(locale, labels(side).get(one.channel, one.channel)),
        budget=budget,
        spent=spent,
        expected=expected,
        interval=f"{low} – {high}" if one.low_minor != one.high_minor else "",
        share=float(share),
        share_text=words.percent(share, locale),
        over=one.over,
    )


def _move(snapshot: Snapshot, locale: str) -> list[str]:
    one = snapshot.move
    if one is None:
        return []
    source, target = (
        translate(locale, labels(snapshot.side).get(key, key)) for key in (one.from_channel, one.to_channel)
    )
    low, expected, high = (words.number(round(people), locale) for people in (one.low, one.expected, one.high))
    money = words.amount(one.amount, one.currency, locale)
    brings = N_("Expected %(expected)s a month more, between %(low)s and %(high)s nine times in ten.")
    return [
        translate(locale, N_("Move %(amount)s a month from %(source)s to %(target)s."), amount=money, source=source,
                  target=target),
        translate(locale, brings, expected=expected, low=low, high=high),
    ]  # fmt: skip


def _countries(snapshot: Snapshot, locale: str) -> list[tuple[str, str, float]]:
    ranked = snapshot.countries[:SHOWN_COUNTRIES]
    top, unknown = ranked[0][1] if ranked else 1, translate(locale, N_("Not known"))
    return [
        (words.country(code, locale) if code else unknown, words.count(one, locale), one / top) for code, one in ranked
    ]
