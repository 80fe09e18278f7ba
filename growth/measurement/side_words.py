"""What figures are called on each side."""

from dataclasses import dataclass, fields

from growth.locales import N_, translations


@dataclass(frozen=True)
class SideWords:
    """The words of a side."""

    name: str
    acquired: str
    each: str
    per: str
    """The same where there is little room."""
    orders: str
    in_time: str
    """Who ordered, or sold, soon after."""
    trend: str
    weekly: str
    dearer: str
    uncosted: str
    touches_departed: str
    acquired_departed: str
    orders_departed: str
    cost_each_departed: str
    moved: str
    """What moving money brings."""

    def in_words(self, locale: str) -> "SideWords":
        """In a language; sentences keep their `%(name)s` places."""
        return SideWords(*(translations(locale).gettext(getattr(self, one.name)) for one in fields(self)))


WORDS = {
    "buyer": SideWords(
        name=N_("Buyers"),
        acquired=N_("Registered"),
        each=N_("Per registered buyer"),
        per=N_("Per buyer"),
        orders=N_("First orders"),
        in_time=N_("Order in 60 days"),
        trend=N_("Registered buyers by day"),
        weekly=N_("Registered buyers by week"),
        dearer=N_("%(channel)s: a registration costs %(change)s more than before"),
        uncosted=N_("%(channel)s: days with registrations but without a cost: %(days)s"),
        touches_departed=N_("%(place)s: visits %(change)s since %(since)s"),
        acquired_departed=N_("%(place)s: registrations %(change)s since %(since)s"),
        orders_departed=N_("%(place)s: first orders %(change)s since %(since)s"),
        cost_each_departed=N_("%(place)s: cost per registration %(change)s since %(since)s"),
        moved=N_("Expected %(expected)s registered buyers a month, between %(low)s and %(high)s nine times in ten."),
    ),
    "seller": SideWords(
        name=N_("Sellers"),
        acquired=N_("Shops opened"),
        each=N_("Per opened shop"),
        per=N_("Per shop"),
        orders=N_("First sales"),
        in_time=N_("Sale in 60 days"),
        trend=N_("Shops opened by day"),
        weekly=N_("Shops opened by week"),
        dearer=N_("%(channel)s: an opened shop costs %(change)s more than before"),
        uncosted=N_("%(channel)s: days with opened shops but without a cost: %(days)s"),
        touches_departed=N_("%(place)s: visits %(change)s since %(since)s"),
        acquired_departed=N_("%(place)s: opened shops %(change)s since %(since)s"),
        orders_departed=N_("%(place)s: first sales %(change)s since %(since)s"),
        cost_each_departed=N_("%(place)s: cost per opened shop %(change)s since %(since)s"),
        moved=N_("Expected %(expected)s opened shops a month, between %(low)s and %(high)s nine times in ten."),
    ),
}
