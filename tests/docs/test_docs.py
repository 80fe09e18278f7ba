"""What the documentation shows is so: its commands, its links, its table of settings."""

import re
import shlex
from pathlib import Path

import pytest

from growth.running.settings_table import markdown
from tests.running.starting import growth

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def shown(tool: str) -> list[list[str]]:
    """Every command of this tool in every page, continuation lines joined."""
    found = []
    for page in PAGES:
        for block in _CONSOLE.findall(page.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                while words and re.match(r"[A-Z_]+=", words[0]):
                    words.pop(0)
                if line.startswith("$ ") and words[:1] == [tool] and words not in found:
                    found.append(words)
    return found


@pytest.mark.parametrize("words", shown("growth"), ids=" ".join)
def test_a_command_that_is_shown_exists(words: list[str]) -> None:
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    path = []
    for word in words[1:]:
        if not re.fullmatch(r"[a-z-]+", word) or word.startswith("-"):
            break
        path.append(word)
    answer = growth(*path, "--help", COLUMNS="200", NO_COLOR="1")
    assert answer.returncode == 0, answer.stderr
    assert options <= set(re.findall(r"--[a-z-]+", answer.stdout)), answer.stdout


def test_a_make_target_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {word for words in shown("make") for word in words[1:] if "=" not in word} <= targets
    assert len(targets) <= 12


def test_the_table_of_settings_is_the_present_one() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == markdown(), "type: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not missing


def test_every_decision_is_listed() -> None:
    decisions = ROOT / "docs" / "decisions"
    index = (decisions / "README.md").read_text()
    assert all(page.name in index for page in decisions.glob("0*.md"))
