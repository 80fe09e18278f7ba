"""A message for tests of the checks: in good order, until a test changes something."""

from dataclasses import replace
from typing import Any

from growth.campaigns.checks.finding import Letter
from growth.campaigns.email.personal import UNSUBSCRIBE, tag

WORDS = "Three things make buying here simple, and each of them saves a small shop time and money every week. " * 4


def html(body: str, style: str = "") -> str:
    """A page around a body."""
    return f"<html><head><title>Hello</title><style>{style}</style></head><body>{body}</body></html>"


def letter(**changes: Any) -> Letter:
    """One that no check has anything against, with changes."""
    source = html(
        f'<p>{WORDS}</p><a href="[[link0]]">See what is new</a>'
        f'<a href="{UNSUBSCRIBE}">Unsubscribe</a> {tag("postal_address")}'
    )
    made = Letter(
        locale="en",
        subject="Small orders, straight from the maker",
        preheader="Start with a few pieces, and order more when they sell.",
        html=source.replace("[[link0]]", "https://shop.example/new"),
        text=f"{WORDS}\nhttps://shop.example/new",
        source=source,
        source_text=f"{WORDS} [[link0]] {UNSUBSCRIBE} {tag('postal_address_text')}",
        destinations=("https://shop.example/new",),
    )
    return replace(made, **changes)


def body(inner: str, **changes: Any) -> Letter:
    """With this in its HTML instead."""
    return letter(html=html(inner), source=html(inner), **changes)
