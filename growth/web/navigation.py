"""The menu: entries that pages declare as `NAV`, in the groups and order shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import Viewer

GROUPS = (N_("Overview"), N_("Buyers"), N_("Sellers"), N_("Run"))


@dataclass(frozen=True)
class NavEntry:
    """One line of the menu.

    Args:
        group: one of GROUPS.
        label: translatable, as is the group.
        href: the page's path; it is current on all paths below it too.
        icon: a symbol of `static/icons.svg`.
        order: place within the group.
        roles: who sees it; an admin sees all.
        key: the letter after `g` that goes there by keyboard.
        also: a further path of its own, below another entry's.
    """

    group: str
    label: str
    href: str
    icon: str
    order: int = 50
    roles: tuple[Role, ...] = ()
    key: str | None = None
    also: str | None = None


def menu(entries: Iterable[NavEntry], viewer: Viewer) -> list[tuple[str, list[NavEntry]]]:
    """What this viewer may open, by group; groups with nothing in them are left out."""
    mine = sorted((entry for entry in entries if viewer.has(*entry.roles)), key=lambda entry: entry.order)
    grouped = [(group, [entry for entry in mine if entry.group == group]) for group in GROUPS]
    return [(group, found) for group, found in grouped if found]


def current(entries: Iterable[NavEntry], path: str) -> str | None:
    """The href of the entry that a path belongs to: the longest that it equals or lies below."""
    homes = [(home, entry.href) for entry in entries for home in (entry.href, entry.also) if home]
    above = [one for one in homes if path == one[0] or path.startswith(f"{one[0]}/")]
    return max(above, key=lambda one: len(one[0]), default=(None, None))[1]
