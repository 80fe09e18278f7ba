"""How an overspent budget is told where things need attention."""

from fastapi import Request

from growth.attribution.channels import labels
from growth.locales import N_
from growth.money import Money
from growth.spend.paced import Paced
from growth.web.channel_words import Told
from growth.web.formats import money_text
from growth.web.rendering import locale_of, said


def tell_overspent(request: Request, side: str, found: Paced) -> Told:
    """A sentence, and the figures below it."""
    locale = locale_of(request)

    def money(minor: int) -> str:
        return money_text(Money(minor, found.currency), locale, whole=True)

    channel = said(request, labels(side)[found.channel])
    sentence = N_("%(channel)s: this month's budget is overspent")
    more = N_("%(spent)s of %(budget)s were spent until yesterday.")
    values = {"spent": money(found.pace.spent), "budget": money(found.budget_minor or 0)}
    if not found.overspent:
        sentence = N_("%(channel)s: this month's budget will be overspent")
        more = N_("%(spent)s of %(budget)s were spent until yesterday; it will end between %(low)s and %(high)s.")
        values |= {"low": money(found.pace.low), "high": money(found.pace.high)}
    return Told("coin", said(request, sentence, channel=channel), said(request, more, **values), found.channel)
