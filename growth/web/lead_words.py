"""A lead's reasons and history in the words and icons that a page shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from growth.attribution.channels import labels
from growth.errors import InvalidError
from growth.leads.reading import Happening
from growth.leads.stages import LOST, OUTCOMES, REASONS, STAGES, WON_STAGES
from growth.locales import N_, translate
from growth.web.charts import contribution
from growth.web.formats import number_text, percent_text
from growth.web.people_words import country_name, language_name

SHOWN = 6
_WORDS: Mapping[str, Mapping[str, str]] = {"channel": labels("seller"), "stage": STAGES, "last_call": OUTCOMES}
_NOTHING = {
    ("channel", "direct"): N_("By what channel it was acquired is not known."),
    ("origin", "unknown"): N_("Where it came from is not known."),
}
"""Values that say that nothing is known."""
_COMPANIES = {
    "manufacturer": N_("Manufacturer"),
    "trading": N_("Trading company"),
    "soho": N_("One-person exporter"),
}
_KINDS = {"call": N_("Call"), "email": N_("E-mail"), "note": N_("Note"), "meeting": N_("Meeting")}
_ICONS = {"call": "phone", "email": "mail", "note": "note", "meeting": "users"}


@dataclass(frozen=True)
class ToldReason:
    """One reason of a score: its sentence, a bar, and points such as `+1.2`."""

    sentence: str
    bar: Markup
    points: str
    raises: bool


def told_reasons(reasons: Sequence[dict[str, Any]], locale: str) -> list[ToldReason]:
    """The weightiest reasons, told in the reader's language."""
    scale = max((abs(one["points"]) for one in reasons), default=1)
    return [
        ToldReason(
            sentence(one, locale),
            contribution(one["points"], scale),
            f"{'+' if one['points'] >= 0 else '−'}{number_text(abs(one['points']) * 100, locale, 1)}",
            one["points"] >= 0,
        )
        for one in reasons[:SHOWN]
    ]


def sentence(reason: dict[str, Any], locale: str) -> str:
    """A reason's sentence, with our own words where its value is one of our lists, and long keys cut short."""
    told = (reason.get("feature"), reason["values"].get("value"))
    if told in _NOTHING:
        return translate(locale, _NOTHING[told])
    values = {name: _value(reason.get("feature", ""), value, locale) for name, value in reason["values"].items()}
    return translate(locale, reason["message"], **values)


def in_short(reasons: Sequence[dict[str, Any]], locale: str) -> str:
    """What speaks most for a lead, in a line; where nothing does, what speaks against it."""
    speaking = sorted(reasons, key=lambda one: one["points"] <= 0)
    return " · ".join(sentence(one, locale).rstrip(".。") for one in speaking[:2])


def _value(feature: str, value: Any, locale: str) -> Any:
    if not isinstance(value, str):
        return number_text(value, locale)
    known = _WORDS.get(feature, {}).get(value)
    return _within(translate(locale, known)) if known else fact_text(feature, value, locale)


def _within(label: str) -> str:
    """A label as it stands inside a sentence."""
    return label[:1].lower() + label[1:]


def fact_text(fact: str, value: str, locale: str) -> str:
    """A fact as people read it: countries, languages and our kinds of company by name, else the source's own word."""
    if fact == "country":
        return country_name(value.upper() if len(value) == 2 else value, locale)
    if fact == "language":
        return language_name(value, locale)
    if fact == "company_type" and value in _COMPANIES:
        return translate(locale, _COMPANIES[value])
    return readable(value)


def readable(value: str) -> str:
    """A source's own word as people read it: `organic_search` without its line, a long key by its beginning."""
    if " " not in value and len(value) > 24:
        return value[:8]
    return value.replace("_", " ")


@dataclass(frozen=True)
class Told:
    """One line of the history; `what` is translatable with `values`, `note` is somebody's own."""

    at: datetime
    icon: str
    what: str
    values: Mapping[str, object]
    note: str
    who: str | None
    due_at: datetime | None = None


def happenings(found: Iterable[Happening], scores: Sequence[tuple[datetime, float]], locale: str) -> list[Told]:
    """What happened and how the score moved, the newest first."""
    told = [_told(one, locale) for one in found] + _scores(scores, locale)
    return sorted(told, key=lambda one: one.at, reverse=True)


def _told(one: Happening, locale: str) -> Told:
    if one.kind == "stage":
        return _stage(one, locale)
    if one.kind == "assigned":
        return Told(one.at, "user", N_("Given to %(name)s"), {"name": one.what}, "", None)
    if one.kind == "promised":
        return Told(one.at, "calendar-event", N_("Promised for"), {}, one.note, None, one.due_at)
    icon = "phone-off" if one.what in {"no_answer", "wrong_number"} else _ICONS.get(one.kind, "note")
    if one.what is None:
        return Told(one.at, icon, _KINDS.get(one.kind, one.kind), {}, one.note, one.who)
    values = {"kind": translate(locale, _KINDS.get(one.kind, one.kind)), "outcome": _outcome(one.what, locale)}
    return Told(one.at, icon, N_("%(kind)s: %(outcome)s"), values, one.note, one.who)


def _outcome(key: str, locale: str) -> str:
    return _within(translate(locale, OUTCOMES.get(key, key)))


def _stage(one: Happening, locale: str) -> Told:
    stage = one.what or ""
    icon = "circle-x" if stage == LOST else "circle-check" if stage in WON_STAGES else "flag"
    note = translate(locale, REASONS[one.note]) if one.note in REASONS else ""
    who = None if one.who == "command line" else one.who
    return Told(one.at, icon, N_("Stage: %(stage)s"), {"stage": translate(locale, STAGES.get(stage, stage))}, note, who)


def _scores(scores: Sequence[tuple[datetime, float]], locale: str) -> list[Told]:
    """Each move of the score by half a point or more; the first score is no move."""
    moves = []
    for (at, now), (_, before) in pairwise(scores):
        if abs(now - before) >= 0.005:
            icon = "trending-up" if now > before else "trending-down"
            values = {"now": percent_text(now, locale, 1), "before": percent_text(before, locale, 1)}
            moves.append(Told(at, icon, N_("Score %(now)s, before %(before)s"), values, "", None))
    return moves


def moment_in(zone: str, field: str, text: str) -> datetime | None:
    """A form's local moment, `2026-11-24T15:30`, in UTC; None when empty. Raises InvalidError for `field`."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidError(
            field, N_("This moment can't be read."), remedy=N_("Write it like 2026-11-24 15:30.")
        ) from None
