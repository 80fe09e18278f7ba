"""Machines among readers: privacy proxies that fetch every picture, and scanners that follow every link."""

import re

# Apple's Mail Privacy Protection fetches pictures for its users with this and nothing more.
_BARE = "Mozilla/5.0"
_FETCHERS = re.compile(
    r"bot\b|crawl|spider|preview|scan|monitor|fetch|curl|wget|python|java/|go-http|okhttp|libwww|httpclient|headless"
    r"|barracuda|mimecast|proofpoint|symantec|fireeye|trendmicro|sophos|forcepoint|cisco|ironport|safelinks|ms-office"
    r"|microsoft office|outlook-(?:ios|android)/|link ?check|facebookexternalhit|slack|telegram|whatsapp|skypeuri",
    re.IGNORECASE,
)
# Gmail's and Yahoo's proxies fetch when the reader opens the message, so theirs is a person's opening.
_FOR_READERS = re.compile(r"googleimageproxy|yahoomailproxy|ggpht", re.IGNORECASE)

BURST_SECONDS = 2
"""In which nobody follows this many links of one message:"""
BURST_LINKS = 3


def opened_by_machine(program: str) -> bool:
    """Whether a picture was fetched ahead of any reader, by what the fetching program calls itself."""
    name = program.strip()
    if _FOR_READERS.search(name):
        return False
    return name in {"", _BARE} or _FETCHERS.search(name) is not None


def clicked_by_machine(program: str, links_lately: int) -> bool:
    """Whether a link was followed by a scanner.

    `links_lately`: how many different links of the message were followed in the last `BURST_SECONDS`, this one
    included.
    """
    name = program.strip()
    return name in {"", _BARE} or _FETCHERS.search(name) is not None or links_lately >= BURST_LINKS
