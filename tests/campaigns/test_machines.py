"""Machines among readers, and why messages bounce."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.campaigns.email.bounces import CLASSES, bounce_class
from growth.campaigns.email.machines import BURST_LINKS, clicked_by_machine, opened_by_machine

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 Safari/537.36"
APPLE_MAIL = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
)


@pytest.mark.parametrize(
    ("program", "machine"),
    [
        (CHROME, False),
        (APPLE_MAIL, False),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", False),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", False),
        ("Mozilla/5.0", True),
        (" ", True),
        ("python-requests/2.32", True),
        ("Mozilla/5.0 (compatible; Barracuda Sentinel)", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", True),
        ("SkypeUriPreview Preview/0.5", True),
    ],
)
def test_a_program_says_whether_somebody_reads(program: str, machine: bool) -> None:
    assert opened_by_machine(program) is machine
    if "Proxy" not in program:
        assert clicked_by_machine(program, 1) is machine


@given(st.integers(1, 40))
def test_nobody_follows_many_links_at_once(links: int) -> None:
    assert clicked_by_machine(CHROME, links) is (links >= BURST_LINKS)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"classification": "Invalid Address", "reason": "mailbox full"}, "invalid"),
        ({"classification": "Frequency/Volume"}, "volume"),
        ({"classification": "Unclassified", "reason": "550 5.1.1 The email account does not exist"}, "invalid"),
        ({"status": "5.2.2"}, "mailbox"),
        ({"reason": "552 5.2.2 over quota"}, "mailbox"),
        ({"reason": "550 5.7.1 Service unavailable; client host blocked using Spamhaus"}, "reputation"),
        ({"reason": "554 rejected as spam"}, "content"),
        ({"reason": "unable to get mx info: failed to get IPs"}, "technical"),
        ({"reason": "почтовый ящик"}, "unclassified"),
        ({}, "unclassified"),
    ],
)
def test_a_bounce_has_a_class(told: dict[str, str], expected: str) -> None:
    assert bounce_class(told) == expected


@given(
    st.dictionaries(
        st.sampled_from(["classification", "status", "reason"]), st.one_of(st.none(), st.text(), st.integers())
    )
)
def test_whatever_is_told_has_one_of_the_classes(told: dict[str, object]) -> None:
    assert bounce_class(told) in CLASSES
