"""Pretend people as the shop's own database and the reps' lists would tell of them."""

from growth.sandbox.dice import Dice
from growth.sandbox.market.lives import Life
from growth.sandbox.market.sellers import Seller
from growth.sandbox.past import names
from growth.sandbox.past.people import NewPerson

_WORDING = {
    "ru": "Да, присылайте мне письма о новых товарах и скидках.",
    "en": "Yes, write to me about new goods and discounts.",
    "pt_BR": "Sim, quero receber e-mails sobre novidades e descontos.",
    "zh_CN": "是的，请向我发送新品和优惠邮件。",
}


def buyer(life: Life, dice: Dice) -> NewPerson:
    """Somebody who registered or asked for the newsletter."""
    nation = life.shopper.nation
    name, email = names.person(nation, dice, life.shopper.number)
    return NewPerson(
        email=email,
        name=name,
        country=nation.country,
        locale=nation.locale,
        time_zone=nation.zone,
        said_yes=life.allowed,
        source="registration form" if life.subscribed is None else "newsletter form",
        wording=_WORDING[nation.locale],
    )


def seller(one: Seller) -> NewPerson:
    """Whom to talk to there."""
    return NewPerson(
        email=one.email,
        name=one.contact,
        country="CN",
        locale="zh_CN",
        time_zone=names.SELLERS.zone,
        said_yes=one.said_yes,
        source="seller contact form",
        wording="同意接收开店指南和活动通知。",
    )
