"""What the law asks of marketing e-mail where a person lives: rules held as data, in `jurisdictions.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from growth.locales import N_

_SOURCE = Path(__file__).with_name("jurisdictions.toml")

NAMES = {
    "default": N_("Elsewhere"),
    "eu": N_("European Economic Area and United Kingdom"),
    "ru": N_("Russia"),
    "br": N_("Brazil"),
    "us": N_("United States"),
    "cn": N_("China"),
}
WORDING = {
    "sender": N_("who writes"),
    "content": N_("what the e-mails are about"),
    "withdraw": N_("that one can leave at any time, and how"),
    "privacy": N_("where to read what becomes of the address"),
}
"""What the words of a form may have to say."""


@dataclass(frozen=True)
class Law:
    """A law and where it can be read."""

    name: str
    url: str
    checked: bool = True
    """Whether what we take from it was compared with its text."""


@dataclass(frozen=True)
class Rule:
    """What holds for those who live in some countries."""

    code: str
    """eu, ru, br, us, cn, or default."""
    name: str
    countries: frozenset[str]
    """ISO 3166-1 alpha-2."""
    bases: frozenset[str]
    """Which of `growth.people.consent.BASES` allow marketing e-mail."""
    double_opt_in: Literal["required", "advised"]
    confirmation_days: int
    """How long somebody has to confirm."""
    wording: tuple[str, ...]
    """Keys of `WORDING`."""
    evidence_years: int
    """How long evidence is kept after the permission has ended."""
    unsubscribe_days: int
    """Within how many days an unsubscription must have worked; 0 for at once. What we are told works at once; the
    doctor names what we were told too late (`growth.people.permission.late_wishes`)."""
    laws: tuple[Law, ...]
    marks: tuple[str, ...] = ()
    """One of these has to begin the subject of an advertisement; none where the law asks for none."""


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, the one for everywhere else first."""
    return tuple(_read(one) for one in tomllib.loads(_SOURCE.read_text())["rule"])


def _read(one: Mapping[str, Any]) -> Rule:
    sets = {name: frozenset(one[name]) for name in ("countries", "bases")}
    laws = tuple(Law(**law) for law in one["laws"])
    lists = {name: tuple(one.get(name, ())) for name in ("wording", "marks")}
    return Rule(**{**one, **sets, **lists, "laws": laws})


@cache
def _by_country() -> Mapping[str, Rule]:
    return {country: rule for rule in rules() for country in rule.countries}


def jurisdiction_of(country: str | None) -> Rule:
    """The rule where somebody lives; the strictest when the country is unknown or has none of its own."""
    return _by_country().get((country or "").upper(), rules()[0])


def rule_of(code: str) -> Rule | None:
    """The rule of a code, as stored with a permission; None for what is none."""
    return next((rule for rule in rules() if rule.code == code), None)


def bases_sql(person: str, consent: str) -> tuple[str, dict[str, Any]]:
    """In SQL, whether a permission rests on something that is enough where the person lives; never null.

    `person` and `consent` are aliases with a column `country` and `basis` each. The values' names begin with `law_`.
    """
    anywhere = rules()[0].bases
    elsewhere: dict[str, list[str]] = {}
    for rule in rules():
        for basis in rule.bases - anywhere:
            elsewhere.setdefault(basis, []).extend(rule.countries)
    ways = [f"{consent}.basis = any(cast(:law_anywhere as text[]))"]
    ways += [
        f"{consent}.basis = '{basis}' and {person}.country = any(cast(:law_{basis} as text[]))"
        for basis in sorted(elsewhere)
    ]
    values = {f"law_{basis}": sorted(countries) for basis, countries in elsewhere.items()}
    return f"coalesce({' or '.join(ways)}, false)", values | {"law_anywhere": sorted(anywhere)}
