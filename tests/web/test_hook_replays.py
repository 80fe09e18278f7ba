"""The provider's hook told again, late, mixed up and at the same time: no figure moves."""

import json
import random
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from growth.attribution.records import Credit
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.sandbox.keys import public_key_of
from tests.attribution.happened import happen, sold
from tests.events.happenings import happening
from tests.journeys.same_figures import add_up, figures_of
from tests.web.messages import sent
from tests.web.serving import Site
from tests.web.test_hooks import KEY, configured, post, told


@pytest.fixture
def known_key() -> Iterator[None]:
    yield from configured(public_key_of(KEY))


@pytest.mark.usefixtures("known_key")
def test_replayed_hooks_move_no_figure(site: Site, clock: FixedClock) -> None:
    messages = [sent(site, email=f"{number}@example.com") for number in range(4)]
    now = clock.now()
    bodies = []
    for number, message in enumerate(messages):
        for hour in range(3):
            at = (now - timedelta(hours=9 - 2 * hour, seconds=number)).timestamp()
            bodies.append(
                json.dumps([told(message, kind, at) for kind in ("delivered", "open", "click")]).encode() + b"\r\n"
            )
        bought = happening(f"o{number}", now - timedelta(hours=1), kind="order", person_id=message.person,
                           properties=sold(f"{number}", 990))  # fmt: skip
        happen(site.engine, now, bought)
    for body in bodies:
        assert post(site, body).json()["accepted"] == 3
    add_up(site.engine, now)
    expected = figures_of(site.engine)
    with transaction(site.engine) as session:
        assert session.scalars(select(Credit.channel)).all() == ["email"] * 4
    threads = [threading.Thread(target=_again, args=(site, bodies, seed)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = json.dumps([one for body in reversed(bodies) for one in json.loads(body)]).encode()
    assert post(site, whole).json() == {"accepted": 0, "repeated": 36, "ignored": 0, "refused": []}
    add_up(site.engine, now)
    assert figures_of(site.engine) == expected


def _again(site: Site, bodies: list[bytes], seed: int) -> None:
    mixed = list(bodies)
    random.Random(seed).shuffle(mixed)
    for body in mixed:
        post(site, body)
