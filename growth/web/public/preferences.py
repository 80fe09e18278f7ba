"""`/p/preferences`: what a recipient wants, said on one page by a signed link, without signing in or a script."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.orm import Session

from growth.campaigns import wishes
from growth.campaigns.email.recipients import Recipient, recipients
from growth.database.workspace import workspace
from growth.errors import InvalidError, NotFoundError, RefusedError
from growth.events.ingest import NewEvent, first_seen, ingest
from growth.events.links import read_preferences
from growth.ids import event_id
from growth.keyring import keyring
from growth.locales import N_, closest, translate
from growth.people.identity import normalise_email
from growth.people.permission import leaving, moving, preferences
from growth.people.permission.guarding import ip_prefix, spend
from growth.web.access import ClockDep, SessionDep, public
from growth.web.people_words import FREQUENCIES
from growth.web.public.happened import happened
from growth.web.public.recipient_words import REASONS, masked
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/p/preferences")

AGREEMENT = N_("By choosing a topic I allow %(organisation)s to send me e-mails about it. I can leave at any time.")
_MOST_CHANGES = 10
"""New addresses that one person may ask for in an hour: each is a letter to whoever has it."""
ANEW = N_("By this I allow %(organisation)s to send me news and offers by e-mail. I can leave at any time.")


@dataclass(frozen=True)
class Reader:
    """Who opened the link, and in which language the page speaks."""

    token: str
    person_id: int
    message: Recipient | None
    """The message it came with, if it came with one."""
    locale: str
    organisation: str

    @property
    def page(self) -> str:
        """The path of the page."""
        return f"/p/preferences?t={self.token}"


def _reader(request: Request, session: Session, token: str) -> Reader:
    link = read_preferences(token)
    message = recipients(session, [link.delivery_id]).get(link.delivery_id) if link.delivery_id else None
    if message is None and link.delivery_id:
        raise NotFoundError(N_("The message that this link came with is gone."))
    person_id = message.person_id if message else link.person_id
    if person_id is None:
        raise RefusedError(N_("This person asked to be erased, so nothing is stored about them."))
    person, place = preferences.recipient(session, person_id), workspace(session)
    request.state.demo = place is not None and place.demo
    locale = closest(request.cookies.get("locale")) or preferences.closest_locale(person)
    return Reader(token, person_id, message, locale, place.name if place else "")


@router.get("", dependencies=[public()])
def preferences_page(request: Request, session: SessionDep, clock: ClockDep, t: str = "") -> Response:
    """The page; opening it changes nothing."""
    return _page(request, session, _reader(request, session, t), clock.now())


def _page(
    request: Request, session: Session, reader: Reader, now: datetime, *, status: int = 200, **more: Any
) -> Response:
    live = moving.live_address(session, reader.person_id)
    standing = preferences.standing(session, reader.person_id, locale=reader.locale, now=now)
    values = {"errors": {}, "email": "", "sent_to": None} | more
    response = render(
        request,
        "preferences.html",
        status=status,
        locale=reader.locale,
        zone=preferences.recipient(session, reader.person_id).time_zone or "UTC",
        token=reader.token,
        organisation=reader.organisation,
        address=masked(keyring().unseal(live.sealed)) if live and live.sealed else None,
        standing=standing,
        frequencies=FREQUENCIES,
        reasons=REASONS,
        agreement=AGREEMENT,
        anew=ANEW,
        undoable=leaving.may_take_back(session, reader.person_id, now),
        **values,
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@router.post("", dependencies=[public()])
def save(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    t: str = "",
    *,
    topics: Annotated[list[str], Form()] = [],  # noqa: B006 - read only
    shown: Annotated[list[str], Form()] = [],  # noqa: B006 - likewise
    frequency: Annotated[str, Form()] = "",
    frequency_shown: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "",
    language_shown: Annotated[str, Form()] = "",
) -> Response:
    """Keep what was changed on the page as it was shown, so that a second tab takes nothing of the first one back."""
    reader, now = _reader(request, session, t), clock.now()
    answer = toast(see_other(reader.page), N_("Saved. It holds from the next e-mail on."))
    try:
        with session.begin_nested():
            for key, on in changed_topics(shown, topics):
                _topic(request, session, reader, key, on=on, now=now)
            if frequency and frequency != frequency_shown:
                preferences.choose_frequency(session, reader.person_id, frequency, now=now)
            if language and language != language_shown:
                wishes.choose_language(session, reader.person_id, language, now=now)
                answer.set_cookie("locale", language, max_age=31_536_000, path="/", samesite="lax", httponly=True)
    except InvalidError as error:
        return _page(request, session, reader, now, status=422, errors={error.field: error})
    return answer


def changed_topics(shown: list[str], chosen: list[str]) -> list[tuple[str, bool]]:
    """Key and new state of the topics that were ticked or unticked; `shown` has `key:on` or `key:off` for each."""
    before = {key: state == "on" for one in shown[:500] for key, _, state in [one.rpartition(":")]}
    return [(key, key in chosen) for key, on in before.items() if on != (key in chosen)]


def _topic(request: Request, session: Session, reader: Reader, key: str, *, on: bool, now: datetime) -> None:
    if not on:
        preferences.part_with(session, reader.person_id, key, now=now)
        return
    topics = preferences.standing(session, reader.person_id, locale=reader.locale, now=now).topics
    name = next((topic.name for topic in topics if topic.key == key), key)
    wording = f"{name}. {translate(reader.locale, AGREEMENT, organisation=reader.organisation)}"
    preferences.join(session, reader.person_id, key, wording=wording, evidence=_evidence(request, reader), now=now)


def _evidence(request: Request, reader: Reader) -> dict[str, Any]:
    prefix = ip_prefix(request.client.host if request.client else None)
    delivery = reader.message.delivery_id if reader.message else None
    return {"page": "/p/preferences", "delivery": delivery, "ip_prefix": prefix, "locale": reader.locale}


@router.post("/pause", dependencies=[public()])
def pause(request: Request, session: SessionDep, clock: ClockDep, t: str = "") -> Response:
    """Nothing for 30 days."""
    reader = _reader(request, session, t)
    preferences.pause(session, reader.person_id, now=clock.now())
    undo = f"/p/preferences/go-on?t={reader.token}"
    return toast(see_other(reader.page), N_("You get no e-mails with news and offers for 30 days."), undo=undo)


@router.post("/go-on", dependencies=[public()])
def go_on(request: Request, session: SessionDep, clock: ClockDep, t: str = "") -> Response:
    """End the pause."""
    reader = _reader(request, session, t)
    preferences.end_pause(session, reader.person_id, now=clock.now())
    return toast(see_other(reader.page), N_("The pause is over."))


@router.post("/address", dependencies=[public()])
def change_address(
    request: Request, session: SessionDep, clock: ClockDep, t: str = "", *, email: Annotated[str, Form()] = ""
) -> Response:
    """Send a letter to the new address. The answer is the same whoever the address belongs to."""
    reader, now = _reader(request, session, t), clock.now()
    try:
        _ask_address(session, reader, email[:1_000], _evidence(request, reader), now)
    except InvalidError as error:
        wrong = {"email": error}
        return _page(request, session, reader, now, status=422, errors=wrong, email=email[:1_000])
    return toast(
        see_other(reader.page),
        N_("We have written to %(address)s. The change holds once you confirm it there."),
        address=email.strip()[:100],
    )


def _ask_address(session: Session, reader: Reader, email: str, evidence: dict[str, Any], now: datetime) -> None:
    """Ask whoever has an address, of which a person names few in an hour. Raises InvalidError, field `email`."""
    address = normalise_email(email)
    if spend(session, "address change", str(reader.person_id), now) > _MOST_CHANGES:
        raise InvalidError("email", N_("You asked for so many addresses. Please try again in an hour."))
    wishes.ask_new_address(session, reader.person_id, address, locale=reader.locale, evidence=evidence, now=now)


@router.post("/unsubscribe", dependencies=[public()])
def unsubscribe(request: Request, session: SessionDep, clock: ClockDep, t: str = "") -> Response:
    """End everything at once; it can be taken back for ten minutes."""
    reader, now = _reader(request, session, t), clock.now()
    before = preferences.standing(session, reader.person_id, locale=reader.locale, now=now).anything
    delivery = reader.message.delivery_id if reader.message else None
    wishes.leave_everything(session, reader.person_id, delivery, now=now)
    if before and reader.message:
        happened(session, reader.message, "unsubscribe", "link", now)
    return see_other(reader.page)


@router.post("/undo", dependencies=[public()])
def undo(request: Request, session: SessionDep, clock: ClockDep, t: str = "") -> Response:
    """Let hold again what held before, while it isn't too late."""
    reader = _reader(request, session, t)
    if leaving.take_back(session, reader.person_id, now=clock.now()):
        return toast(see_other(reader.page), N_("Everything is as it was before."))
    return toast(see_other(reader.page), N_("It is too late to undo this, but you can subscribe again."))


@router.post("/again", dependencies=[public()])
def again(request: Request, session: SessionDep, clock: ClockDep, t: str = "") -> Response:
    """Allow news and offers again, as a permission of its own."""
    reader, now = _reader(request, session, t), clock.now()
    wording = translate(reader.locale, ANEW, organisation=reader.organisation)
    preferences.come_back(session, reader.person_id, wording=wording, evidence=_evidence(request, reader), now=now)
    return toast(see_other(reader.page), N_("You get e-mails with news and offers again."))


@router.post("/why", dependencies=[public()])
def why(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    t: str = "",
    *,
    reason: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Keep why somebody left, if they care to say; again it is kept once."""
    reader, now = _reader(request, session, t), clock.now()
    if reason in REASONS:
        key = event_id("why", f"{reader.token} {reason}")
        told = NewEvent(
            occurred_at=first_seen(session, [key], now)[key],
            event_id=key,
            kind="unsubscribe_reason",
            source="link",
            side=reader.message.side if reader.message else "buyer",
            person_id=reader.person_id,
            delivery_id=reader.message.delivery_id if reader.message else None,
            properties={"reason": reason},
        )
        ingest(session, [told], now)
    page = f"/p/unsubscribe?t={reader.token}" if back == "unsubscribe" and reader.message else reader.page
    return toast(see_other(page), N_("Thank you, that helps us."))
