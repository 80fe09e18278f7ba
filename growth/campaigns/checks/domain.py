"""The sender's domain as the public sees it: whether it exists, takes replies, and lets SendGrid send for it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from threading import Lock

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from growth.campaigns.checks.finding import Check
from growth.locales import N_

SELECTORS = ("s1", "s2")
"""DKIM selectors that SendGrid's domain authentication asks for by default."""

KEPT = timedelta(minutes=10)
"""How long an answer is taken for true, so that a page that is loaded again doesn't ask again."""

Ask = Callable[[str, str], list[str]]
"""(name, record type) → texts of the records, [] when there are none. Raises DNSException when nobody answers."""

_kept: dict[str, tuple[datetime, list[Check]]] = {}
_alone = Lock()


def look(domain: str, now: datetime, ask: Ask | None = None) -> list[Check]:
    """What `judged` finds, asked at most once in `KEPT`; that nobody answers is no reason to hold a campaign back."""
    with _alone:
        at, found = _kept.get(domain, (now, []))
    if found and abs(now - at) < KEPT:
        return found
    try:
        found = list(judged(domain, ask or resolver(Resolver(), seconds=2)))
    except DNSException:
        return [silent(domain, "info")]
    with _alone:
        _kept[domain] = (now, found)
    return found


def judged(domain: str, ask: Ask) -> Iterator[Check]:
    """Replies (MX), SPF, DKIM and DMARC of a domain. Raises DNSException when nobody answers."""
    yield judge_domain(domain, ask(domain, "MX"), ask(domain, "A") + ask(domain, "AAAA"))
    yield judge_spf(domain, ask(domain, "TXT"))
    yield judge_dkim(domain, [bool(ask(f"{one}._domainkey.{domain}", "TXT")) for one in SELECTORS])
    yield judge_dmarc(domain, ask(f"_dmarc.{domain}", "TXT"))


def silent(domain: str, tone: str) -> Check:
    """Nobody answers."""
    return Check(
        "dns",
        tone,
        N_("The name server doesn't answer, so %(domain)s was not checked further."),
        N_("Check this machine's network, then repeat."),
        {"domain": domain},
    )


def resolver(using: Resolver, seconds: float = 5) -> Ask:
    """A way to ask by this resolver; each question waits at most that long."""

    def ask(name: str, kind: str) -> list[str]:
        try:
            answer = using.resolve(name, kind, lifetime=seconds)
        except (NXDOMAIN, NoAnswer):
            return []
        if kind == "TXT":
            return [b"".join(record.strings).decode(errors="replace") for record in answer]
        return [record.to_text() for record in answer]

    return ask


def judge_domain(domain: str, mail: Sequence[str], addresses: Sequence[str]) -> Check:
    """Whether replies and bounces to the sender can arrive (RFC 5321, section 5.1: MX, else the address itself)."""
    values = {"domain": domain}
    if mail and mail != ["0 ."]:  # RFC 7505: takes no mail
        return Check("replies", "good", N_("%(domain)s takes e-mail."), values=values)
    if addresses and not mail:
        return Check(
            "replies",
            "warn",
            N_("%(domain)s names no mail server, so replies may not arrive."),
            N_("Publish an MX record for it."),
            values,
        )
    return Check(
        "replies",
        "bad",
        N_("%(domain)s takes no e-mail, so many receivers refuse what comes from it."),
        N_("Correct the sender in Settings, or publish an MX record for its domain."),
        values,
    )


def judge_spf(domain: str, texts: Sequence[str]) -> Check:
    """SPF (RFC 7208): one record. SendGrid's own return path passes without it, some receivers still look."""
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    values = {"domain": domain}
    if len(found) > 1:
        return Check(
            "spf",
            "bad",
            N_("%(domain)s has more than one SPF record, which voids them all."),
            N_("Join them into one."),
            values,
        )
    if found:
        return Check("spf", "good", N_("%(domain)s has an SPF record."), values=values)
    return Check(
        "spf",
        "warn",
        N_("%(domain)s has no SPF record."),
        N_("Publish the TXT record “v=spf1 include:sendgrid.net ~all”."),
        values,
    )


def judge_dkim(domain: str, published: Sequence[bool]) -> Check:
    """DKIM (RFC 6376): the keys SendGrid signs with."""
    values = {"domain": domain, "selectors": ", ".join(SELECTORS)}
    if any(published):
        return Check("dkim", "good", N_("%(domain)s publishes SendGrid's DKIM keys."), values=values)
    return Check(
        "dkim",
        "bad",
        N_("%(domain)s publishes no DKIM key under %(selectors)s, so messages go out unsigned by it."),
        N_("Authenticate the domain in SendGrid's settings and publish the CNAME records it shows."),
        values,
    )


def judge_dmarc(domain: str, texts: Sequence[str]) -> Check:
    """DMARC (RFC 7489); Gmail and Yahoo ask bulk senders for it since February 2024."""
    values = {"domain": domain}
    if any(text.replace(" ", "").startswith("v=DMARC1") for text in texts):
        return Check("dmarc", "good", N_("%(domain)s has a DMARC policy."), values=values)
    return Check(
        "dmarc",
        "bad",
        N_("%(domain)s has no DMARC policy, which large receivers ask of bulk senders."),
        N_("Publish the TXT record “v=DMARC1; p=none” at _dmarc.%(domain)s, to begin with."),
        values,
    )
