"""Notes of a report as sentences, and what stands below each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from growth.attribution.channels import labels
from growth.locales import N_, translate
from growth.measurement.anomalies.series import ALL
from growth.measurement.reports import figures_in_words as words
from growth.measurement.reports.notes import Note
from growth.measurement.side_words import SideWords

if TYPE_CHECKING:
    from growth.measurement.reports.snapshot import Snapshot


@dataclass(frozen=True)
class Told:
    """A note in words, with the icon that pages give it."""

    icon: str
    sentence: str
    more: str


def told_note(snapshot: "Snapshot", note: Note, side: SideWords, locale: str) -> Told:
    """In a language; `side` is in it already."""
    channel = translate(locale, labels(snapshot.side).get(note.channel, note.channel))
    if note.kind == "departed":
        return _departed(note, channel, side, locale)
    if note.kind == "rate_missing":
        sentence = translate(locale, N_("No rate for %(currency)s on some days"), currency=note.currency)
        return Told("alert-triangle", sentence, translate(locale, N_("Amounts in it are left out of all figures.")))
    if note.kind == "cost_missing":
        sentence = side.uncosted % {"channel": channel, "days": words.number(note.days, locale)}
        last = words.day(note.day, locale) if note.day else ""
        more = translate(locale, N_("The last was %(day)s. What it costs looks lower than it is."), day=last)
        return Told("coin", sentence, more)
    change = words.signed(note.change, locale).removeprefix("+")
    before, now = (words.each(one, snapshot.currency, locale) for one in (note.before_each, note.now_each))
    more = translate(locale, N_("%(before)s in the days before, %(now)s now."), before=before, now=now)
    return Told("trending-up", side.dearer % {"channel": channel, "change": change}, more)


def _departed(note: Note, channel: str, side: SideWords, locale: str) -> Told:
    place = channel
    if note.country != ALL:
        country = words.country(note.country, locale) if note.country else translate(locale, N_("Country not known"))
        place = translate(locale, N_("%(country)s, %(channel)s"), country=country, channel=channel)
    sentence: str = getattr(side, f"{note.measure}_departed", side.acquired_departed)
    since = words.day(note.day, locale) if note.day else ""
    values = {"place": place, "change": words.signed(note.change, locale), "since": since}
    return Told("trending-up" if note.change > 0 else "trending-down", sentence % values, "")
