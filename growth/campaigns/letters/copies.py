"""A campaign's message as a letter to our own people: its links lead where they end, and nothing in it counts."""

import re
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from growth.campaigns.email import personal
from growth.campaigns.email.catalogue import Compiled, fill
from growth.campaigns.letters.posting import Content
from growth.campaigns.seeing import Reader, Wording, as_sample, as_seen, made_of
from growth.events.links import sign_unsubscribe
from growth.settings import settings

_PIXEL = re.compile(f'<img src="{re.escape(personal.OPEN)}"[^>]*>')
_NOBODY = 0
"""The delivery that a copy's way out names: there is none, so that its page says so and changes nothing."""


def copy_of(session: Session, wording: Wording, locale: str, now: datetime, who: Reader | None = None) -> Content:
    """The message as a person would get it, or somebody like its sample.

    Raises NotFoundError, MessageError, or UnsaidError when something it says of that person isn't known.
    """
    made = _quiet(made_of(session, wording, locale))
    shown = as_seen(session, made, who, now) if who else as_sample(session, wording, made)
    return Content(shown.subject, shown.html, shown.text)


def _quiet(made: Compiled) -> Compiled:
    way_out = settings().public_url + sign_unsubscribe(_NOBODY)
    without = replace(made, html=_PIXEL.sub("", made.html))
    return fill(without, {personal.UNSUBSCRIBE: way_out, personal.PREFERENCES: way_out})
