"""One message in one locale, being put together: its texts, and the links and personal places met on the way."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup, escape

from growth.campaigns.email import personal
from growth.campaigns.email.language import Deadline, Environment, Files, filled, speaking_of
from growth.campaigns.messages import blocks
from growth.campaigns.messages.grids import grid_place
from growth.campaigns.messages.refusals import Refusal
from growth.campaigns.messages.sources import SHIPPED, Source, letter_places, products_of
from growth.campaigns.messages.variables import VARIABLES, Personal
from growth.locales import N_, translations
from growth.settings import settings

_OURS = frozenset({
    "_", "link", "locale", "preheader", "shop_url", "products", "greeting", "sender_name", "postal_address",
    "unsubscribe", "preferences",
})  # fmt: skip
KNOWN = _OURS | {key.partition(".")[0] for key in VARIABLES} | set(blocks.BLOCKS)
"""Every name a message may use."""


_ALWAYS = ("greeting", "sender_name", "postal_address")

WHY = N_("You get this because you agreed to news from %(sender)s.")


class Rendering:
    """What is met in the files of a message, one after the other."""

    def __init__(self, source: Source, locale: str) -> None:
        self.source = source
        self.locale = locale
        self.links: list[str] = []
        self.places: dict[str, dict[str, Any]] = {}
        """By tag: the variable, whether for HTML, and the fallback (`else`) or how a grid is written (`grid`)."""
        self.html = False
        self._written_in = "txt"
        translations(locale)  # read once in a process, which is not the message's time
        self._deadline = Deadline()
        self._environment: Environment
        self._context: dict[str, Any] = {}
        self._products = products_of(source)
        with speaking_of(source.name, "sample.json"):
            self._letter = letter_places(source)

    def link(self, destination: Any) -> str:
        """The tag of a personal link; the same destination is the same link. Only http and https lead anywhere."""
        if isinstance(destination, Personal) or not str(destination).startswith(("https://", "http://")):
            what = "personal" if isinstance(destination, Personal) else str(destination)[:80]
            raise Refusal(N_("“%(what)s” is no web address."), what=what)
        if str(destination) not in self.links:
            self.links.append(str(destination))
        return personal.link_tag(self.links.index(str(destination)))

    def place(self, key: str, fallback: Any = None) -> str:
        """The tag of a variable's place where something is being written now."""
        told = None if fallback is None else str(escape(fallback) if self.html else fallback)
        return self._keep({"of": key, "html": self.html, "else": told})

    def grid(self, items: Any, *, columns: int, href: Any) -> str:
        """A grid of products: written now where it is the same for all, else as a place."""
        spec = grid_place(self, items, columns=columns, href=href)
        return spec if isinstance(spec, str) else self._keep(spec)

    def _keep(self, spec: dict[str, Any]) -> str:
        for name, known in self.places.items():
            if known == spec:
                return personal.tag(name)
        name = f"{'v' if self.html else 't'}{len(self.places)}"
        self.places[name] = spec
        return personal.tag(name)

    def render(self, file: str, *, html: bool | None = None, **values: Any) -> str:
        """A file of the message with everything but its personal places filled in. Raises MessageError."""
        self.html = file.endswith((".mjml", ".html")) if html is None else html
        self._written_in = ("html" if file.endswith(".html") else "mjml") if self.html else "txt"
        files = Files(self.source.files, SHIPPED)
        files.root = file
        self._environment = Environment(files, KNOWN | set(self._letter), self._deadline.check, html=self.html)
        with speaking_of(self.source.name, file):
            self._context = self._names() | values
            template = self._environment.get_template(file)
            return "".join(self._deadline.bounded(template.generate(self._context)))

    def part(self, name: str, **values: Any) -> str:
        """A block's own file, as MJML, HTML or text, with what all messages know and these values."""
        template = self._environment.get_template(f"blocks/{name}.{self._written_in}")
        made = "".join(self._deadline.bounded(template.generate(self._context | values)))
        return Markup(made) if self.html else made.strip("\n")  # noqa: S704 - the file escaped its values

    def why(self) -> str:
        """Why somebody gets a message that doesn't say it itself."""
        return self._translator()(WHY, sender=self._context["sender_name"])

    def _names(self) -> dict[str, Any]:
        suffix = "" if self.html else "_text"
        always = {place: personal.tag(f"{place}{suffix}") for place in (*_ALWAYS, *self._letter)}
        variables = {key.partition(".")[0] for key in VARIABLES}
        return {
            **always,
            **{name: Personal(name, self.place) for name in variables},
            **blocks.for_messages(self),
            "_": self._translator(),
            "link": self.link,
            "locale": self.locale.replace("_", "-"),
            "shop_url": settings().shop_url.rstrip("/"),
            "unsubscribe": personal.UNSUBSCRIBE,
            "preferences": personal.PREFERENCES,
            "products": self._products,
        }

    def _translator(self) -> Callable[..., str]:
        own: Mapping[str, str] = self.source.texts.get(self.locale, {})
        html = self.html

        def translated(sentence: str, **values: object) -> str:
            # The empty sentence is a catalogue's header.
            shared = translations(self.locale).gettext(sentence) if sentence else ""
            return filled(own.get(sentence) or shared, values, html=html)

        return translated
