"""What a campaign's message says in an inbox, beside which its other versions are written."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import Compiled, filled_in
from growth.campaigns.email.rendering import Rendering
from growth.campaigns.messages.sources import sample_of, source_of
from growth.campaigns.records import Campaign
from growth.errors import GrowthError


def subjects(session: Session, campaign: Campaign, locales: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Subject and preheader by locale, as somebody of its sample gets them; without the cost of making all of it."""
    source = source_of(session, campaign.message, campaign.message_version)
    found = {}
    for locale in locales:
        try:
            rendering = Rendering(source, locale)
            subject, _, preheader = rendering.render("subject.txt").strip().partition("\n")
            made = Compiled(locale, subject.strip(), preheader.strip(), "", "", rendering.links, rendering.places)
            seen = filled_in(made, sample_of(source).get("values", {}))
        except GrowthError:
            continue
        found[locale] = (seen.subject, seen.preheader)
    return found
