"""The sender's domain as the public sees it, by the same findings that a campaign's review shows."""

from collections.abc import Iterator

from dns.exception import DNSException
from dns.resolver import Resolver

from growth.campaigns.checks.domain import Ask, judged, resolver, silent
from growth.campaigns.checks.finding import Check
from growth.locales import N_
from growth.running.doctor.finding import Finding, State

_STATES = {"good": State.OK, "warn": State.WARNING, "bad": State.FAILED}


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
        yield from map(_finding, judged(domain, ask or resolver(Resolver())))
    except DNSException:
        yield _finding(silent(domain, "warn"))


def _finding(one: Check) -> Finding:
    return Finding(one.key, _STATES[one.tone], one.sentence, one.remedy or "", one.values)
