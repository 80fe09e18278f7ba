"""What an audience can be asked for: each field with its words, what stands in it, and the SQL behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from growth.campaigns.audiences import statements
from growth.campaigns.audiences.parts import (
    AMOUNT,
    AUDIENCES,
    BASES,
    CAMPAIGNS,
    COUNTRIES,
    CURRENCY,
    DAYS,
    EVENT_KIND,
    EVENT_NAME,
    LANGUAGES,
    LAST,
    LISTS,
    MESSAGE_STEP,
    MOMENT,
    ORGANISATION_KINDS,
    PERCENT,
    PROVINCES,
    PURPOSE,
    SIDES,
    SINCE_DAYS,
    STAGES,
    TIMES,
    ZONES,
    Part,
)
from growth.campaigns.audiences.statements import Bind
from growth.locales import N_

Statement = Callable[[Any, Bind], str]
"""(value, bind) → SQL; every value goes through `bind`."""


@dataclass(frozen=True)
class Field:
    """Something that is true of a person or not.

    A value is what its one part holds, or of several parts {part: value}; None without parts.
    """

    name: str
    label: str
    group: str
    yes: str
    """The operator of its being true."""
    no: str
    """The operator of everybody else; that is all there is, so unknown counts as not true."""
    parts: tuple[Part, ...]
    statement: Statement
    """SQL over `person`: true, false or null."""
    of_all: Statement | None = None
    """The same for when everybody is asked."""
    certain: bool = True
    """Whether the SQL is never null."""


PROPERTIES, PERMISSION, BEHAVIOUR, MAIL, SELLING = (
    N_("About them"),
    N_("Permission"),
    N_("What they did"),
    N_("E-mail"),
    N_("Leads and sellers"),
)

_ALL = (
    Field("language", N_("Language"), PROPERTIES, "in", "not_in", (LANGUAGES,), statements.language, certain=False),
    Field("country", N_("Country"), PROPERTIES, "in", "not_in", (COUNTRIES,), statements.country, certain=False),
    Field("time_zone", N_("Time zone"), PROPERTIES, "in", "not_in", (ZONES,), statements.time_zone, certain=False),
    Field("joined", N_("Known to us for days"), PROPERTIES, "within", "not_within", (DAYS,), statements.joined),
    Field("joined_day", N_("Known to us since a day"), PROPERTIES, "since", "before", (MOMENT,), statements.joined_day),
    Field("side", N_("Buyer or seller"), PROPERTIES, "in", "not_in", (SIDES,), statements.side),
    Field("audience", N_("Saved audience"), PROPERTIES, "in", "not_in", (AUDIENCES,), statements.audience),
    Field(
        "permission", N_("Permission"), PERMISSION, "granted", "not_granted", (PURPOSE, BASES), statements.permission
    ),
    Field("list", N_("List"), PERMISSION, "in", "not_in", (LISTS,), statements.subscribed),
    Field("left_list", N_("Left a list"), PERMISSION, "did", "did_not", (LISTS,), statements.left),
    Field("suppressed", N_("Suppressed address"), PERMISSION, "is", "is_not", (), statements.suppressed),
    Field(
        "event",
        N_("What happened"),
        BEHAVIOUR,
        "did",
        "did_not",
        (EVENT_KIND, TIMES, SINCE_DAYS),
        statements.event,
        statements.events_of_all,
    ),
    Field(
        "custom_event",
        N_("Event of your own"),
        BEHAVIOUR,
        "did",
        "did_not",
        (EVENT_NAME, TIMES, SINCE_DAYS),
        statements.custom_event,
        statements.custom_events_of_all,
    ),
    Field(
        "spent",
        N_("Spent"),
        BEHAVIOUR,
        "at_least",
        "less_than",
        (AMOUNT, CURRENCY, SINCE_DAYS),
        statements.spent,
        statements.spent_of_all,
    ),
    Field(
        "message",
        N_("Campaign's message"),
        MAIL,
        "did",
        "did_not",
        (MESSAGE_STEP, CAMPAIGNS, SINCE_DAYS),
        statements.message,
    ),
    Field("unopened", N_("Opened none of the last"), MAIL, "is", "is_not", (LAST,), statements.unopened),
    Field("lead_stage", N_("Lead's stage"), SELLING, "in", "not_in", (STAGES,), statements.lead_stage),
    Field("lead_score", N_("Lead's score"), SELLING, "at_least", "less_than", (PERCENT,), statements.lead_score),
    Field(
        "organisation_kind",
        N_("Kind of company"),
        SELLING,
        "in",
        "not_in",
        (ORGANISATION_KINDS,),
        statements.organisation_kind,
    ),
    Field("province", N_("Company's province"), SELLING, "in", "not_in", (PROVINCES,), statements.province),
)
FIELDS: Mapping[str, Field] = {field.name: field for field in _ALL}
"""By name, in the order they are offered."""
