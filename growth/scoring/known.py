"""What was known of a lead at a moment, and nothing later: the only way for a feature to see anything."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, Text, and_, cast, func, literal, select
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.orm import InstrumentedAttribute

from growth.errors import RefusedError
from growth.events.records import Event
from growth.leads.records import Activity, Lead, StageChange
from growth.locales import N_

INTAKE_FACTS = frozenset(
    {"origin", "landing_page", "segment", "company_type", "country", "province", "language", "fair", "directory"}
)
"""Facts that are written down at first contact. Others may be known only because of how it ended, and are refused."""

INTAKE_COLUMNS = frozenset({"channel", "source"})
"""Columns of a lead that are settled at first contact."""

RECENT = timedelta(days=30)


@dataclass(frozen=True)
class Known:
    """A value made by `LeadAt`, hence known at the moment."""

    value: ColumnElement[Any]


@dataclass(frozen=True)
class LeadAt:
    """A lead at a moment, in SQL: `lead` is a row of `lead`, `moment` an expression of its own row's moment."""

    lead: type[Lead]
    moment: ColumnElement[datetime]

    def fact(self, key: str) -> Known:
        """A fact written down at first contact. Raises RefusedError for any other."""
        if key not in INTAKE_FACTS:
            raise RefusedError(
                N_("“%(key)s” is not written down at first contact, so no score may rest on it."),
                remedy=N_("If it is, add it to INTAKE_FACTS."),
                key=key,
            )
        return Known(func.nullif(func.btrim(self.lead.facts[key].astext), ""))

    def column(self, name: str) -> Known:
        """A column settled at first contact. Raises RefusedError for any other."""
        if name not in INTAKE_COLUMNS:
            raise RefusedError(N_("“%(name)s” of a lead changes later, so no score may rest on it."), name=name)
        column: InstrumentedAttribute[str] = getattr(self.lead, name)
        return Known(func.nullif(func.btrim(column), ""))

    def age_days(self) -> Known:
        """Whole days since first contact."""
        return Known(func.floor(func.extract("epoch", self.moment - self.lead.contacted_at) / 86_400))

    def events(self, *kinds: str) -> Known:
        """How many events of these kinds its person had in the 30 days before."""
        within = and_(
            Event.person_id == self.lead.person_id,
            Event.kind.in_(kinds),
            Event.occurred_at >= self.moment - literal(RECENT, INTERVAL),
            Event.occurred_at < self.moment,
            Event.received_at <= self.moment,
        )
        return Known(select(func.count()).select_from(Event).where(within).scalar_subquery())

    def activities(self, kind: str) -> Known:
        """How often a rep did this before."""
        before = and_(Activity.lead_id == self.lead.id, Activity.kind == kind, Activity.at < self.moment)
        return Known(select(func.count()).select_from(Activity).where(before).scalar_subquery())

    def last_outcome(self, kind: str) -> Known:
        """How the latest of these activities went."""
        before = and_(Activity.lead_id == self.lead.id, Activity.kind == kind, Activity.at < self.moment)
        latest = select(Activity.outcome).where(before).order_by(Activity.at.desc(), Activity.id.desc()).limit(1)
        return Known(latest.scalar_subquery())

    def stage(self) -> Known:
        """The stage it had reached, as far as that was written down by then."""
        before = and_(
            StageChange.lead_id == self.lead.id, StageChange.at < self.moment, StageChange.recorded_at <= self.moment
        )
        latest = select(StageChange.stage).where(before).order_by(StageChange.at.desc(), StageChange.id.desc()).limit(1)
        return Known(latest.scalar_subquery())


def as_number(known: Known) -> ColumnElement[float]:
    """For reading as a number."""
    return cast(known.value, Float)


def as_words(known: Known) -> ColumnElement[str]:
    """For reading as a category."""
    return cast(known.value, Text)
