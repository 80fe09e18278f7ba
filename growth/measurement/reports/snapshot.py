"""What a kept report holds: figures as they were counted, in no language, with the model that gave the credit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from growth.attribution.versions import read_versions
from growth.database.changed_days import bounds, zone_of
from growth.measurement.advice.asking import best_move
from growth.measurement.advice.moves import Move
from growth.measurement.figures import Figures
from growth.measurement.holdouts.caused import Caused, all_caused
from growth.measurement.periods import Period
from growth.measurement.report import Report
from growth.measurement.reports.notes import Note, notes_of
from growth.measurement.reports.paced import Paced, paced_budgets

LATELY = timedelta(days=8)


@dataclass(frozen=True)
class Row:
    """A channel in the period and in the one before."""

    channel: str
    now: Figures
    before: Figures
    caused: Caused | None = None


@dataclass(frozen=True)
class Credited:
    """A model that gave credit in the period."""

    name: str
    """As credits carry it, such as `markov:3`."""
    model: str
    """Its key in `growth.attribution.models.MODELS`."""


@dataclass(frozen=True)
class Snapshot:
    """A side's report of a period; counts in millionths, amounts in minor units of `currency`."""

    side: str
    country: str | None
    currency: str
    period: Period
    before: Period | None
    """What it is compared with."""
    models: Sequence[Credited]
    rows: Sequence[Row]
    total: Figures
    total_before: Figures
    daily: Mapping[str, Sequence[int]]
    """Channel → millionths acquired on each day."""
    countries: Sequence[tuple[str, int]] = ()
    notes: Sequence[Note] = ()
    budgets: Sequence[Paced] = ()
    move: Move | None = None
    """The best move of budget that was known then, where the past could say."""
    unfinished: bool = False
    """Whether some days were still to be counted again when it was made."""
    open_since: date | None = None
    """The first day whose 60 days were not over, so that those who order within them may have become more."""
    language: str | None = None
    """One of `growth.measurement.languages` that it was narrowed to."""

    @property
    def empty(self) -> bool:
        """Whether nothing at all happened, in this period and the one before."""
        return self.total == self.total_before == Figures()


_FORM = TypeAdapter(Snapshot)


def as_json(snapshot: Snapshot) -> dict[str, Any]:
    """As it is kept."""
    kept: dict[str, Any] = _FORM.dump_python(snapshot, mode="json")
    return kept


def from_json(kept: Mapping[str, Any]) -> Snapshot:
    """What was kept, also by an earlier version of the product: figures that it lacks are nothing."""
    return _FORM.validate_python(kept)


def snapshot_of(session: Session, found: Report, now: datetime, *, unfinished: bool = False) -> Snapshot:
    """The report as it is now, with what each channel truly caused, what needs attention, and the budgets."""
    caused = all_caused(session, found.side, found.period) if found.whole else {}
    costed_until = min(found.period.last, found.today - timedelta(days=1))
    return Snapshot(
        side=found.side,
        country=found.country,
        currency=found.currency,
        period=found.period,
        before=found.against,
        models=_models(session, found.side, found.period),
        rows=[Row(line.channel, line.now, line.before, caused.get(line.channel)) for line in found.lines],
        total=found.total,
        total_before=found.before,
        daily={channel: [one.acquired for one in days] for channel, days in found.by_day.items()},
        countries=list(found.countries),
        notes=notes_of(session, found),
        budgets=paced_budgets(session, found.side, costed_until) if found.whole else [],
        move=_move(session, found, now),
        unfinished=unfinished,
        open_since=found.open_since,
        language=found.language,
    )


def _move(session: Session, found: Report, now: datetime) -> Move | None:
    """Of today, so only in a report that ends about today."""
    if not found.whole or found.today - found.period.last > LATELY:
        return None
    best = best_move(session, found.side, now)
    return best if isinstance(best, Move) else None


def _models(session: Session, side: str, period: Period) -> list[Credited]:
    """Those that count for conversions of the period, the newest first."""
    zone = zone_of(session)
    begins, ends = bounds(period.first, zone)[0], bounds(period.last, zone)[1]
    credited = []
    for one in read_versions(session).by_side[side]:
        if one.since is None or one.since < ends:
            credited.append(Credited(one.name, one.model.key))
            if one.since is None or one.since <= begins:
                break
    return credited
