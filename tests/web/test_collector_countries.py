"""The country that a proxy in front names: believed of a trusted one, in the header that the operator named."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from growth.database.engine import transaction
from growth.events.records import Event
from growth.settings import settings
from tests.web.serving import Site
from tests.web.test_collector import send, view, with_key


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The operator named Cloudflare's header."""
    monkeypatch.setenv("GROWTH_COUNTRY_HEADER", "CF-IPCountry")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def country(site: Site) -> list[tuple[str | None, str]]:
    """Country and guess of every event."""
    with transaction(site.engine) as session:
        found = session.scalars(select(Event).order_by(Event.received_at))
        return [(one.country, one.properties.get("country_guess", "")) for one in found]


@pytest.mark.usefixtures("named")
def test_a_trusted_proxy_is_believed_and_nobody_else(site: Site) -> None:
    told = {"events": [view()], "zone": "Asia/Tokyo"}
    send(site, told, x_forwarded_for="203.0.113.9", cf_ipcountry="BR")
    assert country(site) == [("BR", "")]
    send(site, told | {"events": [view()]}, cf_ipcountry="BR")  # past the proxy
    send(site, told | {"events": [view()]}, x_forwarded_for="203.0.113.9", cf_ipcountry="T1")
    send(site, told | {"events": [view()]}, x_forwarded_for="203.0.113.9", x_country="BR")
    send(site, told | {"events": [view()]}, x_forwarded_for="203.0.113.9", cf_ipcountry="BR", **with_key())
    assert country(site)[1:] == [(None, "JP")] * 3 + [(None, "")]


def test_without_a_name_no_header_is_looked_at(site: Site) -> None:
    send(site, [view(), view(country="ru")], x_forwarded_for="203.0.113.9", cf_ipcountry="BR")
    assert sorted(country(site), key=str) == [("RU", ""), (None, "")]
