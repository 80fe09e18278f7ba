"""The part of a request that is each recipient's own, written from one shape: a batch has a thousand of them."""

import re
from collections.abc import Iterator, Sequence
from operator import itemgetter
from uuid import uuid4

import orjson

from growth.campaigns.choosing.addressing import Addressee
from growth.campaigns.email import personal
from growth.campaigns.messages.words import Words
from growth.events.links import marks_of

_KEY = uuid4().hex
"""So that no text is taken for a place of the shape."""
_PLACE = re.compile(f"place([0-9]+){_KEY}")
_DELIVERY, _EMAIL, _OWN, _MARKS = range(4)


def personalizations(batch: str, recipients: Sequence[Addressee], words: Words) -> Iterator[orjson.Fragment]:
    """One for each recipient, with what is put into it and the identifiers by which a trace of it is found."""
    shape, places = _shape(batch, words)
    in_places = itemgetter(*places)
    for one in recipients:
        delivery = one.delivery_id
        own = orjson.dumps(words.own[delivery]).decode()
        email = orjson.dumps(one.email).decode()
        mine = own[1:-1] + "," if len(own) > 2 else ""
        yield orjson.Fragment(shape % in_places((delivery, email, mine, *marks_of(delivery, words.links))))


def _shape(batch: str, words: Words) -> tuple[str, list[int]]:
    """The JSON of a personalization, and what goes to its places: delivery, address, own texts, marks, by number."""
    marks = [_place(_MARKS + number) for number in range(len(marks_of(0, words.links)))]
    delivery, email, own = map(_place, (_DELIVERY, _EMAIL, _OWN))
    signed = personal.signed_with(words.base_url, delivery, marks, words.links)
    put_in = {own: ""} | dict(words.always) | {tag: signed[tag] for tag in sorted(words.addresses)}
    whole = {
        "to": [{"email": email}],
        "substitutions": put_in,
        "headers": {
            "List-Unsubscribe": f"<{signed[personal.UNSUBSCRIBE]}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "custom_args": {"batch": batch, "delivery": delivery},
    }
    text = orjson.dumps(whole).decode().replace("%", "%%")
    text = text.replace(f'"{email}"', email).replace(f'"{own}":"",', own)  # these two are JSON by themselves
    return _PLACE.sub("%s", text), [int(place) for place in _PLACE.findall(text)]


def _place(number: int) -> str:
    return f"place{number}{_KEY}"
