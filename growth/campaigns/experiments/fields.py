"""What a marketer declares of an experiment, each field checked and in its one stored form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import compile_message, locales_of
from growth.campaigns.messages.sources import message_names
from growth.campaigns.records import Campaign
from growth.errors import GrowthError, InvalidError
from growth.experiments.assigning import WHOLE, Arm
from growth.experiments.deciding import Rule
from growth.locales import LANGUAGE_NAMES, LOCALES, N_

OUTCOMES = {
    "click": N_("Clicked a link"),
    "visit": N_("Visited the site"),
    "registration": N_("Registered"),
    "order": N_("Ordered"),
    "shop_open": N_("Opened a shop"),
}
EXPECTED = {"click": 300, "visit": 500, "registration": 100, "order": 100, "shop_open": 50}
"""Ten-thousandths that are expected of an outcome where nothing was sent yet to learn it from."""
NAMES = ("A", "B", "C", "D", "E")
LONGEST_HORIZON = 60
LEAST_TEST = 5
LONGEST_TEXT = 200


@dataclass(frozen=True)
class Declaration:
    """An experiment as it is saved; shares and effects in ten-thousandths."""

    arms: tuple[Arm, ...]
    outcome: str
    horizon_days: int
    rule: str
    test_percent: int
    smallest_effect: int
    base_rate: int


def checked_experiment(session: Session, campaign: Campaign, wanted: Mapping[str, Any]) -> Declaration:
    """A declaration for a campaign. Raises InvalidError for the first field that isn't right.

    `wanted` has the fields of `Declaration`, its arms as {"share", "changes"} in order.
    """
    if str(wanted.get("outcome")) not in OUTCOMES:
        raise InvalidError("outcome", N_("Choose what counts."))
    if str(wanted.get("rule")) not in set(Rule):
        raise InvalidError("rule", N_("Choose when it is decided."))
    return Declaration(
        arms=_arms(session, campaign, wanted.get("arms") or ()),
        outcome=str(wanted["outcome"]),
        horizon_days=_between(wanted, "horizon_days", 1, LONGEST_HORIZON, N_("Count for 1 to %(most)s days.")),
        rule=str(wanted["rule"]),
        test_percent=_between(
            wanted, "test_percent", LEAST_TEST, 100, N_("Let between %(least)s and %(most)s percent take part.")
        ),
        smallest_effect=_between(
            wanted, "smallest_effect", 1, WHOLE // 2, N_("Give a difference from 0.01 to 50 points.")
        ),
        base_rate=_between(wanted, "base_rate", 1, WHOLE - 1, N_("Give a share from 0.01 to 99.99 percent.")),
    )


def read_json(text: str) -> Mapping[str, Any]:
    """A declaration as another system writes it. Raises InvalidError when it is none."""
    try:
        read = orjson.loads(text)
    except ValueError:
        read = None
    arms = read.get("arms") if isinstance(read, dict) else None
    if not isinstance(arms, list) or not all(_is_arm(arm) for arm in arms):
        raise InvalidError("file", N_("This is no experiment."), remedy=N_("See what “show --json” prints of one."))
    return dict(read)


def _is_arm(arm: Any) -> bool:
    changes = arm.get("changes") or {} if isinstance(arm, dict) else None
    if not isinstance(changes, dict) or not isinstance(changes.get("message") or "", str):
        return False
    texts = [changes.get(part) or {} for part in ("subjects", "preheaders")]
    return all(isinstance(one, dict) and all(isinstance(text, str) for text in one.values()) for one in texts)


def _between(wanted: Mapping[str, Any], field: str, least: int, most: int, sentence: str) -> int:
    number = wanted.get(field)
    if not isinstance(number, int) or not least <= number <= most:
        raise InvalidError(field, sentence, least=least, most=most)
    return number


def _arms(session: Session, campaign: Campaign, wanted: Sequence[Mapping[str, Any]]) -> tuple[Arm, ...]:
    if not 2 <= len(wanted) <= len(NAMES):
        raise InvalidError("arms", N_("Compare two to %(most)s versions."), most=len(NAMES))
    arms = tuple(_arm(session, campaign, name, one) for name, one in zip(NAMES, wanted, strict=False))
    if sum(arm.share for arm in arms) != WHOLE:
        raise InvalidError("share_A", N_("The shares have to be 100 percent together."))
    for place, arm in enumerate(arms):
        same = next((other for other in arms[:place] if other.changes == arm.changes), None)
        if same is not None:
            raise InvalidError(
                f"arm_{arm.name}",
                N_("Version %(name)s is the same as %(other)s."),
                remedy=N_("Change its subject, its message or its hour."),
                name=arm.name,
                other=same.name,
            )
    return arms


def _arm(session: Session, campaign: Campaign, name: str, wanted: Mapping[str, Any]) -> Arm:
    share = wanted.get("share")
    if not isinstance(share, int) or not 1 <= share < WHOLE:
        raise InvalidError(f"share_{name}", N_("Give a share between 0 and 100 percent."))
    changes: Mapping[str, Any] = wanted.get("changes") or {}
    other = changes.get("message") or None
    served = locales_of(session, campaign.message, campaign.message_version)
    kept: dict[str, Any] = {}
    if other not in {None, campaign.message}:
        _check_message(session, name, other, served)
        kept["message"] = other
    for part in ("subjects", "preheaders"):
        if texts := _texts(name, part, changes.get(part) or {}, served):
            kept[part] = texts
    if changes.get("hour") is not None:
        if not isinstance(changes["hour"], int) or changes["hour"] not in range(24):
            raise InvalidError(f"hour_{name}", N_("Give an hour of the day, from 0 to 23."))
        kept["hour"] = changes["hour"]
    arm = Arm(name, share, kept)
    _check_words(session, campaign, arm, served)
    return arm


def _check_words(session: Session, campaign: Campaign, arm: Arm, served: Sequence[str]) -> None:
    """Make the message with what the arm says: an unknown variable is told now, beside its field."""
    version = None if arm.message else campaign.message_version
    for locale in served:
        if words := arm.words_in(locale):
            try:
                compile_message(session, arm.message or campaign.message, locale, version=version, changes=words)
            except GrowthError as error:
                told = InvalidError(f"{next(iter(words))}_{arm.name}_{locale}", error.message, remedy=error.remedy)
                told.values = error.values
                raise told from None


def _check_message(session: Session, arm: str, message: str, served: Sequence[str]) -> None:
    """Another message has to have the languages of the campaign's: who gets which is decided after that."""
    if message not in message_names(session):
        raise InvalidError(f"message_{arm}", N_("There is no message “%(name)s”."), name=message[:80])
    own = locales_of(session, message)
    if lacking := [one for one in served if one not in own]:
        languages = ", ".join(LANGUAGE_NAMES.get(one, one) for one in lacking)
        raise InvalidError(
            f"message_{arm}", N_("This message lacks %(languages)s, which the others have."), languages=languages
        )


def _texts(arm: str, part: str, wanted: Mapping[str, str], served: Sequence[str]) -> dict[str, str]:
    kept = {one: " ".join(wanted[one].split()) for one in LOCALES if one in served and (wanted.get(one) or "").strip()}
    for locale, text in kept.items():
        if len(text) > LONGEST_TEXT or not text.isprintable():
            raise InvalidError(
                f"{part[:-1]}_{arm}_{locale}",
                N_("It has at most %(most)s visible characters."),
                most=LONGEST_TEXT,
            )
    return kept
