"""The weekly report as a letter: one column, tables and bars of table cells, as text too, in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.orm import Session

from growth.campaigns.letters.posting import Content
from growth.campaigns.letters.sending import written
from growth.campaigns.messages.formats import tame
from growth.campaigns.messages.sources import SHIPPED
from growth.database.workspace import workspace
from growth.errors import RefusedError
from growth.locales import N_, translations
from growth.measurement.reports.snapshot import Snapshot
from growth.measurement.reports.telling import Report, told

MESSAGE = "weekly_report"
LARGEST = 99_000
"""Bytes. Gmail cuts a message off at 102 KB; the way out and a name come in yet."""
_HERE, _NAME, _STOP = "(the report)", "(the reader)", "https://stop.invalid/"
"""Stand where the tables, a reader's name and their way out come in: a letter's own places hold plain texts alone."""
_LONGEST_NAME = 60
COLOURS = ("#0b6e4f", "#d98324", "#4467c4", "#a23e6b", "#7a9b2e", "#5aa9b8", "#8d8a80")
"""Of channels, as pages have them."""


@dataclass(frozen=True)
class Frame:
    """The letter in a language, complete but for whom it is to: making it takes a third of a second."""

    subject: str
    html: str
    text: str

    def to(self, name: str, stop_at: str) -> Content:
        """The letter to somebody; `stop_at` is the whole address at which it ends for them."""
        shown = tame(name)[:_LONGEST_NAME]
        return Content(
            self.subject,
            self.html.replace(_NAME, escape(shown)).replace(_STOP, escape(stop_at)),
            self.text.replace(_NAME, shown).replace(_STOP, stop_at),
            unsubscribe=stop_at,
        )


def frame_of(session: Session, snapshots: Sequence[Snapshot], locale: str, pages: Sequence[str]) -> Frame:
    """The letter about these reports of one period, each side apart; `pages` are the whole addresses of each.

    Raises RefusedError before set-up, and when it would be cut off by mail programs.
    """
    sender = workspace(session)
    if sender is None:
        raise RefusedError(N_("This installation is not set up yet."))
    reports = [told(one, locale) for one in snapshots]
    values = {
        "name": _NAME,
        "period": reports[0].period,
        "headline": "; ".join(one.headline for one in reports if not one.empty) or reports[0].headline,
        "report": _HERE,
        "open": pages[0],
        "stop": _STOP,
    }
    made = written(session, MESSAGE, locale, values, sender)
    html = made.html.replace(_HERE, _filled("side.html", reports, pages, locale))
    if len(html.encode()) > LARGEST:
        raise RefusedError(N_("The report is too long for a letter."), remedy=N_("Read it on its page."))
    return Frame(made.subject, html, made.text.replace(_HERE, _filled("side.txt", reports, pages, locale).strip()))


def as_document(snapshot: Snapshot, locale: str) -> str:
    """The report as one HTML file that needs nothing else, to be kept or printed."""
    values = {"report": told(snapshot, locale), "page": "", "colours": COLOURS, "locale": locale}
    return _environment(locale).get_template("document.html").render(values)


def _filled(file: str, reports: Sequence[Report], pages: Sequence[str], locale: str) -> str:
    template = _environment(locale).get_template(file)
    told_of = zip(reports, pages, strict=True)
    return "\n".join(template.render(report=report, page=page, colours=COLOURS) for report, page in told_of)


@lru_cache
def _environment(locale: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(SHIPPED / MESSAGE),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(locale), newstyle=True)  # type: ignore[attr-defined]  # the i18n extension adds it
    return made
