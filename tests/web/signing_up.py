"""A list, a form and visitors for tests of signing up."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.keyring import keyring
from growth.people.permission import forms, guarding, lists
from growth.people.permission.records import Confirmation, MailingList, SignUpForm
from tests.web.serving import Site

ACTOR = "marketer@example.com"
TEXTS = {
    "en": {
        "heading": "Product news",
        "introduction": "Once a week.",
        "wording": "I agree to get product news from Market of makers.",
        "button": "Subscribe",
        "thanks": "Look into your mailbox.",
    },
    "ru": {
        "heading": "Новости",
        "introduction": "",
        "wording": "Я согласен получать новости Market of makers.",
        "button": "Подписаться",
        "thanks": "",
    },
}
SHOP = "https://shop.example"


def add_list(session: Session, clock: FixedClock, key: str = "product_news", **more: Any) -> MailingList:
    topic = lists.Topic(names={"en": "Product news", "ru": "Новости товаров"}, descriptions={}, public=True)
    return lists.create(session, key, more.get("side", "buyer"), topic, actor=ACTOR, now=clock.now())


def design(list_id: int, **more: Any) -> forms.Design:
    given: dict[str, Any] = {"name": "On the start page", "list_id": list_id, "texts": TEXTS, "origins": [SHOP]}
    return forms.Design(**given | more)


def add_form(session: Session, clock: FixedClock, key: str = "news", **more: Any) -> SignUpForm:
    found = lists.all_lists(session)
    wanted = found[0] if found else add_list(session, clock)
    return forms.create(session, key, design(wanted.id, **more), actor=ACTOR, now=clock.now())


@dataclass
class Visitor:
    """Somebody who sends a form, a while after it was shown to them."""

    site: Site
    key: str = "news"
    headers: dict[str, str] = field(default_factory=dict)
    country: str = ""

    def send(self, email: str, *, origin: str | None = None, waiting: float = 5, **more: str) -> httpx.Response:
        """Send it; `origin` is where from, this site when left out."""
        assert isinstance(self.site.clock, FixedClock)
        given = {"email": email, "stamp": self.stamp(), "country": self.country} | more
        self.site.clock.moment += timedelta(seconds=waiting)
        headers = {"Accept": "text/html", "Origin": self.site.url if origin is None else origin} | self.headers
        return httpx.post(f"{self.site.url}/f/{self.key}", data=given, headers=headers, timeout=30)

    def stamp(self) -> str:
        with transaction(self.site.engine) as session:
            return guarding.stamp(forms.form_by_key(session, self.key), "en", self.site.clock.now())


def confirmations(site: Site) -> list[Confirmation]:
    with transaction(site.engine) as session:
        return list(session.query(Confirmation).order_by(Confirmation.id))


def rows(site: Site, statement: str) -> list[Row[Any]]:
    with transaction(site.engine) as session:
        return list(session.execute(text(statement)).all())


def letters(site: Site) -> list[tuple[str, str]]:
    """Message and address of every letter, in order."""
    found = rows(site, "select message, email_sealed from letter order by id")
    return [(one.message, keyring().unseal(one.email_sealed)) for one in found]
