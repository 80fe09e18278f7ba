"""Grids of products in messages: the same for all, or each recipient's own basket or last order."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Protocol

from growth.campaigns.messages.formats import money_words, tame
from growth.campaigns.messages.refusals import Refusal
from growth.campaigns.messages.variables import VARIABLES, Personal
from growth.locales import N_
from growth.settings import settings

MOST_ITEMS = 6
_LONGEST_TITLE = 80
_LONGEST_ADDRESS = 300
_MOST_OF_ONE = 1_000_000
_WIDTH = 496
"""Pixels beside each other in a message of 560."""

_MSO, _END = "<!--[if mso]>", "<![endif]-->"
"""What stands between them only Outlook on Windows reads."""

_OURS = re.compile(r"mail/[a-z0-9-]+\.png")
"""Pictures that come with the product, below its static files."""

Item = Mapping[str, Any]
"""A product: {"title", "price_minor", "currency", "image", "url", "quantity"}; only the title is needed."""


class Page(Protocol):
    """The message that is being put together, for its grids."""

    html: bool
    locale: str

    def link(self, destination: Any) -> str:
        """The tag of a personal link."""


def grid_place(page: Page, items: Any, *, columns: int, href: Any) -> str | dict[str, Any]:
    """The grid as text where its products are the same for all; else how each recipient's is written.

    `href` is where all of them lead; without it each leads to its own address. Raises Refusal.
    """
    look = {"columns": columns, "href": str(href) if href else None}
    if not isinstance(items, Personal):
        return written(_tracked(page, items), look, page.locale, html=page.html)
    key, fallback = items._key, items._fallback  # noqa: SLF001 - hidden from messages, not from here
    if key not in VARIABLES or not VARIABLES[key].items:
        raise Refusal(N_("“%(what)s” is no list of products."), what=key)
    instead = written(_tracked(page, fallback), look, page.locale, html=page.html) if fallback else None
    return {"of": key, "html": page.html, "else": instead, "grid": look}


def _tracked(page: Page, items: Any) -> list[Item]:
    """Products of the message itself, their addresses made links that are counted."""
    found = readable(items)
    if not found:
        raise Refusal(N_("The product grid has no products; they stand in products.json."))
    return [{**one, "url": page.link(one["url"]) if one.get("url") else ""} for one in found]


def readable(items: Any) -> Sequence[Item]:
    """The products of a list that have a title; anything else is passed over."""
    if not isinstance(items, list):
        return []
    return [one for one in items if isinstance(one, dict) and one.get("title")][:MOST_ITEMS]


def written(items: Sequence[Item], look: Mapping[str, Any], locale: str, *, html: bool) -> str:
    """The grid: cells side by side as far as the width allows, or one line each as text."""
    if not html:
        return "\n".join(_line(one, look, locale) for one in items)
    return _columned([_cell(one, look, locale) for one in items], int(look["columns"]))


def _columned(cells: Sequence[str], columns: int) -> str:
    """Cells for all programs; and a table around them for Outlook on Windows, which would stack them."""
    if columns == 1 or not cells:
        return "".join(cells)
    opened = f'<td width="{_WIDTH // columns}" valign="top">'
    made = f'{_MSO}<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>{opened}{_END}'
    for position, cell in enumerate(cells):
        if position:
            made += f"{_MSO}</td>{'' if position % columns else '</tr><tr>'}{opened}{_END}"
        made += cell
    return f"{made}{_MSO}</td></tr></table>{_END}"


def _parts(item: Item, look: Mapping[str, Any], locale: str) -> tuple[str, str, str]:
    """Title, price with quantity, and address; texts that nobody has escaped yet."""
    quantity = item.get("quantity")
    price = money_words(item.get("price_minor"), item.get("currency"), locale)
    count = f"× {quantity}" if isinstance(quantity, int) and 1 < quantity < _MOST_OF_ONE else ""
    title = item["title"]
    shown = str(title.get(locale) or title.get("en", "") if isinstance(title, dict) else title)
    href = look["href"] or str(item.get("url") or "")
    return tame(shown)[:_LONGEST_TITLE], " ".join(filter(None, (price, count))), href if _leads(href) else ""


def _leads(address: str) -> bool:
    fits = len(address) <= _LONGEST_ADDRESS and address.isprintable()
    return fits and address.startswith(("https://", "http://", "[[link"))


def hosted(image: str) -> str:
    """Where mail programs find a picture: one on the web, or one of ours by its name; empty for any other."""
    if _OURS.fullmatch(image):
        return f"{settings().public_url}/static/1/{image}"
    return image if image.startswith("https://") and _leads(image) else ""


def _cell(item: Item, look: Mapping[str, Any], locale: str) -> str:
    title, detail, href = _parts(item, look, locale)
    width = _WIDTH // int(look["columns"]) - 16
    image = hosted(str(item.get("image") or ""))
    shown = ""
    if image:
        style = "display:block;width:100%;height:auto;border:0;border-radius:6px"
        shown = f'<img src="{escape(image)}" alt="" width="{width}" style="{style}">'
    words = f"<b>{escape(title)}</b>" + (f"<br>{escape(detail)}" if detail else "")
    inner = f'{shown}<span style="display:block;padding:6px 0 14px;font-size:14px;line-height:20px">{words}</span>'
    if href:
        inner = f'<a href="{escape(href)}" style="color:inherit;text-decoration:none">{inner}</a>'
    return (
        f'<div style="display:inline-block;vertical-align:top;width:100%;max-width:{width}px;margin-right:12px;'
        f'text-align:left">{inner}</div>'
    )


def _line(item: Item, look: Mapping[str, Any], locale: str) -> str:
    title, detail, href = _parts(item, look, locale)
    said = f"- {title}" + (f", {detail}" if detail else "")
    return f"{said}\n  {href}" if href else said
