"""Audiences in words: each condition as a phrase, the whole as a sentence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from sqlalchemy.orm import Session

from growth.campaigns.audiences.conditions import leaves
from growth.campaigns.audiences.fields import FIELDS
from growth.campaigns.audiences.parts import EVENT_KINDS, KINDS
from growth.campaigns.audiences.reading import named, names_of_lists
from growth.leads.stages import STAGES
from growth.locales import N_
from growth.money import Money
from growth.people.consent import MARKETING, PURPOSES
from growth.web.formats import day_text, money_text, percent_text
from growth.web.people_words import country_name, language_name
from growth.web.rendering import locale_of, said

MOST_NAMED = 6
"""Values of one condition that are named; the others are counted."""

_STEPS = {
    "sent": N_("were sent"),
    "delivered": N_("received"),
    "opened": N_("opened"),
    "clicked": N_("followed a link in"),
}


@dataclass(frozen=True)
class Words:
    """What phrases are made with: the reader's language and zone, and names of what conditions speak of."""

    request: Request
    zone: str
    lists: Mapping[str, str]
    campaigns: Mapping[int, str]
    audiences: Mapping[int, str]

    def say(self, sentence: str, **values: object) -> str:
        """A sentence in the reader's language."""
        return said(self.request, sentence, **values)

    def either(self, names: list[str]) -> str:
        """`Russia, Brazil or Chile`; many are cut short."""
        if len(names) > MOST_NAMED:
            first, more = ", ".join(names[: MOST_NAMED - 1]), len(names) - MOST_NAMED + 1
            return self.say(N_("%(names)s or one of %(more)s others"), names=first, more=more)
        if len(names) < 2:
            return "".join(names)
        return self.say(N_("%(names)s or %(last)s"), names=", ".join(names[:-1]), last=names[-1])


def words_for(request: Request, session: Session, conditions: Mapping[str, Any], zone: str) -> Words:
    """What is needed to say these conditions; at most three queries."""
    values: dict[str, set[Any]] = {"list": set(), "message": set(), "audience": set()}
    for leaf in leaves(conditions):
        if leaf["field"] in {"list", "left_list"}:
            values["list"].update(leaf["value"])
        elif leaf["field"] == "message":
            values["message"].update(leaf["value"]["campaigns"])
        elif leaf["field"] == "audience":
            values["audience"].update(leaf["value"])
    return Words(
        request,
        zone,
        names_of_lists(session, values["list"], locale_of(request)) if values["list"] else {},
        named(session, values["message"], campaigns=True) if values["message"] else {},
        named(session, values["audience"]) if values["audience"] else {},
    )


def conditions_text(request: Request, session: Session, conditions: Mapping[str, Any], zone: str) -> str:
    """Who is in an audience: `who ordered in the last 90 days and read Russian`."""
    return sentence(words_for(request, session, conditions, zone), conditions)


def sentence(words: Words, node: Mapping[str, Any], *, inside: bool = False) -> str:
    """The phrase of a group or a condition; a group `inside` another stands in brackets."""
    if "field" in node:
        return phrase(words, node)
    if "not" in node:
        return words.say(N_("not those %(phrase)s"), phrase=sentence(words, node["not"], inside=True))
    either = "any" in node
    parts = [sentence(words, child, inside=True) for child in node.get("any" if either else "all", ())]
    if not parts:
        return words.say(N_("everybody"))
    text = parts[0]
    for part in parts[1:]:
        both = N_("%(first)s or %(second)s") if either else N_("%(first)s and %(second)s")
        text = words.say(both, first=text, second=part)
    return f"({text})" if inside and len(parts) > 1 else text


def phrase(words: Words, leaf: Mapping[str, Any]) -> str:
    """One condition: `who read Russian`."""
    field = FIELDS[leaf["field"]]
    told = _PHRASES[field.name](words, leaf["value"])
    return told if leaf["op"] == field.yes else words.say(N_("not those %(phrase)s"), phrase=told)


def _language(words: Words, codes: list[str]) -> str:
    names = [language_name(one, locale_of(words.request)) for one in codes]
    return words.say(N_("who read %(languages)s"), languages=words.either(names))


def _country(words: Words, codes: list[str]) -> str:
    locale = locale_of(words.request)
    return words.say(N_("in %(countries)s"), countries=words.either([country_name(one, locale) for one in codes]))


def _time_zone(words: Words, names: list[str]) -> str:
    return words.say(N_("in the time zone %(names)s"), names=words.either(names))


def _joined(words: Words, days: int) -> str:
    return words.say(N_("known to us for %(days)s days at most"), days=days)


def _joined_day(words: Words, moment: str) -> str:
    day = datetime.fromisoformat(moment).astimezone(ZoneInfo(words.zone)).date()
    return words.say(N_("known to us since %(day)s or later"), day=day_text(day, locale_of(words.request)))


def _side(words: Words, sides: list[str]) -> str:
    names = {"buyer": N_("on the buyers' side"), "seller": N_("on the sellers' side")}
    return words.either([words.say(names[one]) for one in sides])


def _audience(words: Words, numbers: list[int]) -> str:
    names = [f"“{words.audiences.get(one, one)}”" for one in numbers]
    return words.say(N_("in the audience %(names)s"), names=words.either(names))


def _permission(words: Words, value: Mapping[str, Any]) -> str:
    told = words.say(N_("who allow e-mail for %(purpose)s"), purpose=purpose_words(words.request, value["purpose"]))
    if not value["bases"]:
        return told
    bases = words.either([words.say(FIELDS["permission"].parts[1].options[one]) for one in value["bases"]])
    return words.say(N_("%(phrase)s, resting on %(bases)s"), phrase=told, bases=bases)


def purpose_words(request: Request, purpose: str) -> str:
    """A purpose of permission as people read it."""
    if purpose == MARKETING:
        return said(request, N_("marketing"))
    return f"“{said(request, PURPOSES[purpose])}”" if purpose in PURPOSES else purpose.replace("_", " ")


def _list(words: Words, keys: list[str]) -> str:
    return words.say(N_("on the list %(names)s"), names=_lists(words, keys))


def _left_list(words: Words, keys: list[str]) -> str:
    return words.say(N_("who left the list %(names)s"), names=_lists(words, keys))


def _lists(words: Words, keys: list[str]) -> str:
    return words.either([f"“{words.lists.get(one, one)}”" for one in keys])


def _suppressed(words: Words, _: None) -> str:
    return words.say(N_("with a suppressed address"))


def _event(words: Words, value: Mapping[str, Any]) -> str:
    return _done(words, words.say(EVENT_KINDS[value["kind"]]), value)


def _custom_event(words: Words, value: Mapping[str, Any]) -> str:
    return _done(words, words.say(N_("did “%(name)s”"), name=value["name"]), value)


def _done(words: Words, did: str, value: Mapping[str, Any]) -> str:
    times = value["times"]
    if times > 1:
        return _within(words, words.say(N_("who %(did)s at least %(times)s times"), did=did, times=times), value)
    return _within(words, words.say(N_("who %(did)s"), did=did), value)


def _spent(words: Words, value: Mapping[str, Any]) -> str:
    amount = money_text(Money(value["amount_minor"], value["currency"]), locale_of(words.request))
    return _within(words, words.say(N_("who spent at least %(amount)s"), amount=amount), value)


def _message(words: Words, value: Mapping[str, Any]) -> str:
    did = words.say(_STEPS[value["step"]])
    if not value["campaigns"]:
        return _within(words, words.say(N_("who %(did)s any campaign's message"), did=did), value)
    names = words.either([f"“{words.campaigns.get(one, one)}”" for one in value["campaigns"]])
    return _within(words, words.say(N_("who %(did)s the message of %(campaigns)s"), did=did, campaigns=names), value)


def _within(words: Words, told: str, value: Mapping[str, Any]) -> str:
    if value["days"] is None:
        return told
    return words.say(N_("%(phrase)s in the last %(days)s days"), phrase=told, days=value["days"])


def _unopened(words: Words, last: int) -> str:
    return words.say(N_("who opened none of the last %(messages)s messages they were sent"), messages=last)


def _lead_stage(words: Words, stages: list[str]) -> str:
    return words.say(
        N_("with a lead in stage %(stages)s"), stages=words.either([words.say(STAGES[one]) for one in stages])
    )


def _lead_score(words: Words, percent: int) -> str:
    share = percent_text(percent / 100, locale_of(words.request))
    return words.say(N_("with an open lead scored %(percent)s or more"), percent=share)


def _organisation_kind(words: Words, kinds: list[str]) -> str:
    return words.say(
        N_("at a company of the kind %(kinds)s"), kinds=words.either([words.say(KINDS[one]) for one in kinds])
    )


def _province(words: Words, names: list[str]) -> str:
    return words.say(N_("at a company in %(provinces)s"), provinces=words.either(names))


_PHRASES: dict[str, Callable[[Words, Any], str]] = {
    "language": _language,
    "country": _country,
    "time_zone": _time_zone,
    "joined": _joined,
    "joined_day": _joined_day,
    "side": _side,
    "audience": _audience,
    "permission": _permission,
    "list": _list,
    "left_list": _left_list,
    "suppressed": _suppressed,
    "event": _event,
    "custom_event": _custom_event,
    "spent": _spent,
    "message": _message,
    "unopened": _unopened,
    "lead_stage": _lead_stage,
    "lead_score": _lead_score,
    "organisation_kind": _organisation_kind,
    "province": _province,
}


def lines(words: Words, node: Mapping[str, Any], depth: int = 0) -> list[str]:
    """A line for each condition, and for each group before what stands in it, indented."""
    indent = "\u2003" * depth
    if "field" in node:
        return [indent + phrase(words, node)]
    denied = "not" in node
    inside = node["not"] if denied else node
    word = "any" if "any" in inside else "all"
    heading = {
        ("all", False): N_("all of these hold"),
        ("any", False): N_("any of these holds"),
        ("any", True): N_("none of these holds"),
        ("all", True): N_("not all of these hold"),
    }[word, denied]
    below = [line for child in inside.get(word, ()) for line in lines(words, child, depth + 1)]
    return [indent + words.say(heading), *below]
