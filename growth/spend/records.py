"""Records of what it cost."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record
from growth.money import Money


class Cost(Record):
    """Money spent on a channel on one day; the same (source, source key, day) again replaces the amount."""

    __tablename__ = "cost"
    __table_args__ = (
        UniqueConstraint("source", "source_key", "day"),
        Index("ix_cost_day", "day", "side", "channel"),
        Index("ix_cost_campaign", "campaign", "day", postgresql_where=text("campaign <> ''")),
        Index("ix_cost_corrects", "corrects", postgresql_where=text("corrects is not null")),
    )

    id: Mapped[Id]
    source: Mapped[str]
    source_key: Mapped[str]
    day: Mapped[date]
    side: Mapped[str]
    channel: Mapped[str]
    country: Mapped[str] = mapped_column(server_default="")
    campaign: Mapped[str] = mapped_column(server_default="")
    amount_minor: Mapped[int]
    currency: Mapped[str]
    units: Mapped[Decimal | None]
    """Hours or messages, where the amount is so many at a price."""
    corrects: Mapped[int | None] = mapped_column(ForeignKey("cost.id"))
    """The line whose amount this one puts right, by adding to it or taking from it."""
    note: Mapped[str] = mapped_column(server_default="")
    """Why it was corrected, or what it was for."""
    recorded_at: Mapped[datetime]


class CurrencyRate(Record):
    """How much of the workspace currency one unit of `currency` was worth on `day`."""

    __tablename__ = "currency_rate"

    currency: Mapped[str] = mapped_column(primary_key=True)
    base: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[Decimal]


class Budget(Record):
    """What a channel may cost in a month, in the currency the workspace had when it was set."""

    __tablename__ = "budget"
    __table_args__ = (
        CheckConstraint("extract(day from month) = 1", name="whole_month"),
        # However many plans are made at once: their sum stands here, and the database refuses more than the budget.
        CheckConstraint("planned_minor between 0 and amount_minor", name="guard"),
    )

    month: Mapped[date] = mapped_column(primary_key=True)
    """Its first day."""
    channel: Mapped[str] = mapped_column(primary_key=True)
    side: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    planned_minor: Mapped[int] = mapped_column(server_default="0")
    """The sum of its plans."""
    version: Mapped[int] = mapped_column(server_default="1")
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]


class BudgetPlan(Record):
    """What one plan, such as changes of paid search, may spend of a budget; costs of its name are its own."""

    __tablename__ = "budget_plan"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount"),
        ForeignKeyConstraint(["month", "channel"], ["budget.month", "budget.channel"]),
    )

    month: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    plan: Mapped[str] = mapped_column(primary_key=True)
    amount_minor: Mapped[int]
    planned_at: Mapped[datetime]


class Price(Record):
    """What something costs from a day on, until the next price."""

    __tablename__ = "price"
    __table_args__ = (CheckConstraint("amount_minor >= 0", name="amount"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    """email: a thousand messages sent; rep_hour: an hour of a sales rep."""
    since: Mapped[date] = mapped_column(primary_key=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]

    @property
    def money(self) -> Money:
        """As an amount."""
        return Money(self.amount_minor, self.currency)
