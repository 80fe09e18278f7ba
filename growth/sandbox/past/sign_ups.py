"""Lists, forms, and who came by them: a year of sign-ups, some of which nobody confirmed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from growth.keyring import keyring
from growth.locales import LOCALES
from growth.people.consent import MARKETING
from growth.people.identity import EMAIL
from growth.people.permission import forms, lists
from growth.people.permission.records import Confirmation, MailingList, SignUpForm

_ACTOR = "sample data"
_SHOP = "https://shop.example"
_ASKED = 240
_LISTS = {
    "product_news": ("buyer", ("Product news", "Новинки", "Novidades", "新品速递")),
    "offers": ("buyer", ("Offers of the week", "Предложения недели", "Ofertas da semana", "每周优惠")),
    "seller_letter": ("seller", ("Letter to sellers", "Письмо продавцам", "Carta aos vendedores", "卖家通讯")),
}
_PURPOSES = {"seller_letter": "seller_news"}
"""What lists are for that aren't about news and offers."""
_SHARES = {"product_news": 80, "offers": 45, "seller_letter": 60}
"""Percent of those who allow e-mails."""

_JOIN = text("""
    insert into list_member (list_id, person_id, state, source, at)
    select :list, person_id, case when bucket % 17 = 0 then 'left' else 'subscribed' end,
        case when bucket % 17 = 0 then 'preferences' else :source end, at
    from consent cross join lateral (
        select get_byte(sha256(convert_to(:key || person_id, 'UTF8')), 0) * 100 / 256 as bucket) hashed
    where person_id = any(:people) and purpose = 'marketing' and channel = 'email' and granted and bucket < :share
    on conflict do nothing
""")
_ALLOW = text("""
    with allowed as (
        insert into consent_fact (person_id, purpose, channel, granted, basis, jurisdiction, source, wording, at,
            recorded_at)
        select person_id, :purpose, 'email', true, 'consent', 'default', source, :wording, at, at
        from list_member where list_id = :list and source = :source
        on conflict do nothing returning person_id, purpose, channel, granted, basis, at)
    insert into consent (person_id, purpose, channel, granted, basis, at) select * from allowed on conflict do nothing
""")


def sign_up(session: Session, buyers: Sequence[int], sellers: Sequence[int], organisation: str, now: datetime) -> None:
    """Make the lists and forms with those who are on them; once they are there, nothing."""
    if lists.all_lists(session):
        return
    began = now - timedelta(days=300)
    for key, (side, names) in _LISTS.items():
        topic = lists.Topic(names=dict(zip(LOCALES, names, strict=True)), descriptions={}, public=True)
        made = lists.create(session, key, side, topic, purpose=_PURPOSES.get(key, MARKETING), actor=_ACTOR, now=began)
        form = _form(session, made, organisation, began)
        people = buyers if side == "buyer" else sellers
        asked = {"list": made.id, "key": key, "people": list(people), "share": _SHARES[key]}
        session.execute(_JOIN, asked | {"source": f"form {form.key}"})
        if made.purpose != MARKETING:
            agreed = {"purpose": made.purpose, "wording": form.texts["en"]["wording"]}
            session.execute(_ALLOW, agreed | {"list": made.id, "source": f"form {form.key}"})
        _ask(session, form, now)


def _form(session: Session, to: MailingList, organisation: str, began: datetime) -> SignUpForm:
    design = forms.Design(
        name=to.names["en"],
        list_id=to.id,
        texts=forms.starting_texts(organisation, to),
        asks_country=True,
        origins=[_SHOP],
    )
    return forms.create(session, to.key.replace("_", "-"), design, actor=_ACTOR, now=began)


def _ask(session: Session, form: SignUpForm, now: datetime) -> None:
    """Confirmations of the last months: most were given, some passed, the last ones wait."""
    on_it = text("select person_id from list_member where list_id = :list and source = :source order by at limit :most")
    asked = {"list": form.list_id, "source": f"form {form.key}", "most": _ASKED}
    people = list(session.scalars(on_it, asked))
    rows = [_asked(form, person, place, now) for place, person in reversed(list(enumerate(people)))]
    if rows:
        session.execute(insert(Confirmation), rows)


def _asked(form: SignUpForm, person: int, place: int, now: datetime) -> dict[str, object]:
    at = now - timedelta(hours=7 * place + 1, minutes=place * 13 % 60)
    state = "expired" if place % 6 == 5 and place > 30 else "confirmed"
    evidence = {"form": form.key, "form_version": 1, "page": f"{_SHOP}/", "ip_prefix": f"198.51.{place % 250}.0/24"}
    return {
        "kind": "subscription",
        "email_hash": keyring().keyed_hash(EMAIL, f"sign-up {form.key} {place}"),
        "person_id": person if state == "confirmed" else None,
        "list_id": form.list_id,
        "form_id": form.id,
        "locale": "en",
        "jurisdiction": "default",
        "wording": form.texts["en"]["wording"],
        "evidence": evidence | {"asked_at": at.isoformat()},
        "state": state,
        "asked_at": at,
        "expires_at": at + timedelta(days=3),
        "confirmed_at": at + timedelta(minutes=4) if state == "confirmed" else None,
        "letters": 1,
        "last_letter_at": at,
    }
