"""The sender's domain as the public sees it: whether it exists, takes replies, and lets SendGrid send for it."""

from collections.abc import Callable, Iterator, Sequence

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from growth.locales import N_
from growth.running.doctor.finding import Finding, State

SELECTORS = ("s1", "s2")
"""DKIM selectors that SendGrid's domain authentication asks for by default."""

Ask = Callable[[str, str], list[str]]
"""(name, record type) → texts of the records, [] when there are none. Raises DNSException when nobody answers."""


def check(sender_email: str, *, demo: bool, ask: Ask | None = None) -> Iterator[Finding]:
    """Replies (MX), SPF, DKIM and DMARC of the sender's domain."""
    domain = sender_email.rpartition("@")[2]
    if demo or not domain:
        yield Finding(
            "dns",
            State.SKIPPED,
            N_("Not checked: the demo has no real sender.") if demo else N_("Not checked: there is no sender yet."),
        )
        return
    try:
        ask = ask or resolver(Resolver())
        yield judge_domain(domain, ask(domain, "MX"), ask(domain, "A") + ask(domain, "AAAA"))
        yield judge_spf(domain, ask(domain, "TXT"))
        yield judge_dkim(domain, [bool(ask(f"{one}._domainkey.{domain}", "TXT")) for one in SELECTORS])
        yield judge_dmarc(domain, ask(f"_dmarc.{domain}", "TXT"))
    except DNSException:
        yield Finding(
            "dns",
            State.WARNING,
            N_("The name server doesn't answer, so %(domain)s was not checked further."),
            N_("Check this machine's network, then repeat."),
            {"domain": domain},
        )


def resolver(using: Resolver) -> Ask:
    """A way to ask by this resolver; each question waits at most 5 s."""

    def ask(name: str, kind: str) -> list[str]:
        try:
            answer = using.resolve(name, kind, lifetime=5)
        except (NXDOMAIN, NoAnswer):
            return []
        if kind == "TXT":
            return [b"".join(record.strings).decode(errors="replace") for record in answer]
        return [record.to_text() for record in answer]

    return ask


def judge_domain(domain: str, mail: Sequence[str], addresses: Sequence[str]) -> Finding:
    """Whether replies and bounces to the sender can arrive (RFC 5321, section 5.1: MX, else the address itself)."""
    values = {"domain": domain}
    if mail and mail != ["0 ."]:  # RFC 7505: takes no mail
        return Finding("replies", State.OK, N_("%(domain)s takes e-mail."), values=values)
    if addresses and not mail:
        return Finding(
            "replies",
            State.WARNING,
            N_("%(domain)s names no mail server, so replies may not arrive."),
            N_("Publish an MX record for it."),
            values,
        )
    return Finding(
        "replies",
        State.FAILED,
        N_("%(domain)s takes no e-mail, so many receivers refuse what comes from it."),
        N_("Correct the sender in Settings, or publish an MX record for its domain."),
        values,
    )


def judge_spf(domain: str, texts: Sequence[str]) -> Finding:
    """SPF (RFC 7208): one record. SendGrid's own return path passes without it, some receivers still look."""
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    values = {"domain": domain}
    if len(found) > 1:
        return Finding(
            "spf",
            State.FAILED,
            N_("%(domain)s has more than one SPF record, which voids them all."),
            N_("Join them into one."),
            values,
        )
    if found:
        return Finding("spf", State.OK, N_("%(domain)s has an SPF record."), values=values)
    return Finding(
        "spf",
        State.WARNING,
        N_("%(domain)s has no SPF record."),
        N_("Publish the TXT record “v=spf1 include:sendgrid.net ~all”."),
        values,
    )


def judge_dkim(domain: str, published: Sequence[bool]) -> Finding:
    """DKIM (RFC 6376): the keys SendGrid signs with."""
    values = {"domain": domain, "selectors": ", ".join(SELECTORS)}
    if any(published):
        return Finding("dkim", State.OK, N_("%(domain)s publishes SendGrid's DKIM keys."), values=values)
    return Finding(
        "dkim",
        State.FAILED,
        N_("%(domain)s publishes no DKIM key under %(selectors)s, so messages go out unsigned by it."),
        N_("Authenticate the domain in SendGrid's settings and publish the CNAME records it shows."),
        values,
    )


def judge_dmarc(domain: str, texts: Sequence[str]) -> Finding:
    """DMARC (RFC 7489); Gmail and Yahoo ask bulk senders for it since February 2024."""
    values = {"domain": domain}
    if any(text.replace(" ", "").startswith("v=DMARC1") for text in texts):
        return Finding("dmarc", State.OK, N_("%(domain)s has a DMARC policy."), values=values)
    return Finding(
        "dmarc",
        State.FAILED,
        N_("%(domain)s has no DMARC policy, which large receivers ask of bulk senders."),
        N_("Publish the TXT record “v=DMARC1; p=none” at _dmarc.%(domain)s, to begin with."),
        values,
    )
