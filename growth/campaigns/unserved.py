"""Languages that a campaign's message isn't offered in, and how many of its audience get nothing for that."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.choosing.judging import served_in
from growth.campaigns.choosing.permission import LOCALE
from growth.campaigns.experimenting import experiment_of
from growth.campaigns.pinning import conditions_of
from growth.campaigns.records import Campaign
from growth.campaigns.seeing import quickly
from growth.errors import NotFoundError
from growth.locales import LOCALES

MOST_COUNTED = 10_000
"""People; it is about whether there are any, and whether they are many."""


def lacking(session: Session, campaign: Campaign) -> list[str]:
    """The languages of the product that its message, or one of its experiment's, isn't offered in."""
    try:
        served = served_in(session, campaign, experiment_of(session, campaign.id))
    except NotFoundError:
        return []  # the message is gone, which is another finding
    return [locale for locale in LOCALES if locale not in served]


_READERS = f"""
    select locale, count(*) from (
        select {LOCALE} as locale from person
        where person.erased_at is null and {LOCALE} = any(:lacking) and {{where}}
            and exists (select from consent where consent.person_id = person.id and consent.purpose = :purpose
                and consent.channel = 'email' and consent.granted)
        limit :most) found
    group by 1 order by 2 desc
"""  # noqa: S608 - the part is ours, values are bound


def unserved(session: Session, campaign: Campaign, locales: Sequence[str], now: datetime) -> dict[str, int] | None:
    """How many with permission in the audience read each of these languages, the most first; those with nobody lack.

    At most `MOST_COUNTED` together. None when counting takes too long for a page.
    """
    audience = compiled(conditions_of(session, campaign))
    asked = {"lacking": list(locales), "purpose": campaign.purpose, "most": MOST_COUNTED, "now": now}
    found = quickly(session, _READERS.format(where=audience.where), asked | dict(audience.values))
    return None if found is None else {locale: people for locale, people in found}  # noqa: C416 - rows, not pairs
