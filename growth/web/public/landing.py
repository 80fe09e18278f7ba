"""Where a click in a message ends: on our own sites with campaign tags and who came, elsewhere just as written."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from growth.events.links import TOKEN_PARAMETER


def landing(url: str, *, shop_url: str, campaign: str, token: str | None) -> str:
    """The address a click is sent on to.

    Links to the shop's own host, or one below it, get `utm_source`, `utm_medium` and `utm_campaign` where they have
    none, and the token. Others get nothing: whoever has a token can tell events in that person's name.
    """
    parts = urlsplit(url)
    if not _ours(parts.hostname or "", urlsplit(shop_url).hostname or ""):
        return url
    tags = {"utm_source": "growth", "utm_medium": "email", "utm_campaign": campaign}
    written = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = {name: value for name, value in tags.items() if name not in written}
    if token is not None:
        added[TOKEN_PARAMETER] = token
    return parts._replace(query="&".join(filter(None, (parts.query, urlencode(added))))).geturl()


def _ours(host: str, shop: str) -> bool:
    shop = shop.removeprefix("www.")
    return bool(shop) and (host == shop or host.endswith(f".{shop}"))
