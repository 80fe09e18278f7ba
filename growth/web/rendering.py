"""From a template and values to an answer, in the viewer's language, zone and theme."""

from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from growth.locales import LANGUAGE_NAMES, N_, translate, translations
from growth.web.access import Viewer, preferred_locale
from growth.web.formats import FILTERS
from growth.web.navigation import current, menu
from growth.web.static_files import static_url
from growth.web.toasts import COOKIE, waiting_toast

TEMPLATES = Path(__file__).parent / "templates"

ROLE_NAMES = {
    "admin": N_("Administrator"),
    "manager": N_("Manager"),
    "marketer": N_("Marketer"),
    "rep": N_("Sales rep"),
}


def icon(name: str, label: str | None = None) -> Markup:
    """An icon of the sprite; without a label it is hidden from screen readers, since the text beside it speaks."""
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}#{}"/></svg>').format(spoken, static_url("icons.svg"), name)


@pass_context
def _gettext(context: Context, sentence: str, /, **values: Any) -> str:
    text: str = translations(context["locale"]).gettext(sentence)
    return _filled(text, values, context)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, n: int, /, **values: Any) -> str:
    text = translations(context["locale"]).ngettext(singular, plural, n)
    return _filled(text, {"num": n} | values, context)


def _filled(text: str, values: dict[str, Any], context: Context) -> str:
    made = Markup(text) if context.eval_ctx.autoescape else text  # noqa: S704 - catalogues are ours; values are escaped
    return made % values if values else made.replace("%%", "%")


@lru_cache
def environment() -> Environment:
    """The templates, escaping everything, with filters and `_`, `ngettext`, `icon`, `static`."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.newstyle_gettext = True  # type: ignore[attr-defined]  # the i18n extension adds it
    made.globals |= {
        "_": _gettext,
        "gettext": _gettext,
        "ngettext": _ngettext,
        "icon": icon,
        "static": static_url,
        "languages": LANGUAGE_NAMES,
        "role_names": ROLE_NAMES,
    }
    made.filters |= FILTERS
    return made


def locale_of(request: Request) -> str:
    """The language of this answer: the viewer's, else the browser's."""
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    return viewer.locale if viewer else preferred_locale(request)


def said(request: Request, sentence: str, /, **values: object) -> str:
    """A sentence marked with `N_`, in the language of this answer."""
    return translate(locale_of(request), sentence, **values)


def render(request: Request, name: str, /, *, status: int = 200, **values: Any) -> Response:
    """The page of a template. Values come on top of what every page has: viewer, menu, locale, zone, now, theme."""
    page = _every_page(request) | values
    response = HTMLResponse(environment().get_template(name).render(page), status)
    if page["toast"] is not None:
        response.delete_cookie(COOKIE, path="/")
    return response


def _every_page(request: Request) -> dict[str, Any]:
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    app = request.app.state
    theme = request.cookies.get("theme")
    entries = menu(app.nav, viewer) if viewer else []
    return {
        "request": request,
        "viewer": viewer,
        "locale": locale_of(request),
        "zone": viewer.time_zone if viewer else "UTC",
        "now": app.clock.now(),
        "theme": theme if theme in {"light", "dark"} else None,
        "demo": getattr(request.state, "demo", False),
        "menu": entries,
        "here": current([entry for _, found in entries for entry in found], request.url.path),
        "go": {entry.key: entry.href for _, found in entries for entry in found if entry.key},
        "toast": waiting_toast(request) if "hx-request" not in request.headers else None,
        "again": _again(request),
    }


def _again(request: Request) -> str:
    """Where this page is asked for again; an answer to a form has no address of its own."""
    if request.method != "GET":
        return "/"
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def see_other(path: str) -> Response:
    """303: after a POST, look here. `path` is one of ours, beginning with a single slash."""
    return RedirectResponse(own_path(path), 303)


def own_path(path: str | None, otherwise: str = "/") -> str:
    """`path` when it leads to a page of ours, `otherwise` when it is missing or would lead elsewhere."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return otherwise
    return quote(path, safe="/?&=%#+:,;@!$'()*~-._[]")
