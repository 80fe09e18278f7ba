"""Test letters: a campaign's message to named colleagues, before anybody else gets it."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import locales_of
from growth.campaigns.letters.copies import copy_of
from growth.campaigns.letters.posting import Content, post
from growth.campaigns.records import Campaign
from growth.campaigns.seeing import UnsaidError, Wording, reader, wordings
from growth.campaigns.sending.rules import rules
from growth.errors import InvalidError, TransientError
from growth.locales import LANGUAGE_NAMES, N_, translate
from growth.people.accounts import Account

KIND = "test"
MOST_PER_HOUR = 60
"""Test letters that one colleague may post; more is a mistake, or somebody else."""

SUBJECT = N_("[Test] %(subject)s")

_COUNT = text("""
    insert into sending_pace (scope, since, used) values (:scope, :hour, :number)
    on conflict (scope, since) do update set used = sending_pace.used + excluded.used
    returning used
""")


def colleagues(session: Session) -> Mapping[str, str]:
    """Who may get a test: names by address, of the team and of the seed list; nobody else, by whatever way."""
    seeds = {str(seed["email"]).lower(): str(seed["email"]) for seed in rules(session).seeds}
    team = select(Account).where(Account.disabled_at.is_(None)).order_by(Account.name, Account.id)
    return {account.email: account.name for account in session.scalars(team)} | seeds


def post_tests(
    session: Session,
    campaign: Campaign,
    *,
    to: Collection[str],
    locales: Collection[str],
    person: int | None,
    actor: str,
    now: datetime,
) -> int:
    """Post the message to colleagues, in each language and arm, as a person would get it or the sample.

    Gives the number of letters. Raises InvalidError (fields `to`, `locales`, `person`), NotFoundError, MessageError
    when it can't be made, and TransientError beyond `MOST_PER_HOUR`.
    """
    addresses = sorted({address.strip().lower() for address in to if address.strip()})
    _check(session, campaign, addresses, locales)
    contents = [
        (wording.message, locale, _content(session, wording, locale, person, now))
        for locale in dict.fromkeys(locales)
        for wording in wordings(session, campaign, locale)
    ]
    _count(session, actor, len(contents) * len(addresses), now)
    for address in addresses:
        for message, locale, content in contents:
            post(
                session,
                kind=KIND,
                message=message,
                locale=locale,
                email=address,
                values={},
                posted_by=actor,
                now=now,
                content=content,
            )
    return len(contents) * len(addresses)


def _check(session: Session, campaign: Campaign, addresses: Collection[str], locales: Collection[str]) -> None:
    if not addresses:
        raise InvalidError("to", N_("Choose at least one colleague."))
    known = colleagues(session)
    if stranger := next((address for address in addresses if address not in known), None):
        raise InvalidError(
            "to",
            N_("%(address)s belongs neither to the team nor to the seed list, so it gets no tests."),
            address=stranger[:120],
        )
    served = locales_of(session, campaign.message, campaign.message_version)
    if not locales:
        raise InvalidError("locales", N_("Choose at least one language."))
    if other := next((locale for locale in locales if locale not in served), None):
        raise InvalidError(
            "locales",
            N_("The message isn't there in %(language)s."),
            language=LANGUAGE_NAMES.get(other, other[:20]),
        )


def _content(session: Session, wording: Wording, locale: str, person: int | None, now: datetime) -> Content:
    who = reader(session, person) if person is not None else None
    try:
        made = copy_of(session, wording, locale, now, who)
    except UnsaidError as error:
        raise InvalidError("person", error.message) from error
    return Content(translate(locale, SUBJECT, subject=made.subject), made.html, made.text)


def _count(session: Session, actor: str, number: int, now: datetime) -> None:
    """Count them under the row's lock; the caller's transaction takes it back when it fails."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    used = session.scalar(_COUNT, {"scope": f"{KIND}:{actor}"[:200], "hour": hour, "number": number})
    if used is not None and used > MOST_PER_HOUR:
        raise TransientError(
            N_("That would be more than %(most)s test letters in an hour."),
            remedy=N_("Choose fewer colleagues or languages, or wait for the next hour."),
            most=MOST_PER_HOUR,
        )
