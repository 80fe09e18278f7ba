"""Machines told from people: by the name a browser gives itself, by the network it comes from, by how it behaves."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network

AGENT, NETWORK, AUTOMATION, TOO_FAST = "agent", "network", "automation", "too_fast"
REASONS = (AGENT, NETWORK, AUTOMATION, TOO_FAST)

_LONGEST_AGENT = 1_000
# Words of the crawlers, previews, monitors, scanners and libraries that call themselves what they are; those of
# browsers ("cubot" is a telephone) are kept out by the marks before them.
_MACHINES = re.compile(
    r"(?<!cu)bot\b|bot/|spider|crawl|slurp|archiver|facebookexternalhit|whatsapp/|telegrambot|preview|"
    r"headless|phantomjs|puppeteer|playwright|selenium|lighthouse|pagespeed|gtmetrix|pingdom|uptime|monitor|"
    r"statuscake|datadog|newrelic|curl/|wget/|python|httpx|aiohttp|okhttp|java/|go-http-client|libwww|perl|ruby|"
    r"php/|axios|node-fetch|undici|scrapy|httpclient|postman|insomnia|ahrefs|semrush|mj12|dotbot|bingpreview|"
    r"mediapartners|feedfetcher|google-read-aloud|apis-google|adsbot|yandex\.com/bots|baiduspider|sogou|bytespider|"
    r"gptbot|claudebot|ccbot|perplexity|barracuda|mimecast|proofpoint|safelinks|virustotal|nessus|nmap|zgrab|masscan",
    re.IGNORECASE,
)


@lru_cache(4096)
def is_machine(agent: str, words: tuple[str, ...] = ()) -> bool:
    """Whether a browser's name is a program's: it has none, is on the list, or holds one of `words` (lower case)."""
    name = agent[:_LONGEST_AGENT]
    lower = name.lower()
    return not name.strip() or _MACHINES.search(name) is not None or any(word in lower for word in words)


@lru_cache(4096)
def is_inside(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address lies in one of these networks, such as 198.51.100.0/24; what is no address lies in none."""
    try:
        here = ip_address(address)
    except ValueError:
        return False
    here = getattr(here, "ipv4_mapped", None) or here
    return any(here in ip_network(network, strict=False) for network in networks)


def reason_of(
    agent: str | None, address: str | None, *, words: Sequence[str] = (), networks: Sequence[str] = ()
) -> str | None:
    """Why it is a machine's, or None. What is not told (None) is no reason."""
    if agent is not None and is_machine(agent, tuple(words)):
        return AGENT
    if address is not None and networks and is_inside(address, tuple(networks)):
        return NETWORK
    return None
