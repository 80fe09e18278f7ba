"""Whether a campaign can be sent: what is looked at before it is scheduled, with what to do about each finding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from growth.campaigns.checks.finding import Check
from growth.campaigns.checks.looking import checks_of
from growth.campaigns.choosing.reviewing import Review, review
from growth.campaigns.email.catalogue import locales_of, preview
from growth.campaigns.experimenting import experiment_of
from growth.campaigns.experiments import alike
from growth.campaigns.records import Campaign
from growth.campaigns.sending.rules import rules
from growth.campaigns.unserved import lacking
from growth.database.workspace import workspace
from growth.errors import GrowthError, NotFoundError, RefusedError
from growth.locales import LANGUAGE_NAMES, N_
from growth.settings import settings


@dataclass(frozen=True)
class Facts:
    """What the findings are made from."""

    sender_email: str | None
    postal_address: str | None
    broken: Mapping[str, GrowthError]
    """Why the message can't be made, by locale."""
    locales: int
    """How many languages the message has."""
    provider_key: bool
    reached: int
    public_url: str
    demo: bool


class UnreadyError(RefusedError):
    """It can't be sent as it is; says the first reason, `checks` are all findings."""

    def __init__(self, checks: Sequence[Check]) -> None:
        first = next(check for check in checks if check.tone == "bad")
        super().__init__(first.sentence, remedy=first.remedy, **first.values)
        self.checks = checks


def judge(facts: Facts) -> list[Check]:
    """All findings, in the order they are shown."""
    return [
        _audience(facts),
        *_message(facts),
        _sender(facts),
        _postal_address(facts),
        _provider(facts),
        _links(facts),
    ]


def _audience(facts: Facts) -> Check:
    if facts.reached:
        return Check("audience", "good", N_("Somebody gets it."))
    return Check(
        "audience", "bad", N_("Nobody would get it."), N_("Widen the audience, or see why people are left out.")
    )


def _message(facts: Facts) -> list[Check]:
    if not facts.locales:
        return [Check("message", "bad", N_("The message isn't there any more."), N_("Choose another message."))]
    if not facts.broken:
        return [
            Check(
                "message",
                "good",
                N_("The message can be made in all of its languages: %(count)s."),
                values={"count": facts.locales},
            )
        ]
    return [
        Check(
            "message",
            "bad",
            N_("The message can't be made in %(language)s."),
            error.message,
            dict(error.values) | {"language": locale},
        )
        for locale, error in facts.broken.items()
    ]


def _sender(facts: Facts) -> Check:
    if facts.sender_email:
        return Check("sender", "good", N_("It comes from %(sender)s."), values={"sender": facts.sender_email})
    return Check("sender", "bad", N_("Nobody is set as the sender."), N_("An administrator sets it under Settings."))


def _postal_address(facts: Facts) -> Check:
    if facts.postal_address:
        return Check("address", "good", N_("Your postal address and a way to unsubscribe stand below it."))
    return Check(
        "address",
        "warn",
        N_("Your postal address is missing; the law of many countries wants one in every message."),
        N_("An administrator sets it under Settings."),
    )


def _provider(facts: Facts) -> Check:
    if facts.provider_key:
        return Check("provider", "good", N_("The e-mail provider's key is set."))
    return Check(
        "provider",
        "bad",
        N_("No SendGrid key is set, so no campaign can be sent."),
        N_("Set GROWTH_SENDGRID_API_KEY."),
    )


def _links(facts: Facts) -> Check:
    values = {"url": facts.public_url}
    if facts.demo or not _only_here(urlsplit(facts.public_url).hostname or ""):
        return Check("links", "good", N_("Links in messages lead to %(url)s."), values=values)
    return Check(
        "links",
        "bad",
        N_("Links in messages lead to %(url)s, which only this machine can open: nobody could unsubscribe."),
        N_("Set GROWTH_BASE_URL to the public address."),
        values,
    )


def _only_here(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def look(session: Session, campaign: Campaign, now: datetime) -> tuple[Review, list[Check]]:
    """Who would get a campaign now, and the findings. Makes the message in each of its languages."""
    place, config = workspace(session), settings()
    locales = served(session, campaign)
    who = review(session, campaign, now) if locales else Review(0, 0, {}, {}, capped=False)
    facts = Facts(
        sender_email=place.sender_email if place else None,
        postal_address=place.postal_address if place else None,
        broken=broken(session, campaign, locales),
        locales=len(locales),
        provider_key=config.sendgrid_api_key is not None,
        reached=who.reached,
        public_url=config.public_url,
        demo=bool(place and place.demo),
    )
    setup = experiment_of(session, campaign.id)
    compared = alike.judge(setup.arms, who.by_locale) if setup else []
    return who, [*judge(facts), *_languages(session, campaign, who), *compared, *checks_of(session, campaign, now)]


def _languages(session: Session, campaign: Campaign, who: Review) -> list[Check]:
    """A warning when some in the audience read a language that growth speaks and the message lacks."""
    left_out = who.excluded.get("no_language", 0)
    lacks = ", ".join(LANGUAGE_NAMES[one] for one in lacking(session, campaign)) if left_out else ""
    if not lacks:
        return []
    told = N_("Some get nothing, since the message isn't offered in a language they read: %(people)s.")
    remedy = N_("Write its sentences in %(languages)s.")
    return [Check("languages", "warn", told, remedy, {"people": left_out, "languages": lacks}, "message")]


def served(session: Session, campaign: Campaign) -> list[str]:
    """The languages of the campaign's message; none when it isn't there any more."""
    try:
        return locales_of(session, campaign.message, campaign.message_version)
    except NotFoundError:
        return []


def broken(session: Session, campaign: Campaign, locales: Sequence[str]) -> dict[str, GrowthError]:
    """Why a message can't be made, by locale."""
    found: dict[str, GrowthError] = {}
    for locale in locales:
        try:
            preview(session, campaign.message, locale, version=campaign.message_version)
        except GrowthError as error:
            found[locale] = error
    return found


def check_ready(session: Session, campaign: Campaign, now: datetime) -> Review:
    """Who gets it. Raises UnreadyError when it can't be sent as it is."""
    who, checks = look(session, campaign, now)
    if any(check.tone == "bad" for check in checks):
        raise UnreadyError(checks)
    return who


def needs_approval(session: Session, campaign: Campaign, reached: int | None, now: datetime) -> bool:
    """Whether somebody else has to approve what is sent to `reached` people (counted here when None)."""
    least = rules(session).approval_from
    if least is None or campaign.approved_version == campaign.version:
        return False
    return (review(session, campaign, now).reached if reached is None else reached) >= least
