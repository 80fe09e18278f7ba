"""The sender's domain: asked once in a while; silence is no verdict. What records mean is tested with the doctor."""

from datetime import timedelta

from dns.resolver import NoNameservers

from growth.campaigns.checks import domain
from tests.conftest import NOON


def test_it_is_asked_once_in_a_while() -> None:
    asked: list[str] = []

    def ask(name: str, kind: str) -> list[str]:
        asked.append(f"{name} {kind}")
        return ["10 mail.once.example."] if kind == "MX" else []

    found = domain.look("once.example", NOON, ask)
    assert [one.key for one in found] == ["replies", "spf", "dkim", "dmarc"]
    count = len(asked)
    assert domain.look("once.example", NOON + timedelta(minutes=1), ask) == found
    assert len(asked) == count
    domain.look("once.example", NOON + domain.KEPT, ask)
    assert len(asked) == 2 * count


def test_silence_is_told_and_asked_about_again() -> None:
    def silent(_name: str, _kind: str) -> list[str]:
        raise NoNameservers

    assert [one.tone for one in domain.look("silent.example", NOON, silent)] == ["info"]
    assert len(domain.look("silent.example", NOON, lambda _name, _kind: [])) == 4
