"""What scores rest on: each feature is one function, with the sentence a rep reads and where it comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from growth.errors import RefusedError
from growth.locales import N_
from growth.scoring.known import Known, LeadAt

AT_FIRST_CONTACT = N_("Written down at first contact")
FROM_EVENTS = N_("Visits and clicks, the 30 days before")
FROM_WORK = N_("Calls and stages so far")


@dataclass(frozen=True)
class Feature:
    """One thing known of a lead.

    Args:
        key: its name in code and records; the name of its function.
        name: for people.
        says: sentence with `%(value)s`.
        unknown: sentence where there is no value.
        source: where it comes from, in words.
        kind: number or category.
        of: the value in SQL.
    """

    key: str
    name: str
    says: str
    unknown: str
    source: str
    kind: Literal["number", "category"]
    of: Callable[[LeadAt], Known]

    def known(self, lead: LeadAt) -> Known:
        """Its value. Raises RefusedError when it was not made by `LeadAt`, so that it may know what came later."""
        value = self.of(lead)
        if not isinstance(value, Known):
            raise RefusedError(
                N_("The feature “%(key)s” looks past the moment of the score."),
                remedy=N_("Use what LeadAt gives."),
                key=self.key,
            )
        return value


FEATURES: dict[str, Feature] = {}


def feature(
    *, name: str, says: str, unknown: str = "", source: str, kind: Literal["number", "category"]
) -> Callable[[Callable[[LeadAt], Known]], Feature]:
    """Declare the function below as a feature."""

    def declare(function: Callable[[LeadAt], Known]) -> Feature:
        made = Feature(function.__name__, name, says, unknown or says, source, kind, function)
        FEATURES[made.key] = made
        return made

    return declare


@feature(
    name=N_("Origin"),
    says=N_("Came by way of %(value)s."),
    unknown=N_("Where it came from is not known."),
    source=AT_FIRST_CONTACT,
    kind="category",
)
def origin(lead: LeadAt) -> Known:
    """The source's own word for where it came from."""
    return lead.fact("origin")


@feature(
    name=N_("Landing page"),
    says=N_("First came to page %(value)s."),
    unknown=N_("The page it first came to is not known."),
    source=AT_FIRST_CONTACT,
    kind="category",
)
def landing_page(lead: LeadAt) -> Known:
    """The first page it saw."""
    return lead.fact("landing_page")


@feature(name=N_("Channel"), says=N_("Was acquired by %(value)s."), source=AT_FIRST_CONTACT, kind="category")
def channel(lead: LeadAt) -> Known:
    """Our acquisition channel."""
    return lead.column("channel")


@feature(
    name=N_("Segment"),
    says=N_("Trades in %(value)s."),
    unknown=N_("What it trades in is not known."),
    source=AT_FIRST_CONTACT,
    kind="category",
)
def segment(lead: LeadAt) -> Known:
    """Its trade."""
    return lead.fact("segment")


@feature(
    name=N_("Kind of company"),
    says=N_("Kind of company: %(value)s."),
    unknown=N_("What kind of company it is is not known."),
    source=AT_FIRST_CONTACT,
    kind="category",
)
def company_type(lead: LeadAt) -> Known:
    """Manufacturer, trading company or one-person exporter."""
    return lead.fact("company_type")


@feature(
    name=N_("Country"),
    says=N_("Is in %(value)s."),
    unknown=N_("Its country is not known."),
    source=AT_FIRST_CONTACT,
    kind="category",
)
def country(lead: LeadAt) -> Known:
    """Where it is."""
    return lead.fact("country")


@feature(
    name=N_("Province"),
    says=N_("Is in the province %(value)s."),
    unknown=N_("Its province is not known."),
    source=AT_FIRST_CONTACT,
    kind="category",
)
def province(lead: LeadAt) -> Known:
    """Where in the country it is."""
    return lead.fact("province")


@feature(
    name=N_("Days since first contact"),
    says=N_("Days since first contact, and still open: %(value)s."),
    source=FROM_WORK,
    kind="number",
)
def age_days(lead: LeadAt) -> Known:
    """How long it has been open."""
    return lead.age_days()


@feature(
    name=N_("Visits"),
    says=N_("Pages visited in the last 30 days: %(value)s."),
    source=FROM_EVENTS,
    kind="number",
)
def visits(lead: LeadAt) -> Known:
    """Pages its person looked at."""
    return lead.events("page_view")


@feature(
    name=N_("E-mail clicks"),
    says=N_("Links clicked in e-mails in the last 30 days: %(value)s."),
    source=FROM_EVENTS,
    kind="number",
)
def email_clicks(lead: LeadAt) -> Known:
    """Links its person followed from our messages."""
    return lead.events("email_click", "click")


@feature(name=N_("Calls"), says=N_("Calls so far: %(value)s."), source=FROM_WORK, kind="number")
def calls(lead: LeadAt) -> Known:
    """How often it was called."""
    return lead.activities("call")


@feature(
    name=N_("Last call"),
    says=N_("How the last call went: %(value)s."),
    unknown=N_("It was not called yet."),
    source=FROM_WORK,
    kind="category",
)
def last_call(lead: LeadAt) -> Known:
    """How the last call went."""
    return lead.last_outcome("call")


@feature(
    name=N_("Stage"),
    says=N_("Has reached the stage %(value)s."),
    unknown=N_("Has reached no stage beyond the first contact."),
    source=FROM_WORK,
    kind="category",
)
def stage(lead: LeadAt) -> Known:
    """How far it has come."""
    return lead.stage()
