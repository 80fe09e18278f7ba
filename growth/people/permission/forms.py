"""Sign-up forms: what they say in each language, what they ask for, and which sites may have them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import ConflictError, InvalidError, NotFoundError
from growth.locales import LOCALES, N_, translate
from growth.people.consent import MARKETING, PURPOSES
from growth.people.permission.guarding import clean_origin
from growth.people.permission.lists import check_open, list_by_id
from growth.people.permission.records import Confirmation, MailingList, SignUpForm

DEFAULTS = {
    "heading": N_("Get “%(list)s” by e-mail"),
    "introduction": N_("News and offers from %(organisation)s, and nothing else."),
    "wording": N_(
        "I agree that %(organisation)s sends me “%(list)s” by e-mail: news and offers of its market. I can leave at "
        "any time by the link in each e-mail. My address is used for this alone, as the privacy notice of "
        "%(organisation)s says."
    ),
    "button": N_("Subscribe"),
    "thanks": N_("Please look into your mailbox: your address may have to be confirmed there by one click."),
}
"""What a new form says until somebody writes it otherwise."""
OTHERWISE = {
    "introduction": N_("%(purpose)s from %(organisation)s, and nothing else."),
    "wording": N_(
        "I agree that %(organisation)s sends me “%(list)s” by e-mail. What it is about: %(purpose)s. I can leave at "
        "any time by the link in each e-mail. My address is used for this alone, as the privacy notice of "
        "%(organisation)s says."
    ),
}
"""What it says differently where a list isn't about news and offers."""
PARTS = {"heading": 120, "introduction": 500, "wording": 2_000, "button": 40, "thanks": 500}
"""What a form says, and how long each may be."""
NEEDED = ("heading", "wording", "button")
MOST_ORIGINS = 20
MOST_COUNTED = 10_000
_KEY = re.compile(r"[a-z][a-z0-9-]{1,39}")


@dataclass(frozen=True, kw_only=True)
class Design:
    """What a person decides about a form; anything but its key."""

    name: str
    list_id: int
    texts: Mapping[str, Mapping[str, str]]
    """By locale and part; the English ones are needed, others where a language has any text."""
    asks_name: bool = False
    asks_country: bool = False
    always_confirms: bool = True
    thanks_url: str = ""
    origins: Sequence[str] = ()


@dataclass(frozen=True)
class Funnel:
    """What became of the newest confirmations of a form, at most `MOST_COUNTED`."""

    asked: int
    confirmed: int
    expired: int
    more: bool

    @property
    def waiting(self) -> int:
        """Those who still may confirm."""
        return self.asked - self.confirmed - self.expired


def create(session: Session, key: str, design: Design, *, actor: str, now: datetime) -> SignUpForm:
    """A new form. Raises InvalidError naming the field: `key`, those of `Design`, or `wording_ru` and its like."""
    if not _KEY.fullmatch(key):
        raise InvalidError(
            "key",
            N_("An address has 2 to 40 small letters, digits and hyphens, and begins with a letter."),
            remedy=N_("Write it like product-news."),
        )
    made = SignUpForm(key=key, created_by=actor, created_at=now, **_checked(session, design))
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as taken:
        raise InvalidError("key", N_("There is a form at this address already.")) from taken
    session.refresh(made)
    audit(session, actor=actor, action="form.create", subject=key, detail=_told(made), now=now)
    return made


def change(session: Session, form: SignUpForm, design: Design, *, version: int, actor: str, now: datetime) -> None:
    """Save a form; its version goes up, so that evidence tells what somebody saw.

    Raises InvalidError as `create` does, and ConflictError when somebody saved it since `version`.
    """
    session.refresh(form, with_for_update=True)
    if form.version != version:
        raise ConflictError(
            N_("Somebody else has saved this form meanwhile."), remedy=N_("Open it again and repeat your change.")
        )
    for name, value in _checked(session, design).items():
        setattr(form, name, value)
    if session.is_modified(form):
        form.version += 1
        audit(session, actor=actor, action="form.change", subject=form.key, detail=_told(form), now=now)


def _told(form: SignUpForm) -> dict[str, Any]:
    """Exactly what a version of the form said, so that the audit log proves it."""
    return {"version": form.version, "list": form.list_id, "texts": form.texts}


def _checked(session: Session, design: Design) -> dict[str, Any]:
    name = " ".join(design.name.split())
    if not name or len(name) > 80:
        raise InvalidError("name", N_("Give the form a name of at most %(most)s letters."), most=80)
    try:
        check_open(list_by_id(session, design.list_id))
    except (NotFoundError, ConflictError) as gone:
        raise InvalidError("list_id", N_("Choose the list that people subscribe to.")) from gone
    origins = _origins(design.origins)
    return {
        "name": name,
        "list_id": design.list_id,
        "texts": _texts(design.texts),
        "asks_name": design.asks_name,
        "asks_country": design.asks_country,
        "always_confirms": design.always_confirms,
        "thanks_url": _thanks(design.thanks_url.strip(), origins),
        "origins": origins,
    }


def _texts(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    kept = {}
    for locale in LOCALES:
        said = {part: (texts.get(locale, {}).get(part) or "").strip() for part in PARTS}
        if not any(said.values()) and locale != LOCALES[0]:
            continue
        for part, most in PARTS.items():
            if not said[part] and part in NEEDED:
                raise InvalidError(f"{part}_{locale}", N_("This is needed where a language has any text."))
            if len(said[part]) > most:
                raise InvalidError(f"{part}_{locale}", N_("This is longer than %(most)s letters."), most=most)
        kept[locale] = said
    return kept


def _origins(origins: Sequence[str]) -> list[str]:
    kept: dict[str, None] = {}
    for line in filter(None, map(str.strip, origins)):
        origin = clean_origin(line)
        if origin is None:
            raise InvalidError("origins", N_("“%(line)s” is no site."), remedy=_LIKE, line=line[:80])
        kept[origin] = None
    if len(kept) > MOST_ORIGINS:
        raise InvalidError("origins", N_("A form can be on at most %(most)s sites."), most=MOST_ORIGINS)
    return list(kept)


_LIKE = N_("Write it like https://shop.example, one in a line.")


def _thanks(url: str, origins: Sequence[str]) -> str | None:
    if not url:
        return None
    if clean_origin(url) not in origins or len(url) > 500 or not url.isprintable() or " " in url:
        raise InvalidError("thanks_url", N_("This page has to be on one of the sites below."), remedy=_LIKE)
    return url


def starting_texts(organisation: str, wanted: MailingList) -> dict[str, dict[str, str]]:
    """What a new form says in each language: what the list is, and what it is for."""
    sentences = DEFAULTS if wanted.purpose == MARKETING else DEFAULTS | OTHERWISE
    return {
        locale: {
            part: translate(
                locale,
                sentence,
                list=wanted.names.get(locale) or wanted.names[LOCALES[0]],
                organisation=organisation,
                purpose=translate(locale, PURPOSES[wanted.purpose]),
            )
            for part, sentence in sentences.items()
        }
        for locale in LOCALES
    }


def texts_in(form: SignUpForm, locale: str) -> tuple[str, dict[str, str]]:
    """What a form says to a reader of a language, and in which language that is."""
    served = locale if locale in form.texts else LOCALES[0]
    return served, form.texts[served]


def form_by_id(session: Session, form_id: int) -> SignUpForm:
    """One form, archived or not. Raises NotFoundError."""
    found = session.get(SignUpForm, form_id)
    if found is None:
        raise NotFoundError(N_("There is no such form."))
    return found


def form_by_key(session: Session, key: str) -> SignUpForm:
    """One form, archived or not. Raises NotFoundError."""
    found = session.scalar(select(SignUpForm).where(SignUpForm.key == key)) if _KEY.fullmatch(key) else None
    if found is None:
        raise NotFoundError(N_("There is no such form."))
    return found


def open_form(session: Session, key: str) -> SignUpForm:
    """A form that takes sign-ups. Raises NotFoundError, also for one in the archive or whose list is."""
    form = form_by_key(session, key)
    if form.archived_at is not None or list_by_id(session, form.list_id).archived_at is not None:
        raise NotFoundError(N_("This form is closed."))
    return form


def all_forms(session: Session, *, archived: bool = False) -> Sequence[SignUpForm]:
    """Every form in use, or every one in the archive."""
    wanted = SignUpForm.archived_at.is_not(None) if archived else SignUpForm.archived_at.is_(None)
    return session.scalars(select(SignUpForm).where(wanted).order_by(SignUpForm.id)).all()


def forms_of(session: Session, list_id: int) -> Sequence[SignUpForm]:
    """The open forms of a list, the newest first."""
    found = select(SignUpForm).where(SignUpForm.list_id == list_id, SignUpForm.archived_at.is_(None))
    return session.scalars(found.order_by(SignUpForm.id.desc())).all()


def archive(session: Session, form: SignUpForm, *, actor: str, now: datetime) -> None:
    """It takes no sign-ups any more; what waits for a confirmation can still be confirmed."""
    if form.archived_at is None:
        form.archived_at = now
        audit(session, actor=actor, action="form.archive", subject=form.key, detail={}, now=now)


def restore(session: Session, form: SignUpForm, *, actor: str, now: datetime) -> None:
    """Take it back from the archive."""
    if form.archived_at is not None:
        form.archived_at = None
        audit(session, actor=actor, action="form.restore", subject=form.key, detail={}, now=now)


def funnels(session: Session, wanted: Collection[int], now: datetime) -> dict[int, Funnel]:
    """How many were asked, said yes, and let it pass, of the newest `MOST_COUNTED` of each form."""
    rows = session.execute(_FUNNELS, {"forms": sorted(wanted), "now": now, "most": MOST_COUNTED + 1})
    return {
        form: Funnel(min(asked, MOST_COUNTED), confirmed, expired, more=asked > MOST_COUNTED)
        for form, asked, confirmed, expired in rows
    }


_FUNNELS = text("""
    select form, counted.* from unnest(cast(:forms as bigint[])) form
    cross join lateral (
        select count(*) as asked, count(*) filter (where state = 'confirmed') as confirmed,
            count(*) filter (where state <> 'confirmed' and expires_at <= :now) as expired
        from (select state, expires_at from confirmation where form_id = form order by id desc limit :most) newest
    ) counted
""")


def confirmations(
    session: Session, form_id: int, *, after: int | None = None, size: int = 50
) -> Sequence[Confirmation]:
    """The next `size` confirmations of a form below the id `after`, newest first."""
    found = select(Confirmation).where(Confirmation.form_id == form_id)
    if after is not None:
        found = found.where(Confirmation.id < after)
    return session.scalars(found.order_by(Confirmation.id.desc()).limit(size)).all()
