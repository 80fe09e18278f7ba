"""Machines on our sites: crawlers that look at many pages, and some that follow advertisements. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from growth.sandbox.dice import Dice
from growth.sandbox.market.seen import SITE, Seen
from growth.sandbox.market.sources import POOL

_A_DAY = 2.0
"""For as many people as usual."""
_AGENTS = (
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/137.0 Safari/537.36",
    "python-requests/2.32",
)
_FOLLOWS_ADVERTISEMENTS = 0.3
_MOST_PAGES = 9


def bots(dice: Dice, day: date, *, people: int = POOL) -> Iterator[Seen]:
    """Their visits of a day as `POST /e` takes them from a server, which tells the name the machine gave itself."""
    expected = _A_DAY * people / POOL
    count = int(expected) + dice.happens(expected - int(expected), "one more bot", day)
    for place in range(count):
        who = ("bot", day, place)
        at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=dice.between(0, 24, "hour", *who))
        tags = "?utm_medium=cpc&gclid=bot" if dice.happens(_FOLLOWS_ADVERTISEMENTS, "follows", *who) else ""
        shared = {
            "visitor": str(dice.uuid("visitor", *who)),
            "side": "buyer",
            "country": dice.one_of(("US", "CN", "DE", "SG"), "country", *who),
            "kind": "page_view",
            "agent": dice.one_of(_AGENTS, "agent", *who),
        }
        for page in range(int(dice.between(2, _MOST_PAGES, "pages", *who))):
            moment = at + timedelta(seconds=2 * page)
            name = str(dice.uuid("event", *who, page))
            url = {"url": f"{SITE}/en/page{page}{tags if page == 0 else ''}"}
            yield shared | {"id": name, "at": moment.isoformat(), "properties": url}
