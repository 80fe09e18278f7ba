"""The blocks messages are built of: `{{ button(link(shop_url), _("See")) }}` and its like, for HTML and for text.

Each is a small file below `templates/emails/blocks/`: as MJML, as HTML for messages without MJML, and as text.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from markupsafe import Markup

from growth.campaigns.messages.grids import hosted
from growth.campaigns.messages.refusals import Refusal
from growth.campaigns.messages.variables import Personal
from growth.locales import N_


class Page(Protocol):
    """The message that is being put together, for the blocks."""

    html: bool

    def part(self, name: str, **values: Any) -> str:
        """A block's own file, filled in."""

    def grid(self, items: Any, *, columns: int, href: Any) -> str:
        """A grid of products."""

    def why(self) -> str:
        """Why somebody gets a message that doesn't say it itself."""


BLOCKS: Mapping[str, str] = {
    "header": "header()",
    "section": "section(heading(_(…)), text(_(…)))",
    "heading": "heading(_(…))",
    "subheading": "subheading(_(…))",
    "text": "text(_(…))",
    "quiet": "quiet(_(…))",
    "steps": "steps([(_(…), _(…)), (_(…), _(…))])",
    "button": "button(link(shop_url), _(…))",
    "more": "more(link(shop_url), _(…))",
    "image": "image(https://…, _(…))",
    "product_grid": "product_grid(basket.items | fallback(products))",
    "two_columns": "two_columns([text(_(…))], [text(_(…))])",
    "footer": "footer(_(…))",
}
"""By name, how it is written. A header, a section, two columns and a footer stand on their own; the others in these."""


def for_messages(page: Page) -> dict[str, Callable[..., str]]:
    """The functions a message calls."""
    made = _Blocks(page)
    return {name: getattr(made, name) for name in BLOCKS}


class _Blocks:
    """The blocks of one message, each a method of its name."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def header(self) -> str:
        return self._page.part("header")

    def section(self, *parts: Any) -> str:
        return self._page.part("section", parts=_joined(self._page, parts))

    def heading(self, content: Any) -> str:
        return self._page.part("heading", content=content)

    def subheading(self, content: Any) -> str:
        return self._page.part("subheading", content=content)

    def text(self, content: Any) -> str:
        return self._page.part("text", content=content)

    def quiet(self, content: Any) -> str:
        return self._page.part("quiet", content=content)

    def steps(self, items: Any) -> str:
        if not isinstance(items, list) or not all(isinstance(one, list | tuple) and len(one) == 2 for one in items):
            raise Refusal(N_("Steps are a list of pairs: what to do, and more about it."))
        return self._page.part("steps", items=items)

    def button(self, href: Any, label: Any) -> str:
        return self._page.part("button", href=_leads(href), label=label)

    def more(self, href: Any, label: Any) -> str:
        return self._page.part("more", href=_leads(href), label=label)

    def image(self, src: str, alt: Any, href: Any = None, width: int = 496) -> str:
        if not (src := hosted(str(src))):
            raise Refusal(N_("An image has an address that begins with https://."))
        shown = {"alt": alt, "href": _leads(href) if href else "", "width": min(max(int(width), 16), 560)}
        return self._page.part("image", src=src, **shown)

    def product_grid(self, items: Any, columns: int = 2, href: Any = None) -> str:
        made = self._page.grid(items, columns=min(max(int(columns), 1), 3), href=_leads(href) if href else None)
        # Each product's texts were escaped when the grid was written.
        return self._page.part("product_grid", products=Markup(made) if self._page.html else made)  # noqa: S704

    def two_columns(self, left: Any, right: Any) -> str:
        return self._page.part("two_columns", left=_joined(self._page, [left]), right=_joined(self._page, [right]))

    def footer(self, why: Any = None) -> str:
        return self._page.part("footer", why=why or self._page.why())


def _joined(page: Page, parts: Any) -> str:
    """Parts, and lists of them, one below the other."""
    flat = [one for part in parts for one in (part if isinstance(part, list | tuple) else [part])]
    if page.html:
        return Markup("\n").join(flat)
    return "\n\n".join(str(one) for one in flat if str(one).strip())


def _leads(href: Any) -> Any:
    """An address as it is put into `href`: one of ours, or a personal one; never a script."""
    if isinstance(href, Personal) or str(href).startswith(("[[", "https://", "http://")):
        return href
    raise Refusal(N_("“%(what)s” is no web address."), what=str(href)[:80])
