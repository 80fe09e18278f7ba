"""The sandbox answers programs and pages of this machine, whatever a browser is talked into."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.running import Running, sandbox


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with sandbox(Path(tmp_path_factory.mktemp("sandbox"))) as running:
        yield running


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8025", "127.0.0.1.evil.example", "10.0.0.1", "[", ""])
def test_a_foreign_name_that_points_here_reads_nothing(box: Running, host: str) -> None:
    for path in ("/", "/sandbox/messages", "/messages/1"):
        assert httpx.get(box.url + path, headers={"Host": host}).status_code in {400, 403}


@pytest.mark.parametrize(
    "told",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil"}, {"Origin": "null"}],
)
def test_a_foreign_page_changes_nothing(box: Running, told: dict[str, str]) -> None:
    asked = {"fault": "500", "requests": 5}
    assert httpx.post(f"{box.url}/sandbox/faults", json=asked, headers=told).status_code == 403
    assert httpx.get(f"{box.url}/sandbox/faults").json() == {"coming": []}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8025", "[::1]:8025"])
def test_this_machine_is_answered(box: Running, host: str) -> None:
    assert httpx.get(f"{box.url}/sandbox/messages", headers={"Host": host}).status_code == 200
    assert httpx.request("DELETE", f"{box.url}/sandbox/faults").status_code == 200
