"""Marks that the law of some countries wants in front of an advertisement's subject, such as “AD”."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.checks.finding import Check
from growth.campaigns.choosing.permission import LOCALE
from growth.campaigns.email.catalogue import Compiled
from growth.campaigns.pinning import conditions_of
from growth.campaigns.records import Campaign
from growth.campaigns.seeing import quickly
from growth.locales import LANGUAGE_NAMES, N_
from growth.people.permission.jurisdictions import Rule, rules

KEY = "mark"
_READERS = f"""
    select 1 from person
    where person.country = any(:countries) and person.erased_at is null and {LOCALE} = any(:locales) and {{where}}
        and exists (select from consent where consent.person_id = person.id and consent.purpose = :purpose
            and consent.channel = 'email' and consent.granted)
    limit 1
"""  # noqa: S608 - the parts are ours, values are bound


def is_marked(subject: str, marks: Sequence[str]) -> bool:
    """Whether a subject begins with one of the marks, in brackets or not; “Adidas” isn't marked."""
    bare = subject.lstrip(" [({（【《〔")
    return any(bare.startswith(mark) and not (mark.isascii() and bare[len(mark) :][:1].isalnum()) for mark in marks)


def look(session: Session, campaign: Campaign, letters: Sequence[Compiled], now: datetime) -> Iterator[Check]:
    """A warning for each country's law by which some of the audience should be told that it is an advertisement."""
    for rule in rules():
        unmarked = sorted({one.locale for one in letters if not is_marked(one.subject, rule.marks)})
        if rule.marks and unmarked and _reaches(session, campaign, rule, unmarked, now):
            yield Check(
                KEY,
                "warn",
                N_("Some of them live where the law wants advertisements marked (%(where)s), and the subject isn't."),
                N_("Begin the subject with %(marks)s in %(languages)s, or leave that country out."),
                {
                    "where": ", ".join(sorted(rule.countries)),
                    "marks": " / ".join(f"“{mark}”" for mark in rule.marks),
                    "languages": ", ".join(LANGUAGE_NAMES[one] for one in unmarked),
                },
                "message",
            )


def _reaches(session: Session, campaign: Campaign, rule: Rule, locales: list[str], now: datetime) -> bool:
    audience = compiled(conditions_of(session, campaign))
    asked = {"countries": sorted(rule.countries), "locales": locales, "purpose": campaign.purpose, "now": now}
    return bool(quickly(session, _READERS.format(where=audience.where), asked | dict(audience.values)))
